//! Messages of faults without what they may say about people.
//!
//! A message is wanted for what went wrong, not for what it went wrong with. So whatever tends to be somebody's is
//! replaced: quoted text, addresses of e-mail and web pages, queries, ids and numbers. Too much is replaced rather than
//! too little; two messages that differ only in such things become one, which is what grouping needs anyway.

use std::fmt;

/// A message from which everything that could be personal was taken, at most [`Scrubbed::MAX_CHARS`] characters long.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scrubbed(String);

const QUOTE: &str = "\"\u{2026}\"";
const ID: &str = "{id}";
const NUMBER: &str = "{number}";
const MAIL: &str = "<address>";
const URL: &str = "<url>";
/// Stands for the words that found no room.
const REST: &str = "\u{2026}";
/// [`REST`] and the space before it, characters.
const ROOM_FOR_REST: usize = 2;

impl Scrubbed {
    /// Longest message, characters.
    pub const MAX_CHARS: usize = 160;
    /// No more than this of a message is read, bytes.
    const READ_BYTES: usize = 4096;

    /// Scrubs a message, whoever wrote it.
    pub fn of(message: &str) -> Self {
        let mut end = message.len().min(Self::READ_BYTES);
        while !message.is_char_boundary(end) {
            end -= 1;
        }
        let mut text = String::new();
        for word in without_quotes(&message[..end]).split(|c: char| c.is_whitespace() || c.is_control()) {
            if word.is_empty() {
                continue;
            }
            if !text.is_empty() {
                text.push(' ');
            }
            let words_before = text.len();
            scrub_word(word, &mut text);
            if text.chars().count() > Self::MAX_CHARS - ROOM_FOR_REST {
                text.truncate(words_before);
                text.push_str(REST);
                break;
            }
        }
        Self(text)
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Scrubbed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Replaces what stands in quotes. An apostrophe within a word is none; a quote that never ends takes all the rest.
fn without_quotes(message: &str) -> String {
    let mut text = String::with_capacity(message.len());
    let mut characters = message.chars().peekable();
    let mut before = ' ';
    while let Some(character) = characters.next() {
        let closing = match character {
            '"' | '`' => Some(character),
            '\'' if !before.is_alphanumeric() => Some('\''),
            '\u{201c}' | '\u{201e}' => Some('\u{201d}'),
            '\u{2018}' => Some('\u{2019}'),
            '\u{ab}' => Some('\u{bb}'),
            _ => None,
        };
        before = character;
        let Some(closing) = closing else {
            text.push(character);
            continue;
        };
        text.push_str(QUOTE);
        while let Some(inner) = characters.next() {
            let within_word = closing == '\'' && characters.peek().is_some_and(|next| next.is_alphanumeric());
            if inner == closing && !within_word {
                break;
            }
        }
    }
    text
}

fn scrub_word(word: &str, text: &mut String) {
    if word.contains("://") || word.starts_with("data:") || word.starts_with("blob:") {
        text.push_str(URL);
        return;
    }
    if word.contains('@') {
        text.push_str(MAIL);
        return;
    }
    // A query, or a fragment: what stands behind the mark is somebody's; a mark at the end is punctuation.
    let cut = word.find(['?', '#']).filter(|at| at + 1 < word.len());
    let (word, rest) = cut.map_or((word, ""), |at| (&word[..at], "?\u{2026}"));
    let mut run = String::new();
    for character in word.chars() {
        if character.is_alphanumeric() || matches!(character, '-' | '_') {
            run.push(character);
        } else {
            close(&mut run, text);
            // Behind what stands for a run, it would be read as a quote that opens.
            if character != '\'' || !text.ends_with('}') {
                text.push(character);
            }
        }
    }
    close(&mut run, text);
    text.push_str(rest);
}

/// Ends a run of letters, digits and hyphens: as it is, as a number, or as an id.
fn close(run: &mut String, text: &mut String) {
    let digits = run.chars().filter(|c| c.is_numeric()).count();
    let letters = run.chars().filter(|c| c.is_alphabetic()).count();
    match (digits, letters) {
        (0..=3, 0) => text.push_str(run),
        (_, 0) => text.push_str(NUMBER),
        (4.., _) => text.push_str(ID),
        // Letters that go on and on are a key or a hash.
        _ if run.split(['-', '_']).any(|part| part.len() > 32 || (digits > 0 && part.len() > 12)) => text.push_str(ID),
        _ => text.push_str(run),
    }
    run.clear();
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_went_wrong_stays_and_with_whom_goes() {
        for (message, scrubbed) in [
            (
                "Cannot read properties of undefined (reading 'gain')",
                "Cannot read properties of undefined (reading \"\u{2026}\")",
            ),
            ("no file `/srv/Max Mustermann/mix.wav`", "no file \"\u{2026}\""),
            ("can't decode: it's AAC", "can't decode: it's AAC"),
            ("mail to max.mustermann@example.org failed", "mail to <address> failed"),
            ("GET https://example.org/a?token=abc failed", "GET <url> failed"),
            ("/tracks/0123456789abcdef0123456789abcdef?fresh", "/tracks/{id}?\u{2026}"),
            ("job 550e8400-e29b-41d4-a716-446655440000 of 12 in 48000 Hz", "job {id} of 12 in {number} Hz"),
            ("at app.js:1:20345", "at app.js:1:{number}"),
            ("Did it end?  No.\n\tYes", "Did it end? No. Yes"),
            ("an \"open end of user 7", "an \"\u{2026}\""),
            ("wav24 and mp3 stay", "wav24 and mp3 stay"),
            ("12345's #1 and 1'2", "{number}s ?\u{2026} and 1'2"),
        ] {
            assert_eq!(Scrubbed::of(message).as_str(), scrubbed, "{message}");
        }
    }

    #[test]
    fn messages_that_differ_in_the_particulars_become_one() {
        let message = |id: u32| format!("panicked at track {id}: queue of \"{id}@example.org\" is full");
        assert_eq!(Scrubbed::of(&message(48_151)), Scrubbed::of(&message(62_342)));
    }

    #[test]
    fn what_finds_no_room_is_left_out_by_whole_words() {
        let scrubbed = Scrubbed::of(&"a@b ".repeat(100));
        assert_eq!(scrubbed.as_str(), format!("{}\u{2026}", "<address> ".repeat(15)));
        assert_eq!(Scrubbed::of(&"a.".repeat(200)).as_str(), "\u{2026}");
    }

    proptest! {
        #[test]
        fn no_long_number_no_address_and_no_query_comes_through(message in "([a-z0-9@?#=/.:'\"` -]|.){0,200}") {
            let scrubbed = Scrubbed::of(&message);
            let text = scrubbed.as_str();
            prop_assert!(text.chars().count() <= Scrubbed::MAX_CHARS);
            let runs = text.split(|c: char| !c.is_numeric());
            prop_assert!(runs.map(|run| run.chars().count()).all(|digits| digits < 4), "{text}");
            prop_assert!(!text.contains('@') && !text.contains("://"), "{text}");
            prop_assert!(!text.chars().any(char::is_control), "{text}");
        }

        #[test]
        fn scrubbing_again_changes_nothing(message in "[a-z0-9@?#=/.:'\"` -]{0,300}") {
            let once = Scrubbed::of(&message);
            prop_assert_eq!(Scrubbed::of(once.as_str()), once);
        }
    }
}
