//! The loudness meter against libebur128's Rust port, against itself, and at its edges.

use dsp::loudness::{KEnergy, Layout, Loudness, LoudnessMeter, Rate, integrated_with_gain, k_energy_per_hop, measure};
use ebur128::{EbuR128, Mode};
use proptest::prelude::*;
use std::f64::consts::TAU;
use std::num::NonZeroUsize;

fn rate(hz: u32) -> Rate {
    Rate::new(hz).expect("supported")
}

fn noise(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / f64::from(1u32 << 30) - 1.0
    }
}

/// Something like music: chords with noise over them, whose level changes with every section.
fn programme(rate_hz: u32, sections: &[(f64, f64)], seed: u64) -> [Vec<f32>; 2] {
    let mut noise = noise(seed);
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for (level_db, seconds) in sections {
        let amplitude = dsp::amplitude_from_db(*level_db);
        let pitches: [f64; 3] = std::array::from_fn(|_| 50.0 * 2f64.powf(3.0 + 3.0 * noise()));
        for n in 0..(seconds * f64::from(rate_hz)) as usize {
            let t = n as f64 / f64::from(rate_hz);
            let chord: f64 = pitches.iter().map(|hz| 0.2 * (TAU * hz * t).sin()).sum();
            let beat = (-4.0 * (t % 0.5)).exp();
            left.push((amplitude * (chord + beat * 0.5 * noise())) as f32);
            right.push((amplitude * (0.8 * chord + beat * 0.5 * noise())) as f32);
        }
    }
    [left, right]
}

fn in_blocks(rate_hz: u32, layout: Layout, channels: &[&[f32]], sizes: &[usize]) -> Option<Loudness> {
    let mut meter = LoudnessMeter::new(rate(rate_hz), layout);
    let mut from = 0;
    for size in sizes.iter().cycle() {
        let to = channels[0].len().min(from + size);
        let block: Vec<&[f32]> = channels.iter().map(|channel| &channel[from..to]).collect();
        meter.push(&block);
        from = to;
        if from == channels[0].len() {
            break;
        }
    }
    meter.finish()
}

fn assert_same(a: &Loudness, b: &Loudness, tolerance: f64) {
    for (a, b) in [
        (a.integrated_lufs, b.integrated_lufs),
        (a.loudness_range_lu, b.loudness_range_lu),
        (a.max_short_term_lufs, b.max_short_term_lufs),
        (a.max_momentary_lufs, b.max_momentary_lufs),
        (a.gate_lufs, b.gate_lufs),
    ] {
        assert!((a - b).abs() <= tolerance, "{a} {b}");
    }
    assert_eq!(a.series.counted, b.series.counted);
}

/// Tech 3342 in decibels. libebur128's own range looks once a second, which short tracks show.
fn range_lu(mut short_term: Vec<f64>) -> f64 {
    short_term.retain(|lufs| *lufs >= -70.0);
    if short_term.is_empty() {
        return 0.0;
    }
    let powers = short_term.iter().map(|lufs| 10f64.powf(lufs / 10.0));
    let mean_lufs = 10.0 * (powers.sum::<f64>() / short_term.len() as f64).log10();
    short_term.retain(|lufs| *lufs >= mean_lufs - 20.0);
    short_term.sort_by(f64::total_cmp);
    let rank = |share: f64| ((short_term.len() - 1) as f64 * share + 0.5).floor() as usize;
    short_term[rank(0.95)] - short_term[rank(0.1)]
}

fn sections() -> impl Strategy<Value = Vec<(f64, f64)>> {
    prop::collection::vec((-60.0..0.0f64, 0.3..4.0f64), 1..5)
}

fn rates() -> impl Strategy<Value = u32> {
    prop::sample::select(vec![8_000, 11_025, 22_050, 32_000, 44_056, 44_100, 48_000, 96_000])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn agrees_with_libebur128(
        rate_hz in prop::sample::select(vec![32_000, 44_100, 48_000, 88_200, 96_000, 192_000]),
        sections in sections(),
        seed: u64,
    ) {
        let [left, right] = programme(rate_hz, &sections, seed);
        let mut oracle = EbuR128::new(2, rate_hz, Mode::I | Mode::S).expect("supported");
        let (mut momentary, mut short_term) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
        let mut every_100_ms = Vec::new();
        let poll = rate_hz as usize / 100;
        for (polls, (left, right)) in (1..).zip(left.chunks(poll).zip(right.chunks(poll))) {
            oracle.add_frames_planar_f32(&[left, right]).expect("added");
            if left.len() == poll {
                momentary = momentary.max(oracle.loudness_momentary().expect("momentary"));
                let last_3_s = oracle.loudness_shortterm().expect("short-term");
                short_term = short_term.max(last_3_s);
                if polls >= 300 && polls % 10 == 0 {
                    every_100_ms.push(last_3_s);
                }
            }
        }
        let integrated = oracle.loudness_global().expect("integrated");
        let ours = measure(rate(rate_hz), Layout::Stereo, &[&left, &right]);
        prop_assert_eq!(ours.is_some(), integrated.is_finite());
        if let Some(ours) = ours {
            prop_assert!((ours.integrated_lufs - integrated).abs() < 1e-6, "{} {}", ours.integrated_lufs, integrated);
            prop_assert!((ours.max_momentary_lufs - momentary).abs() < 1e-6, "{} {}", ours.max_momentary_lufs, momentary);
            prop_assert!((ours.max_short_term_lufs - short_term).abs() < 1e-6, "{} {}", ours.max_short_term_lufs, short_term);
            let range = range_lu(every_100_ms);
            prop_assert!((ours.loudness_range_lu - range).abs() < 1e-6, "{} {}", ours.loudness_range_lu, range);
        }
    }

    #[test]
    fn block_sizes_do_not_change_a_bit(
        rate_hz in rates(),
        sections in sections(),
        sizes in prop::collection::vec(1usize..20_000, 1..8),
        seed: u64,
    ) {
        let [left, right] = programme(rate_hz, &sections, seed);
        let channels: [&[f32]; 2] = [&left, &right];
        let at_once = in_blocks(rate_hz, Layout::Stereo, &channels, &[left.len()]);
        let cut_up = in_blocks(rate_hz, Layout::Stereo, &channels, &sizes);
        prop_assert_eq!(&at_once, &cut_up);
    }

    #[test]
    fn the_whole_track_form_gives_the_numbers_of_the_block_form(
        rate_hz in rates(),
        sections in sections(),
        layout in prop::sample::select(vec![Layout::Mono, Layout::DualMono, Layout::Stereo]),
        seed: u64,
    ) {
        let tracks = programme(rate_hz, &sections, seed);
        let channels: Vec<&[f32]> = tracks.iter().take(layout.channels()).map(Vec::as_slice).collect();
        let blocks = in_blocks(rate_hz, layout, &channels, &[4096]);
        let whole = measure(rate(rate_hz), layout, &channels);
        prop_assert_eq!(blocks.is_some(), whole.is_some());
        if let (Some(blocks), Some(whole)) = (blocks, whole) {
            assert_same(&blocks, &whole, 1e-9);
        }
    }

    #[test]
    fn hop_energies_add_up_to_the_energy_of_the_track(
        rate_hz in rates(),
        sections in sections(),
        hop in 1usize..3_000,
        seed: u64,
    ) {
        let [left, right] = programme(rate_hz, &sections, seed);
        let hop = NonZeroUsize::new(hop).expect("not zero");
        let hops = k_energy_per_hop(rate(rate_hz), Layout::Stereo, &[&left, &right], hop);
        prop_assert_eq!(hops.len(), left.len().div_ceil(hop.get()));
        let single = k_energy_per_hop(rate(rate_hz), Layout::Stereo, &[&left, &right], NonZeroUsize::MIN);
        for (hop, singles) in hops.iter().zip(single.chunks(hop.get())) {
            let expected: f64 = singles.iter().copied().map(f64::from).sum();
            prop_assert!((f64::from(*hop) - expected).abs() <= 1e-5 * expected + 1e-20, "{} {}", hop, expected);
        }
    }
}

#[test]
fn loudness_from_hops_is_that_of_the_signal_with_the_gain_applied() {
    let [left, right] = programme(44_100, &[(-20.0, 4.0), (-8.0, 6.0), (-35.0, 3.0), (-12.0, 5.0)], 7);
    let hop = NonZeroUsize::new(8).expect("not zero");
    let hops = k_energy_per_hop(rate(44_100), Layout::Stereo, &[&left, &right], hop);

    let unity = integrated_with_gain(rate(44_100), hop, &hops, &vec![1.0; hops.len() + 1], 1.0).expect("audible");
    let plain = measure(rate(44_100), Layout::Stereo, &[&left, &right]).expect("audible");
    assert!((unity - plain.integrated_lufs).abs() < 1e-3, "{unity} {}", plain.integrated_lufs);

    // A gain that swings by 6 dB in half a second.
    let gain = |sample: usize| 0.75 + 0.25 * (sample as f32 / 44_100.0 * 2.0 * std::f32::consts::PI).sin();
    let curve: Vec<f32> = (0..=hops.len()).map(|at| gain(at * 8)).collect();
    let predicted = integrated_with_gain(rate(44_100), hop, &hops, &curve, 1.0).expect("audible");
    let [left, right] = [left, right]
        .map(|channel| -> Vec<f32> { channel.iter().enumerate().map(|(at, sample)| sample * gain(at)).collect() });
    let rendered = measure(rate(44_100), Layout::Stereo, &[&left, &right]).expect("audible").integrated_lufs;
    assert!((predicted - rendered).abs() < 0.02, "{predicted} {rendered}");
}

#[test]
fn hops_longer_than_the_track_and_tracks_of_nothing_are_no_trouble() {
    let tone: Vec<f32> = (0..1_000).map(|n| 0.5 * (n as f32 * 0.1).sin()).collect();
    let energies = |samples: &[f32], hop| {
        let hop = NonZeroUsize::new(hop).expect("not zero");
        k_energy_per_hop(rate(48_000), Layout::Mono, &[samples], hop)
    };
    assert_eq!(energies(&[], 8), []);
    let whole: f32 = energies(&tone, 1).iter().sum();
    for hop in [300, 1_000, 1_001, usize::MAX] {
        let sum: f32 = energies(&tone, hop).iter().sum();
        assert!((sum - whole).abs() < 1e-4 * whole, "{sum} {whole} at {hop}");
    }
    let found = integrated_with_gain(rate(48_000), NonZeroUsize::MIN, &[], &[1.0], 1.0);
    assert_eq!(found, None);
}

#[test]
fn what_has_no_loudness_says_so() {
    let tone: Vec<f32> = (0..48_000).map(|n| 0.5 * (n as f32 * 0.1).sin()).collect();
    let cases: [(&str, Vec<f32>); 8] = [
        ("nothing", vec![]),
        ("one sample", vec![1.0]),
        ("399.9 ms", tone[..19_199].to_vec()),
        ("silence", vec![0.0; 48_000]),
        ("direct current", vec![0.7; 48_000]),
        ("far below the gate", tone.iter().map(|x| x * 1e-5).collect()),
        ("not a number", tone.iter().enumerate().map(|(n, x)| if n == 40_000 { f32::NAN } else { *x }).collect()),
        ("infinity", tone.iter().enumerate().map(|(n, x)| if n == 40_000 { f32::INFINITY } else { *x }).collect()),
    ];
    for (what, samples) in cases {
        assert_eq!(measure(rate(48_000), Layout::Mono, &[&samples]), None, "{what}");
        assert_eq!(in_blocks(48_000, Layout::Mono, &[&samples], &[1000]), None, "{what}, in blocks");
    }
    assert!(measure(rate(48_000), Layout::Mono, &[&tone[..19_200]]).is_some(), "400 ms are enough");
}

#[test]
fn direct_current_under_a_signal_does_not_count() {
    let [left, right] = programme(44_100, &[(-10.0, 10.0)], 3);
    let plain = measure(rate(44_100), Layout::Stereo, &[&left, &right]).expect("audible");
    // Faded in, because a step is a sound.
    let shift = |samples: &[f32]| -> Vec<f32> {
        samples.iter().enumerate().map(|(n, x)| x + 0.3 * (n as f32 / 44_100.0).min(1.0)).collect()
    };
    let shifted = measure(rate(44_100), Layout::Stereo, &[&shift(&left), &shift(&right)]).expect("audible");
    assert!((plain.integrated_lufs - shifted.integrated_lufs).abs() < 1e-3);
}

#[test]
fn floats_far_above_full_scale_are_measured() {
    let loud: Vec<f32> = (0..48_000).map(|n| 1e30 * (n as f32 * 0.1).sin()).collect();
    let found = measure(rate(48_000), Layout::Mono, &[&loud]).expect("audible");
    assert!((found.integrated_lufs - 597.0).abs() < 2.0, "{}", found.integrated_lufs);
}

#[test]
fn less_than_3_s_has_a_max_short_term_but_no_range() {
    let tone: Vec<f32> = (0..48_000).map(|n| 0.5 * (n as f32 * 0.1).sin()).collect();
    let found = measure(rate(48_000), Layout::Mono, &[&tone]).expect("audible");
    assert!((found.max_momentary_lufs - found.max_short_term_lufs - 4.77).abs() < 0.05);
    assert!(found.loudness_range_lu.abs() < f64::EPSILON);
}

#[test]
fn rates_outside_8_to_384_khz_are_refused_with_the_reason() {
    for hz in [0, 7_999, 384_001, u32::MAX] {
        let refusal = Rate::new(hz).expect_err("refused");
        assert!(refusal.to_string().contains(&format!("{hz} Hz; loudness is measured from 8000 to 384000 Hz")));
    }
}

#[test]
fn a_tone_reads_alike_at_every_rate() {
    for hz in [8_000, 11_025, 16_000, 22_050, 32_000, 44_056, 64_000, 176_400, 352_800, 384_000] {
        let tone: Vec<f32> = (0..hz * 3).map(|n| (f64::from(n) * 997.0 / f64::from(hz) * TAU).sin() as f32).collect();
        let found = measure(rate(hz), Layout::Mono, &[&tone]).expect("audible").integrated_lufs;
        assert!((found + 3.01).abs() < 0.05, "{found} at {hz} Hz");
    }
}

#[test]
fn an_odd_channel_out_is_measured_too() {
    let [left, right] = programme(48_000, &[(-20.0, 2.0)], 9);
    let channels: [&[f32]; 5] = [&left, &right, &left, &right, &left];
    let whole = KEnergy::of(rate(48_000), Layout::Surround50, &channels);
    let mut meter = LoudnessMeter::new(rate(48_000), Layout::Surround50);
    meter.push(&channels);
    let blocks = meter.into_energy();
    for channel in 0..5 {
        let (a, b) = (whole.channel(channel).expect("there"), blocks.channel(channel).expect("there"));
        assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-12 * b.abs()));
    }
}
