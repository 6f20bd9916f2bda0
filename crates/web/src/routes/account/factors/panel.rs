//! The part of the account's page that is about second factors.

use domain::{Account, RecoveryCode};

use crate::app::AppState;
use crate::page::Problem;
use crate::words;

/// What the page shows of second factors.
pub(crate) struct Panel {
    pub(crate) app_since: Option<String>,
    /// Recovery codes that are left, where they stand in for something.
    pub(crate) codes_left: Option<u32>,
    /// Codes that are made at a time.
    pub(crate) codes: usize,
}

impl Panel {
    pub(crate) async fn of(state: &AppState, account: &Account) -> Result<Self, Problem> {
        let set = state.store.factors.of(account.id).await?;
        Ok(Self {
            app_since: set.app_since.map(words::moment),
            codes_left: set.any().then_some(set.codes_left),
            codes: RecoveryCode::COUNT,
        })
    }
}
