//! A decision as the consent cookie's value: `1.<payload>.<signature>`, both in base64url.
//!
//! The payload is choice and signal (1 byte), policy version (2), day (2), then 9 bytes for each item that has an answer:
//! name hash (4), mark (1), policy version (2), day (2); numbers are big-endian, items ascend. One decision has one text.

use super::{Choice, Day, Decision, Mark, Note, Signal};
use crate::declare::{ItemId, MAX_ITEMS, Registry};
use crate::key::{Key, Use, from_base64, to_base64};

const HEAD: usize = 5;
const NOTE: usize = 9;
const VERSION: &[u8] = b"1.";

/// The longest value, in bytes; longer ones are not even decoded.
const MAX_TEXT: usize = 2 + base64_len(HEAD + NOTE * MAX_ITEMS) + 1 + base64_len(32);

const fn base64_len(bytes: usize) -> usize {
    (bytes * 4).div_ceil(3)
}

impl Decision {
    /// The value of the consent cookie.
    pub fn to_cookie_value(&self, key: &Key) -> String {
        let payload = self.to_bytes();
        let signature = to_base64(&key.sign(Use::Decision, &payload));
        format!("1.{}.{signature}", to_base64(&payload))
    }

    /// Reads the value of the consent cookie. `None` where it is forged, foreign, too long or not readable. Answers for
    /// items that the registry no longer lists are dropped.
    pub fn from_cookie_value(value: &[u8], registry: &Registry, key: &Key) -> Option<Self> {
        if value.len() > MAX_TEXT {
            return None;
        }
        let rest = value.strip_prefix(VERSION)?;
        let dot = rest.iter().position(|&b| b == b'.')?;
        let (payload, signature) = (from_base64(&rest[..dot])?, from_base64(&rest[dot + 1..])?);
        if !key.verify(Use::Decision, &payload, &signature) {
            return None;
        }
        let mut decision = Self::from_bytes(&payload)?;
        decision.notes.retain(|note| registry.by_id(note.item).is_some());
        Some(decision)
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEAD + NOTE * self.notes.len());
        let choice = match self.choice {
            Choice::AcceptAll => 0,
            Choice::BlockAll => 1,
            Choice::Selective => 2,
            Choice::Prompt => 3,
        };
        bytes.push(choice | u8::from(self.signal.dnt) << 2 | u8::from(self.signal.gpc) << 3);
        bytes.extend(self.policy.to_be_bytes());
        bytes.extend(self.day.0.to_be_bytes());
        for note in &self.notes {
            bytes.extend(note.item.0.to_be_bytes());
            bytes.push(match note.mark {
                Mark::Asked => 0,
                Mark::Allowed { despite_signal: false } => 1,
                Mark::NotNow => 2,
                Mark::Never => 3,
                Mark::Allowed { despite_signal: true } => 4,
            });
            bytes.extend(note.policy.to_be_bytes());
            bytes.extend(note.day.0.to_be_bytes());
        }
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&[flags, p0, p1, d0, d1], rest) = bytes.split_first_chunk()?;
        let (notes, []) = rest.as_chunks::<NOTE>() else {
            return None;
        };
        let choice = match flags & 3 {
            0 => Choice::AcceptAll,
            1 => Choice::BlockAll,
            2 => Choice::Selective,
            _ => Choice::Prompt,
        };
        if flags >> 4 != 0 || !notes.is_sorted_by(|a, b| a[..4] < b[..4]) {
            return None;
        }
        let notes = notes.iter().map(|&[i0, i1, i2, i3, mark, p0, p1, d0, d1]| {
            let mark = match mark {
                0 => Mark::Asked,
                1 => Mark::Allowed { despite_signal: false },
                2 => Mark::NotNow,
                3 => Mark::Never,
                4 => Mark::Allowed { despite_signal: true },
                _ => return None,
            };
            let item = ItemId(u32::from_be_bytes([i0, i1, i2, i3]));
            Some(Note { item, mark, policy: u16::from_be_bytes([p0, p1]), day: Day(u16::from_be_bytes([d0, d1])) })
        });
        Some(Self {
            choice,
            policy: u16::from_be_bytes([p0, p1]),
            day: Day(u16::from_be_bytes([d0, d1])),
            signal: Signal { dnt: flags & 4 != 0, gpc: flags & 8 != 0 },
            notes: notes.collect::<Option<_>>()?,
        })
    }
}
