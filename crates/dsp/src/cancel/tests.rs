use super::*;
use crate::test_signals::noise;
use crate::true_peak::estimate;
use realfft::RealFftPlanner;
use std::f64::consts::PI;

const RATE_HZ: u32 = 44_100;

/// Noise without its upper octaves, and a click every so often.
fn dull_noise_with_clicks(frames: usize) -> Vec<f32> {
    let (mut once, mut twice) = (0.0f32, 0.0f32);
    noise(1, frames)
        .into_iter()
        .enumerate()
        .map(|(n, x)| {
            once += 0.05 * (x - once);
            twice += 0.05 * (once - twice);
            let click = (n % 4_410) as f32 - 2_000.0;
            4.0 * twice + 0.9 * (-(click / 20.0).powi(2)).exp()
        })
        .collect()
}

fn everything(samples: &[f32]) -> Vec<Range<usize>> {
    std::iter::once(0..samples.len().div_ceil(CELL)).collect()
}

fn highest(samples: &[f32]) -> f32 {
    estimate(samples).peak.into_iter().fold(0.0, f32::max)
}

/// Power of the difference between two signals over some frequencies, dB re one.
fn difference_db(a: &[f32], b: &[f32], from_hz: f64, to_hz: f64) -> f64 {
    let frames = a.len();
    let mut difference: Vec<f32> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    for (n, x) in difference.iter_mut().enumerate() {
        *x *= (0.5 - 0.5 * (2.0 * PI * n as f64 / frames as f64).cos()) as f32;
    }
    let fft = RealFftPlanner::<f32>::new().plan_fft_forward(frames);
    let mut spectrum = fft.make_output_vec();
    fft.process(&mut difference, &mut spectrum).expect("lengths fit");
    let bin = |hz: f64| ((hz * frames as f64 / f64::from(RATE_HZ)) as usize).min(frames / 2);
    let power: f64 = spectrum[bin(from_hz)..bin(to_hz)].iter().map(|value| f64::from(value.norm_sqr())).sum();
    10.0 * (power / (frames as f64).powi(2) + 1e-20).log10()
}

#[test]
fn what_does_not_reach_the_threshold_keeps_its_bits() {
    let before: Vec<f32> = noise(2, 8_192).iter().map(|x| 0.3 * x).collect();
    let mut samples = before.clone();
    Canceller::new(RATE_HZ).cancel(&mut samples, 0.8, &everything(&before));
    assert_eq!(samples, before);
}

#[test]
fn only_the_surroundings_of_a_peak_change() {
    let mut before = vec![0.0f32; 8_192];
    before[4_000] = 1.0;
    let mut samples = before.clone();
    let canceller = Canceller::new(RATE_HZ);
    canceller.cancel(&mut samples, 0.7, &everything(&before));
    let changed: Vec<usize> = (0..8_192).filter(|n| samples[*n] != before[*n]).collect();
    assert!(changed.iter().all(|n| n.abs_diff(4_000) <= canceller.reach()), "{changed:?}");
    assert!((samples[4_000] - 0.7).abs() < 0.01, "{}", samples[4_000]);
}

#[test]
fn peaks_come_down_to_the_threshold_wherever_they_are() {
    let mut samples = dull_noise_with_clicks(44_100);
    let end = samples.len() - 3;
    samples[2] = -1.3;
    samples[end] = 1.2;
    let before = samples.clone();
    Canceller::new(RATE_HZ).cancel(&mut samples, 0.7, &everything(&before));
    assert!(highest(&before) > 1.1);
    assert!(highest(&samples) < 0.7 * 1.03, "{}", highest(&samples));
}

#[test]
fn peaks_outside_the_ranges_stay() {
    let before = dull_noise_with_clicks(44_100);
    let mut samples = before.clone();
    Canceller::new(RATE_HZ).cancel(&mut samples, 0.7, std::slice::from_ref(&(800..900)));
    let (from, to) = (800 * CELL - 256, 900 * CELL + 256);
    assert_eq!(samples[..from], before[..from]);
    assert_eq!(samples[to..], before[to..]);
    assert!(highest(&samples[800 * CELL..900 * CELL]) < 0.73 && highest(&before[800 * CELL..900 * CELL]) > 0.8);
}

#[test]
fn a_cell_never_stands_higher_than_its_block_takes_it_to() {
    let canceller = Canceller::new(RATE_HZ);
    let mut samples = dull_noise_with_clicks(16_384);
    samples[..8].fill(-1.2);
    let threshold = 0.5;
    let starts = (0..samples.len()).step_by(canceller.block);
    let mut blocks: VecDeque<_> = starts.map(|start| Block::new(start..start + canceller.block)).collect();
    let (mut bench, mut risen) = (canceller.shaper.workbench(), Risen::default());
    let mut moved = 0;
    for _ in 0..PASSES {
        let before = samples.clone();
        canceller.advance(&mut samples, threshold, &mut blocks, &mut bench, &mut risen);
        let cells = 0..samples.len() / CELL;
        let most = blocks.iter().flat_map(|block| &block.most);
        let estimates = peaks_within(&samples, &cells).into_iter().zip(peaks_within(&before, &cells));
        for ((cell, most), (estimate, before)) in cells.zip(most).zip(estimates) {
            assert!(estimate <= most / CERTAIN, "cell {cell}: {estimate} above {most}");
            moved += usize::from(estimate > before && most.is_finite());
        }
    }
    assert!(moved > 100, "nothing rises: {moved}");
}

#[test]
fn wherever_a_pulse_lies_it_changes_no_estimate_by_more_than_it_says() {
    let canceller = Canceller::new(RATE_HZ);
    // Bright music has short pulses, which show best where a change ends.
    let mut last = 0.0;
    let bright: Vec<f32> = noise(3, 8_192).into_iter().map(|x| x - std::mem::replace(&mut last, x)).collect();
    let pulse = canceller.shaper.pulse(&bright, 4_096, &mut canceller.shaper.workbench());
    let (before, changes) = pulse.changes();
    for position in 0..CELL * POINTS {
        let mut samples = vec![0.0; 2_048];
        pulse.subtract(&mut samples, 1_024 + position / POINTS, position % POINTS, -1.0);
        for (cell, estimate) in peaks_within(&samples, &(0..256)).into_iter().enumerate() {
            let said = (cell + before).checked_sub(1_024 / CELL).and_then(|at| changes.get(at));
            assert!(estimate <= *said.unwrap_or(&0.0), "{position}, cell {cell}: {estimate} for {said:?}");
        }
    }
}

#[test]
fn a_pulse_is_one_high_at_its_point_and_even() {
    let canceller = Canceller::new(RATE_HZ);
    let music = dull_noise_with_clicks(8_192);
    let pulse = canceller.shaper.pulse(&music, 4_096, &mut canceller.shaper.workbench());
    for point in 0..POINTS {
        let mut samples = vec![0.0; 2_048];
        pulse.subtract(&mut samples, 1_024, point, -1.0);
        let height = |points: usize| canceller.interpolator.point(&samples, points / POINTS, points % POINTS);
        let middle = 1_024 * POINTS + point;
        assert!((height(middle) - 1.0).abs() < 2e-3, "point {point}: {}", height(middle));
        for away in 1..200 {
            let (before, after) = (height(middle - away), height(middle + away));
            assert!((before - after).abs() < 2e-3, "point {point}, {away} away: {before} and {after}");
            assert!(before < 1.0);
        }
    }
}

#[test]
fn what_is_taken_has_the_spectrum_that_the_music_hides() {
    let before = dull_noise_with_clicks(65_536);
    let mut samples = before.clone();
    Canceller::new(RATE_HZ).cancel(&mut samples, 0.7, &everything(&before));
    let taken = |from_hz, to_hz| difference_db(&before, &samples, from_hz, to_hz);
    let silence = vec![0.0; before.len()];
    let music = |from_hz, to_hz| difference_db(&before, &silence, from_hz, to_hz);
    // A clipper's residual would fall far less than the music does towards the treble.
    for (from_hz, to_hz) in [(200.0, 800.0), (800.0, 3_000.0), (3_000.0, 12_000.0)] {
        assert!(taken(from_hz, to_hz) < music(from_hz, to_hz) - 6.0, "{from_hz} Hz");
    }
    assert!(taken(3_000.0, 12_000.0) < taken(200.0, 800.0) - 10.0);
}

#[test]
fn nothing_folds_back_or_appears_above_hearing() {
    // A clipper at 1x would fill the top octave with aliases of a tone driven this hard.
    let before: Vec<f32> = (0..65_536).map(|n| (1.6 * (f64::from(n) * 0.741).sin()) as f32).collect();
    let mut samples = before.clone();
    Canceller::new(RATE_HZ).cancel(&mut samples, 1.0, &everything(&before));
    let above = difference_db(&before, &samples, 20_500.0, 22_050.0);
    let all = difference_db(&before, &samples, 20.0, 20_000.0);
    assert!(above - all < -70.0, "{above} {all}");
}
