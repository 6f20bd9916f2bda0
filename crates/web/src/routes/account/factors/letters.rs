//! What our mails say of second factors.

use domain::{Account, PasskeyName};

use super::super::letters::Letter;

pub(super) fn app_set(account: &Account) -> Letter {
    let line = "From now on your account asks for a code of your authenticator app after the password.";
    Letter::about("app", account, "An authenticator app was set up", [line])
}

pub(super) fn app_off(account: &Account) -> Letter {
    let line = "Your account no longer asks for a code of an authenticator app.";
    Letter::about("app-off", account, "Your authenticator app was turned off", [line])
}

pub(super) fn codes_made(account: &Account) -> Letter {
    let line = "Ten new recovery codes were made for your account. The ones that you had before open nothing any more.";
    Letter::about("codes", account, "New recovery codes", [line])
}

pub(super) fn recovery_code_used(account: &Account, left: u32) -> Letter {
    let rest = match left {
        0 => "That was the last one: make new ones on your account\u{2019}s page.".to_owned(),
        1 => "One is left: make new ones on your account\u{2019}s page.".to_owned(),
        left => format!("{left} are left."),
    };
    let line = "Somebody, most likely you, has just used one of your recovery codes. It works no more.";
    Letter::about("code-used", account, "A recovery code was used", [line.to_owned(), rest])
}

pub(super) fn many_wrong_codes(account: &Account) -> Letter {
    let lines = [
        "Somebody typed your password and then a wrong code, several times. They are not in, and each next try has to wait \
         for longer.",
        "If that was not you, somebody knows your password: choose another one.",
    ];
    Letter::about("wrong-codes", account, "Somebody knows your password", lines)
}

pub(super) fn passkey_added(account: &Account, name: &PasskeyName) -> Letter {
    let lines = [
        format!(
            "A passkey was added to your account, \u{201c}{name}\u{201d}. It opens your account without a password."
        ),
        "Where the password is used, a second step comes after it.".to_owned(),
    ];
    Letter::about("passkey", account, "A passkey was added", lines)
}

pub(super) fn passkey_removed(account: &Account, name: &PasskeyName) -> Letter {
    let line = format!("The passkey \u{201c}{name}\u{201d} was removed from your account and opens it no more.");
    Letter::about("passkey-gone", account, "A passkey was removed", [line])
}

pub(super) fn passkey_copied(account: &Account) -> Letter {
    let lines = [
        "One of your passkeys was refused: its counter says that it was used elsewhere since, as if there were a copy of it.",
        "If you do not know why, remove that passkey on your account\u{2019}s page, and add a new one.",
    ];
    Letter::about("passkey-copied", account, "A passkey was refused", lines)
}
