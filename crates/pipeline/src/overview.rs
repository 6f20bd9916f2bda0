//! A waveform small enough to draw: the lowest and the highest sample of each column.

use dsp::extremes::lowest_and_highest;
use serde::{Deserialize, Serialize};

/// As many columns as a wide screen shows apart.
const COLUMNS: usize = 1000;
/// Steps of full scale: three decimals draw the same picture as eight and take a third of the bytes.
const STEPS: f32 = 1000.0;

/// The lowest and highest sample of each column over all channels; 1.0 is full scale.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Overview {
    /// Lowest sample by column.
    pub min: Vec<f32>,
    /// Highest sample by column, as many.
    pub max: Vec<f32>,
}

impl Overview {
    /// Draws planar channels of one length, in at most 1000 columns.
    pub(crate) fn of(channels: &[Vec<f32>]) -> Self {
        let frames = channels.first().map_or(0, Vec::len);
        let columns = COLUMNS.min(frames);
        let column = |index: usize| {
            let range = index * frames / columns..(index + 1) * frames / columns;
            let all = channels.iter().map(|channel| lowest_and_highest(&channel[range.clone()]));
            all.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), (lowest, highest)| {
                (low.min(lowest), high.max(highest))
            })
        };
        let (min, max) = (0..columns).map(column).map(|(low, high)| (rounded(low), rounded(high))).unzip();
        Self { min, max }
    }
}

fn rounded(x: f32) -> f32 {
    // No negative zero: it is drawn the same and read as a fault.
    (x * STEPS).round() / STEPS + 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peak_of_one_sample_is_seen_in_its_column() {
        let mut left = vec![0.0; 48_000];
        let mut right = left.clone();
        left[24_000] = 0.9;
        right[24_001] = -0.8;
        let overview = Overview::of(&[left, right]);
        assert_eq!(overview.min.len(), 1000);
        assert_eq!(overview.max.len(), 1000);
        assert_eq!((overview.min[500], overview.max[500]), (-0.8, 0.9));
        assert_eq!((overview.min[499], overview.max[501]), (0.0, 0.0));
    }

    #[test]
    fn fewer_samples_than_columns_are_drawn_as_they_are() {
        let overview = Overview::of(&[vec![0.5, -0.5, 0.25]]);
        assert_eq!(overview.min, [0.5, -0.5, 0.25]);
        assert_eq!(overview.max, overview.min);
        assert_eq!(Overview::of(&[]), Overview::default());
    }
}
