//! Rendering a plan: pure, nothing is decided here.

use crate::plan::{Equaliser, Limiter, Plan, PlanError};
use crate::{Audio, Progress, Stage, dynamics, saturation, width};
use dsp::fir::{Convolver, length_for, minimum_phase};
use dsp::limiter::{Peaks, Settings, limit};
use dsp::parallel::each;
use dsp::spectrum::BANDS;

/// Kept free below the ceiling for what dither adds, dB.
const DITHER_MARGIN_DB: f64 = 0.01;

/// Renders a plan; the same audio and plan give the same bits on the same kind of processor.
pub fn render(mut audio: Audio, plan: &Plan, progress: Progress<'_>) -> Result<Audio, PlanError> {
    plan.check()?;
    dynamics::measure_and_apply(&mut audio, plan.dynamics.as_ref());
    equalise(&mut audio, plan.equaliser.as_ref(), progress);
    width::apply(&mut audio, plan.stereo.as_ref());
    saturation::apply(&mut audio, plan.saturation.as_ref());
    let peaks = Peaks::new(audio.rate_hz(), audio.channels());
    let gain = peaks.gain(&settings(&plan.limiter, plan.ceiling_dbtp));
    finish(&mut audio, plan, &peaks, &gain);
    progress(Stage::Limit, 1.0);
    Ok(audio)
}

/// The equaliser alone.
pub(crate) fn equalise(audio: &mut Audio, equaliser: Option<&Equaliser>, progress: Progress<'_>) {
    if let Some(equaliser) = equaliser {
        let convolver = convolver(equaliser, audio.rate_hz());
        let channels = audio.channels_mut();
        let share = 1.0 / channels.len() as f32;
        for (before, channel) in (0..).zip(channels) {
            convolver.process(channel, |done| progress(Stage::Tone, share * (before as f32 + done)));
        }
    }
    progress(Stage::Tone, 1.0);
}

/// The filter of an equaliser.
pub(crate) fn convolver(equaliser: &Equaliser, rate_hz: u32) -> Convolver {
    let mut gains_db = [0.0; BANDS];
    for (gain_db, band) in gains_db.iter_mut().zip(&equaliser.bands) {
        *gain_db = band.gain_db;
    }
    Convolver::new(&minimum_phase(length_for(rate_hz), rate_hz, |hz| response_db(&gains_db, hz)))
}

/// Everything after dynamics, equaliser, stereo and saturation; `peaks` are this audio's, and `gain` comes from them and the plan's limiter.
pub(crate) fn finish(audio: &mut Audio, plan: &Plan, peaks: &Peaks, gain: &[f32]) {
    let rate_hz = audio.rate_hz();
    limit(audio.channels_mut(), rate_hz, peaks, gain, &settings(&plan.limiter, plan.ceiling_dbtp));
    trim(audio, plan.trim_db);
}

pub(crate) fn trim(audio: &mut Audio, trim_db: f64) {
    if trim_db != 0.0 {
        let factor = dsp::amplitude_from_db(trim_db) as f32;
        each(audio.channels_mut(), |channel| channel.iter_mut().for_each(|sample| *sample *= factor));
    }
}

pub(crate) fn settings(limiter: &Limiter, ceiling_dbtp: f64) -> Settings {
    Settings {
        drive: dsp::amplitude_from_db(limiter.drive_db) as f32,
        ceiling: dsp::amplitude_from_db(ceiling_dbtp - DITHER_MARGIN_DB) as f32,
        tip_ratio: dsp::amplitude_from_db(limiter.tip_db) as f32,
        times: limiter.times(),
    }
}

/// The equaliser's curve at a frequency: a Catmull-Rom spline through the bands over the logarithm of frequency, level
/// beyond the ends.
pub(crate) fn response_db(gains_db: &[f64; BANDS], frequency_hz: f64) -> f64 {
    let place = 16.0 + 3.0 * (frequency_hz.max(1.0) / 1_000.0).log2();
    if place <= 0.0 {
        return gains_db[0];
    }
    if place >= (BANDS - 1) as f64 {
        return gains_db[BANDS - 1];
    }
    let band = place as usize;
    let t = place - band as f64;
    let at = |offset: isize| gains_db[(band as isize + offset).clamp(0, BANDS as isize - 1) as usize];
    let (before, from, to, after) = (at(-1), at(0), at(1), at(2));
    let (slope_from, slope_to) = (0.5 * (to - before), 0.5 * (after - from));
    let (t2, t3) = (t * t, t * t * t);
    from * (2.0 * t3 - 3.0 * t2 + 1.0)
        + slope_from * (t3 - 2.0 * t2 + t)
        + to * (3.0 * t2 - 2.0 * t3)
        + slope_to * (t3 - t2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::tests::music;
    use crate::plan::tests::plain;

    #[test]
    fn a_plan_with_a_gain_alone_is_that_gain_to_the_bit() {
        let audio = music(44_100, 2.0, 0.1);
        let out = render(audio.clone(), &plain(6.0), &mut |_, _| {}).expect("a valid plan");
        let factor = dsp::amplitude_from_db(6.0) as f32;
        for (y, x) in out.channels().iter().flatten().zip(audio.channels().iter().flatten()) {
            assert_eq!(*y, x * factor);
        }
    }

    #[test]
    fn the_curve_goes_through_its_points_and_stays_level_beyond_them() {
        let mut gains = [0.0; BANDS];
        gains[16] = 3.0;
        gains[29] = -2.0;
        assert!((response_db(&gains, 1_000.0) - 3.0).abs() < 1e-9);
        assert!(response_db(&gains, 2_000.0).abs() < 0.01);
        assert!((response_db(&gains, 22_000.0) + 2.0).abs() < 1e-9);
        assert!(response_db(&gains, 5.0).abs() < 1e-9);
    }

    #[test]
    fn a_plan_out_of_range_is_not_rendered() {
        assert!(render(music(44_100, 1.0, 0.1), &plain(99.0), &mut |_, _| {}).is_err());
    }
}
