//! Ids: 128 random bits each, so that knowing one tells nothing of another.

use crate::hex::hex_text;
use crate::world::Entropy;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; 16]);

        impl $name {
            /// Draws a new id.
            pub fn draw(entropy: &dyn Entropy) -> Self {
                let mut bytes = [0; 16];
                entropy.fill(&mut bytes);
                Self(bytes)
            }
        }

        hex_text!($name);
    };
}

id! {
    /// One upload. Text form: 32 lower-case hexadecimal digits.
    TrackId
}
id! {
    /// One piece of work on a track. Text form: 32 lower-case hexadecimal digits.
    JobId
}
id! {
    /// One stored file. Text form: 32 lower-case hexadecimal digits.
    BlobId
}
id! {
    /// One run of a process that takes jobs. Text form: 32 lower-case hexadecimal digits.
    RunId
}
id! {
    /// One account. Text form: 32 lower-case hexadecimal digits.
    AccountId
}
id! {
    /// One grant of the right to administer, by which the audit log names its holder. Text form: 32 lower-case
    /// hexadecimal digits.
    AdminId
}
id! {
    /// One browser that is signed in to an account, as its holder sees it; opens nothing. Text form: 32 lower-case
    /// hexadecimal digits.
    SignInId
}
id! {
    /// One session at an identity provider, as the server keeps it; opens nothing. Text form: 32 lower-case hexadecimal
    /// digits.
    ProviderSessionId
}

id! {
    /// One passkey, as its holder sees it; opens nothing. Text form: 32 lower-case hexadecimal digits.
    PasskeyId
}
id! {
    /// One question to a passkey. Text form: 32 lower-case hexadecimal digits.
    ChallengeId
}
id! {
    /// One purchase, from the press of a button on. Text form: 32 lower-case hexadecimal digits.
    PurchaseId
}
id! {
    /// Whose credits they are: a number that stands for an account while there is one, and for nobody afterwards. Text
    /// form: 32 lower-case hexadecimal digits.
    HolderId
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::OsEntropy;
    use proptest::prelude::*;

    #[test]
    fn an_id_survives_its_text_form() {
        let id = TrackId::draw(&OsEntropy);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_ne!(TrackId::draw(&OsEntropy), id);
    }

    #[test]
    fn only_the_one_spelling_is_accepted() {
        for text in [
            "",
            "0",
            "0123456789ABCDEF0123456789abcdef",
            "../../../../../../../etc/passwd0",
            "é123456789abcdef0123456789abcde",
        ] {
            assert!(text.parse::<BlobId>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_accepts_only_what_it_would_write(text in ".{0,40}") {
            if let Ok(id) = text.parse::<JobId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }
}
