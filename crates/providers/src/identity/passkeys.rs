//! Passkeys: WebAuthn Level 3, by way of `webauthn-rs`. The device has to see its holder (a finger, a face, a PIN), so that
//! an answer is two factors in one; which device it is (attestation) is not asked.
//!
//! What is asked and what is kept go through here as JSON. Not here: where challenges wait and passkeys are kept
//! (`store::Passkeys`). The library draws its challenges itself, from the operating system.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::AccountId;
use serde::Serialize;
use serde::de::DeserializeOwned;
use webauthn_rs::prelude::{
    CreationChallengeResponse, Credential, DiscoverableAuthentication, Passkey, PasskeyRegistration,
    PublicKeyCredential, RegisterPublicKeyCredential, RequestChallengeResponse, Url, Uuid, Webauthn, WebauthnBuilder,
    WebauthnError,
};
use webauthn_rs_proto::{AllowCredentials, ResidentKeyRequirement};

/// What devices show beside the account's address.
const SITE: &str = "Balanced Mastering";
/// An answer is never longer, bytes: attestation is not asked for.
const MAX_ANSWER_BYTES: usize = 32 * 1024;

/// Asks for passkeys and checks answers. Cloning it is cheap.
#[derive(Clone)]
pub struct Passkeys(Arc<Inner>);

struct Inner {
    webauthn: Webauthn,
    origin: String,
}

impl fmt::Debug for Passkeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Passkeys({})", self.0.origin)
    }
}

/// A question for a browser.
#[derive(Debug)]
pub struct Asked {
    /// What the browser is told, JSON.
    pub options: String,
    /// What the answer is to be held against, JSON. For the server alone.
    pub state: String,
}

/// A passkey that a device made.
#[derive(Debug, PartialEq, Eq)]
pub struct Made {
    /// What the device calls it, base64url.
    pub credential: String,
    /// The public key, JSON.
    pub key: String,
    /// How often it was used.
    pub counter: u32,
}

/// A passkey that was shown.
#[derive(Debug, PartialEq, Eq)]
pub struct Shown {
    /// The public key as it is to be kept from now on, JSON.
    pub key: String,
    /// How often it was used.
    pub counter: u32,
}

/// Why an answer is not taken.
#[derive(Debug, thiserror::Error)]
pub enum PasskeyError {
    /// The site's address has no name that a passkey could belong to.
    #[error("passkeys need an address with a name; `{origin}` has none")]
    NoName {
        /// The address.
        origin: String,
    },
    /// It is not written as browsers write it.
    #[error("the passkey's answer cannot be read")]
    Unreadable(#[source] serde_json::Error),
    /// It is longer than any.
    #[error("the passkey's answer is longer than {MAX_ANSWER_BYTES} bytes")]
    Long,
    /// Its counter went back: there is a copy of the key.
    #[error("the passkey's counter went back, so there is a copy of it")]
    Copied,
    /// Wrong challenge, origin, signature, or whatever else the standard asks for.
    #[error("the passkey's answer is not right")]
    Wrong(#[source] WebauthnError),
}

impl From<WebauthnError> for PasskeyError {
    fn from(error: WebauthnError) -> Self {
        if matches!(error, WebauthnError::CredentialPossibleCompromise) { Self::Copied } else { Self::Wrong(error) }
    }
}

type Result<T> = std::result::Result<T, PasskeyError>;

impl Passkeys {
    /// For a site with this origin. A passkey belongs to a name, so that an IP address will not do; this machine's own,
    /// `http://127.0.0.1:8080`, is known to browsers as `http://localhost:8080` as well, and its passkeys belong there.
    pub fn new(origin: &str) -> Result<Self> {
        let no_name = || PasskeyError::NoName { origin: origin.to_owned() };
        let mut url = Url::parse(origin).map_err(|_| no_name())?;
        let is_loopback = match url.host_str().unwrap_or_default() {
            "[::1]" => true,
            host => host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback()),
        };
        if is_loopback {
            url.set_host(Some("localhost")).map_err(|_| no_name())?;
        }
        let name = url.domain().ok_or_else(no_name)?.to_owned();
        let webauthn = WebauthnBuilder::new(&name, &url)?.rp_name(SITE).build()?;
        Ok(Self(Arc::new(Inner { webauthn, origin: url.origin().ascii_serialization() })))
    }

    /// Where passkeys work: the origin that a browser has to be on.
    pub fn origin(&self) -> &str {
        &self.0.origin
    }

    /// Asks a device to make a passkey for an account, unless it has one of `known` already.
    pub fn ask_to_make(&self, account: AccountId, email: &str, name: &str, known: &[String]) -> Result<Asked> {
        let known: Vec<Passkey> = known.iter().map(|key| read(key)).collect::<Result<_>>()?;
        let exclude = known.iter().map(|passkey| passkey.cred_id().clone()).collect();
        let (mut asked, state): (CreationChallengeResponse, PasskeyRegistration) =
            self.0.webauthn.start_passkey_registration(user(account), email, name, Some(exclude))?;
        // The device has to remember whose it is: only then does it sign in without an address being typed.
        if let Some(selection) = &mut asked.public_key.authenticator_selection {
            selection.resident_key = Some(ResidentKeyRequirement::Required);
            selection.require_resident_key = true;
        }
        Ok(Asked { options: written(&asked)?, state: written(&state)? })
    }

    /// The passkey that a device made when it was asked to.
    pub fn made(&self, state: &str, answer: &str) -> Result<Made> {
        let answer: RegisterPublicKeyCredential = read(answer)?;
        let passkey = self.0.webauthn.finish_passkey_registration(&answer, &read::<PasskeyRegistration>(state)?)?;
        let (credential, key) = (encoded(passkey.cred_id()), written(&passkey)?);
        Ok(Made { credential, key, counter: Credential::from(passkey).counter })
    }

    /// Asks for one of `known`, or for any passkey of this site where that is empty.
    pub fn ask(&self, known: &[String]) -> Result<Asked> {
        let known: Vec<Passkey> = known.iter().map(|key| read(key)).collect::<Result<_>>()?;
        let (mut asked, state): (RequestChallengeResponse, DiscoverableAuthentication) =
            self.0.webauthn.start_discoverable_authentication()?;
        // The library means to fill in a field; here a button was pressed.
        asked.mediation = None;
        let allowed = known.iter().map(|passkey| AllowCredentials {
            type_: "public-key".to_owned(),
            id: passkey.cred_id().clone(),
            transports: None,
        });
        asked.public_key.allow_credentials = allowed.collect();
        Ok(Asked { options: written(&asked)?, state: written(&state)? })
    }

    /// What an answer says of itself, before it is believed: the passkey's name, base64url, and whose it claims to be.
    pub fn claims(answer: &str) -> Result<(String, Option<AccountId>)> {
        let answer: PublicKeyCredential = read(answer)?;
        let user = answer.response.user_handle.as_deref().and_then(|user| Uuid::from_slice(user).ok());
        let user = user.and_then(|user| user.simple().to_string().parse().ok());
        Ok((encoded(&answer.raw_id), user))
    }

    /// Whether an answer is that of the passkey `key` to the question with this `state`: the challenge, the site's origin
    /// and name, the signature, that the device saw its holder, and that its counter went up.
    pub fn check(&self, state: &str, answer: &str, key: &str) -> Result<Shown> {
        let answer: PublicKeyCredential = read(answer)?;
        let mut passkey: Passkey = read(key)?;
        let state: DiscoverableAuthentication = read(state)?;
        let seen = self.0.webauthn.finish_discoverable_authentication_v2(&answer, state, &passkey)?;
        passkey.update_credential(&seen);
        Ok(Shown { key: written(&passkey)?, counter: seen.counter() })
    }
}

fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// An account's id, as the library takes it.
fn user(account: AccountId) -> Uuid {
    // Both are 32 hexadecimal digits.
    Uuid::parse_str(&account.to_string()).unwrap_or_default()
}

fn read<T: DeserializeOwned>(json: &str) -> Result<T> {
    if json.len() > MAX_ANSWER_BYTES {
        return Err(PasskeyError::Long);
    }
    serde_json::from_str(json).map_err(PasskeyError::Unreadable)
}

fn written(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(PasskeyError::Unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::OsEntropy;
    use serde_json::Value;

    fn passkeys(origin: &str) -> Passkeys {
        Passkeys::new(origin).expect("an address with a name")
    }

    #[test]
    fn passkeys_belong_to_the_sites_name_and_on_this_machine_to_localhost() {
        for (origin, name, where_it_works) in [
            ("https://master.example.org", "master.example.org", "https://master.example.org"),
            ("https://example.org:8443/", "example.org", "https://example.org:8443"),
            ("http://127.0.0.1:8080", "localhost", "http://localhost:8080"),
            ("http://[::1]:8080", "localhost", "http://localhost:8080"),
        ] {
            let passkeys = passkeys(origin);
            assert_eq!(passkeys.origin(), where_it_works);
            let asked: Value = serde_json::from_str(&passkeys.ask(&[]).expect("asked").options).expect("JSON");
            assert_eq!(asked["publicKey"]["rpId"], name, "{origin}");
        }
        for origin in ["https://192.0.2.1", "https://[2001:db8::1]:8080", "", "not an address"] {
            assert!(matches!(Passkeys::new(origin), Err(PasskeyError::NoName { .. })), "{origin}");
        }
    }

    #[test]
    fn an_account_and_the_library_spell_an_id_alike() {
        let account = AccountId::draw(&OsEntropy);
        assert_eq!(user(account).simple().to_string(), account.to_string());
    }

    #[test]
    fn each_challenge_is_a_new_one_and_its_state_stays_here() {
        let passkeys = passkeys("http://127.0.0.1:8080");
        let asked: Vec<_> = (0..2).map(|_| passkeys.ask(&[]).expect("asked")).collect();
        assert_ne!(asked[0].options, asked[1].options);
        let account = AccountId::draw(&OsEntropy);
        let asked = passkeys.ask_to_make(account, "mia@example.org", "Mia", &[]).expect("asked");
        let told: Value = serde_json::from_str(&asked.options).expect("JSON");
        assert_eq!(told["publicKey"]["user"]["name"], "mia@example.org");
        assert_eq!(told["publicKey"]["rp"]["name"], SITE);
        assert_ne!(asked.options, asked.state);
    }

    #[test]
    fn what_is_no_answer_is_refused_before_it_is_looked_at() {
        let passkeys = passkeys("http://127.0.0.1:8080");
        let state = passkeys.ask(&[]).expect("asked").state;
        for answer in ["", "null", "{}", "[]", &"[".repeat(30_000)] {
            assert!(matches!(Passkeys::claims(answer), Err(PasskeyError::Unreadable(_))), "{answer:.9}");
            assert!(passkeys.check(&state, answer, "{}").is_err() && passkeys.made(&state, answer).is_err());
        }
        assert!(matches!(Passkeys::claims(&"[".repeat(MAX_ANSWER_BYTES + 1)), Err(PasskeyError::Long)));
    }
}
