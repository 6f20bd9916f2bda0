//! Rendering a plan: pure, nothing is decided here.

use crate::plan::{Equaliser, Limiter, Plan, PlanError, Stereo};
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
    shape(&mut audio, plan.equaliser.as_ref(), plan.stereo.as_ref(), progress);
    saturation::apply(&mut audio, plan.saturation.as_ref());
    let peaks = Peaks::new(audio.rate_hz(), audio.channels());
    let gain = peaks.gain(&settings(&plan.limiter, plan.ceiling_dbtp));
    finish(&mut audio, plan, &peaks, &gain);
    progress(Stage::Limit, 1.0);
    Ok(audio)
}

/// The equalisers, of all and of the sides, and the stereo image.
pub(crate) fn shape(audio: &mut Audio, equaliser: Option<&Equaliser>, stereo: Option<&Stereo>, progress: Progress<'_>) {
    let of_sides = stereo.and_then(|stereo| stereo.side_equaliser.as_ref());
    if equaliser.is_some() || of_sides.is_some() {
        let rate_hz = audio.rate_hz();
        let of_middle = filter(&[equaliser], rate_hz);
        let of_sides = of_sides.map(|of_sides| filter(&[equaliser, Some(of_sides)], rate_hz));
        let mut progress = |within| progress(Stage::Tone, within);
        match audio.channels_mut() {
            [left, right] => filter_pair(left, right, &of_middle, of_sides.as_deref(), progress),
            channels if equaliser.is_some() => {
                let convolver = Convolver::new(&of_middle);
                for channel in channels {
                    convolver.process_alone(channel, &mut progress);
                }
            }
            _ => {}
        }
    }
    progress(Stage::Tone, 1.0);
    width::apply(audio, stereo);
}

/// Filters left and right, or their middle and their sides.
fn filter_pair(
    left: &mut [f32],
    right: &mut [f32],
    of_middle: &[f32],
    of_sides: Option<&[f32]>,
    progress: impl FnMut(f32),
) {
    // Neither left nor right matters to the filters. What is the same in both, or nothing in one, stays so to the bit.
    let (left, right) = if left.iter().all(|sample| *sample == 0.0) { (right, left) } else { (left, right) };
    let multiple = [1.0, -1.0, 0.0].into_iter().find(|factor| left.iter().zip(&*right).all(|(l, r)| *r == factor * l));
    let of_one = match multiple {
        Some(0.0) if of_sides.is_some() => None,
        Some(-1.0) => Some(of_sides.unwrap_or(of_middle)),
        Some(_) => Some(of_middle),
        None => None,
    };
    if let Some((factor, of_one)) = multiple.zip(of_one) {
        Convolver::new(of_one).process_alone(left, progress);
        right.iter_mut().zip(left).for_each(|(right, left)| *right = factor * *left);
    } else if let Some(of_sides) = of_sides {
        Convolver::of_middle_and_sides(of_middle, of_sides).process(left, right, progress);
    } else {
        Convolver::new(of_middle).process(left, right, progress);
    }
}

/// The taps of the filter that does what some equalisers do one after the other.
fn filter(equalisers: &[Option<&Equaliser>], rate_hz: u32) -> Vec<f32> {
    let mut gains_db = [0.0; BANDS];
    for equaliser in equalisers.iter().flatten() {
        for (gain_db, band) in gains_db.iter_mut().zip(&equaliser.bands) {
            *gain_db += band.gain_db;
        }
    }
    minimum_phase(length_for(rate_hz), rate_hz, |hz| response_db(&gains_db, hz))
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
    fn sides_with_an_equaliser_of_their_own_get_both() {
        let curve = |from: usize, gain_db: f64| {
            let mut gains_db = [0.0; BANDS];
            gains_db[from..].fill(gain_db);
            Equaliser::from_gains(&gains_db)
        };
        let (of_all, of_sides) = (curve(20, -4.0), curve(14, 3.0));
        let stereo = Stereo { side_gain: 0.8, side_equaliser: Some(of_sides), balance_db: 0.0 };
        let mix = music(44_100, 2.0, 0.3);
        let shaped = |mut audio: Audio, equaliser: Option<&Equaliser>, stereo: Option<&Stereo>| {
            shape(&mut audio, equaliser, stereo, &mut |_, _| {});
            audio
        };
        let at_once = shaped(mix.clone(), Some(&of_all), Some(&stereo));
        let one_by_one = shaped(shaped(mix, Some(&of_all), None), None, Some(&stereo));
        for (a, b) in at_once.channels().iter().flatten().zip(one_by_one.channels().iter().flatten()) {
            assert!((a - b).abs() < 1e-5, "{a} {b}");
        }
    }

    #[test]
    fn what_both_channels_have_or_one_has_not_stays_so_to_the_bit() {
        let equaliser = Equaliser::from_gains(&std::array::from_fn(|band| if band < 10 { 2.0 } else { -3.0 }));
        let left = music(44_100, 2.0, 0.3).into_channels().swap_remove(0);
        for factor in [1.0, -1.0, 0.0] {
            let right: Vec<f32> = left.iter().map(|sample| factor * sample).collect();
            for (swapped, channels) in [(false, [&left, &right]), (true, [&right, &left])] {
                let mut audio = Audio::new(44_100, channels.map(Vec::clone).into()).expect("stereo");
                shape(&mut audio, Some(&equaliser), None, &mut |_, _| {});
                let mut shaped = audio.into_channels();
                shaped.rotate_left(usize::from(swapped));
                assert!(shaped[0] != left && shaped[0].iter().zip(&shaped[1]).all(|(l, r)| *r == factor * l));
            }
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
