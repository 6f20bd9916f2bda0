//! What is written is read back bit for bit: any rate, depth, length and number of channels.

use std::io::Cursor;

use crate::common::read;
use codec::{Encoder, OutputFormat, OutputSpec, SampleFormat, Tags};
use proptest::collection::vec;
use proptest::prelude::*;

fn specs() -> impl Strategy<Value = OutputSpec> {
    let kinds = prop_oneof![
        Just((OutputFormat::Wav, SampleFormat::Int16)),
        Just((OutputFormat::Wav, SampleFormat::Int24)),
        Just((OutputFormat::Aiff, SampleFormat::Int16)),
        Just((OutputFormat::Aiff, SampleFormat::Int24)),
        Just((OutputFormat::Flac, SampleFormat::Int16)),
        Just((OutputFormat::Flac, SampleFormat::Int24)),
    ];
    let rates = prop_oneof![Just(8_000), Just(44_100), Just(96_000), Just(384_000), 1u32..655_350];
    (kinds, rates, 1usize..=2, 1u64..40_000).prop_map(|((format, sample), rate_hz, channels, frames)| OutputSpec {
        format,
        sample,
        rate_hz,
        channels,
        frames,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn integers_come_back_bit_for_bit(spec in specs(), seed in any::<u64>(), cut in 1usize..20_000) {
        let bits = spec.sample.bits();
        let mut state = seed | 1;
        let channels: Vec<Vec<i32>> = (0..spec.channels).map(|_| {
            (0..spec.frames).map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                (state as i32) >> (32 - bits)
            }).collect()
        }).collect();
        let mut encoder = Encoder::create(Cursor::new(Vec::new()), spec, &Tags::default()).unwrap();
        for start in (0..spec.frames as usize).step_by(cut) {
            let end = (start + cut).min(spec.frames as usize);
            let block: Vec<&[i32]> = channels.iter().map(|channel| &channel[start..end]).collect();
            encoder.write_ints(&block).unwrap();
        }
        let (reader, found) = read(encoder.finish().unwrap().into_inner()).unwrap();
        let scale = (1i64 << (bits - 1)) as f32;
        let expected: Vec<Vec<f32>> =
            channels.iter().map(|channel| channel.iter().map(|&value| value as f32 / scale).collect()).collect();
        prop_assert_eq!(reader.rate_hz(), spec.rate_hz);
        prop_assert_eq!(reader.frames(), Some(spec.frames));
        prop_assert_eq!(reader.format().bits, Some(bits));
        prop_assert!(found == expected);
    }

    #[test]
    fn floats_come_back_bit_for_bit_whatever_they_are(
        frames in vec(any::<[u32; 2]>(), 1..5_000), rate_hz in 1u32.., channels in 1usize..=2, aiff in any::<bool>(),
    ) {
        let samples: Vec<Vec<f32>> =
            (0..channels).map(|c| frames.iter().map(|frame| f32::from_bits(frame[c])).collect()).collect();
        let spec = OutputSpec {
            format: if aiff { OutputFormat::Aiff } else { OutputFormat::Wav },
            sample: SampleFormat::Float32,
            rate_hz,
            channels,
            frames: frames.len() as u64,
        };
        let mut encoder = Encoder::create(Cursor::new(Vec::new()), spec, &Tags::default()).unwrap();
        let block: Vec<&[f32]> = samples.iter().map(Vec::as_slice).collect();
        encoder.write_f32(&block).unwrap();
        let (reader, found) = read(encoder.finish().unwrap().into_inner()).unwrap();
        let bits = |channels: &[Vec<f32>]| -> Vec<Vec<u32>> {
            channels.iter().map(|channel| channel.iter().map(|sample| sample.to_bits()).collect()).collect()
        };
        prop_assert!(reader.format().float);
        prop_assert_eq!(bits(&found), bits(&samples));
    }
}
