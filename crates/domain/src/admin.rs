//! Administering accounts: who does it, and what can be done.

use crate::id::AccountId;
use std::fmt;
use std::str::FromStr;

/// Who administers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// Whoever may write to the data folder: nobody is above them.
    CommandLine,
    /// An account that is an administrator, on the site.
    Admin(AccountId),
}

/// What can be done with somebody's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Act {
    /// Close it to its holder, whose browsers are signed out.
    Disable,
    /// Open it again.
    Enable,
    /// Sign all its browsers out.
    EndSessions,
    /// Let the password alone open it again, for a holder who has lost their app, passkeys and paper.
    RemoveFactors,
    /// Let its holder administer accounts.
    MakeAdmin,
    /// Do not let them any more.
    RemoveAdmin,
    /// Remove it, with all that is its holder's.
    Delete,
}

impl Act {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Disable,
        Self::Enable,
        Self::EndSessions,
        Self::RemoveFactors,
        Self::MakeAdmin,
        Self::RemoveAdmin,
        Self::Delete,
    ];

    /// Its name in addresses and in the audit log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Enable => "enable",
            Self::EndSessions => "end-sessions",
            Self::RemoveFactors => "remove-factors",
            Self::MakeAdmin => "make-admin",
            Self::RemoveAdmin => "remove-admin",
            Self::Delete => "delete",
        }
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is no [`Act`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected something that can be done with an account, such as `disable`")]
pub struct NotAnAct;

impl FromStr for Act {
    type Err = NotAnAct;

    fn from_str(text: &str) -> Result<Self, NotAnAct> {
        Self::ALL.into_iter().find(|act| act.as_str() == text).ok_or(NotAnAct)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::Label;

    #[test]
    fn each_act_has_a_name_that_an_address_and_the_log_can_hold() {
        for act in Act::ALL {
            assert_eq!(act.to_string().parse(), Ok(act));
            assert!(act.as_str().parse::<Label>().is_ok());
        }
        assert_eq!("Disable".parse::<Act>(), Err(NotAnAct));
    }
}
