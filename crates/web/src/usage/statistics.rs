//! How sure a share is, and the difference of two: Wilson's interval and Newcombe's.
//!
//! R. G. Newcombe, "Two-sided confidence intervals for the single proportion" (method 3) and "Interval estimation for the
//! difference between independent proportions" (method 10), Statistics in Medicine 17, 1998. Both hold for small numbers
//! and for shares of 0 and 1, where the textbook's normal interval does not.

/// The normal deviate that leaves 2.5 % on each side.
const Z95: f64 = 1.959_963_984_540_054;

/// Some out of all. `part` is at most `of`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) part: u64,
    pub(crate) of: u64,
}

/// A range that holds the true value in 95 of 100 cases.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Interval {
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Share {
    /// 0 to 1; nothing of nothing is none.
    pub(crate) fn value(self) -> Option<f64> {
        (self.of > 0).then(|| self.part as f64 / self.of as f64)
    }

    /// Wilson's score interval, 95 %.
    pub(crate) fn interval(self) -> Option<Interval> {
        let (share, count) = (self.value()?, self.of as f64);
        let scale = 1.0 + Z95 * Z95 / count;
        let middle = (share + Z95 * Z95 / (2.0 * count)) / scale;
        let half = Z95 * (share * (1.0 - share) / count + Z95 * Z95 / (4.0 * count * count)).sqrt() / scale;
        Some(Interval { low: (middle - half).max(0.0), high: (middle + half).min(1.0) })
    }
}

/// Newcombe's hybrid score interval of `one` minus `other`, 95 %; none where one of them is of nothing.
pub(crate) fn difference(one: Share, other: Share) -> Option<Interval> {
    let (p, q) = (one.value()?, other.value()?);
    let (of_p, of_q) = (one.interval()?, other.interval()?);
    Some(Interval {
        low: p - q - (p - of_p.low).hypot(of_q.high - q),
        high: p - q + (of_p.high - p).hypot(q - of_q.low),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn share((part, of): (u64, u64)) -> Share {
        Share { part, of }
    }

    fn close(interval: Interval, low: f64, high: f64) {
        assert!((interval.low - low).abs() < 6e-5 && (interval.high - high).abs() < 6e-5, "{interval:?}");
    }

    #[test]
    fn wilsons_interval_is_as_newcombe_printed_it() {
        for (found, low, high) in [
            ((81, 263), 0.2553, 0.3662),
            ((15, 148), 0.0624, 0.1605),
            ((0, 20), 0.0, 0.1611),
            ((1, 29), 0.0061, 0.1718),
        ] {
            close(share(found).interval().expect("of something"), low, high);
        }
        assert_eq!(share((0, 0)).interval(), None);
    }

    #[test]
    fn newcombes_interval_is_as_he_printed_it() {
        for (one, other, low, high) in [
            ((56, 70), (48, 80), 0.0524, 0.3339),
            ((9, 10), (3, 10), 0.1705, 0.8090),
            ((6, 7), (2, 7), 0.0582, 0.8062),
            ((5, 56), (0, 29), -0.0381, 0.1926),
            ((0, 10), (0, 20), -0.1611, 0.2775),
            ((0, 10), (0, 10), -0.2775, 0.2775),
            ((10, 10), (0, 20), 0.6791, 1.0),
            ((10, 10), (0, 10), 0.6075, 1.0),
        ] {
            close(difference(share(one), share(other)).expect("of something"), low, high);
        }
        assert_eq!(difference(share((1, 2)), share((0, 0))), None);
    }

    proptest! {
        #[test]
        fn an_interval_holds_what_was_found_and_turns_with_its_sides(
            a in 1_u64..2000, b in 1_u64..2000, p in 0.0..=1.0_f64, q in 0.0..=1.0_f64,
        ) {
            let (one, other) = (share(((a as f64 * p) as u64, a)), share(((b as f64 * q) as u64, b)));
            let there = difference(one, other).expect("of something");
            let back = difference(other, one).expect("of something");
            let found = one.value().expect("some") - other.value().expect("some");
            prop_assert!(there.low <= found + 1e-12 && found <= there.high + 1e-12);
            prop_assert!(there.low >= -1.0 - 1e-12 && there.high <= 1.0 + 1e-12);
            prop_assert!((there.low + back.high).abs() < 1e-12 && (there.high + back.low).abs() < 1e-12);
        }
    }
}
