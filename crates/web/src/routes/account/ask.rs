//! Asking for a link by mail: the answer is the same, and as quick, whether or not the address has an account.
//!
//! Not here: which link is sent to whom, and by whom.

use axum::response::Response;
use domain::Email;

use super::client::{Client, Sent};
use super::form::Form;
use super::prove::sentence;
use super::{identity, private};
use crate::app::AppState;
use crate::page::{Here, Problem, message};
use crate::visit::Visit;

/// Takes the address of a form, and has `send` done for it.
pub(super) async fn ask<Sending>(
    state: &AppState,
    visit: &Visit,
    client: Client,
    sent: &Sent,
    form: &(dyn Fn(&str) -> Form + Sync),
    send: impl FnOnce(AppState, Email) -> Sending,
) -> Result<Response, Problem>
where
    Sending: Future<Output = Result<(), Problem>> + Send + 'static,
{
    let typed = sent.fields.get("email").unwrap_or_default();
    let email: Email = match typed.parse() {
        Ok(email) => email,
        Err(error) => return Ok(form(typed).wrong(state, visit, &sentence(&error))),
    };
    if let Err(wait) = state.accounts.mails_asked.begin(&client.peer.network()) {
        return Ok(form(typed).wait(state, visit, wait));
    }
    // In the background: how long it takes would tell whether there is an account.
    identity::settled(state, tokio::spawn(send(state.clone(), email.clone()))).await?;
    Ok(look_into_mail(state, visit, &email))
}

/// What everybody is told who asked for a link, whatever comes of it.
pub(super) fn look_into_mail(state: &AppState, visit: &Visit, email: &Email) -> Response {
    let text = format!(
        "A mail is on its way to {email}. Open the link in it to go on, in this browser if you can. If nothing comes within \
         some minutes, look among the unwanted mails, and whether the address is right."
    );
    private(message(state, visit, Here::Account, "Look into your mail", &text, ("/", "Master a mix meanwhile")))
}
