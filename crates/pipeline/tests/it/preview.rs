//! The file that a player switches between mix and master with, as a decoder that is not ours reads it.

use std::fs;
use std::path::Path;
use std::process::Command;

use codec::{Encoder, OutputFormat, OutputSpec, SampleFormat, Tags};
use pipeline::{Control, Delivery, Encoding, Existing, Instructions, Job, Limits, Loudness, Request, Sound};

/// The four channels of the preview, by FFmpeg.
fn channels(preview: &Path) -> Vec<Vec<f32>> {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(preview)
        .args(["-f", "f32le", "-"])
        .output()
        .expect("FFmpeg reads the preview: sudo apt install ffmpeg, or start ./test, which does");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let samples: Vec<f32> = output
        .stdout
        .chunks_exact(4)
        .map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
        .collect();
    (0..4).map(|channel| samples.iter().skip(channel).step_by(4).copied().collect()).collect()
}

fn loudness_lufs(channels: &[Vec<f32>], rate_hz: u32) -> f64 {
    let mut meter = mastering::Meter::new(rate_hz, channels.len()).expect("a meter");
    meter.push(&channels.iter().map(Vec::as_slice).collect::<Vec<_>>());
    meter.finish().expect("a loudness").measurement.integrated_lufs
}

/// What is left of a copy when what it is a copy of is taken away as well as that goes by turning it, against it, dB.
fn difference_db(copy: &[f32], of: &[f32]) -> f64 {
    let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    let gain = product(copy, of) / product(of, of);
    let left: f64 = copy.iter().zip(of).map(|(a, b)| (f64::from(*a) - gain * f64::from(*b)).powi(2)).sum();
    10.0 * (left / product(copy, copy)).log10()
}

/// By how many frames a copy is late: where it resembles most what it is a copy of.
fn late_by(copy: &[f32], of: &[f32]) -> isize {
    let part = 40_000_usize..60_000;
    let alike = |late: isize| {
        let moved = &copy[part.start.strict_add_signed(late)..part.end.strict_add_signed(late)];
        of[part.clone()].iter().zip(moved).map(|(a, b)| f64::from(a * b)).sum::<f64>()
    };
    (-40..=40).max_by(|a, b| alike(*a).total_cmp(&alike(*b))).expect("some")
}

#[test]
fn mix_and_master_are_side_by_side_at_one_loudness_and_in_time() {
    // Vorbis has no 96 kHz here: then the copy is at 48.
    for (mix_channels, rate_hz, copy_hz) in [(1, 44_100, 44_100), (2, 44_100, 44_100), (2, 96_000, 48_000_u32)] {
        let folder = tempfile::tempdir().expect("folder");
        let input = folder.path().join("mix.wav");
        let frames = rate_hz as usize * 5;
        let tone = |i: usize| {
            let t = i as f32 / rate_hz as f32;
            0.1 * ((t * 1_382.0).sin() + (t * 2_072.0).sin()) + 0.2 * (t * 350.0).sin() * (-(t % 0.5) * 9.0).exp()
        };
        let samples: Vec<f32> = (0..frames).map(tone).collect();
        let spec = OutputSpec {
            format: OutputFormat::Wav,
            sample: SampleFormat::Float32,
            rate_hz,
            channels: mix_channels,
            frames: frames as u64,
        };
        let file = fs::File::create(&input).expect("created");
        let mut encoder = Encoder::create(file, spec, &Tags::default()).expect("created");
        encoder.write_f32(&vec![samples.as_slice(); mix_channels]).expect("written");
        encoder.finish().expect("finished");
        let [preview, copy] = ["preview.flac", "copy.flac"].map(|name| folder.path().join(name));
        let job = Job {
            input,
            instructions: Instructions::Decide(Request {
                loudness: Loudness::Exact(-12.0),
                ceiling_dbtp: -1.0,
                sound: Sound::default(),
                toward: None,
            }),
            deliveries: vec![Delivery { path: folder.path().join("master.wav"), encoding: Encoding::Wav24 }],
            copies: Vec::new(),
            preview: Some(preview.clone()),
            listening_copy: Some(copy.clone()),
            rate_hz: None,
            silence_at_end_s: None,
            heard_through: Vec::new(),
            drawn: false,
            existing: Existing::Keep,
            limits: Limits::default(),
        };
        let report = pipeline::run(&job, &mut |_| Control::Continue).expect("mastered");
        let heard = channels(&preview);
        assert!(heard.iter().all(|channel| channel.len() == frames), "nothing is early, nothing late");
        let (mix, master) = (loudness_lufs(&heard[..2], rate_hz), loudness_lufs(&heard[2..], rate_hz));
        assert!((mix - master).abs() < 0.1, "mix {mix} LUFS, master {master} LUFS");
        // The same mono signal on both sides reads 3 LU above what it reads alone (BS.1770 adds up channels).
        let quieter = report.before.integrated_lufs.min(report.after.integrated_lufs);
        let both_sides_lu = if mix_channels == 1 { 10.0 * 2f64.log10() } else { 0.0 };
        assert!((mix - quieter - both_sides_lu).abs() < 0.1, "turned down to the quieter one, never up: {mix}");

        let copied = channels(&copy);
        let copied_frames = frames * copy_hz as usize / rate_hz as usize;
        assert!(copied.iter().all(|channel| channel.len() == copied_frames), "the copy is as long and in time");
        let (mix, master) = (loudness_lufs(&copied[..2], copy_hz), loudness_lufs(&copied[2..], copy_hz));
        assert!((mix - master).abs() < 0.1, "and as loud on both sides: mix {mix} LUFS, master {master} LUFS");
        if copy_hz != rate_hz {
            continue;
        }
        for (channel, (copied, heard)) in copied.iter().zip(&heard).enumerate() {
            let lost_db = difference_db(copied, heard);
            assert!((-50.0..-10.0).contains(&lost_db), "channel {channel} is close and not the same: {lost_db} dB");
            assert_eq!(late_by(copied, heard), 0, "channel {channel} is in step with what it is a copy of");
        }
    }
}
