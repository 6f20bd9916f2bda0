//! Codes of authenticator apps: RFC 6238 with SHA-1, six digits and 30 seconds, which is what every app takes.
//!
//! Not here: which codes were used already (`store::Factors`), how keys are kept ([`super::seal`]), and what an app
//! scans, which is drawn in `web`.

use domain::{TotpKey, TotpStep};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use totp_rs::{Builder, Secret, Totp};

/// A code of the step before or after is right as well: clocks differ, and people take their time.
const SKEW_STEPS: u16 = 1;
/// Digits of a code.
const DIGITS: usize = 6;
/// What apps show above the code.
const ISSUER: &str = "Balanced Mastering";

fn totp(key: &TotpKey) -> Totp {
    let builder = Builder::new().with_secret(Secret::new_stack(*key.reveal()));
    builder
        .with_skew(SKEW_STEPS)
        .with_step_duration(TotpStep::SECONDS)
        .build()
        .expect("SHA-1, six digits and a key of 160 bits are what RFC 4226 asks for")
}

/// The step whose code this is, if it is that of `now` or of one beside it. Compared in constant time.
pub fn step_of(key: &TotpKey, typed: &str, now: TotpStep) -> Option<TotpStep> {
    let digits: String = typed.chars().filter(|typed| !typed.is_whitespace()).take(DIGITS + 1).collect();
    let is_code = digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_code.then(|| totp(key).check(&digits, now.0 * TotpStep::SECONDS)).flatten().map(TotpStep)
}

/// The key as somebody types it into an app that cannot scan: base 32, in groups of four.
pub fn spelled(key: &TotpKey) -> String {
    let text = totp(key).secret().to_base32();
    let groups = text.as_bytes().chunks(4).map(|group| String::from_utf8_lossy(group).into_owned());
    groups.collect::<Vec<_>>().join(" ")
}

/// The address that apps read from a picture: `otpauth://totp/...`, with the name of the account's holder.
pub fn address(key: &TotpKey, email: &str) -> String {
    let secret = totp(key).secret().to_base32();
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let (issuer, email) = (encoded(ISSUER), encoded(email));
    // What is left out is the default: SHA-1, six digits, 30 seconds.
    format!("otpauth://totp/{issuer}:{email}?secret={secret}&issuer={issuer}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of RFC 6238, appendix B.
    fn key() -> TotpKey {
        TotpKey::of_bytes(*b"12345678901234567890")
    }

    #[test]
    fn codes_are_those_of_the_rfc() {
        // Appendix B, SHA-1: the last six of the eight digits there.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000_u64, "353130"),
        ] {
            let step = TotpStep(seconds / 30);
            assert_eq!(step_of(&key(), code, step), Some(step), "{code}");
            assert_eq!(
                step_of(&key(), &format!(" {} {} ", &code[..3], &code[3..]), step),
                Some(step),
                "as apps show it"
            );
        }
    }

    #[test]
    fn one_step_beside_is_right_and_tells_which_and_two_are_wrong() {
        let step = TotpStep(1_111_111_109 / 30);
        let at = |now: u64| step_of(&key(), "081804", TotpStep(now));
        assert_eq!([at(step.0 - 1), at(step.0), at(step.0 + 1)], [Some(step); 3]);
        assert_eq!([at(step.0 - 2), at(step.0 + 2)], [None; 2]);
    }

    #[test]
    fn what_is_no_code_is_wrong() {
        let step = TotpStep(59 / 30);
        for typed in ["", "28708", "2870822", "-87082", "+287082", "287 08", "\u{0662}87082", &"2".repeat(100_000)] {
            assert_eq!(step_of(&key(), typed, step), None);
        }
        assert_eq!(step_of(&key(), "287082", TotpStep(0)), Some(TotpStep(1)), "nothing lies before 1970");
    }

    #[test]
    fn an_app_reads_the_address_and_people_type_the_same_key() {
        assert_eq!(spelled(&key()), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        assert_eq!(
            address(&key(), "mia+tracks@example.org"),
            "otpauth://totp/Balanced%20Mastering:mia%2Btracks%40example%2Eorg\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Balanced%20Mastering"
        );
    }
}
