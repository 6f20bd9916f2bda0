//! What our mails say of second factors.

use domain::Account;

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
