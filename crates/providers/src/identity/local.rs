//! Passwords on this machine: hashed with argon2id, checked in equal time, and refused where a guesser would try them.
//!
//! A hash takes a processor some tens of milliseconds and 19 MiB, on purpose. Only so many are worked on at a time, on
//! threads of their own; a crowd beyond that is told to come back, so that it costs neither memory nor the site.
//!
//! Source of the parameters: OWASP Password Storage Cheat Sheet (argon2id, m = 19 MiB, t = 2, p = 1).

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{CustomizedPasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use domain::{Entropy, Password};
use tokio::sync::Semaphore;

use super::breached::{Breached, BreachedError};

/// Memory of one hash, KiB.
const MEMORY_KIB: u32 = 19 * 1024;
/// Passes over it.
const PASSES: u32 = 2;
/// Lanes of it.
const LANES: u32 = 1;
/// Hashes that are worked on at a time.
const AT_ONCE: usize = 2;
/// Hashes that are worked on or wait.
const MOST: usize = 64;
/// Salt of a hash, bytes (RFC 9106, section 3.1).
const SALT_BYTES: usize = 16;
/// A password that is found within so many guesses is refused, as a power of ten: zxcvbn's "safely unguessable" begins
/// here, and attempts to sign in are slowed down besides.
const FEWEST_GUESSES_LOG10: f64 = 8.0;

/// Characters that a password has besides the words that are known of its holder.
const FEWEST_OF_ITS_OWN: usize = 8;

/// Checks and hashes passwords. Cloning it is cheap, and all clones share the same threads.
#[derive(Clone)]
pub struct Passwords(Arc<Inner>);

struct Inner {
    at_once: Semaphore,
    most: Semaphore,
    entropy: Arc<dyn Entropy>,
    /// The hash of a password that nobody knows, for addresses without an account.
    nobodys: String,
    breached: Option<Breached>,
    verified: AtomicU64,
}

/// A password was neither hashed nor checked.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// Too many at this moment.
    #[error("too many passwords are being checked at the moment: try again in a few seconds")]
    Busy,
    /// The library refused, which its parameters do not let it.
    #[error("a password could not be hashed")]
    Hash(#[from] argon2::password_hash::Error),
    /// What was kept as a hash is none.
    #[error("the hash of a password cannot be read")]
    Unreadable,
    /// The list of stolen passwords could not be asked.
    #[error("the list of stolen passwords could not be asked")]
    Breached(#[from] BreachedError),
    /// The thread ended.
    #[error("a password's thread ended before it was hashed")]
    Thread(#[from] tokio::task::JoinError),
}

/// Why a password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It is common, or made of what is known of its holder.
    #[error(
        "that password is one that guessers try first: choose another one, say three or four words that do not belong \
         together"
    )]
    Guessable,
    /// It is in the operator's list.
    #[error(
        "that password was stolen somewhere, from you or from somebody else who had the same, and guessers try those first: \
         choose another one, say three or four words that do not belong together"
    )]
    Breached,
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passwords(argon2id)")
    }
}

impl Passwords {
    /// Makes ready. Hashes one password, which takes a moment. What is in `breached` is not taken.
    pub fn new(entropy: Arc<dyn Entropy>, breached: Option<Breached>) -> Result<Self, HashError> {
        let mut secret = [0; 32];
        entropy.fill(&mut secret);
        let nobodys = hash(&secret, entropy.as_ref())?;
        let (at_once, most) = (Semaphore::new(AT_ONCE), Semaphore::new(MOST));
        Ok(Self(Arc::new(Inner { at_once, most, entropy, nobodys, breached, verified: AtomicU64::new(0) })))
    }

    /// Whether a guesser would find this password soon: a common one, one made of the words in `about` (name, address),
    /// a pattern on the keyboard, a date; and whether it was stolen somewhere, where there is a list of those.
    pub async fn check(&self, password: &Password, about: &[&str]) -> Result<Result<(), Unfit>, HashError> {
        let mut words: Vec<String> =
            about.iter().flat_map(|text| text.split([' ', '@', '.', '+'])).map(str::to_lowercase).collect();
        words.extend(["balanced".to_owned(), "mastering".to_owned(), "balancedmastering".to_owned()]);
        let password = password.clone();
        self.on_a_thread(move |inner| {
            let words: Vec<&str> = words.iter().map(String::as_str).filter(|word| word.len() > 2).collect();
            // What goes beyond does not make it easier to guess.
            let text: String = password.reveal().chars().take(64).collect();
            // A name with a number is a long password and no secret.
            let rest = words.iter().fold(text.to_lowercase(), |rest, word| rest.replace(word, ""));
            let is_short = rest.chars().count() < FEWEST_OF_ITS_OWN;
            let is_known = zxcvbn::zxcvbn(&text, &words).guesses_log10() < FEWEST_GUESSES_LOG10;
            if is_short || is_known {
                return Ok(Err(Unfit::Guessable));
            }
            let is_stolen = inner.breached.as_ref().map_or(Ok(false), |breached| breached.has(&password))?;
            Ok(if is_stolen { Err(Unfit::Breached) } else { Ok(()) })
        })
        .await?
    }

    /// The hash to be kept of a password, a PHC string.
    pub async fn hash(&self, password: &Password) -> Result<String, HashError> {
        let password = password.clone();
        Ok(self.on_a_thread(move |inner| hash(password.reveal().as_bytes(), inner.entropy.as_ref())).await??)
    }

    /// Whether this is the password with that hash. Takes as long where there is no hash, since the answer's time would
    /// tell whether an address has an account.
    pub async fn is(&self, password: &Password, hash: Option<&str>) -> Result<bool, HashError> {
        let (password, known) = (password.clone(), hash.map(str::to_owned));
        self.on_a_thread(move |inner| {
            inner.verified.fetch_add(1, Ordering::Relaxed);
            let hash =
                PasswordHash::new(known.as_deref().unwrap_or(&inner.nobodys)).map_err(|_| HashError::Unreadable)?;
            let is_right = argon2()?.verify_password(password.reveal().as_bytes(), &hash).is_ok();
            Ok(is_right && known.is_some())
        })
        .await?
    }

    /// How many passwords were checked against a hash so far, nobody's included.
    pub fn verified(&self) -> u64 {
        self.0.verified.load(Ordering::Relaxed)
    }

    async fn on_a_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> T + Send + 'static,
    ) -> Result<T, HashError> {
        let inner = Arc::clone(&self.0);
        let _place = self.0.most.try_acquire().map_err(|_| HashError::Busy)?;
        let _turn = self.0.at_once.acquire().await.map_err(|_| HashError::Busy)?;
        Ok(tokio::task::spawn_blocking(move || work(&inner)).await?)
    }
}

fn argon2() -> Result<Argon2<'static>, argon2::password_hash::Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &[u8], entropy: &dyn Entropy) -> Result<String, argon2::password_hash::Error> {
    let mut salt = [0; SALT_BYTES];
    entropy.fill(&mut salt);
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)?;
    Ok(argon2()?.hash_password_with_params(password, &salt, params)?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::OsEntropy;

    fn passwords() -> Passwords {
        Passwords::new(Arc::new(OsEntropy), None).expect("made ready")
    }

    fn password(text: &str) -> Password {
        Password::choose(text).expect("long enough")
    }

    #[tokio::test]
    async fn what_was_stolen_somewhere_is_refused_where_there_is_a_list() {
        let stolen = password("violet anvil teaspoon");
        let list = tempfile::NamedTempFile::new().expect("a file");
        // SHA-1 of it, by another program.
        std::fs::write(list.path(), "F29A1EEDE2D6E95FB560C9EF38AD6DD6BDE251E2:3\n").expect("written");
        let breached = Breached::open(list.path()).expect("a list");
        let passwords = Passwords::new(Arc::new(OsEntropy), Some(breached)).expect("made ready");
        assert_eq!(passwords.check(&stolen, &[]).await.expect("checked"), Err(Unfit::Breached));
        assert_eq!(passwords.check(&password("violet anvil teaspoons"), &[]).await.expect("checked"), Ok(()));
        assert_eq!(self::passwords().check(&stolen, &[]).await.expect("checked"), Ok(()));
        drop(list);
        let unasked = passwords.check(&stolen, &[]).await.expect_err("the list is gone");
        assert!(matches!(unasked, HashError::Breached(_)), "{unasked}");
    }

    #[tokio::test]
    async fn only_the_password_itself_has_its_hash() {
        let passwords = passwords();
        let right = password("violet anvil teaspoon");
        let hash = passwords.hash(&right).await.expect("hashed");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(passwords.hash(&right).await.expect("hashed"), hash, "each has its own salt");
        assert!(passwords.is(&right, Some(&hash)).await.expect("checked"));
        assert!(!passwords.is(&password("violet anvil teaspoom"), Some(&hash)).await.expect("checked"));
        assert!(!passwords.is(&Password::typed(""), Some(&hash)).await.expect("checked"));
    }

    #[tokio::test]
    async fn nobodys_password_is_checked_all_the_same() {
        let passwords = passwords();
        assert!(!passwords.is(&password("violet anvil teaspoon"), None).await.expect("checked"));
        assert_eq!(passwords.verified(), 1);
        assert!(passwords.is(&password("violet anvil teaspoon"), Some("no hash")).await.is_err());
    }

    #[tokio::test]
    async fn what_guessers_try_first_is_refused() {
        let passwords = passwords();
        let about = ["Mia Zimmermann", "mia.zimmermann@example.org"];
        for bad in [
            "password1234",
            "qwertyuiop[]",
            "aaaaaaaaaaaaaaaa",
            "123456789012",
            "iloveyou2025",
            "MiaZimmermann1",
            "balancedmastering",
            &"y\u{1f3b8}k".repeat(80),
        ] {
            assert_eq!(passwords.check(&password(bad), &about).await.expect("checked"), Err(Unfit::Guessable), "{bad}");
        }
        for good in ["violet anvil teaspoon", "x7#kPq!2mZ@w9", "Öfter Tee im Garten trinken"] {
            assert_eq!(passwords.check(&password(good), &about).await.expect("checked"), Ok(()), "{good}");
        }
    }

    #[tokio::test]
    async fn a_crowd_is_told_to_come_back() {
        let passwords = passwords();
        let crowd = (0..2 * MOST).map(|_| {
            let passwords = passwords.clone();
            tokio::spawn(async move { passwords.is(&Password::typed("violet anvil teaspoon"), None).await })
        });
        let (mut checked, mut sent_away) = (0, 0);
        for one in crowd.collect::<Vec<_>>() {
            match one.await.expect("no panic") {
                Ok(_) => checked += 1,
                Err(HashError::Busy) => sent_away += 1,
                Err(error) => panic!("{error}"),
            }
        }
        assert!(checked >= MOST && sent_away > 0, "{checked} {sent_away}");
    }
}
