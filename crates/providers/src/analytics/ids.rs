//! Who and which visit: the values of `_ga` and `_gid`.
//!
//! Both have the form that Google's own script writes, `GA1.1.<random>.<unix seconds>`, so that its tools read them.

use std::fmt;
use std::str::FromStr;

use domain::{Clock, Entropy};

const VERSION: &str = "GA1.1.";

/// Google draws 31 bits.
const RANDOM_BITS: u32 = 31;

/// A cookie's value is not one that this site wrote. Does not repeat it: it came from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected `{VERSION}<number>.<seconds since 1970>`")]
pub struct BadId;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Stamp {
    random: u32,
    since_s: u32,
}

impl Stamp {
    fn draw(clock: &dyn Clock, entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; 4];
        entropy.fill(&mut bytes);
        let random = u32::from_le_bytes(bytes) >> (u32::BITS - RANDOM_BITS);
        let since_s = clock.now().unix_ms() / 1000;
        Self { random, since_s: since_s.clamp(0, i64::from(u32::MAX)) as u32 }
    }

    fn cookie_value(self) -> String {
        format!("{VERSION}{}.{}", self.random, self.since_s)
    }
}

impl FromStr for Stamp {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        let (random, since_s) = text.strip_prefix(VERSION).and_then(|rest| rest.split_once('.')).ok_or(BadId)?;
        let stamp = Self { random: random.parse().map_err(|_| BadId)?, since_s: since_s.parse().map_err(|_| BadId)? };
        // One spelling: no sign, no leading zero.
        if stamp.cookie_value() == text { Ok(stamp) } else { Err(BadId) }
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name(Stamp);

        impl $name {
            /// Draws a new one, dated now.
            pub fn draw(clock: &dyn Clock, entropy: &dyn Entropy) -> Self {
                Self(Stamp::draw(clock, entropy))
            }

            /// The cookie's value.
            pub fn cookie_value(self) -> String {
                self.0.cookie_value()
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            /// From the cookie's value, in the one spelling that [`Self::cookie_value`] writes.
            fn from_str(text: &str) -> Result<Self, BadId> {
                text.parse().map(Self)
            }
        }

        impl fmt::Debug for $name {
            /// Without the number: it stands for a person, who has no place in a log.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}

id! {
    /// A visitor's browser, as `_ga` keeps it.
    ClientId
}
id! {
    /// A visit, as `_gid` keeps it.
    SessionId
}

impl fmt::Display for ClientId {
    /// The protocol's `client_id`: `<random>.<unix seconds>`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0.random, self.0.since_s)
    }
}

impl fmt::Display for SessionId {
    /// The protocol's `session_id`, which has to be a whole number: the second at which the visit began. Google tells
    /// visits apart by client and session together.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.since_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{OsEntropy, Timestamp};
    use proptest::prelude::*;

    struct At(i64);
    impl Clock for At {
        fn now(&self) -> Timestamp {
            Timestamp::from_unix_ms(self.0)
        }
    }

    struct Ones;
    impl Entropy for Ones {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0xff);
        }
    }

    #[test]
    fn an_id_is_drawn_in_googles_form_and_read_again() {
        let client = ClientId::draw(&At(1_764_000_000_999), &Ones);
        assert_eq!(client.cookie_value(), "GA1.1.2147483647.1764000000");
        assert_eq!(client.to_string(), "2147483647.1764000000");
        assert_eq!(client.cookie_value().parse(), Ok(client));
        let session = SessionId::draw(&At(1_764_000_000_000), &Ones);
        assert_eq!(session.to_string(), "1764000000");
        let other = ClientId::draw(&At(0), &OsEntropy);
        assert_ne!(other, ClientId::draw(&At(0), &OsEntropy));
    }

    #[test]
    fn only_the_one_spelling_is_read() {
        for text in [
            "",
            "GA1.1.",
            "GA1.1.1",
            "GA1.2.1.1764000000",
            "GA1.1.01.1764000000",
            "GA1.1.+1.1764000000",
            "GA1.1.1.1764000000.5",
            "GA1.1.1.-5",
            "GA1.1.1.99999999999",
            " GA1.1.1.1764000000",
            "ga1.1.1.1764000000",
        ] {
            assert_eq!(text.parse::<ClientId>(), Err(BadId), "{text}");
        }
    }

    #[test]
    fn a_number_that_stands_for_a_person_does_not_show_in_logs() {
        let client: ClientId = "GA1.1.4711.1764000000".parse().expect("right");
        assert_eq!(format!("{client:?}"), "ClientId(..)");
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_reads_only_what_it_would_write(text in "(GA1\\.1\\.)?[0-9.+-]{0,24}") {
            if let Ok(id) = text.parse::<SessionId>() {
                prop_assert_eq!(id.cookie_value(), text);
            }
        }
    }
}
