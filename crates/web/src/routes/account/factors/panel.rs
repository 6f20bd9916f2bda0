//! The part of the account's page that is about second factors.

use domain::{Account, PasskeyId, PasskeyPurpose, RecoveryCode};

use super::super::HOME;
use super::passkeys::PasskeyForm;
use crate::app::AppState;
use crate::consent::Back;
use crate::page::Problem;
use crate::words;

/// What the page shows of second factors.
pub(crate) struct Panel {
    pub(crate) app_since: Option<String>,
    pub(crate) passkeys: Vec<Shown>,
    /// The way to add one; none where the site's address has no name.
    pub(crate) passkey: Option<PasskeyForm>,
    /// Recovery codes that are left, where they stand in for something.
    pub(crate) codes_left: Option<u32>,
    /// Codes that are made at a time.
    pub(crate) codes: usize,
}

/// One passkey in the list.
pub(crate) struct Shown {
    pub(crate) id: PasskeyId,
    pub(crate) name: String,
    pub(crate) since: String,
    pub(crate) used: Option<String>,
}

impl Panel {
    pub(crate) async fn of(state: &AppState, account: &Account) -> Result<Self, Problem> {
        let set = state.store.factors.of(account.id).await?;
        let passkeys = state.store.passkeys.list(account.id).await?.into_iter().map(|passkey| Shown {
            id: passkey.id,
            name: passkey.name.to_string(),
            since: words::moment(passkey.created_at),
            used: passkey.used_at.map(words::moment),
        });
        Ok(Self {
            passkeys: passkeys.collect(),
            passkey: PasskeyForm::of(state, PasskeyPurpose::Add, &Back::of(HOME)),
            app_since: set.app_since.map(words::moment),
            codes_left: set.any().then_some(set.codes_left),
            codes: RecoveryCode::COUNT,
        })
    }
}
