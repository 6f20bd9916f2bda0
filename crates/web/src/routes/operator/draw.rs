//! Numbers and small drawings of the operator's page, as text and as attributes of SVG elements.

use std::time::Duration;

use crate::usage::statistics::{Interval, Share};

/// The width of every drawing's view box.
pub(super) const WIDTH: f64 = 100.0;

/// The length of a bar for `value`, where `most` fills the drawing. What is there at all can be seen.
pub(super) fn bar(value: f64, most: f64) -> String {
    let length = if most > 0.0 { (WIDTH * value / most).clamp(0.0, WIDTH) } else { 0.0 };
    format!("{:.1}", if value > 0.0 { length.max(0.5) } else { 0.0 })
}

/// A time with as many digits as mean something: `< 0.1 ms`, `0.4 ms`, `31 ms`, `1.2 s`.
pub(super) fn elapsed(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1e3;
    match ms {
        ..0.1 => "< 0.1 ms".to_owned(),
        ..9.95 => format!("{ms:.1} ms"),
        ..999.5 => format!("{ms:.0} ms"),
        ..99_950.0 => format!("{:.1} s", ms / 1e3),
        _ => format!("{:.0} s", ms / 1e3),
    }
}

/// `26.0 %`; a dash of nothing.
pub(super) fn percent(share: Option<f64>) -> String {
    share.map_or("\u{2013}".to_owned(), |share| format!("{:.1} %", share * 100.0))
}

/// `23.4 to 28.8 %`.
pub(super) fn range(share: Share) -> String {
    share
        .interval()
        .map_or(String::new(), |Interval { low, high }| format!("{:.1} to {:.1} %", low * 100.0, high * 100.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_fills_the_drawing_at_most_and_is_seen_if_there_is_anything() {
        assert_eq!(bar(50.0, 200.0), "25.0");
        assert_eq!(bar(300.0, 200.0), "100.0");
        assert_eq!(bar(0.001, 200.0), "0.5");
        assert_eq!(bar(0.0, 200.0), "0.0");
        assert_eq!(bar(1.0, 0.0), "0.5");
    }

    #[test]
    fn times_have_the_digits_that_mean_something() {
        let said = |micros| elapsed(Duration::from_micros(micros));
        assert_eq!(said(80), "< 0.1 ms");
        assert_eq!(
            [said(430), said(9_960), said(431_700), said(1_234_000), said(187_000_000)],
            ["0.4 ms", "10 ms", "432 ms", "1.2 s", "187 s"]
        );
    }

    #[test]
    fn shares_are_short() {
        assert_eq!(percent(Some(0.26)), "26.0 %");
        assert_eq!(percent(None), "\u{2013}");
        assert_eq!(range(Share { part: 81, of: 263 }), "25.5 to 36.6 %");
    }
}
