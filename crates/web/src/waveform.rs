//! A waveform as the path of an SVG.

use std::fmt::Write as _;

use crate::report::Overview;

/// Height of the drawing's view box; full scale fills all of it but the margins.
const HEIGHT: f32 = 200.0;
/// Half the height that full scale takes.
const FULL_SCALE: f32 = 92.0;
/// Even silence is a line.
const THINNEST: f32 = 0.8;

/// A closed path round the waveform: one unit a column, [`HEIGHT`] units high.
pub(crate) fn outline(overview: &Overview) -> String {
    let columns = overview.min.iter().zip(&overview.max);
    let edges = |(low, high): (&f32, &f32)| {
        let (top, bottom) = (y(*high), y(*low));
        let spare = ((THINNEST - (bottom - top)) / 2.0).max(0.0);
        (top - spare, bottom + spare)
    };
    let (tops, bottoms): (Vec<f32>, Vec<f32>) = columns.map(edges).unzip();
    let mut path = String::with_capacity(16 * tops.len());
    let there = tops.iter().enumerate();
    let back = bottoms.iter().enumerate().rev();
    for (index, (column, y)) in there.chain(back).enumerate() {
        // Writing to a string cannot fail.
        let _ = write!(path, "{}{column} {y:.1}", if index == 0 { 'M' } else { 'L' });
    }
    if !path.is_empty() {
        path.push('Z');
    }
    path
}

/// Two lines across `width` columns where the level is `ceiling_dbtp`.
pub(crate) fn ceiling(ceiling_dbtp: f64, width: usize) -> String {
    let level = 10_f64.powf(ceiling_dbtp / 20.0) as f32;
    format!("M0 {:.1}H{width}M0 {:.1}H{width}", y(level), y(-level))
}

/// Floats may go beyond full scale; the drawing ends where the screen does.
fn y(sample: f32) -> f32 {
    (HEIGHT / 2.0 - FULL_SCALE * sample).clamp(0.0, HEIGHT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outline_runs_along_the_tops_and_back_along_the_bottoms() {
        let overview = Overview { min: vec![-0.5, -1.0], max: vec![0.5, 0.25] };
        assert_eq!(outline(&overview), "M0 54.0L1 77.0L1 192.0L0 146.0Z");
    }

    #[test]
    fn silence_is_a_thin_line_and_nothing_at_all_is_nothing() {
        let silence = Overview { min: vec![0.0], max: vec![0.0] };
        assert_eq!(outline(&silence), "M0 99.6L0 100.4Z");
        assert_eq!(outline(&Overview::default()), "");
    }

    #[test]
    fn peaks_beyond_full_scale_stay_on_the_screen() {
        let hot = Overview { min: vec![-4.0], max: vec![4.0] };
        assert_eq!(outline(&hot), "M0 0.0L0 200.0Z");
    }
}
