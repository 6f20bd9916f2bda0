//! POST /settings: keeps the preferences, or forgets them.

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use cookie_policy::Cookie as _;

use super::leave::leave;
use crate::app::AppState;
use crate::consent::Back;
use crate::csrf::Fields;
use crate::page::Problem;
use crate::preferences::Preferences;
use crate::registry::UserPreferences;
use crate::visit::Visit;

pub(crate) const ADDRESS: &str = "/settings";
/// The choice to start with a number of LUFS, which is in the field `lufs`.
pub(super) const NUMBER: &str = "number";
/// Where somebody whose settings are kept finds them, and is told so.
const KEPT: &str = "/settings?kept";

pub(crate) async fn post(State(state): State<AppState>, visit: Visit, fields: Fields) -> Result<Response, Problem> {
    let mut preferences = Preferences::default();
    for (name, value) in fields.iter() {
        preferences.set(name, value);
    }
    if fields.get("start") == Some(NUMBER) {
        preferences.set("start", fields.get("lufs").unwrap_or_default());
    }
    let text = preferences.to_cookie_value();
    // Whoever wants everything as it comes needs no cookie, and nobody's leave.
    if text.is_empty() {
        visit.jar.expire::<UserPreferences>();
        return Ok(Redirect::to(KEPT).into_response());
    }
    let granted = match leave::<UserPreferences>(&state, &visit, &fields, ADDRESS, &Back::of(ADDRESS)).await {
        Ok(granted) => granted,
        Err(ask) => return Ok(ask),
    };
    let value = UserPreferences::value(text).map_err(|error| Problem::internal(&error))?;
    visit.jar.set(value, &granted)?;
    Ok(Redirect::to(KEPT).into_response())
}
