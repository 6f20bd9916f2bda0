//! The loudness meter against the test signals of EBU Tech 3341 v4 (table 1) and Tech 3342 v4 (table 1), synthesised.
//!
//! Cases 7, 8 and the LRA cases 5 and 6 are recordings and not here; cases 15 to 23 are about true peak.

use dsp::loudness::{KEnergy, Layout, Loudness, LoudnessMeter, Rate, measure};
use std::f64::consts::TAU;

const RATES_HZ: [u32; 5] = [44_100, 48_000, 88_200, 96_000, 192_000];
const LOUDNESS_TOLERANCE_LU: f64 = 0.1;
const RANGE_TOLERANCE_LU: f64 = 1.0;
/// A level that means silence.
const SILENT: f64 = f64::NEG_INFINITY;

/// A sine of whole `tone_hz` whose peak level steps through (dBFS, seconds).
fn tone(rate_hz: u32, tone_hz: u32, steps: &[(f64, f64)]) -> Vec<f32> {
    let radians = TAU * f64::from(tone_hz) / f64::from(rate_hz);
    let second: Vec<f64> = (0..rate_hz).map(|n| (f64::from(n) * radians).sin()).collect();
    let mut samples = Vec::new();
    let mut end_s = 0.0;
    for (level_dbfs, seconds) in steps {
        end_s += seconds;
        let end = (end_s * f64::from(rate_hz)).round() as usize;
        let amplitude = dsp::amplitude_from_db(*level_dbfs);
        let sine = |n: usize| (amplitude * second[n % second.len()]) as f32;
        samples.extend((samples.len()..end).map(sine));
    }
    samples
}

fn rate(hz: u32) -> Rate {
    Rate::new(hz).expect("supported")
}

/// 1 kHz in phase in both channels, through both forms of the meter, which must agree.
fn stereo(rate_hz: u32, steps: &[(f64, f64)]) -> Loudness {
    let tone = tone(rate_hz, 1000, steps);
    let mut meter = LoudnessMeter::new(rate(rate_hz), Layout::Stereo);
    for block in tone.chunks(rate_hz as usize / 3) {
        meter.push(&[block, block]);
    }
    let in_blocks = meter.finish().expect("audible");
    let whole = measure(rate(rate_hz), Layout::Stereo, &[&tone, &tone]).expect("audible");
    assert_near(in_blocks.integrated_lufs, whole.integrated_lufs, 1e-9, "in blocks and whole");
    assert_near(in_blocks.max_momentary_lufs, whole.max_momentary_lufs, 1e-9, "in blocks and whole");
    whole
}

/// What a live meter shows after each of 20 segments of a track.
fn after_each_segment(rate_hz: u32, seconds: f64, segment: impl Fn(f64) -> [(f64, f64); 3]) -> Vec<(u32, Loudness)> {
    let steps: Vec<(f64, f64)> = (0..20).map(f64::from).flat_map(segment).collect();
    let tone = tone(rate_hz, 1000, &steps);
    let mut meter = LoudnessMeter::new(rate(rate_hz), Layout::Stereo);
    let segments = tone.chunks((seconds * f64::from(rate_hz)).round() as usize);
    let readings = segments.map(|block| {
        meter.push(&[block, block]);
        meter.clone().finish().expect("audible")
    });
    (0..).zip(readings).collect()
}

#[track_caller]
fn assert_near(found: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((found - expected).abs() <= tolerance, "{what}: {found} is not {expected} +-{tolerance}");
}

#[track_caller]
fn assert_lufs(found: f64, expected: f64, what: &str) {
    assert_near(found, expected, LOUDNESS_TOLERANCE_LU, what);
}

#[test]
fn a_full_scale_sine_of_997_hz_in_one_channel_reads_minus_3_01() {
    for hz in RATES_HZ {
        let tone = tone(hz, 997, &[(0.0, 10.0)]);
        let silence = vec![0.0; tone.len()];
        for (layout, channels) in [
            (Layout::Stereo, vec![tone.as_slice(), &silence]),
            (Layout::Stereo, vec![silence.as_slice(), &tone]),
            (Layout::Mono, vec![tone.as_slice()]),
        ] {
            let found = measure(rate(hz), layout, &channels).expect("audible").integrated_lufs;
            assert_near(found, -3.01, 0.03, &format!("{layout:?} at {hz} Hz"));
        }
        let dual = measure(rate(hz), Layout::DualMono, &[&tone]).expect("audible").integrated_lufs;
        assert_near(dual, 0.0, 0.03, &format!("dual mono at {hz} Hz"));
    }
}

#[test]
fn cases_1_and_2_a_steady_tone_reads_its_level_on_every_scale() {
    for hz in RATES_HZ {
        for level in [-23.0, -33.0] {
            let found = stereo(hz, &[(level, 20.0)]);
            assert_lufs(found.integrated_lufs, level, "integrated");
            assert_lufs(found.max_momentary_lufs, level, "max momentary");
            assert_lufs(found.max_short_term_lufs, level, "max short-term");
            let series = &found.series;
            assert!(series.momentary_lufs[4..].iter().all(|m| (f64::from(*m) - level).abs() < 0.1));
            assert!(series.short_term_lufs[30..].iter().all(|s| (f64::from(*s) - level).abs() < 0.1));
            assert!(series.counted.iter().all(|counted| *counted));
        }
    }
}

#[test]
fn cases_3_to_5_gates_leave_out_what_is_quiet() {
    let cases: [&[(f64, f64)]; 3] = [
        &[(-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)],
        &[(-72.0, 10.0), (-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0), (-72.0, 10.0)],
        &[(-26.0, 20.0), (-20.0, 20.1), (-26.0, 20.0)],
    ];
    for hz in RATES_HZ {
        for (index, case) in cases.into_iter().enumerate() {
            assert_lufs(stereo(hz, case).integrated_lufs, -23.0, &format!("case {} at {hz} Hz", index + 3));
        }
    }
}

#[test]
fn the_steps_that_count_are_those_above_the_relative_gate() {
    let found = stereo(48_000, &[(-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)]);
    let counted = &found.series.counted;
    assert_eq!(counted.len(), 800);
    assert!(counted[100..700].iter().all(|counted| *counted));
    // A 400 ms block that is half loud still counts, so the edges reach a little into the quiet parts.
    assert!(counted[..97].iter().chain(&counted[703..]).all(|counted| !counted));
    assert!(found.gate_lufs > -36.0 && found.gate_lufs < -33.0, "{}", found.gate_lufs);
}

#[test]
fn case_6_surround_channels_weigh_more() {
    for hz in RATES_HZ {
        let channels = [-28.0, -28.0, -24.0, -30.0, -30.0].map(|level| tone(hz, 1000, &[(level, 20.0)]));
        let channels: Vec<&[f32]> = channels.iter().map(Vec::as_slice).collect();
        let found = measure(rate(hz), Layout::Surround50, &channels).expect("audible");
        assert_lufs(found.integrated_lufs, -23.0, "whole");
        let mut meter = LoudnessMeter::new(rate(hz), Layout::Surround50);
        meter.push(&channels);
        let in_blocks = meter.finish().expect("audible");
        assert_near(in_blocks.integrated_lufs, found.integrated_lufs, 1e-9, "in blocks");
    }
}

#[test]
fn case_9_short_term_is_constant_when_the_level_alternates_within_3_s() {
    for hz in RATES_HZ {
        let steps = [(-20.0, 1.34), (-30.0, 1.66)].repeat(5);
        let found = stereo(hz, &steps);
        for short_term in &found.series.short_term_lufs[29..] {
            assert_lufs(f64::from(*short_term), -23.0, "short-term");
        }
        assert_lufs(found.max_short_term_lufs, -23.0, "max short-term");
    }
}

#[test]
fn case_10_max_short_term_finds_3_s_wherever_they_start() {
    for hz in RATES_HZ {
        for i in 0..20 {
            let found = stereo(hz, &[(SILENT, 0.15 * f64::from(i)), (-23.0, 3.0), (SILENT, 1.0)]);
            assert_lufs(found.max_short_term_lufs, -23.0, &format!("file {i} at {hz} Hz"));
        }
    }
}

#[test]
fn case_11_successive_max_short_term_follow_the_level() {
    for hz in RATES_HZ {
        let segment = |i| [(SILENT, 0.15 * i), (-38.0 + i, 3.0), (SILENT, 3.0 - 0.15 * i)];
        for (i, found) in after_each_segment(hz, 6.0, segment) {
            let what = format!("segment {i} at {hz} Hz");
            assert_lufs(found.max_short_term_lufs, -38.0 + f64::from(i), &what);
        }
    }
}

#[test]
fn case_12_momentary_is_constant_when_the_level_alternates_within_400_ms() {
    for hz in RATES_HZ {
        let found = stereo(hz, &[(-20.0, 0.18), (-30.0, 0.22)].repeat(25));
        for momentary in &found.series.momentary_lufs[9..] {
            assert_lufs(f64::from(*momentary), -23.0, "momentary");
        }
        assert_lufs(found.max_momentary_lufs, -23.0, "max momentary");
    }
}

#[test]
fn case_13_max_momentary_finds_400_ms_wherever_they_start() {
    for hz in RATES_HZ {
        for i in 0..20 {
            let found = stereo(hz, &[(SILENT, 0.02 * f64::from(i)), (-23.0, 0.4), (SILENT, 1.0)]);
            assert_lufs(found.max_momentary_lufs, -23.0, &format!("file {i} at {hz} Hz"));
        }
    }
}

#[test]
fn case_14_successive_max_momentary_follow_the_level() {
    for hz in RATES_HZ {
        let segment = |i| [(SILENT, 0.02 * i), (-38.0 + i, 0.4), (SILENT, 0.4 - 0.02 * i)];
        for (i, found) in after_each_segment(hz, 0.8, segment) {
            let what = format!("segment {i} at {hz} Hz");
            assert_lufs(found.max_momentary_lufs, -38.0 + f64::from(i), &what);
        }
    }
}

#[test]
fn tech_3342_cases_1_to_4_loudness_range_is_that_of_the_steps() {
    let cases: [(f64, &[f64]); 4] = [
        (10.0, &[-20.0, -30.0]),
        (5.0, &[-20.0, -15.0]),
        (20.0, &[-40.0, -20.0]),
        (15.0, &[-50.0, -35.0, -20.0, -35.0, -50.0]),
    ];
    for hz in RATES_HZ {
        for (expected, levels) in cases {
            let steps: Vec<(f64, f64)> = levels.iter().map(|level| (*level, 20.0)).collect();
            let found = stereo(hz, &steps).loudness_range_lu;
            assert_near(found, expected, RANGE_TOLERANCE_LU, &format!("{levels:?} at {hz} Hz"));
        }
    }
}

#[test]
fn energies_of_a_channel_are_at_hand() {
    let tone = tone(44_100, 1000, &[(-20.0, 1.0)]);
    let energy = KEnergy::of(rate(44_100), Layout::Mono, &[&tone]);
    let sub_blocks = energy.channel(0).expect("one channel");
    assert_eq!(sub_blocks.len(), 100);
    let mean_square = sub_blocks[50] / 441.0;
    assert_lufs(dsp::loudness::lufs_from_energy(mean_square), -23.0, "one sub-block");
    assert_eq!(energy.channel(1), None);
}
