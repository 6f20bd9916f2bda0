//! Each detector both ways: what it is for is found, with its time; what only resembles it is not.

use super::*;
use crate::analyse;
use crate::audio::tests::music;
use std::f64::consts::TAU;

const RATE_HZ: u32 = 44_100;

fn notes(channels: Vec<Vec<f32>>) -> Vec<Observation> {
    notes_at(RATE_HZ, channels)
}

fn notes_at(rate_hz: u32, channels: Vec<Vec<f32>>) -> Vec<Observation> {
    let audio = Audio::new(rate_hz, channels).expect("audio");
    observe(&audio, &analyse(&audio, &mut |_, _| {}).expect("audible")).0
}

fn kinds(notes: &[Observation]) -> Vec<Kind> {
    notes.iter().map(|note| note.kind).collect()
}

fn find(notes: &[Observation], kind: Kind) -> &Observation {
    notes.iter().find(|note| note.kind == kind).unwrap_or_else(|| panic!("no {kind:?} in {:?}", kinds(notes)))
}

/// A good mix, `seconds` long.
fn mix(seconds: f64) -> Vec<Vec<f32>> {
    music(RATE_HZ, seconds, 0.4).into_channels()
}

fn map(channels: &mut [Vec<f32>], change: impl Fn(f64, f32) -> f32) {
    for channel in channels {
        for (n, x) in channel.iter_mut().enumerate() {
            *x = change(n as f64 / f64::from(RATE_HZ), *x);
        }
    }
}

/// Music that pauses from 4 s to 7 s and from 10 s to 12 s, with something of one's own under all of it.
fn with_pauses(below: impl Fn(f64, usize) -> f64) -> Vec<Vec<f32>> {
    let mut channels = mix(16.0);
    map(&mut channels, |t, x| if (4.0..7.0).contains(&t) || (10.0..12.0).contains(&t) { 0.0 } else { x });
    for (index, channel) in channels.iter_mut().enumerate() {
        for (n, x) in channel.iter_mut().enumerate() {
            *x += below(n as f64 / f64::from(RATE_HZ), n * 2 + index) as f32;
        }
    }
    channels
}

/// The same numbers in every run, -1 to 1.
fn noise(n: usize) -> f64 {
    let mut x = (n as u64).wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((x ^ (x >> 31)) >> 11) as f64 / (1u64 << 52) as f64 - 1.0
}

#[test]
fn a_good_mix_gets_no_note_at_any_level_or_rate() {
    assert_eq!(kinds(&notes(mix(12.0))), []);
    for gain in [0.02f32, 0.3, 2.0] {
        let mut channels = mix(12.0);
        map(&mut channels, |_, x| x * gain);
        assert_eq!(kinds(&notes(channels)), [], "{gain}");
    }
    for rate_hz in [8_000, 22_050, 48_000, 96_000] {
        assert_eq!(kinds(&notes_at(rate_hz, music(rate_hz, 8.0, 0.4).into_channels())), [], "{rate_hz}");
    }
    assert_eq!(kinds(&notes(vec![mix(12.0).remove(0)])), [], "mono");
}

#[test]
fn fades_and_dither_are_no_fault() {
    let mut channels = mix(12.0);
    map(&mut channels, |t, x| x * (t / 3.0).min(1.0) as f32 * ((12.0 - t) / 5.0).min(1.0) as f32);
    for (index, channel) in channels.iter_mut().enumerate() {
        for (n, x) in channel.iter_mut().enumerate() {
            *x = ((f64::from(*x) * 32_768.0 + noise(n * 4 + index) + noise(n * 4 + 2 + index)).round() / 32_768.0)
                as f32;
        }
    }
    assert_eq!(kinds(&notes(channels)), []);
}

#[test]
fn cut_tops_are_found_where_they_are_also_when_turned_down_afterwards() {
    for after in [1.0f32, 0.7] {
        let mut channels = mix(12.0);
        // Loud for a second, and cut there.
        map(&mut channels, |t, x| if (5.0..6.0).contains(&t) { (x * 4.0).clamp(-1.0, 1.0) } else { x } * after);
        let notes = notes(channels);
        let note = find(&notes, Kind::Clipping);
        assert!(note.weight == Weight::Warning && note.measured >= 4.0, "{note:?}");
        assert!(!note.places.is_empty() && note.places.len() <= MOST_PLACES);
        assert!(note.places.iter().all(|place| (4.99..6.01).contains(&place.from_s)), "{note:?}");
    }
}

#[test]
fn a_round_bass_note_at_full_scale_is_not_clipped() {
    for hz in [20.0, 41.2, 55.0] {
        let mut channels = mix(8.0);
        map(&mut channels, |t, x| (0.9999 * (TAU * hz * t).sin()) as f32 + x * 1e-6);
        let found = notes(channels);
        assert!(!kinds(&found).contains(&Kind::Clipping), "{hz}: {found:?}");
    }
}

#[test]
fn peaks_between_the_samples_are_told_from_samples_above_full_scale() {
    // A quarter of the rate at 45 degrees: samples at 0.98, the wave at 1.39.
    let mut channels = mix(8.0);
    map(&mut channels, |t, x| {
        let burst = (3.0..3.1).contains(&t);
        let n = (t * f64::from(RATE_HZ)).round();
        if burst { (1.386 * (TAU / 4.0 * n + TAU / 8.0).sin()) as f32 } else { x }
    });
    let found = notes(channels.clone());
    let note = find(&found, Kind::InterSampleOvers);
    assert!((2.5..3.5).contains(&note.measured), "{note:?}");
    assert!(note.places.len() == 1 && (note.places[0].from_s - 3.0).abs() < 0.01, "{note:?}");
    map(&mut channels, |_, x| x * 2.0);
    let found = notes(channels);
    assert!((find(&found, Kind::OverFullScale).measured - 5.8).abs() < 0.3, "{found:?}");
    assert!(!kinds(&found).contains(&Kind::InterSampleOvers));
}

#[test]
fn a_crushed_mix_is_already_limited_and_a_steady_organ_is_not() {
    let mut channels = mix(10.0);
    map(&mut channels, |_, x| (x * 20.0).tanh() * 0.95);
    assert!(kinds(&notes(channels)).contains(&Kind::AlreadyLimited));
    let mut organ = mix(10.0);
    map(&mut organ, |t, x| {
        [220.0, 277.2, 329.6].iter().map(|hz| 0.1 * (TAU * hz * t).sin()).sum::<f64>() as f32 + x * 0.001
    });
    assert!(!kinds(&notes(organ)).contains(&Kind::AlreadyLimited));
}

#[test]
fn direct_current_is_found_and_a_slow_wave_is_none() {
    let mut channels = mix(10.0);
    channels[1].iter_mut().for_each(|x| *x += 0.01);
    let found = notes(channels);
    let note = find(&found, Kind::DcOffset);
    assert!((note.measured - 1.0).abs() < 0.05, "{note:?}");
    let mut slow = mix(10.0);
    map(&mut slow, |t, x| x + 0.02 * (TAU * 0.13 * t).sin() as f32);
    assert!(!kinds(&notes(slow)).contains(&Kind::DcOffset));
}

#[test]
fn an_inverted_passage_is_out_of_phase_and_lost_in_mono() {
    let mut channels = mix(14.0);
    let inverted = 5 * RATE_HZ as usize..9 * RATE_HZ as usize;
    channels[1] = channels[0].clone();
    channels[1][inverted].iter_mut().for_each(|x| *x = -*x);
    let found = notes(channels);
    let note = find(&found, Kind::NegativeCorrelation);
    assert!(note.measured < -0.9 && note.places_in_all == 1, "{note:?}");
    assert!((note.places[0].from_s - 5.0).abs() < 0.2 && (note.places[0].to_s - 9.0).abs() < 0.2, "{note:?}");
    let mut all = mix(10.0);
    all[1] = all[0].iter().map(|x| -x * 0.9).collect();
    let found = notes(all);
    assert!(find(&found, Kind::MonoLoss).words.contains("mids"), "{found:?}");
}

#[test]
fn reverb_that_has_nothing_in_common_is_not_out_of_phase() {
    let mut channels = mix(10.0);
    for (index, channel) in channels.iter_mut().enumerate() {
        for (n, x) in channel.iter_mut().enumerate() {
            *x = 0.5 * *x + 0.05 * noise(2 * n + index) as f32;
        }
    }
    let found = kinds(&notes(channels));
    assert!(!found.contains(&Kind::NegativeCorrelation) && !found.contains(&Kind::MonoLoss), "{found:?}");
}

#[test]
fn bass_on_one_side_is_wide_and_treble_on_one_side_is_not() {
    let tone_on_the_left = |hz: f64| {
        let mut channels = mix(10.0);
        map(&mut channels, |_, x| x * 0.3);
        for (n, x) in channels[0].iter_mut().enumerate() {
            *x += 0.3 * (TAU * hz * n as f64 / f64::from(RATE_HZ)).sin() as f32;
        }
        notes(channels)
    };
    assert!(kinds(&tone_on_the_left(60.0)).contains(&Kind::BassSide));
    assert!(!kinds(&tone_on_the_left(3_000.0)).contains(&Kind::BassSide));
}

#[test]
fn a_louder_side_is_noted_with_its_name() {
    let mut channels = mix(8.0);
    channels[0].iter_mut().for_each(|x| *x *= 0.5);
    let found = notes(channels);
    let note = find(&found, Kind::Balance);
    assert!((5.0..7.0).contains(&note.measured) && note.words.contains("right"), "{note:?}");
}

#[test]
fn hum_is_found_in_pauses_at_both_mains_frequencies() {
    for mains_hz in [50.0, 60.0] {
        let hum = move |t: f64, n: usize| {
            let wave = |k: f64| (TAU * mains_hz * k * t).sin() / k;
            0.002 * (wave(1.0) + wave(2.0) + wave(3.0)) + 1e-5 * noise(n)
        };
        let found = notes(with_pauses(hum));
        let note = find(&found, Kind::Hum);
        assert!(note.words.contains(&format!("{mains_hz:.0} Hz")), "{note:?}");
        assert!(note.places.len() == 2 && (note.places[0].from_s - 4.0).abs() < 0.2, "{note:?}");
    }
}

#[test]
fn a_bass_note_that_is_held_through_a_pause_is_no_hum() {
    // G1 and B1 are the notes next to 50 and 60 Hz.
    for hz in [48.999, 61.735, 55.0] {
        let held = move |t: f64, n: usize| {
            let wave = |k: f64| (TAU * hz * k * t).sin() / k;
            0.002 * (wave(1.0) + wave(2.0) + wave(3.0)) + 1e-5 * noise(n)
        };
        let found = kinds(&notes(with_pauses(held)));
        assert!(!found.contains(&Kind::Hum), "{hz}: {found:?}");
    }
}

#[test]
fn steady_noise_is_found_and_digital_silence_or_a_ringing_chord_is_not() {
    let found = notes(with_pauses(|_, n| 0.003 * noise(n)));
    let note = find(&found, Kind::NoiseFloor);
    assert!(note.places.len() == 2 && note.measured > -50.0, "{note:?}");
    assert_eq!(kinds(&notes(with_pauses(|_, _| 0.0))), []);
    let ringing = |t: f64, _: usize| [220.0, 277.2, 329.6, 440.0].iter().map(|hz| 0.001 * (TAU * hz * t).sin()).sum();
    assert!(!kinds(&notes(with_pauses(ringing))).contains(&Kind::NoiseFloor));
    let faint = notes(with_pauses(|_, n| 0.00005 * noise(n)));
    assert_eq!(kinds(&faint), [], "the hiss of a good converter");
}

#[test]
fn a_fading_cymbal_is_no_noise_floor() {
    let cymbal = |t: f64, n: usize| {
        let since = if t < 10.0 { t - 4.0 } else { t - 10.0 };
        if since > 0.0 { 0.01 * (-since * 2.5).exp() * noise(n) } else { 0.0 }
    };
    assert!(!kinds(&notes(with_pauses(cymbal))).contains(&Kind::NoiseFloor));
}

/// A linear-phase low-pass: what a lossy encoder's filter bank does to the top.
fn low_passed(samples: &[f32], rate_hz: u32, cut_hz: f64, taps: usize) -> Vec<f32> {
    let ratio = cut_hz / f64::from(rate_hz);
    let kernel: Vec<f32> = (0..taps)
        .map(|k| {
            let x = k as f64 - (taps - 1) as f64 / 2.0;
            let sinc = if x == 0.0 { 2.0 * ratio } else { (TAU * ratio * x).sin() / (TAU / 2.0 * x) };
            let turn = TAU * k as f64 / (taps - 1) as f64;
            (sinc * (0.42 - 0.5 * turn.cos() + 0.08 * (2.0 * turn).cos())) as f32
        })
        .collect();
    (0..samples.len() - taps).map(|n| kernel.iter().zip(&samples[n..]).map(|(k, x)| k * x).sum()).collect()
}

#[test]
fn a_wall_at_16_khz_is_a_lossy_source_and_a_soft_roll_off_is_not() {
    let bright = |t: usize| 0.05 * noise(t) as f32;
    let top = |cut_hz: f64, taps: usize| -> Vec<Vec<f32>> {
        let channels = mix(6.0);
        let noisy = |index: usize| -> Vec<f32> {
            channels[index].iter().enumerate().map(|(n, x)| x * 0.5 + bright(2 * n + index)).collect()
        };
        (0..2).map(|index| low_passed(&noisy(index), RATE_HZ, cut_hz, taps)).collect()
    };
    for cut_hz in [16_000.0, 19_000.0] {
        let found = notes(top(cut_hz, 255));
        let note = find(&found, Kind::LossySource);
        assert!((note.measured - cut_hz).abs() < 400.0, "{note:?}");
    }
    for (cut_hz, taps) in [(12_000.0, 15), (21_300.0, 255)] {
        let found = kinds(&notes(top(cut_hz, taps)));
        assert!(!found.contains(&Kind::LossySource), "{cut_hz}: {found:?}");
    }
}

#[test]
fn a_high_rate_file_without_a_top_was_upsampled() {
    let channels = music(96_000, 6.0, 0.4).into_channels();
    let low: Vec<Vec<f32>> = channels
        .iter()
        .enumerate()
        .map(|(index, channel)| {
            let noisy: Vec<f32> =
                channel.iter().enumerate().map(|(n, x)| x + 0.05 * noise(2 * n + index) as f32).collect();
            low_passed(&noisy, 96_000, 22_050.0, 511)
        })
        .collect();
    let found = notes_at(96_000, low);
    assert!((find(&found, Kind::Upsampled).measured - 22_050.0).abs() < 500.0, "{found:?}");
}

#[test]
fn silence_round_the_music_is_noted_with_its_length() {
    let mut channels = mix(8.0);
    for channel in &mut channels {
        let mut longer = vec![0.0; 2 * RATE_HZ as usize];
        longer.append(channel);
        longer.extend(vec![0.0; 7 * RATE_HZ as usize]);
        *channel = longer;
    }
    let found = notes(channels);
    assert_eq!(kinds(&found), [Kind::SilenceAtStart, Kind::SilenceAtEnd]);
    assert!((found[0].measured - 2.0).abs() < 0.05, "{found:?}");
    assert!((found[1].measured - 7.0).abs() < 0.6, "{found:?}");
}

#[test]
fn every_note_has_its_number_threshold_unit_source_and_words() {
    let mut channels = mix(12.0);
    map(&mut channels, |_, x| (x * 20.0).clamp(-1.0, 1.0));
    channels[1].iter_mut().for_each(|x| *x = 0.4 * *x + 0.01);
    let found = notes(channels);
    assert!(found.len() >= 3, "{found:?}");
    for note in &found {
        assert!(note.measured.is_finite() && note.threshold.is_finite(), "{note:?}");
        assert!(!note.unit.is_empty() && !note.source.is_empty() && note.words.ends_with(['.', '?']), "{note:?}");
        assert!(note.places.len() <= MOST_PLACES && note.places_in_all >= note.places.len());
    }
    assert!(found.is_sorted_by_key(|note| std::cmp::Reverse(note.weight)));
    let text = serde_json::to_string(&found).expect("JSON");
    assert_eq!(serde_json::from_str::<Vec<Observation>>(&text).expect("reads back"), found);
}

#[test]
fn the_shortest_track_that_can_be_mastered_can_be_observed() {
    for rate_hz in [8_000, 384_000] {
        let audio = music(rate_hz, 0.45, 0.5);
        let _ = observe(&audio, &analyse(&audio, &mut |_, _| {}).expect("audible"));
    }
}
