//! How often something may be tried: after some free tries each next one has to wait for longer. In memory, bounded.
//!
//! Not here: attempts with one account's address, which the store keeps (`store::Attempts`).

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use tokio::time::Instant;

/// Where a request came from, as an extension of it: the connection's other end, or whom a proxy speaks for that the
/// operator trusts ([`crate::proxies`]).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get().copied().unwrap_or(Self(IpAddr::V4(Ipv4Addr::UNSPECIFIED))))
    }
}

impl Peer {
    /// What one customer of a network provider has: an IPv4 address, or a /64 of IPv6.
    pub(crate) fn network(self) -> IpAddr {
        match self.0.to_canonical() {
            IpAddr::V6(address) => IpAddr::V6((u128::from(address) >> 64 << 64).into()),
            address @ IpAddr::V4(_) => address,
        }
    }
}

/// What is allowed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    /// So many tries before anybody has to wait: a slip of the hand is no attack.
    pub(crate) free: u32,
    /// The first pause; each next one is twice as long.
    pub(crate) first: Duration,
    /// Nobody waits for longer.
    pub(crate) longest: Duration,
    /// Who was quiet for so long starts anew.
    pub(crate) forgotten_after: Duration,
}

impl Rules {
    /// The operator's token. Behind a proxy that hides addresses an attacker must not lock the operator out.
    pub(crate) const OPERATOR: Self = Self {
        free: 3,
        first: Duration::from_secs(1),
        longest: Duration::from_mins(1),
        forgotten_after: Duration::from_hours(1),
    };
    /// Passwords that one network gets wrong, whoever's they are: a household or an office shares one.
    pub(crate) const SIGN_IN: Self = Self { free: 20, ..Self::OPERATOR };
    /// Passkeys that one network asks for: each waits for its answer in the store.
    pub(crate) const CHALLENGES: Self = Self { free: 120, ..Self::OPERATOR };
    /// Mails that one network asks for.
    pub(crate) const MAILS: Self = Self { free: 60, ..Self::OPERATOR };
    /// Mails to one address, which its reader may not have asked for.
    pub(crate) const MAILS_TO_ONE: Self = Self {
        free: 3,
        first: Duration::from_mins(1),
        longest: Duration::from_hours(1),
        forgotten_after: Duration::from_hours(6),
    };

    fn wait(self, times: u32) -> Duration {
        if times < self.free {
            return Duration::ZERO;
        }
        self.first.saturating_mul(1 << (times - self.free).min(16)).min(self.longest)
    }
}

#[derive(Debug, Clone, Copy)]
struct Tries {
    times: u32,
    last: Instant,
}

/// Counts tries by `K`.
#[derive(Debug, Clone)]
pub(crate) struct Throttle<K> {
    rules: Rules,
    tries: Arc<Mutex<HashMap<K, Tries>>>,
}

impl<K: Eq + Hash + Clone> Throttle<K> {
    /// Keys that are remembered; the one that tried longest ago makes room.
    const MOST: usize = 1024;

    pub(crate) fn new(rules: Rules) -> Self {
        Self { rules, tries: Arc::default() }
    }

    /// Begins a try, which counts; or says how long it still has to wait. One step, so that many at one moment are not
    /// each the first.
    pub(crate) fn begin(&self, key: &K) -> Result<(), Duration> {
        let mut tries = self.tries();
        tries.retain(|_, tries| tries.last.elapsed() < self.rules.forgotten_after);
        let known = tries.get(key).copied();
        let wait =
            known.map_or(Duration::ZERO, |tries| self.rules.wait(tries.times).saturating_sub(tries.last.elapsed()));
        if !wait.is_zero() {
            return Err(wait);
        }
        if tries.len() >= Self::MOST
            && known.is_none()
            && let Some(oldest) = tries.iter().min_by_key(|(_, tries)| tries.last).map(|(key, _)| key.clone())
        {
            tries.remove(&oldest);
        }
        let times = known.map_or(0, |tries| tries.times).saturating_add(1);
        tries.insert(key.clone(), Tries { times, last: Instant::now() });
        Ok(())
    }

    /// The try that was begun last does not count after all.
    pub(crate) fn forgive(&self, key: &K) {
        if let Some(tries) = self.tries().get_mut(key) {
            tries.times = tries.times.saturating_sub(1);
        }
    }

    /// All is forgotten.
    pub(crate) fn clear(&self, key: &K) {
        self.tries().remove(key);
    }

    fn tries(&self) -> MutexGuard<'_, HashMap<K, Tries>> {
        // No code between lock and unlock can leave the map half changed.
        self.tries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> IpAddr {
        Peer(text.parse().expect("address")).network()
    }

    /// How long each of `times` tries had to wait.
    async fn waits(throttle: &Throttle<IpAddr>, key: &IpAddr, times: usize) -> Vec<u64> {
        let mut waits = Vec::new();
        for _ in 0..times {
            let wait = throttle.begin(key).err().unwrap_or_default();
            waits.push(wait.as_secs());
            if !wait.is_zero() {
                tokio::time::advance(wait.saturating_sub(Duration::from_millis(1))).await;
                assert!(throttle.begin(key).is_err(), "not before its time");
                tokio::time::advance(Duration::from_millis(1)).await;
                throttle.begin(key).expect("its time has come");
            }
        }
        waits
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_fails_waits_longer_each_time_and_not_for_ever() {
        let throttle = Throttle::new(Rules::OPERATOR);
        let (guesser, other) = (network("192.0.2.1"), network("192.0.2.2"));
        assert_eq!(waits(&throttle, &guesser, 12).await, [0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(waits(&throttle, &other, 1).await, [0]);
        throttle.clear(&guesser);
        assert_eq!(waits(&throttle, &guesser, 4).await, [0, 0, 0, 1], "it starts anew");
        tokio::time::advance(Duration::from_hours(1)).await;
        assert_eq!(waits(&throttle, &guesser, 1).await, [0], "and after an hour");
    }

    #[tokio::test(start_paused = true)]
    async fn what_went_well_does_not_count_and_nothing_else_is_forgotten_with_it() {
        let throttle = Throttle::new(Rules::SIGN_IN);
        let office = network("192.0.2.1");
        for _ in 0..100 {
            throttle.begin(&office).expect("free");
            throttle.forgive(&office);
        }
        assert_eq!(waits(&throttle, &office, 21).await.last(), Some(&1));
    }

    #[tokio::test(start_paused = true)]
    async fn many_addresses_take_no_more_memory_and_one_network_is_one_guesser() {
        let throttle = Throttle::new(Rules::OPERATOR);
        for number in 0..3000_u32 {
            throttle.begin(&IpAddr::V4(number.into())).expect("its first");
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        assert_eq!(throttle.tries().len(), Throttle::<IpAddr>::MOST);
        for host in 1..=3 {
            throttle.begin(&network(&format!("2001:db8::{host}"))).expect("free");
        }
        assert_eq!(throttle.begin(&network("2001:db8::ffff")), Err(Duration::from_secs(1)));
        assert_eq!(throttle.begin(&network("2001:db8:0:1::1")), Ok(()));
    }
}
