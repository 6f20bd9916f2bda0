//! What comes back when it is not what was asked for.

use std::time::Duration;

use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::token::Untrusted;

/// Longest pause that a service may ask for.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);

/// Supabase did not do what was asked. Never with a token, a key or an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It cannot be reached, whatever one asks for: no connection, or the answer of what stands before it.
    #[error("Supabase cannot be reached: {0}")]
    Unreachable(String),
    /// No answer in time, one that is no answer, or one that says that the fault is on the other side.
    #[error("Supabase does not answer as it should: {0}")]
    Down(String),
    /// Too many requests, from this host as a whole: Supabase counts by address.
    #[error("Supabase asks to come back in {} seconds; its rate limits are the project's settings", .0.as_secs())]
    Busy(Duration),
    /// A no, with a reason.
    #[error("Supabase refused with {status}: {reason:?}")]
    Refused {
        /// The response's status.
        status: StatusCode,
        /// Why.
        reason: Reason,
    },
    /// It said yes with a token that is not to be believed.
    #[error("Supabase answered with a token that cannot be trusted")]
    Untrusted(#[from] Untrusted),
    /// It signed somebody in whose address nobody confirmed: the project is set to believe any address.
    #[error("the Supabase project takes addresses unconfirmed: switch on `Confirm email` in its settings")]
    Unconfirming,
}

/// Why Supabase refuses, as far as this program tells reasons apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// Address and password do not belong together; or a code is no good.
    Credentials,
    /// Nobody opened the mail yet.
    Unconfirmed,
    /// Somebody closed this user's account at Supabase.
    Banned,
    /// The link of a mail is used up, too old, or none.
    LinkOver,
    /// The password is not one that the project takes.
    WeakPassword,
    /// The password is the one that was set before.
    SamePassword,
    /// The address is another user's.
    EmailTaken,
    /// The session is over, or its token was used by somebody else.
    SessionOver,
    /// The access token has expired, or is none of the project's.
    BadToken,
    /// There is no such user.
    NoUser,
    /// A sign-in by way of another service took too long, or its code is another's.
    FlowOver,
    /// Nobody new is taken, or not in this way.
    Disabled,
    /// Something else, by Supabase's name for it.
    Other(String),
}

#[derive(Deserialize, Default)]
struct Body {
    code: Option<Value>,
    error_code: Option<String>,
    error: Option<String>,
}

impl Error {
    /// A no, for a reason that is known without asking.
    pub(super) fn refused(status: StatusCode, reason: Reason) -> Self {
        Self::Refused { status, reason }
    }

    /// Whether it may well go right another time: nothing is known to be wrong with what was asked.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Down(_) | Self::Busy(_))
    }

    /// Whether it says that whoever's session it is has no right to it any more.
    pub fn ends_session(&self) -> bool {
        matches!(
            self,
            Self::Refused { reason: Reason::SessionOver | Reason::NoUser | Reason::Banned | Reason::Credentials, .. }
        )
    }

    /// The reason, where it was refused.
    pub fn reason(&self) -> Option<&Reason> {
        match self {
            Self::Refused { reason, .. } => Some(reason),
            _ => None,
        }
    }

    /// From a response that is no success.
    pub(super) fn of(status: StatusCode, pause: Option<Duration>, body: &[u8]) -> Self {
        if status == StatusCode::TOO_MANY_REQUESTS {
            return Self::Busy(pause.unwrap_or(Duration::from_mins(1)).min(LONGEST_PAUSE));
        }
        if matches!(status, StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT) {
            return Self::Unreachable(format!("the answer was {status}"));
        }
        if status.is_server_error() || status.is_redirection() || status == StatusCode::REQUEST_TIMEOUT {
            return Self::Down(format!("the answer was {status}"));
        }
        let Body { code, error_code, error } = serde_json::from_slice(body).unwrap_or_default();
        // Since 2024 `code` is the reason's name; before, it was the status, and the name stood beside it or nowhere.
        let named = code.as_ref().and_then(Value::as_str).map(str::to_owned);
        let name = named.or(error_code).or(error).unwrap_or_default();
        Self::Refused { status, reason: Reason::of(&name) }
    }
}

impl Reason {
    fn of(name: &str) -> Self {
        match name {
            "invalid_credentials" | "invalid_grant" => Self::Credentials,
            "email_not_confirmed" => Self::Unconfirmed,
            "user_banned" => Self::Banned,
            "otp_expired" => Self::LinkOver,
            "weak_password" => Self::WeakPassword,
            "same_password" => Self::SamePassword,
            "email_exists" | "user_already_exists" => Self::EmailTaken,
            "session_not_found" | "session_expired" | "refresh_token_not_found" | "refresh_token_already_used" => {
                Self::SessionOver
            }
            "bad_jwt" => Self::BadToken,
            "user_not_found" => Self::NoUser,
            "flow_state_not_found" | "flow_state_expired" | "flow_state_already_used" | "bad_code_verifier" => {
                Self::FlowOver
            }
            "signup_disabled" | "email_provider_disabled" | "provider_disabled" | "otp_disabled" => Self::Disabled,
            // What goes into the log is a name, or nothing.
            _ => {
                let is_name = name.len() <= 60 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
                Self::Other(if is_name { name.to_owned() } else { String::new() })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(body: &str) -> Option<Reason> {
        Error::of(StatusCode::BAD_REQUEST, None, body.as_bytes()).reason().cloned()
    }

    #[test]
    fn a_reason_is_read_as_each_version_of_the_service_writes_it() {
        for body in [
            r#"{"code":"invalid_credentials","message":"Invalid login credentials"}"#,
            r#"{"code":400,"error_code":"invalid_credentials","msg":"Invalid login credentials"}"#,
            r#"{"error":"invalid_grant","error_description":"Invalid login credentials"}"#,
        ] {
            assert_eq!(reason(body), Some(Reason::Credentials), "{body}");
        }
        assert_eq!(reason(r#"{"code":"hook_timeout"}"#), Some(Reason::Other("hook_timeout".to_owned())));
        for body in ["", "[]", "<html>", r#"{"code":null}"#, r#"{"code":"Some\ntext with <markup>"}"#] {
            assert_eq!(reason(body), Some(Reason::Other(String::new())), "{body}");
        }
    }

    #[test]
    fn what_may_pass_is_no_refusal() {
        let of = |status| Error::of(status, Some(Duration::from_hours(5)), b"{}");
        assert_eq!(of(StatusCode::TOO_MANY_REQUESTS), Error::Busy(LONGEST_PAUSE));
        for status in [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::BAD_GATEWAY, StatusCode::FOUND] {
            assert!(of(status).is_passing() && !of(status).ends_session(), "{status}");
        }
        assert!(!of(StatusCode::BAD_REQUEST).is_passing());
    }
}
