//! Numbers, times and names as the page shows them.

/// Text as text, wherever it stands in the page: file names and tags are strangers' words.
pub(super) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // Control characters and those that turn the direction of reading could make a name look like another.
            c if c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c) || ('\u{2066}'..='\u{2069}').contains(&c) => {
                safe.push('\u{fffd}');
            }
            c => safe.push(c),
        }
    }
    safe
}

/// The last part of a path, whichever way its slashes lean.
pub(super) fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().filter(|name| !name.is_empty()).unwrap_or(path)
}

/// With a real minus sign, which is as wide as a digit.
pub(super) fn number(value: f64, decimals: usize) -> String {
    let steps = 10f64.powi(decimals as i32);
    // -0.04 is no negative nought.
    let rounded = (value * steps).round() / steps + 0.0;
    format!("{rounded:.decimals$}").replace('-', "\u{2212}")
}

/// A change: with its sign.
pub(super) fn signed(value: f64, decimals: usize) -> String {
    let text = number(value, decimals);
    if text.starts_with('\u{2212}') || !text.contains(|c: char| ('1'..='9').contains(&c)) {
        text
    } else {
        format!("+{text}")
    }
}

/// Minutes and seconds, as a player shows them.
pub(super) fn clock(seconds: f64) -> String {
    let seconds = seconds.max(0.0).round() as u64;
    if seconds >= 3600 {
        return format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    }
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_is_only_text() {
        let safe = escape("\"><script>alert(1)</script>'&\u{202e}gpj\n");
        assert_eq!(safe, "&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&#39;&amp;\u{fffd}gpj\u{fffd}");
    }

    #[test]
    fn numbers_times_and_names_are_read_as_people_write_them() {
        assert_eq!((number(-14.04, 1).as_str(), number(-0.04, 1).as_str()), ("\u{2212}14.0", "0.0"));
        assert_eq!(
            (signed(8.4, 1).as_str(), signed(-1.0, 1).as_str(), signed(0.01, 1).as_str()),
            ("+8.4", "\u{2212}1.0", "0.0")
        );
        assert_eq!((clock(209.4).as_str(), clock(3_725.0).as_str()), ("3:29", "1:02:05"));
        assert_eq!((file_name("a/b/c.wav"), file_name("C:\\mix.wav"), file_name("/")), ("c.wav", "mix.wav", "/"));
    }
}
