//! Numbers as people read them: with their sign, their unit and no more digits than mean something.

use std::fmt::Write as _;

use domain::Timestamp;
use time::OffsetDateTime;

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// One decimal, with a real minus sign: `−14.0`. Never `−0.0`.
pub(crate) fn tenth(value: f64) -> String {
    let rounded = (value * 10.0).round() / 10.0;
    let sign = if rounded < 0.0 { "\u{2212}" } else { "" };
    format!("{sign}{:.1}", rounded.abs())
}

/// Two decimals, with a real minus sign.
pub(crate) fn hundredth(value: f64) -> String {
    let rounded = (value * 100.0).round() / 100.0;
    let sign = if rounded < 0.0 { "\u{2212}" } else { "" };
    format!("{sign}{:.2}", rounded.abs())
}

/// A loudness or level as people write it: without decimals where there are none to show.
pub(crate) fn level(value: f64) -> String {
    tenth(value).trim_end_matches(".0").to_owned()
}

/// Minutes and seconds: `3:07`; hours from one on: `1:02:09`.
pub(crate) fn duration(seconds: f64) -> String {
    let whole = seconds.max(0.0) as u64;
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// A size, in decimal units: `17.1 MB`, `1.4 GB`.
pub(crate) fn size(bytes: u64) -> String {
    for (unit, factor) in [("GB", 1e9), ("MB", 1e6), ("kB", 1e3)] {
        let value = bytes as f64 / factor;
        if value >= 1.0 {
            let decimals = usize::from(value < 100.0);
            return format!("{value:.decimals$} {unit}");
        }
    }
    format!("{bytes} bytes")
}

/// How long something is kept, in whole days or hours.
pub(crate) fn span(span: std::time::Duration) -> String {
    match span.as_secs() / 3600 {
        24 => "a day".to_owned(),
        hours if hours >= 48 => format!("{} days", hours / 24),
        hours => format!("{hours} hours"),
    }
}

/// A day and a time of day, UTC.
pub(crate) fn moment(at: Timestamp) -> String {
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.unix_ms()) * 1_000_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH);
    format!("{} {:02}:{:02}", at.date(), at.hour(), at.minute())
}

/// A day, UTC.
pub(crate) fn day(at: Timestamp) -> String {
    moment(at).split(' ').next().unwrap_or_default().to_owned()
}

/// A limit, never more than it really is: `1 GB` for 2^30 bytes.
pub(crate) fn limit(bytes: u64) -> String {
    for (unit, factor) in [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000)] {
        if bytes >= factor {
            return format!("{} {unit}", bytes / factor);
        }
    }
    format!("{bytes} bytes")
}

/// `before` and `after` compared: `4.2 LU louder`.
pub(crate) fn louder_or_quieter(before_lufs: f64, after_lufs: f64) -> String {
    let difference = after_lufs - before_lufs;
    if difference.abs() < 0.05 {
        return "as loud as your mix".to_owned();
    }
    let direction = if difference > 0.0 { "louder" } else { "quieter" };
    format!("{:.1} LU {direction} than your mix", difference.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_a_real_minus_sign_and_no_negative_zero() {
        assert_eq!(tenth(-14.04), "\u{2212}14.0");
        assert_eq!(tenth(-0.04), "0.0");
        assert_eq!(level(-9.0), "\u{2212}9");
        assert_eq!(level(-10.5), "\u{2212}10.5");
        assert_eq!(hundredth(0.914), "0.91");
    }

    #[test]
    fn sizes_and_durations_are_short() {
        assert_eq!(size(1_412_345_678), "1.4 GB");
        assert_eq!(size(1 << 30), "1.1 GB");
        assert_eq!(limit(1 << 30), "1 GB");
        assert_eq!(limit(300_000), "300 kB");
        assert_eq!(size(812), "812 bytes");
        assert_eq!(size(123_400_000), "123 MB");
        assert_eq!(duration(187.9), "3:07");
        assert_eq!(duration(3729.0), "1:02:09");
    }

    #[test]
    fn moments_are_short() {
        assert_eq!(moment(Timestamp::from_unix_ms(1_763_164_800_000)), "2025-11-15 00:00");
    }

    #[test]
    fn spans_are_days_where_they_can_be() {
        let hours = std::time::Duration::from_hours;
        assert_eq!([24, 72, 12].map(|count| span(hours(count))), ["a day", "3 days", "12 hours"]);
    }

    #[test]
    fn a_comparison_says_which_way() {
        assert_eq!(louder_or_quieter(-18.3, -14.0), "4.3 LU louder than your mix");
        assert_eq!(louder_or_quieter(-8.0, -14.0), "6.0 LU quieter than your mix");
        assert_eq!(louder_or_quieter(-14.01, -14.0), "as loud as your mix");
    }
}
