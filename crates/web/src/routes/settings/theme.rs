//! POST /settings/theme: light, dark, or as the system says.

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use cookie_policy::Cookie as _;

use super::leave::leave;
use crate::app::AppState;
use crate::consent::Back;
use crate::csrf::Fields;
use crate::page::Problem;
use crate::preferences::Theme;
use crate::registry::ThemeMode;
use crate::visit::Visit;

pub(crate) const ADDRESS: &str = "/settings/theme";

pub(crate) async fn post(State(state): State<AppState>, visit: Visit, fields: Fields) -> Result<Response, Problem> {
    let back = Back::of(fields.get("back").unwrap_or("/settings"));
    let theme = fields.get("theme").and_then(Theme::of_word).unwrap_or_default();
    // What is as the system says needs no cookie, and nobody's leave.
    if !theme.is_chosen() {
        visit.jar.expire::<ThemeMode>();
        return Ok(Redirect::to(back.as_str()).into_response());
    }
    let granted = match leave::<ThemeMode>(&state, &visit, &fields, ADDRESS, &back).await {
        Ok(granted) => granted,
        Err(ask) => return Ok(ask),
    };
    let value = ThemeMode::value(theme.word()).map_err(|error| Problem::internal(&error))?;
    visit.jar.set(value, &granted)?;
    Ok(Redirect::to(back.as_str()).into_response())
}
