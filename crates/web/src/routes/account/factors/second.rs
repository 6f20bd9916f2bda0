//! GET and POST /account/sign-in/second: the second factor, for whoever was let halfway in by the password.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use cookie_policy::{Essential, Granted};
use domain::{Account, PasskeyPurpose, SessionKind, SessionToken, SignInToken, Stay};
use store::{Begun, FactorsSet, Half};

use super::super::client::{Client, Sent};
use super::super::form::retry_after;
use super::super::{SIGN_IN, private};
use super::arrive::arrive;
use super::check::{Checked, NOTHING, WRONG, check, too_many};
use super::passkeys::{PasskeyForm, REFUSED};
use crate::app::AppState;
use crate::consent::{Back, Need, interstitial};
use crate::csrf::{self, Fields};
use crate::page::{Here, Problem, Shell, page};
use crate::registry::AuthToken;
use crate::visit::Visit;
use crate::visitor;

pub(super) const ADDRESS: &str = "/account/sign-in/second";
const NEXT: &str = "next";

#[derive(Template)]
#[template(path = "account/second.html")]
struct SecondPage<'a> {
    shell: Shell,
    csrf: String,
    next: &'a str,
    set: FactorsSet,
    passkey: Option<PasskeyForm>,
    message: Option<&'a str>,
}

/// Lets whoever knows the password halfway in, and asks for the second factor.
pub(crate) async fn let_halfway(
    state: &AppState,
    visit: &Visit,
    granted: &Granted<Essential>,
    account: &Account,
    stay: Stay,
    (begun, next): (&Begun, &Back),
) -> Result<Response, Problem> {
    let secret = state.store.halves.begin(account.id, stay, begun).await?;
    let token = SignInToken { kind: SessionKind::Half, secret };
    // Until the browser is closed at most, however long they want to stay once they are in.
    visitor::hand_over(state, &visit.jar, granted, token, Stay::Session).await?;
    Ok(private(Redirect::to(&format!("{ADDRESS}?{NEXT}={}", next.encoded())).into_response()))
}

/// Who is halfway in with this browser.
pub(super) async fn halfway(state: &AppState, visit: &Visit) -> Result<Option<(SessionToken, Half)>, Problem> {
    let Some(SignInToken { kind: SessionKind::Half, secret }) = visitor::token(&visit.jar) else {
        return Ok(None);
    };
    Ok(state.store.halves.find(&secret).await?.map(|half| (secret, half)))
}

/// Sends whoever is not, or no longer, halfway in to the beginning.
fn late(visit: &Visit) -> Response {
    if matches!(visitor::token(&visit.jar), Some(SignInToken { kind: SessionKind::Half, .. })) {
        visit.jar.expire::<AuthToken>();
    }
    private(Redirect::to(&format!("{SIGN_IN}?done=late")).into_response())
}

async fn show(
    state: &AppState,
    visit: &Visit,
    half: &Half,
    next: &Back,
    (status, message): (StatusCode, Option<&str>),
) -> Result<Response, Problem> {
    let Ok(csrf) = csrf::field(&visit.jar, state.entropy.as_ref()) else {
        return Ok(interstitial(state, visit, Need::SignIn, &Back::of(SIGN_IN)));
    };
    let set = state.store.factors.of(half.account.id).await?;
    let passkey = (set.passkeys > 0).then(|| PasskeyForm::of(state, PasskeyPurpose::Second, next)).flatten();
    let shell = state.shell(visit, Here::Account);
    Ok(private(page(status, &SecondPage { shell, csrf, next: next.as_str(), set, passkey, message })))
}

pub(crate) async fn get(
    State(state): State<AppState>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Some((_, half)) = halfway(&state, &visit).await? else { return Ok(late(&visit)) };
    let next = Back::of(Fields::of_query(query.as_deref()).get(NEXT).unwrap_or_default());
    show(&state, &visit, &half, &next, (StatusCode::OK, None)).await
}

pub(crate) async fn post(
    State(state): State<AppState>,
    visit: Visit,
    client: Client,
    Sent { fields, granted }: Sent,
) -> Result<Response, Problem> {
    let Some((token, half)) = halfway(&state, &visit).await? else { return Ok(late(&visit)) };
    let next = Back::of(fields.get(NEXT).unwrap_or_default());
    let again = async |status, message: &str| show(&state, &visit, &half, &next, (status, Some(message))).await;
    let means = match check(&state, (&visit, &client), (PasskeyPurpose::Second, &half.account), &fields).await? {
        Checked::Right(means) => means,
        Checked::Nothing => return again(StatusCode::UNPROCESSABLE_ENTITY, NOTHING).await,
        Checked::Wait(wait) => {
            let (seconds, message) = too_many(wait);
            return Ok(retry_after(again(StatusCode::TOO_MANY_REQUESTS, &message).await?, seconds));
        }
        wrong @ (Checked::Wrong | Checked::Refused) if state.store.halves.wrong(&token).await? => {
            let message = if matches!(wrong, Checked::Wrong) { WRONG } else { REFUSED };
            return again(StatusCode::UNAUTHORIZED, message).await;
        }
        Checked::Wrong | Checked::Refused => return Ok(late(&visit)),
    };
    // Of two that come at once one alone goes on.
    if !state.store.halves.end(&token).await? {
        return Ok(late(&visit));
    }
    arrive(&state, &visit, &granted, (&half.account, means), half.stay, (client, Some(&half.begun))).await?;
    Ok(private(Redirect::to(next.as_str()).into_response()))
}
