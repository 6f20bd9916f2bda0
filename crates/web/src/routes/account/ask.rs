//! Asking for a link by mail: the answer is the same, and as quick, whether or not the address has an account.
//!
//! Not here: which link is sent to whom.

use axum::response::Response;
use domain::Email;

use super::client::{Client, Sent};
use super::form::Form;
use super::private;
use super::prove::sentence;
use crate::app::AppState;
use crate::page::{Here, message};
use crate::visit::Visit;

/// Takes the address of a form, and has `send` done for it; a failure of that is logged as one of `what`.
pub(super) fn ask<Sending>(
    state: &AppState,
    visit: &Visit,
    client: Client,
    sent: &Sent,
    (form, what): (&dyn Fn(&str) -> Form, &'static str),
    send: impl FnOnce(AppState, Email) -> Sending,
) -> Response
where
    Sending: Future<Output = store::Result<()>> + Send + 'static,
{
    let typed = sent.fields.get("email").unwrap_or_default();
    let email: Email = match typed.parse() {
        Ok(email) => email,
        Err(error) => return form(typed).wrong(state, visit, &sentence(&error)),
    };
    if let Err(wait) = state.accounts.mails_asked.begin(&client.peer.network()) {
        return form(typed).wait(state, visit, wait);
    }
    let sending = send(state.clone(), email.clone());
    // In the background: how long it takes would tell whether there is an account.
    tokio::spawn(async move {
        if let Err(error) = sending.await {
            tracing::error!(%error, "{what} failed: {error}");
        }
    });
    look_into_mail(state, visit, &email)
}

/// What everybody is told who asked for a link, whatever comes of it.
pub(super) fn look_into_mail(state: &AppState, visit: &Visit, email: &Email) -> Response {
    let text = format!(
        "A mail is on its way to {email}. Open the link in it to go on, in this browser if you can. If nothing comes within \
         some minutes, look among the unwanted mails, and whether the address is right."
    );
    private(message(state, visit, Here::Account, "Look into your mail", &text, ("/", "Master a mix meanwhile")))
}
