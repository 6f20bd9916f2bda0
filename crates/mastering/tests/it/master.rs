//! What a master is, from outside: loudness, ceiling, gentleness, sameness.

use mastering::{Audio, Loudness, Master, Refusal, Request, Sound, Style, analyse, master, master_from, render};
use std::convert::Infallible;
use std::f64::consts::TAU;

fn noise(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / 8_388_608.0 - 1.0
    }
}

/// A small band with a loud and a quiet part; peaks near `level`.
fn song(rate_hz: u32, seconds: f64, level: f64) -> Audio {
    let mut hiss = noise(1);
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for n in 0..(seconds * f64::from(rate_hz)) as usize {
        let t = n as f64 / f64::from(rate_hz);
        let part = if (t / 4.0) as usize % 3 == 1 { 0.3 } else { 1.0 };
        let beat = t % 0.5;
        let kick = (-beat * 18.0).exp() * (TAU * (48.0 * beat + 3.0 * (1.0 - (-beat * 40.0).exp()))).sin();
        let snare = (-((t + 0.25) % 0.5) * 30.0).exp() * hiss();
        let hat = (-(t % 0.125) * 90.0).exp();
        let root = [55.0, 65.4, 49.0, 73.4][(t / 2.0) as usize % 4];
        let bass = (TAU * root * t).sin() + 0.3 * (TAU * 2.0 * root * t).sin();
        let chord = |detune: f64| -> f64 {
            [4.0, 5.0, 6.0, 8.0, 12.0, 24.0, 48.0]
                .iter()
                .map(|k| (TAU * root * k * detune * t).sin() / k.powf(0.8))
                .sum()
        };
        let middle = 0.4 * kick + 0.2 * snare + 0.15 * bass;
        left.push((level * part * (middle + 0.5 * chord(1.0) + 0.08 * hat * hiss())) as f32);
        right.push((level * part * (middle + 0.5 * chord(1.003) + 0.08 * hat * hiss())) as f32);
    }
    Audio::new(rate_hz, vec![left, right]).expect("long enough")
}

fn mastered(audio: &Audio, loudness: Loudness) -> Master {
    sounding(audio, loudness, Sound::default())
}

fn sounding(audio: &Audio, loudness: Loudness, sound: Sound) -> Master {
    let analysis = analyse(audio, &mut |_, _| {}).expect("not silent");
    master_from(audio, &analysis, &Request { loudness, ceiling_dbtp: -1.0, sound, toward: None }, &mut |_, _| {})
}

fn measured(audio: &Audio) -> mastering::Measurement {
    analyse(audio, &mut |_, _| {}).expect("not silent").measurement
}

#[test]
fn a_loudness_asked_for_is_reached_and_the_ceiling_holds() {
    for level in [0.02, 0.3, 3.0] {
        let audio = song(44_100, 12.0, level);
        for target_lufs in [-23.0, -14.0, -11.0, -8.0] {
            let done = mastered(&audio, Loudness::Exact(target_lufs));
            let after = measured(&done.audio);
            assert!(
                (after.integrated_lufs - target_lufs).abs() <= 0.05,
                "{level}, {target_lufs}: {}",
                after.integrated_lufs
            );
            assert!(after.true_peak_dbtp <= -1.0, "{level}, {target_lufs}: {}", after.true_peak_dbtp);
            assert_eq!(done.not_reached, None);
        }
    }
}

#[test]
fn a_chosen_loudness_stops_where_it_would_cost_too_much_and_says_so() {
    // Ticks over a quiet tone: peaks that no gentle limiter brings to -6 LUFS.
    let mut hiss = noise(3);
    let samples = |phase: f64| {
        (0..44_100 * 10)
            .map(|n| (0.03 * (f64::from(n) * 0.05 + phase).sin()) as f32 + if n % 22_050 < 2_000 { 0.9 } else { 0.0 })
            .collect::<Vec<f32>>()
    };
    let mut channels = vec![samples(0.0), samples(1.0)];
    channels.iter_mut().flatten().for_each(|x| *x += 0.001 * hiss() as f32);
    let audio = Audio::new(44_100, channels).expect("long enough");
    let chosen = mastered(&audio, Loudness::Chosen(-6.0));
    let reason = chosen.not_reached.expect("not reached");
    assert!(reason.contains("\u{2212}6.0 LUFS was not reached"), "{reason}");
    assert!(measured(&chosen.audio).integrated_lufs < -6.2);
    let exact = mastered(&audio, Loudness::Exact(-6.0));
    assert!((measured(&exact.audio).integrated_lufs + 6.0).abs() <= 0.1 && exact.not_reached.is_none());
}

#[test]
fn a_loudness_that_no_limiter_gives_is_not_said_to_be_there_for_the_asking() {
    let tone = (0..44_100 * 4).map(|n| 0.3 * (f64::from(n) * 0.1425).sin() as f32).collect();
    let exact = mastered(&Audio::new(44_100, vec![tone]).expect("mono"), Loudness::Exact(-1.0));
    let reason = exact.not_reached.expect("a sine below -1 dBTP has -4 LUFS");
    assert!(reason.contains("is the most") && !reason.contains("--loudness"), "{reason}");
    assert!((measured(&exact.audio).integrated_lufs + 4.0).abs() < 0.2);
}

#[test]
fn the_loudness_of_a_reference_costs_no_more_of_the_range_than_is_sound_unless_it_is_asked_for_as_a_number() {
    let audio = song(44_100, 36.0, 0.3);
    let before_lu = measured(&audio).loudness_range_lu;
    let lost_lu = |done: &Master| before_lu - measured(&done.audio).loudness_range_lu;
    let like = mastered(&audio, Loudness::Like(-9.0));
    assert!((1.0..=1.5).contains(&lost_lu(&like)), "{}", lost_lu(&like));
    let reason = like.not_reached.clone().expect("not reached");
    assert!(reason.contains("loud and quiet passages would be drawn together"), "{reason}");
    let exact = mastered(&audio, Loudness::Exact(-9.0));
    assert!(lost_lu(&exact) > 2.0 && exact.not_reached.is_none(), "{}", lost_lu(&exact));
    let near = mastered(&audio, Loudness::Like(-16.0));
    assert_eq!(near.not_reached, None);
}

#[test]
fn where_a_reference_is_too_loud_for_the_range_excerpts_find_the_drive_and_the_mix_is_seldom_read_again() {
    let audio = song(44_100, 72.0, 0.3);
    let analysis = analyse(&audio, &mut |_, _| {}).expect("not silent");
    let request = Request { loudness: Loudness::Like(-7.0), ceiling_dbtp: -1.0, sound: Sound::default(), toward: None };
    let mut read = 0;
    let again = || {
        read += 1;
        Ok::<_, Infallible>(audio.clone())
    };
    let Ok(made) = master(audio.clone(), &analysis, &request, again, &mut |_, _| {});
    let lost_lu = analysis.measurement.loudness_range_lu - measured(&made.audio).loudness_range_lu;
    assert!((1.3..=1.5).contains(&lost_lu) && made.not_reached.is_some(), "{lost_lu}");
    assert!(read <= 1, "read again {read} times");
}

#[test]
fn saturation_rounds_peaks_off_leaves_the_limiter_less_to_do_and_renders_again_to_the_same_bits() {
    let audio = song(44_100, 12.0, 0.3);
    let sound = |saturation_percent| Sound { saturation_percent, intensity_percent: 0.0, ..Sound::default() };
    let clean = sounding(&audio, Loudness::Exact(-9.0), sound(0.0));
    let driven = sounding(&audio, Loudness::Exact(-9.0), sound(40.0));
    assert_eq!(clean.plan.saturation, None);
    assert!(driven.explanation.iter().any(|told| told.contains("rounded off before the limiter")));
    for done in [&clean, &driven] {
        let after = measured(&done.audio);
        assert!((after.integrated_lufs + 9.0).abs() <= 0.1 && after.true_peak_dbtp <= -1.0, "{after:?}");
    }
    assert!(driven.plan.limiter.drive_db < clean.plan.limiter.drive_db, "the limiter takes less of it");
    assert_eq!(render(audio, &driven.plan, &mut |_, _| {}).expect("a valid plan"), driven.audio);
}

#[test]
fn a_rendering_that_misses_begins_again_from_the_mix_itself() {
    // Too short for excerpts, and driven hard: what is cancelled takes loudness along that the first rendering misses.
    let audio = song(48_000, 8.0, 0.5);
    let analysis = analyse(&audio, &mut |_, _| {}).expect("not silent");
    let request =
        Request { loudness: Loudness::Exact(-9.0), ceiling_dbtp: -1.0, sound: Sound::default(), toward: None };
    let mut read = 0;
    let again = || {
        read += 1;
        Ok::<_, Infallible>(audio.clone())
    };
    let Ok(made) = master(audio.clone(), &analysis, &request, again, &mut |_, _| {});
    assert!(read > 0, "or this shows nothing");
    assert!((measured(&made.audio).integrated_lufs + 9.0).abs() <= 0.05);
    assert_eq!(render(audio.clone(), &made.plan, &mut |_, _| {}).expect("a valid plan"), made.audio);

    let gone = || Err("it is gone");
    let found = master(audio.clone(), &analysis, &request, gone, &mut |_, _| {});
    assert_eq!(found.map(|made| made.plan), Err("it is gone"));
}

#[test]
fn the_plan_renders_the_same_bits_after_being_kept_as_json() {
    let audio = song(48_000, 8.0, 0.5);
    let done = mastered(&audio, Loudness::Exact(-10.0));
    let kept = serde_json::to_string(&done.plan).expect("serialises");
    let plan = serde_json::from_str(&kept).expect("parses");
    let again = render(audio, &plan, &mut |_, _| {}).expect("a valid plan");
    assert_eq!(again, done.audio);
}

/// The largest change of a third-octave band that carries anything, dB.
fn largest_change_db(before: &Audio, after: &Audio) -> f64 {
    let spectrum = |audio: &Audio| analyse(audio, &mut |_, _| {}).expect("not silent").spectrum;
    let (before, after) = (spectrum(before), spectrum(after));
    let carries = |band: &usize| before.level_db[*band] > before.total_db() - 60.0;
    (0..before.bands)
        .filter(carries)
        .map(|band| (before.level_db[band] - after.level_db[band]).abs())
        .fold(0.0, f64::max)
}

#[test]
fn a_finished_master_put_through_again_comes_out_the_same() {
    for target_lufs in [-11.0, -9.0] {
        let first = mastered(&song(44_100, 12.0, 0.4), Loudness::Exact(target_lufs));
        let second = mastered(&first.audio, Loudness::Exact(target_lufs));
        assert!((measured(&second.audio).integrated_lufs - target_lufs).abs() <= 0.05);
        assert!(second.plan.limiter.drive_db.abs() < 0.5, "{:?}", second.plan);
        let change_db = largest_change_db(&first.audio, &second.audio);
        assert!(change_db < 0.5, "{target_lufs}: {change_db}");
    }
}

#[test]
fn where_only_the_level_has_to_change_every_sample_has_one_gain_to_the_bit() {
    let mix = song(44_100, 8.0, 0.1);
    let sound = Sound { intensity_percent: 0.0, ..Sound::default() };
    let done = sounding(&mix, Loudness::Exact(-30.0), sound);
    assert!((measured(&done.audio).integrated_lufs + 30.0).abs() < 0.01);
    assert_eq!((done.plan.trim_db, &done.plan.equaliser, done.plan.stereo), (0.0, &None, None));
    let gain = 10f64.powf(done.plan.limiter.drive_db / 20.0) as f32;
    for (out, from) in done.audio.channels().iter().flatten().zip(mix.channels().iter().flatten()) {
        assert_eq!(*out, from * gain);
    }
}

#[test]
fn tone_width_and_style_change_what_they_say_and_the_loudness_and_the_ceiling_hold() {
    let mix = song(44_100, 8.0, 0.3);
    let nothing = Sound { intensity_percent: 0.0, ..Sound::default() };
    let plain = sounding(&mix, Loudness::Exact(-16.0), nothing);
    let treble = |audio: &Audio| {
        let level_db = analyse(audio, &mut |_, _| {}).expect("not silent").spectrum.level_db;
        level_db[26] - level_db[14]
    };
    let bright = sounding(&mix, Loudness::Exact(-16.0), Sound { high_db: 4.0, ..nothing });
    assert!((treble(&bright.audio) - treble(&plain.audio) - 4.0).abs() < 0.7);
    let narrow = sounding(&mix, Loudness::Exact(-16.0), Sound { width_percent: 50.0, ..nothing });
    assert!(measured(&narrow.audio).correlation > measured(&plain.audio).correlation);
    let mono = sounding(&mix, Loudness::Exact(-16.0), Sound { width_percent: 0.0, ..nothing });
    assert_eq!(mono.audio.channels()[0], mono.audio.channels()[1]);
    let styled = Style::ALL.map(|style| sounding(&mix, Loudness::Exact(-16.0), Sound { style, ..Sound::default() }));
    for (index, done) in styled.iter().chain([&bright, &narrow, &mono]).enumerate() {
        let after = measured(&done.audio);
        assert!((after.integrated_lufs + 16.0).abs() <= 0.05 && after.true_peak_dbtp <= -1.0, "{index}: {after:?}");
        assert_eq!(render(mix.clone(), &done.plan, &mut |_, _| {}).expect("a valid plan"), done.audio, "{index}");
    }
    for pair in styled.windows(2) {
        assert_ne!(pair[0].plan.equaliser, pair[1].plan.equaliser);
    }
}

#[test]
fn quiet_passages_stay_as_far_below_the_loud_ones_as_they_were() {
    let audio = song(44_100, 12.0, 0.4);
    let done = mastered(&audio, Loudness::Chosen(-14.0));
    let contrast = |audio: &Audio| {
        let rms = |from_s: usize, to_s: usize| {
            let part = &audio.channels()[0][from_s * 44_100..to_s * 44_100];
            10.0 * (part.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / part.len() as f64).log10()
        };
        rms(1, 3) - rms(5, 7)
    };
    assert!((contrast(&audio) - contrast(&done.audio)).abs() < 1.0, "{} {}", contrast(&audio), contrast(&done.audio));
}

#[test]
fn every_rate_from_8_to_384_khz_is_mastered() {
    for rate_hz in [8_000, 11_025, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 176_400, 192_000, 384_000] {
        let done = mastered(&song(rate_hz, 4.5, 0.5), Loudness::Exact(-12.0));
        let after = measured(&done.audio);
        assert_eq!(done.audio.rate_hz(), rate_hz);
        assert!((after.integrated_lufs + 12.0).abs() <= 0.05, "{rate_hz}: {}", after.integrated_lufs);
        assert!(after.true_peak_dbtp <= -1.0, "{rate_hz}: {}", after.true_peak_dbtp);
    }
}

#[test]
fn mono_stays_mono() {
    let left = song(44_100, 5.0, 0.5).into_channels().swap_remove(0);
    let audio = Audio::new(44_100, vec![left]).expect("mono");
    let done = mastered(&audio, Loudness::Exact(-14.0));
    assert_eq!(done.audio.channels().len(), 1);
    assert!((measured(&done.audio).integrated_lufs + 14.0).abs() <= 0.05);
}

#[test]
fn opposite_phase_is_kept_as_it_is() {
    let left = song(44_100, 5.0, 0.5).into_channels().swap_remove(0);
    let right = left.iter().map(|x| -x).collect();
    let done = mastered(&Audio::new(44_100, vec![left, right]).expect("stereo"), Loudness::Exact(-14.0));
    let channels = done.audio.channels();
    assert!(channels[0].iter().zip(&channels[1]).all(|(l, r)| *l == -r));
}

#[test]
fn a_pure_tone_is_not_distorted_by_its_mastering() {
    for frequency_hz in [60.0, 1_000.0, 10_000.0] {
        let tone: Vec<f32> =
            (0..44_100 * 4).map(|n| (0.7 * (TAU * frequency_hz * f64::from(n) / 44_100.0).sin()) as f32).collect();
        let done = mastered(&Audio::new(44_100, vec![tone.clone(), tone]).expect("stereo"), Loudness::Exact(-9.0));
        // One second holds whole periods: everything but the tone is distortion.
        let second = &done.audio.channels()[0][44_100 * 2..44_100 * 3];
        let (mut re, mut im, mut power) = (0.0, 0.0, 0.0);
        for (n, x) in second.iter().enumerate() {
            let (sin, cos) = (TAU * frequency_hz * n as f64 / 44_100.0).sin_cos();
            re += f64::from(*x) * cos;
            im += f64::from(*x) * sin;
            power += f64::from(*x).powi(2);
        }
        let tone_power = 2.0 * (re * re + im * im) / 44_100.0;
        let distortion_db = 10.0 * ((power - tone_power).max(1e-12) / tone_power).log10();
        assert!(distortion_db < -60.0, "{frequency_hz} Hz: {distortion_db}");
    }
}

#[test]
fn a_quiet_fade_ends_in_silence_and_not_in_noise() {
    let mut channels = song(44_100, 10.0, 0.5).into_channels();
    for channel in &mut channels {
        let frames = channel.len();
        for (n, x) in channel.iter_mut().enumerate() {
            *x *= (1.0 - n as f32 / frames as f32).powi(3);
        }
        channel.extend(vec![0.0; 44_100]);
    }
    let done = mastered(&Audio::new(44_100, channels).expect("stereo"), Loudness::Chosen(-14.0));
    for channel in done.audio.channels() {
        let tail = &channel[channel.len() - 22_050..];
        assert!(tail.iter().all(|x| x.abs() < 1e-7));
    }
}

#[test]
fn what_has_no_loudness_is_refused() {
    let analysed =
        |value: f32| analyse(&Audio::new(48_000, vec![vec![value; 48_000]; 2]).expect("long enough"), &mut |_, _| {});
    assert_eq!(analysed(0.0).err(), Some(Refusal::Silent));
    assert!(matches!(analysed(0.25).err(), Some(Refusal::DirectCurrent { .. })));
    assert_eq!(analysed(1e-5).err().map(|refusal| refusal.to_string().contains("no loudness")), Some(true));
}
