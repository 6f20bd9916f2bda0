//! An authenticator app: POST /account/app/begin draws its key, GET /account/app shows it, POST /account/app takes the
//! code that shows that the app has it, POST /account/app/off forgets it.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use domain::{Happening, TotpKey, TotpStep};
use providers::identity::totp;
use qrcode::{Color, EcLevel, QrCode};
use store::Member;

use super::super::activity::note;
use super::super::client::{Client, Sent, SignedIn};
use super::super::letters::post as post_letter;
use super::super::show::{Done, done};
use super::super::{HOME, private};
use super::fresh::stale;
use super::{codes, letters};
use crate::app::AppState;
use crate::csrf;
use crate::page::{Here, Problem, Shell, page};
use crate::visit::Visit;
use crate::visitor;

pub(super) const ADDRESS: &str = "/account/app";

#[derive(Template)]
#[template(path = "account/app.html")]
struct AppPage<'a> {
    shell: Shell,
    csrf: String,
    picture: Picture,
    /// The same for an app on this very device.
    address: String,
    spelled: String,
    message: Option<&'a str>,
}

/// A QR code as one path of an SVG, a unit for each of its modules.
struct Picture {
    side: usize,
    path: String,
}

/// Modules of white that scanners need round it (ISO 18004).
const QUIET: usize = 4;

impl Picture {
    fn of(text: &str) -> Result<Self, Problem> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M).map_err(|error| Problem::internal(&error))?;
        let width = code.width();
        let dark = code.to_colors().into_iter().enumerate().filter(|(_, color)| *color == Color::Dark);
        let path = dark.map(|(index, _)| format!("M{} {}h1v1h-1z", QUIET + index % width, QUIET + index / width));
        Ok(Self { side: width + 2 * QUIET, path: path.collect() })
    }
}

/// The key that waits to be confirmed, sealed and open.
async fn waiting(state: &AppState, member: &Member) -> Result<Option<(Vec<u8>, TotpKey)>, Problem> {
    let account = member.account.id;
    let Some(sealed) = state.store.factors.app_to_confirm(account).await? else { return Ok(None) };
    let key = state.site.seal.open(account, &sealed).map_err(|error| Problem::internal(&error))?;
    Ok(Some((sealed, key)))
}

fn show(
    state: &AppState,
    visit: &Visit,
    member: &Member,
    key: &TotpKey,
    (status, message): (StatusCode, Option<&str>),
) -> Result<Response, Problem> {
    let csrf = csrf::field(&visit.jar, state.entropy.as_ref())?;
    let address = totp::address(key, member.account.email.as_str());
    let view = AppPage {
        csrf,
        picture: Picture::of(&address)?,
        address,
        spelled: totp::spelled(key),
        message,
        shell: state.shell(visit, Here::Account),
    };
    Ok(private(page(status, &view)))
}

fn home() -> Response {
    private(Redirect::to(HOME).into_response())
}

pub(crate) async fn begin(
    State(state): State<AppState>,
    SignedIn(member): SignedIn,
    _: Sent,
) -> Result<Response, Problem> {
    if let Some(first) = stale(&member, HOME) {
        return Ok(first);
    }
    let key = TotpKey::draw(state.entropy.as_ref());
    let sealed = state.site.seal.seal(member.account.id, &key, state.entropy.as_ref());
    state.store.factors.begin_app(member.account.id, &sealed).await?;
    Ok(private(Redirect::to(ADDRESS).into_response()))
}

pub(crate) async fn get(
    State(state): State<AppState>,
    visit: Visit,
    SignedIn(member): SignedIn,
) -> Result<Response, Problem> {
    if let Some(first) = stale(&member, ADDRESS) {
        return Ok(first);
    }
    match waiting(&state, &member).await? {
        Some((_, key)) => show(&state, &visit, &member, &key, (StatusCode::OK, None)),
        None => Ok(home()),
    }
}

pub(crate) async fn post(
    State(state): State<AppState>,
    visit: Visit,
    client: Client,
    SignedIn(member): SignedIn,
    Sent { fields, granted }: Sent,
) -> Result<Response, Problem> {
    let account = &member.account;
    if let Some(first) = stale(&member, ADDRESS) {
        return Ok(first);
    }
    let Some((sealed, key)) = waiting(&state, &member).await? else { return Ok(home()) };
    let typed = fields.get(super::check::CODE).unwrap_or_default();
    let Some(step) = totp::step_of(&key, typed, TotpStep::at(state.store.now())) else {
        let message = "That is not the code of this key. Take the one that the app shows now, and see whether the phone has \
                       the right time.";
        return show(&state, &visit, &member, &key, (StatusCode::UNPROCESSABLE_ENTITY, Some(message)));
    };
    let before = state.store.factors.of(account.id).await?;
    if !state.store.factors.confirm_app(account.id, &sealed, step).await? {
        return Ok(home());
    }
    if !before.any() {
        // They came in without it.
        state.store.sign_ins.end_others(account.id, member.sign_in).await?;
    }
    visitor::rotate(&state, &visit.jar, &granted).await?;
    note(&state, account.id, Happening::AppSet, client.device).await;
    post_letter(&state, &letters::app_set(account)).await;
    if before.codes_left == 0 { codes::make(&state, &visit, account, true).await } else { Ok(done(Done::App)) }
}

pub(crate) async fn off(
    State(state): State<AppState>,
    visit: Visit,
    client: Client,
    SignedIn(member): SignedIn,
    Sent { granted, .. }: Sent,
) -> Result<Response, Problem> {
    if let Some(first) = stale(&member, HOME) {
        return Ok(first);
    }
    if state.store.factors.app_off(member.account.id).await? {
        visitor::rotate(&state, &visit.jar, &granted).await?;
        note(&state, member.account.id, Happening::AppOff, client.device).await;
        post_letter(&state, &letters::app_off(&member.account)).await;
    }
    Ok(done(Done::AppOff))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_a_module_for_each_dark_square_and_white_round_it() {
        let picture = Picture::of("otpauth://totp/a?secret=GEZDGNBVGY3TQOJQ").expect("short enough");
        // Version 3 has 29 modules a side; its first finder pattern begins where the white ends.
        assert_eq!(picture.side, 29 + 8);
        assert!(picture.path.starts_with("M4 4h1v1h-1zM5 4h1v1h-1z"));
        let starts = |x: usize, y: usize| picture.path.contains(&format!("M{x} {y}h"));
        assert!(starts(10, 10) && starts(8, 8) && !starts(5, 5), "the finder pattern");
        assert!(!starts(3, 4) && !starts(4 + 29, 4));
    }
}
