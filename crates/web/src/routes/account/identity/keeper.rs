//! Looks after the sessions at Supabase, in the background and one after the other: exchanges their tokens before they end,
//! ends those whose browser was signed out, and signs out whose session Supabase has ended.
//!
//! A refresh token is good once. Nobody else uses one, and this is one task, so that no session refreshes twice at a
//! time. While Supabase does not answer, sessions here go on until they expire.

use std::time::Duration;

use domain::Timestamp;
use providers::identity::supabase::{Error, Reason, Scope, Supabase, Tokens};
use store::{Due, Store, Task};
use tokio::sync::watch;

/// How often sessions are looked for.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Pause after Supabase did not answer.
const PAUSE: Duration = Duration::from_secs(10);

/// Looks after them until the service stops.
pub(crate) async fn keep(store: Store, supabase: Supabase, mut closing: watch::Receiver<bool>) {
    let mut is_down = false;
    loop {
        let pause = match next(&store, &supabase).await {
            Ok(Some(())) => {
                if std::mem::take(&mut is_down) {
                    tracing::info!("Supabase answers again");
                }
                continue;
            }
            Ok(None) => LOOK_EVERY,
            Err(Failure::Supabase(error)) if !error.is_passing() => {
                // One session's matter, which is looked at again in a while; the others are not to wait for it.
                tracing::warn!(%error, "the tokens of a session at Supabase could not be exchanged: {error}");
                continue;
            }
            Err(Failure::Supabase(error)) => {
                if !std::mem::replace(&mut is_down, true) {
                    tracing::warn!(%error, "sessions go on until they expire: {error}");
                }
                PAUSE
            }
            Err(Failure::Store(error)) => {
                tracing::error!(error = domain::causes(&error), "a session at Supabase could not be looked after");
                PAUSE
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = closing.wait_for(|closing| *closing) => return,
        }
    }
}

/// When tokens are to be exchanged: after two thirds of their time.
pub(super) fn due_at(supabase: &Supabase, tokens: &Tokens) -> Timestamp {
    let now = supabase.now();
    now + tokens.expires_at().since(now) * 2 / 3
}

enum Failure {
    Supabase(Error),
    Store(store::Error),
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}

/// Does what is due for longest; `None` where nothing is.
async fn next(store: &Store, supabase: &Supabase) -> Result<Option<()>, Failure> {
    let sessions = &store.provider_sessions;
    let Some(Due { id, tokens, what }) = sessions.claim().await? else { return Ok(None) };
    let tokens = match supabase.open(&tokens, &id.to_string()) {
        Ok(tokens) => tokens,
        Err(error) => {
            // Nobody can use them any more. Whoever was signed in with them signs in again.
            tracing::warn!(%error, "a session was ended: {error}");
            sessions.end(id).await?;
            return Ok(Some(()));
        }
    };
    let scope = match what {
        Task::Refresh => {
            if exchange(store, supabase, id, &tokens).await?.is_none() {
                tracing::info!("a browser was signed out: its session was ended at Supabase");
            }
            return Ok(Some(()));
        }
        Task::End => Scope::Local,
        Task::EndAll => Scope::Global,
    };
    let is_good = tokens.expires_at() > supabase.now();
    let ended = if is_good { supabase.sign_out(&tokens, scope).await } else { Err(bad_token()) };
    let ended = match ended {
        Err(error) if error.reason() == Some(&Reason::BadToken) => {
            match exchange(store, supabase, id, &tokens).await? {
                Some(tokens) => supabase.sign_out(&tokens, scope).await,
                None => return Ok(Some(())),
            }
        }
        ended => ended,
    };
    match ended {
        Ok(()) => sessions.end(id).await.map(|_| Some(())).map_err(Failure::Store),
        Err(error) if error.is_passing() => Err(Failure::Supabase(error)),
        Err(error) => {
            tracing::warn!(%error, "a session at Supabase could not be ended: {error}");
            Ok(Some(()))
        }
    }
}

/// Exchanges tokens and keeps the new ones; `None` where Supabase says that the session is over, which it then is.
async fn exchange(
    store: &Store,
    supabase: &Supabase,
    id: domain::ProviderSessionId,
    tokens: &Tokens,
) -> Result<Option<Tokens>, Failure> {
    match supabase.refresh(tokens).await {
        Ok(signed_in) => {
            let tokens = signed_in.tokens;
            let sealed = supabase.seal(&tokens, &id.to_string());
            store.provider_sessions.refreshed(id, &sealed, due_at(supabase, &tokens)).await?;
            Ok(Some(tokens))
        }
        Err(error) if error.ends_session() => {
            store.provider_sessions.end(id).await?;
            Ok(None)
        }
        Err(error) => Err(Failure::Supabase(error)),
    }
}

fn bad_token() -> Error {
    Error::Refused { status: axum::http::StatusCode::FORBIDDEN, reason: Reason::BadToken }
}
