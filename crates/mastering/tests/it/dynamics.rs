//! Dynamics by band, from outside: what stands out is held, and all that music does of its own accord is left alone.

use dsp::spectrum::band_frames;
use mastering::plan::HeldBand;
use mastering::{
    Audio, DynamicsBand, Loudness, Master, Reference, Request, Sound, Toward, analyse, master_from, render,
};
use std::f64::consts::TAU;
use std::sync::Arc;

const RATE_HZ: u32 = 44_100;

fn noise(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / 8_388_608.0 - 1.0
    }
}

/// Noise with the spectrum of music, 6 dB an octave down from 100 Hz, and `more(t)` on top; both times `fade(t)`.
fn music(seconds: f64, more: impl Fn(f64) -> f64, fade: impl Fn(f64) -> f64) -> Audio {
    let channel = |seed| {
        let (mut hiss, mut low, mut lower) = (noise(seed), 0.0, 0.0);
        let count = (seconds * f64::from(RATE_HZ)) as usize;
        let sample = |n: usize| {
            let t = n as f64 / f64::from(RATE_HZ);
            low += 0.014 * (hiss() - low);
            lower += 0.004 * (low - lower);
            (fade(t) * (0.8 * (low - lower) + more(t))) as f32
        };
        (0..count).map(sample).collect::<Vec<f32>>()
    };
    Audio::new(RATE_HZ, vec![channel(1), channel(2)]).expect("long enough")
}

fn level(_: f64) -> f64 {
    1.0
}

fn nothing(_: f64) -> f64 {
    0.0
}

/// A note of a frequency from a time on for a while, softly begun and ended.
fn note(t: f64, frequency_hz: f64, from_s: f64, seconds: f64, amplitude: f64) -> f64 {
    let edge = ((t - from_s) / 0.02).clamp(0.0, 1.0) * ((from_s + seconds - t) / 0.02).clamp(0.0, 1.0);
    amplitude * edge * (TAU * frequency_hz * t).sin()
}

fn sounding(audio: &Audio, sound: Sound, toward: Option<Toward>) -> Master {
    let analysis = analyse(audio, &mut |_, _| {}).expect("not silent");
    let request = Request { loudness: Loudness::Exact(-30.0), ceiling_dbtp: -1.0, sound, toward };
    master_from(audio, &analysis, &request, &mut |_, _| {})
}

fn mastered(audio: &Audio) -> Master {
    sounding(audio, Sound { intensity_percent: 100.0, ..Sound::default() }, None)
}

fn held(done: &Master) -> Vec<HeldBand> {
    done.plan.dynamics.as_ref().map_or_else(Vec::new, |dynamics| dynamics.bands.clone())
}

/// Level of a third of an octave within a stretch, dB.
fn band_db(audio: &Audio, band: usize, from_s: f64, to_s: f64) -> f64 {
    let channels: Vec<&[f32]> = audio.channels().iter().map(Vec::as_slice).collect();
    let frames = band_frames(RATE_HZ, &channels, |_| {});
    let within: Vec<f64> = (0..frames.power.len())
        .filter(|n| (from_s..to_s).contains(&((*n + 1) as f64 * frames.hop_s)))
        .map(|n| f64::from(frames.power[n][band]))
        .collect();
    10.0 * (within.iter().sum::<f64>() / within.len() as f64).log10()
}

/// 63 Hz and 1 kHz.
const BASS: usize = 4;
const MIDS: usize = 16;

#[test]
fn a_note_that_booms_is_held_and_the_music_beside_and_around_it_is_not() {
    let boomy = music(30.0, |t| note(t, 62.0, 12.0, 1.5, 0.4), level);
    let done = mastered(&boomy);
    let [band] = held(&done)[..] else { panic!("{:?}", done.plan.dynamics) };
    assert_eq!(band.band, DynamicsBand::Bass);
    let without = sounding(&boomy, Sound { intensity_percent: 100.0, dynamics_percent: 0.0, ..Sound::default() }, None);
    let change = |band, from_s, to_s| {
        // Gains for the same loudness apart.
        let gain = done.plan.limiter.drive_db - without.plan.limiter.drive_db;
        band_db(&done.audio, band, from_s, to_s) - band_db(&without.audio, band, from_s, to_s) - gain
    };
    let at_the_note = change(BASS, 12.3, 13.2);
    assert!((-3.2..-1.5).contains(&at_the_note), "{at_the_note}");
    for (band, from_s, to_s) in [(BASS, 5.0, 11.5), (BASS, 16.0, 28.0), (MIDS, 12.0, 13.5)] {
        let beside = change(band, from_s, to_s);
        assert!(beside.abs() < 0.1, "{band}, {from_s}: {beside}");
    }
    assert!(done.explanation.iter().any(|said| said.contains("The bass stood out")), "{:?}", done.explanation);
}

#[test]
fn what_music_does_of_its_own_accord_is_left_alone() {
    let kick = |t: f64, every_s: f64| {
        let beat = t % every_s;
        0.5 * (-beat * 14.0).exp() * (TAU * 52.0 * beat).sin()
    };
    let cases: [(&str, Audio); 8] = [
        ("steady music", music(30.0, nothing, level)),
        ("a kick on every beat", music(30.0, |t| kick(t, 0.5), level)),
        ("a kick now and then", music(30.0, |t| kick(t, 4.0), level)),
        ("a fade", music(30.0, nothing, |t| (1.0 - t / 30.0).max(0.0))),
        ("a loud chorus", music(30.0, nothing, |t| if t > 15.0 { 1.0 } else { 0.25 })),
        ("a chorus with more bass", music(30.0, |t| note(t, 60.0, 15.0, 14.0, 0.25), level)),
        ("a solo while the rest is silent", {
            let silent = |t: f64| if (10.0..14.0).contains(&t) { 0.01 } else { 1.0 };
            music(30.0, |t| note(t, 700.0, 10.0, 4.0, 0.1) / silent(t), silent)
        }),
        ("a tone", music(30.0, |t| 0.3 * (TAU * 60.0 * t).sin(), |_| 1.0)),
    ];
    for (name, audio) in cases {
        let done = mastered(&audio);
        assert_eq!(held(&done), [], "{name}");
    }
}

#[test]
fn a_plan_with_dynamics_renders_to_the_same_bits_and_survives_being_kept() {
    let boomy = music(20.0, |t| note(t, 62.0, 12.0, 1.5, 0.25), level);
    let done = mastered(&boomy);
    assert!(!held(&done).is_empty());
    let text = serde_json::to_string(&done.plan).expect("serialises");
    let plan = serde_json::from_str(&text).expect("parses");
    assert_eq!(plan, done.plan);
    let again = render(boomy, &plan, &mut |_, _| {}).expect("a valid plan");
    assert_eq!(again.channels(), done.audio.channels());
}

#[test]
fn the_control_says_how_firmly() {
    let boomy = music(20.0, |t| note(t, 62.0, 12.0, 1.5, 0.25), level);
    let most = |dynamics_percent, intensity_percent| {
        let sound = Sound { dynamics_percent, intensity_percent, ..Sound::default() };
        held(&sounding(&boomy, sound, None)).first().map(|band| band.most_db)
    };
    assert_eq!(most(0.0, 100.0), None);
    assert_eq!(most(100.0, 0.0), None);
    assert_eq!((most(100.0, 100.0), most(100.0, 50.0), most(200.0, 100.0)), (Some(3.0), Some(1.5), Some(6.0)));
}

#[test]
fn a_master_keeps_the_dynamics_that_it_was_given() {
    let boomy = music(20.0, |t| note(t, 62.0, 12.0, 1.5, 0.25), level);
    let analysis = analyse(&boomy, &mut |_, _| {}).expect("not silent");
    let request =
        Request { loudness: Loudness::Exact(-8.0), ceiling_dbtp: -0.3, sound: Sound::default(), toward: None };
    let finished = master_from(&boomy, &analysis, &request, &mut |_, _| {}).audio;
    assert_eq!(held(&mastered(&finished)), []);
}

/// Swells of the presence every four seconds, by `depth_db` up and down.
fn swelling(depth_db: f64) -> Audio {
    let tones = [2_100.0, 2_700.0, 3_300.0, 4_100.0];
    let presence = move |t: f64| {
        let swell = 10f64.powf(depth_db * (TAU * t / 4.0).sin() / 20.0);
        0.01 * swell * tones.iter().map(|hz| (TAU * hz * t).sin()).sum::<f64>()
    };
    music(32.0, presence, level)
}

#[test]
fn toward_a_steadier_reference_a_band_is_drawn_together_and_toward_a_livelier_one_nothing_is() {
    let (lively, steady) = (swelling(9.0), swelling(2.0));
    let sound = Sound { intensity_percent: 100.0, ..Sound::default() };
    let toward = |reference: &Audio| {
        let reference = Arc::new(Reference::of(reference).expect("a reference"));
        Some(Toward { reference, tone: false, width: false, dynamics: true })
    };
    let done = sounding(&lively, sound, toward(&steady));
    let [band] = held(&done)[..] else { panic!("{:?}", done.plan.dynamics) };
    assert_eq!((band.band, band.only_where), (DynamicsBand::Presence, None));
    let spread = |audio: &Audio| band_db(audio, 20, 16.7, 17.3) - band_db(audio, 20, 18.7, 19.3);
    let (before, after) = (spread(&lively), spread(&done.audio));
    assert!(before - after > 4.0, "{before} {after}");
    assert_eq!(held(&sounding(&steady, sound, toward(&lively))), []);
    assert_eq!(held(&sounding(&lively, sound, toward(&lively))), []);
}
