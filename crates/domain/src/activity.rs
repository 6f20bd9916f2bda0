//! What happened to an account, for its holder to look at: how it was entered, what was tried, and what was changed.

use crate::hex::hex_text;
use crate::job::UnknownName;
use std::fmt;
use std::str::FromStr;

/// What happened to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Happening {
    /// Somebody signed in with the password alone.
    SignedIn,
    /// Somebody signed in with the password and a code of the app.
    SignedInWithApp,
    /// Somebody signed in with a passkey, with or without the password before it.
    SignedInWithPasskey,
    /// Somebody signed in by way of another service.
    SignedInWithService,
    /// Somebody signed in with the password and a recovery code, which is used up.
    SignedInWithRecoveryCode,
    /// This kind of browser had not been used lately.
    NewDevice,
    /// Nobody had signed in from this network lately.
    NewNetwork,
    /// Many passwords in a row were wrong.
    ManyWrongPasswords,
    /// The password was right, and many codes after it were wrong.
    ManyWrongCodes,
    /// A passkey was refused, since its counter says that there is a copy of it.
    PasskeyRefused,
    /// An authenticator app was set up.
    AppSet,
    /// The app was turned off.
    AppOff,
    /// A passkey was added.
    PasskeyAdded,
    /// A passkey was removed.
    PasskeyRemoved,
    /// New recovery codes were made.
    CodesMade,
    /// The password was changed.
    PasswordChanged,
    /// The address was changed.
    AddressChanged,
}

impl Happening {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::SignedIn,
        Self::SignedInWithApp,
        Self::SignedInWithPasskey,
        Self::SignedInWithService,
        Self::SignedInWithRecoveryCode,
        Self::NewDevice,
        Self::NewNetwork,
        Self::ManyWrongPasswords,
        Self::ManyWrongCodes,
        Self::PasskeyRefused,
        Self::AppSet,
        Self::AppOff,
        Self::PasskeyAdded,
        Self::PasskeyRemoved,
        Self::CodesMade,
        Self::PasswordChanged,
        Self::AddressChanged,
    ];

    /// Its name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignedIn => "signed-in",
            Self::SignedInWithApp => "signed-in-with-app",
            Self::SignedInWithPasskey => "signed-in-with-passkey",
            Self::SignedInWithService => "signed-in-with-service",
            Self::SignedInWithRecoveryCode => "signed-in-with-recovery-code",
            Self::NewDevice => "new-device",
            Self::NewNetwork => "new-network",
            Self::ManyWrongPasswords => "many-wrong-passwords",
            Self::ManyWrongCodes => "many-wrong-codes",
            Self::PasskeyRefused => "passkey-refused",
            Self::AppSet => "app-set",
            Self::AppOff => "app-off",
            Self::PasskeyAdded => "passkey-added",
            Self::PasskeyRemoved => "passkey-removed",
            Self::CodesMade => "codes-made",
            Self::PasswordChanged => "password-changed",
            Self::AddressChanged => "address-changed",
        }
    }

    /// Whether its holder should look twice.
    pub const fn is_unusual(self) -> bool {
        matches!(
            self,
            Self::SignedInWithRecoveryCode
                | Self::NewDevice
                | Self::NewNetwork
                | Self::ManyWrongPasswords
                | Self::ManyWrongCodes
                | Self::PasskeyRefused
                | Self::AppOff
                | Self::PasskeyRemoved
        )
    }
}

impl fmt::Display for Happening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Happening {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|known| known.as_str() == text).ok_or(UnknownName { of: "happening" })
    }
}

/// A network that somebody signed in from, made unreadable with a key of the server's: the same one has the same mark, and
/// nobody finds the address by trying all of them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct NetworkMark([u8; 32]);

hex_text!(NetworkMark);

impl NetworkMark {
    /// With these bytes.
    pub fn of_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_found_again_by_its_name() {
        for happening in Happening::ALL {
            assert_eq!(happening.to_string().parse(), Ok(happening));
        }
        assert!("signed-out".parse::<Happening>().is_err());
    }
}
