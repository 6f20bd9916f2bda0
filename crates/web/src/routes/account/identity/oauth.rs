//! POST /account/oauth/{provider} leads to another service, by way of Supabase; GET /account/oauth/callback is where it
//! leads back.
//!
//! What belongs to one sign-in is kept on the server: a secret that is in the way back's address, what proves to Supabase
//! that we began it (PKCE), and what the browser held when it left. Only that browser can end it, once and soon, so that
//! nobody can be signed in to somebody else's account by a link. No cookie of its own is needed: `csrf-token` is there
//! since the form. The form is answered by a page that leads on at once, and not by a redirection: browsers hold every stop
//! on such a way against the page's `form-action`, and where Supabase leads on to is not known here.

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use cookie_policy::Jar;
use domain::{LinkToken, Stay};
use providers::identity::supabase::{Reason, Supabase};
use sha2::{Digest as _, Sha256};
use store::OAuthFlow;

use super::super::client::{Client, Sent};
use super::super::factors::{Means, arrive, begin, let_halfway};
use super::super::{SIGN_IN, private};
use super::supabase::{opened, recognise, trouble};
use crate::app::AppState;
use crate::consent::{Back, Need, interstitial};
use crate::csrf::Fields;
use crate::page::{Here, Problem, message};
use crate::registry::CsrfToken;
use crate::visit::Visit;
use crate::words;

/// Where browsers come back to.
pub(in super::super) const CALLBACK: &str = "/account/oauth/callback";
/// Longest code, bytes.
const MAX_CODE_BYTES: usize = 256;

/// Where the buttons of a sign-in form lead, and what they say.
pub(in super::super) fn ways(state: &AppState) -> Vec<(String, String)> {
    let offered = state.accounts.identity.supabase().map(Supabase::oauth).unwrap_or_default();
    let way = |way: &providers::identity::supabase::OAuth| {
        (format!("/account/oauth/{}", way.name()), format!("Continue with {}", way.label()))
    };
    offered.iter().map(way).collect()
}

pub(crate) async fn post(
    State(state): State<AppState>,
    visit: Visit,
    Path(name): Path<String>,
    Sent { fields, .. }: Sent,
) -> Result<Response, Problem> {
    let supabase = state.accounts.identity.supabase().ok_or_else(Problem::not_found)?;
    let oauth = supabase.oauth().iter().find(|oauth| oauth.name() == name).ok_or_else(Problem::not_found)?;
    let browser = browser(&visit.jar).ok_or_else(stale)?;
    let secret = LinkToken::draw(state.entropy.as_ref());
    let back = format!("{}{CALLBACK}?state={}", state.site.origin(), secret.reveal());
    let (verifier, address) = supabase.authorize(*oauth, &back);
    let flow = OAuthFlow {
        browser,
        verifier: supabase.seal_verifier(&verifier, &secret.id().to_string()),
        next: fields.get("next").map_or_else(|| Back::of("/tracks"), Back::of).to_string(),
        kept: fields.get("keep").is_some(),
    };
    state.store.identities.begin_flow(secret.id(), &flow).await?;
    let (name, href) = (oauth.label(), address.as_str());
    let text = format!("Your browser goes on to {name} by itself. If it does not, press the button.");
    let title = format!("On to {name}");
    let mut response = message(&state, &visit, Here::Account, &title, &text, (href, &format!("Go on to {name}")));
    let refresh = HeaderValue::try_from(format!("0; url={address}")).map_err(|error| Problem::internal(&error))?;
    response.headers_mut().insert(header::REFRESH, refresh);
    Ok(private(response))
}

pub(crate) async fn callback(
    State(state): State<AppState>,
    visit: Visit,
    client: Client,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let supabase = state.accounts.identity.supabase().ok_or_else(Problem::not_found)?;
    let Ok(granted) = visit.jar.essential() else {
        return Ok(interstitial(&state, &visit, Need::SignIn, &Back::of(SIGN_IN)));
    };
    let fields = Fields::of_query(query.as_deref());
    let secret: LinkToken = fields.get("state").and_then(|state| state.parse().ok()).ok_or_else(stale)?;
    let browser = browser(&visit.jar).ok_or_else(stale)?;
    let flow = state.store.identities.take_flow(secret.id(), &browser).await?.ok_or_else(stale)?;
    let is_code = |code: &&str| code.len() <= MAX_CODE_BYTES && code.bytes().all(|byte| byte.is_ascii_graphic());
    let Some(code) = fields.get("code").filter(is_code) else {
        tracing::info!("somebody came back from another service without a code");
        return Err(declined());
    };
    let verifier = opened(supabase.open_verifier(&flow.verifier, &secret.id().to_string()))?;
    let signed_in = supabase.exchange(code, &verifier).await.map_err(|error| match error.reason() {
        Some(Reason::FlowOver | Reason::Credentials) => stale(),
        Some(Reason::Banned) => closed(),
        _ => trouble(&error),
    })?;
    let account = recognise(&state, supabase, signed_in).await?;
    if account.disabled_at.is_some() {
        return Err(closed());
    }
    let stay = if flow.kept { Stay::Kept } else { Stay::Session };
    let next = Back::of(&flow.next);
    let begun = begin(&state, &account, client).await?;
    if state.store.factors.of(account.id).await?.any() {
        let begun = begun.ok_or_else(wait)?;
        return let_halfway(&state, &visit, &granted, &account, stay, (&begun, &next)).await;
    }
    arrive(&state, &visit, &granted, (&account, Means::Service), stay, (client, begun.as_ref())).await?;
    Ok(private(Redirect::to(next.as_str()).into_response()))
}

/// What a browser is known by between leaving and coming back.
fn browser(jar: &Jar) -> Option<String> {
    jar.get::<CsrfToken>().map(|token| words::hex(&Sha256::digest(token)))
}

fn wait() -> Problem {
    Problem {
        way_on: (SIGN_IN, "Back to signing in"),
        ..Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "Too many tries",
            "Somebody tried to sign in to your account too often. Wait for some minutes, then begin once more.",
        )
    }
}

fn stale() -> Problem {
    Problem {
        way_on: (SIGN_IN, "Sign in"),
        ..Problem::new(
            StatusCode::GONE,
            "This sign-in is over",
            "It was begun in another browser, took longer than ten minutes, or is done already. Begin it once more here.",
        )
    }
}

fn declined() -> Problem {
    Problem {
        way_on: (SIGN_IN, "Back to signing in"),
        ..Problem::new(
            StatusCode::FORBIDDEN,
            "You are not signed in",
            "The other service did not say who you are: it was broken off there, or it shares no confirmed address. Nothing \
             was changed.",
        )
    }
}

fn closed() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "This account is closed",
        "Write to whoever runs the site; the address is at the foot of the page.",
    )
}
