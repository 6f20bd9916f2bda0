//! How long things take, counted in buckets: enough for medians and percentiles, and nobody's single request in it.
//!
//! Buckets grow by the eighth root of two, about 9 %, so that a percentile is told to within 4.5 % from a microsecond to
//! an hour in 256 numbers. (HDR histograms do the same in more memory.)

use std::collections::BTreeMap;
use std::time::Duration;

/// One of 256 spans of time, each about 9 % longer than the one before; the last one has no end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bucket(pub u8);

impl Bucket {
    /// Buckets to a doubling of the time.
    const PER_OCTAVE: f64 = 8.0;

    /// The bucket that a time falls into.
    pub fn of(time: Duration) -> Self {
        let micros = (time.as_secs_f64() * 1e6).max(1.0);
        // A cast of a float stops at the ends of its range.
        Self((micros.log2() * Self::PER_OCTAVE) as u8)
    }

    /// The time in the middle of the bucket, by ratio.
    pub fn middle(self) -> Duration {
        let octaves = (f64::from(self.0) + 0.5) / Self::PER_OCTAVE;
        Duration::from_secs_f64(octaves.exp2() / 1e6)
    }
}

/// How many times fell into which bucket.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Histogram(BTreeMap<Bucket, u64>);

impl Histogram {
    /// Counts `times` more in a bucket.
    pub fn add(&mut self, bucket: Bucket, times: u64) {
        let count = self.0.entry(bucket).or_default();
        *count = count.saturating_add(times);
    }

    /// How many times were counted.
    pub fn count(&self) -> u64 {
        self.0.values().sum()
    }

    /// The buckets with something in them, the shortest first.
    pub fn buckets(&self) -> impl Iterator<Item = (Bucket, u64)> {
        self.0.iter().map(|(bucket, count)| (*bucket, *count))
    }

    /// The time within which the given share of all lies (nearest rank); `None` of nothing.
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let rank = (share.clamp(0.0, 1.0) * self.count() as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        self.buckets().find_map(|(bucket, count)| {
            seen += count;
            (seen >= rank).then(|| bucket.middle())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn buckets_cover_a_microsecond_to_an_hour() {
        assert_eq!(Bucket::of(Duration::ZERO), Bucket(0));
        assert_eq!(Bucket::of(Duration::from_micros(1)), Bucket(0));
        assert_eq!(Bucket::of(Duration::from_micros(2)), Bucket(8));
        assert!(Bucket::of(Duration::from_hours(1)) < Bucket(255));
        assert_eq!(Bucket::of(Duration::MAX), Bucket(255));
    }

    #[test]
    fn a_histogram_of_one_to_a_hundred_milliseconds_knows_its_percentiles() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.quantile(0.5), None);
        for ms in 1..=100 {
            histogram.add(Bucket::of(Duration::from_millis(ms)), 1);
        }
        assert_eq!(histogram.count(), 100);
        for (share, ms) in [(0.0, 1.0), (0.5, 50.0), (0.95, 95.0), (1.0, 100.0)] {
            let found = histogram.quantile(share).unwrap().as_secs_f64() * 1e3;
            assert!((found / ms - 1.0).abs() < 0.09, "{share}: {found} ms");
        }
    }

    proptest! {
        #[test]
        fn a_bucket_tells_its_time_to_within_five_percent(micros in 1_u64..3_600_000_000) {
            let time = Duration::from_micros(micros);
            let ratio = Bucket::of(time).middle().as_secs_f64() / time.as_secs_f64();
            prop_assert!((0.955..1.05).contains(&ratio), "{}", ratio);
        }
    }
}
