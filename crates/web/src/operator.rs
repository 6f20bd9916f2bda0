//! Who operates the service: the secret that opens the operator's page, and how often it may be guessed at.
//!
//! Not here: the pages (`routes::operator`) and the sessions (`store::Operators`).

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use tokio::time::Instant;

/// The operator's secret. Only its hash is held.
#[derive(Clone)]
pub struct OperatorToken([u8; 32]);

/// A token that could be guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected an operator token of at least {} bytes without spaces at its ends, found {found}",
    OperatorToken::MIN_BYTES
)]
pub struct ShortToken {
    /// Its length, bytes.
    pub found: usize,
}

impl OperatorToken {
    /// Shortest token, bytes.
    pub const MIN_BYTES: usize = 32;

    /// Takes a token that the operator set or that was drawn for them; spaces and line ends round it do not count.
    pub fn new(text: &str) -> Result<Self, ShortToken> {
        let text = text.trim();
        if text.len() < Self::MIN_BYTES {
            return Err(ShortToken { found: text.len() });
        }
        Ok(Self(Sha256::digest(text).into()))
    }

    /// Whether this is the token. Takes as long for a wrong one as for the right one.
    pub(crate) fn is(&self, sent: &str) -> bool {
        let sent: [u8; 32] = Sha256::digest(sent.trim()).into();
        self.0.ct_eq(&sent).into()
    }
}

impl fmt::Debug for OperatorToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OperatorToken(redacted)")
    }
}

/// Where a request came from, as an extension of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// Counts failed attempts by address, in memory: after each one the next has to wait for longer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Attempts(Arc<Mutex<HashMap<IpAddr, Failed>>>);

#[derive(Debug, Clone, Copy)]
struct Failed {
    times: u32,
    last: Instant,
}

impl Failed {
    fn wait(self) -> Duration {
        let seconds = 1_u64 << self.times.saturating_sub(Attempts::FREE).min(10);
        if self.times < Attempts::FREE { Duration::ZERO } else { Duration::from_secs(seconds).min(Attempts::LONGEST) }
    }
}

impl Attempts {
    /// So many may fail before anybody has to wait: a slip of the hand is no attack.
    const FREE: u32 = 3;
    /// Nobody waits for longer: behind a proxy that hides addresses, an attacker must not lock the operator out.
    const LONGEST: Duration = Duration::from_mins(1);
    /// Addresses that are remembered; the one that failed longest ago makes room.
    const MOST: usize = 1024;
    /// An address that was quiet for so long starts anew.
    const FORGOTTEN_AFTER: Duration = Duration::from_hours(1);

    /// How long this address still has to wait before it may try; zero if it may.
    pub(crate) fn wait(&self, from: IpAddr) -> Duration {
        let failed = self.failed().get(&network(from)).copied();
        failed.map_or(Duration::ZERO, |failed| failed.wait().saturating_sub(failed.last.elapsed()))
    }

    /// An attempt from this address failed.
    pub(crate) fn failed_from(&self, from: IpAddr) {
        let mut failed = self.failed();
        failed.retain(|_, failed| failed.last.elapsed() < Self::FORGOTTEN_AFTER);
        let from = network(from);
        if failed.len() >= Self::MOST
            && !failed.contains_key(&from)
            && let Some(oldest) = failed.iter().min_by_key(|(_, failed)| failed.last).map(|(address, _)| *address)
        {
            failed.remove(&oldest);
        }
        let entry = failed.entry(from).or_insert(Failed { times: 0, last: Instant::now() });
        *entry = Failed { times: entry.times.saturating_add(1), last: Instant::now() };
    }

    /// Somebody at this address knew the token.
    pub(crate) fn succeeded_from(&self, from: IpAddr) {
        self.failed().remove(&network(from));
    }

    fn failed(&self) -> MutexGuard<'_, HashMap<IpAddr, Failed>> {
        // No code between lock and unlock can leave the map half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one customer of a network provider has: an IPv4 address, or a /64 of IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) >> 64 << 64).into()),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn only_the_token_itself_is_the_token() {
        let token = OperatorToken::new(&format!("{TOKEN}\n")).expect("long enough");
        assert!(token.is(TOKEN) && token.is(&format!(" {TOKEN} ")));
        for wrong in ["", "0", &TOKEN[1..], &TOKEN.to_uppercase(), &format!("{TOKEN}0")] {
            assert!(!token.is(wrong), "{wrong}");
        }
        assert_eq!(format!("{token:?}"), "OperatorToken(redacted)");
        assert_eq!(OperatorToken::new(" short ").err(), Some(ShortToken { found: 5 }));
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_fails_waits_longer_each_time_and_not_for_ever() {
        let attempts = Attempts::default();
        let (guesser, other) = ("192.0.2.1".parse().expect("address"), "192.0.2.2".parse().expect("address"));
        let mut waits = Vec::new();
        for _ in 0..12 {
            attempts.failed_from(guesser);
            waits.push(attempts.wait(guesser).as_secs());
        }
        assert_eq!(waits, [0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
        assert_eq!(attempts.wait(other), Duration::ZERO);
        tokio::time::advance(Duration::from_secs(59)).await;
        assert_eq!(attempts.wait(guesser), Duration::from_secs(1));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(attempts.wait(guesser), Duration::ZERO);
        attempts.succeeded_from(guesser);
        attempts.failed_from(guesser);
        assert_eq!(attempts.wait(guesser), Duration::ZERO, "it starts anew");
    }

    #[tokio::test(start_paused = true)]
    async fn many_addresses_take_no_more_memory_and_one_network_is_one_guesser() {
        let attempts = Attempts::default();
        for number in 0..3000_u32 {
            attempts.failed_from(IpAddr::V4(number.into()));
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        assert_eq!(attempts.failed().len(), Attempts::MOST);
        for host in 1..=4 {
            attempts.failed_from(format!("2001:db8::{host}").parse().expect("address"));
        }
        assert_eq!(attempts.wait("2001:db8::ffff".parse().expect("address")), Duration::from_secs(2));
        assert_eq!(attempts.wait("2001:db8:0:1::1".parse().expect("address")), Duration::ZERO);
    }
}
