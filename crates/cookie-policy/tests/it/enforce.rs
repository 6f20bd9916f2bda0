//! Whatever handlers and libraries try: nothing undeclared or unagreed leaves, nothing unagreed comes in.

use crate::common::{
    AuthToken, CsrfToken, DNT, GPC, QUIET, SITE, SessionId, Stripe, ThemeMode, UploadDraft, UsageStats,
    UserPreferences, key, lines, request, send, set_value, visitor,
};
use cookie_policy::{Answer, Cookie, Decision, Jar, Mode, Reason, Told, Withheld};
use http::{HeaderMap, HeaderValue, Request};

fn foreign(line: &'static str) -> impl Fn(&Request<()>, &Jar, &mut HeaderMap) {
    move |_, _, headers| {
        headers.append("set-cookie", HeaderValue::from_static(line));
    }
}

fn accepted() -> Decision {
    visitor(None, QUIET).accept_all()
}

const STORAGE: &str = r#""storage""#;

#[test]
fn a_line_that_is_not_as_declared_is_stripped() {
    for (line, fault) in [
        ("tracker=1; Max-Age=60", "undeclared"),
        ("theme-mode=dark; Max-Age=7776001; Path=/; SameSite=Lax; Secure", "longer than declared"),
        ("theme-mode=dark; Path=/; SameSite=Lax; Secure", "session where a life is declared"),
        ("session-id=a; Max-Age=60; Path=/; SameSite=Lax; Secure; HttpOnly", "a life where session is declared"),
        ("theme-mode=dark; Max-Age=60; Path=/; SameSite=Lax", "not Secure"),
        ("theme-mode=dark; Max-Age=60; Path=/; SameSite=Lax; Secure; HttpOnly", "HttpOnly"),
        ("theme-mode=dark; Max-Age=60; Path=/; SameSite=None; Secure", "another SameSite"),
        ("theme-mode=dark; Max-Age=60; Path=/; Secure", "no SameSite"),
        ("theme-mode=dark; Max-Age=60; Path=/account; SameSite=Lax; Secure", "another Path"),
        ("theme-mode=dark; Max-Age=60; SameSite=Lax; Secure", "no Path"),
        ("theme-mode=dark; Max-Age=60; Path=/; SameSite=Lax; Secure; Domain=example.com", "Domain"),
        ("theme-mode=dark; Max-Age=60; Path=/; SameSite=Lax; Secure; Partitioned", "unknown attribute"),
        ("theme-mode=dark; Max-Age=60; Path=/; Path=/; SameSite=Lax; Secure", "twice"),
        (
            "theme-mode=dark; Max-Age=0; Expires=Fri, 01 Jan 2100 00:00:00 GMT; Path=/; SameSite=Lax; Secure",
            "two dates",
        ),
        ("theme-mode=dark; Max-Age=6o; Path=/; SameSite=Lax; Secure", "no number"),
        ("THEME-MODE=dark; Max-Age=60; Path=/; SameSite=Lax; Secure", "another case is another cookie"),
        ("upload-draft=1; Max-Age=60; Path=/; SameSite=Lax; Secure", "declared, but as web storage"),
        ("__stripe_mid=1; Max-Age=60; Path=/; SameSite=Lax; Secure", "another origin's"),
        ("cookie-consent=1.AAAA.AAAA; Max-Age=60; Path=/; SameSite=Lax; Secure; HttpOnly", "the layer's own"),
        ("nameless", "nameless"),
    ] {
        let response = send(Mode::Strip, request(Some(&accepted()), QUIET, ""), foreign(line));
        assert_eq!(lines(&response, "set-cookie"), Vec::<String>::new(), "{fault}");
        let strict =
            std::panic::catch_unwind(|| send(Mode::Panic, request(Some(&accepted()), QUIET, ""), foreign(line)));
        assert!(strict.is_err(), "a test fails where the fault is: {fault}");
    }
}

#[test]
fn a_foreign_line_that_is_as_declared_and_agreed_to_passes_unchanged() {
    for line in [
        "theme-mode=dark; Max-Age=7776000; Path=/; SameSite=Lax; Secure",
        "theme-mode=dark; expires=Wed, 04 Mar 2026 10:20:30 GMT; path=/; samesite=lax; secure",
        "auth-token=a; HttpOnly; SameSite=Lax; Path=/; Secure",
        "auth-token=a; HttpOnly; SameSite=Lax; Path=/; Secure; Max-Age=604800",
    ] {
        let response = send(Mode::Panic, request(Some(&accepted()), QUIET, ""), foreign(line));
        assert_eq!(lines(&response, "set-cookie"), [line]);
    }
}

#[test]
fn deleting_is_always_allowed() {
    let blocked = visitor(None, QUIET).block_all();
    for line in [
        "theme-mode=; Max-Age=0",
        "tracker=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/x; Domain=example.com",
        "tracker=; Expires=Thu, 01-Jan-1970 00:00:01 GMT",
        "_ga=; Max-Age=-1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Priority=High",
    ] {
        let response = send(Mode::Panic, request(Some(&blocked), QUIET, ""), foreign(line));
        assert_eq!(lines(&response, "set-cookie"), [line]);
    }
}

#[test]
fn a_library_that_deletes_the_consent_cookie_ends_the_decision() {
    let line = foreign("cookie-consent=; Max-Age=0; Path=/");
    let response = send(Mode::Panic, request(Some(&accepted()), QUIET, ""), line);
    assert_eq!(set_value(&response, "cookie-consent").as_deref(), Some(""));
    assert_eq!(set_value(&response, "_ga").as_deref(), Some(""));
    assert_eq!(set_value(&response, "session-id"), None);
}

#[test]
fn withdrawing_deletes_what_is_no_longer_agreed_to_and_keeps_the_rest() {
    let decision = visitor(None, QUIET).selective(["theme-mode", "upload-draft"], Told::Nothing).unwrap();
    let response =
        send(Mode::Panic, request(Some(&accepted()), QUIET, ""), move |_, jar, _| jar.decide(decision.clone()));
    for name in ["user-preferences", "_ga", "usage-stats"] {
        assert_eq!(set_value(&response, name).as_deref(), Some(""), "{name}");
    }
    for name in ["session-id", "auth-token", "csrf-token", "theme-mode", "__stripe_mid"] {
        assert_eq!(set_value(&response, name), None, "{name}");
    }
    assert!(lines(&response, "clear-site-data").is_empty(), "a draft is still agreed to");
    let consent = lines(&response, "set-cookie").into_iter().find(|line| line.starts_with("cookie-consent="));
    assert!(consent.unwrap().ends_with("; Max-Age=15552000; Path=/; SameSite=Lax; Secure; HttpOnly"));
}

#[test]
fn clear_site_data_never_takes_the_new_decision_with_it() {
    let decided = send(Mode::Panic, request(None, QUIET, ""), |_, jar, _| {
        jar.decide(jar.consent().block_all());
    });
    assert_eq!(lines(&decided, "clear-site-data"), [STORAGE]);

    let erased = send(Mode::Panic, request(Some(&accepted()), QUIET, ""), |_, jar, _| {
        jar.set(SessionId::value("late").unwrap(), &jar.essential().unwrap()).unwrap();
        jar.erase();
    });
    assert_eq!(lines(&erased, "clear-site-data"), [r#""cookies", "storage""#]);
    for item in SITE.items().iter().filter(|item| item.is_own_cookie()) {
        assert_eq!(set_value(&erased, item.name).as_deref(), Some(""), "{}", item.name);
    }
}

#[test]
fn another_device_is_cleared_at_its_next_request() {
    let blocked = visitor(None, QUIET).block_all();
    let cookies = "theme-mode=dark; stranger=1; auth-token=a";
    let response = send(Mode::Panic, request(Some(&blocked), QUIET, cookies), |request, _, _| {
        let seen = request.headers()["cookie"].to_str().unwrap();
        assert!(seen.starts_with("cookie-consent=") && !seen.contains(';'), "{seen}");
    });
    assert_eq!(lines(&response, "set-cookie").len(), 2);
    assert_eq!(set_value(&response, "theme-mode").as_deref(), Some(""));
    assert_eq!(set_value(&response, "auth-token").as_deref(), Some(""));
    assert_eq!(lines(&response, "cache-control"), ["private, no-store"]);
}

#[test]
fn forgetting_a_decision_deletes_it_and_what_it_allowed() {
    let response = send(Mode::Panic, request(Some(&accepted()), QUIET, ""), |_, jar, _| jar.forget());
    assert_eq!(set_value(&response, "cookie-consent").as_deref(), Some(""));
    assert_eq!(set_value(&response, "_ga").as_deref(), Some(""));
    assert_eq!(set_value(&response, "session-id"), None);
}

#[test]
fn a_renewed_token_does_not_outlive_what_was_promised() {
    let response = send(Mode::Panic, request(None, QUIET, ""), |_, jar, _| {
        let granted = jar.ask::<AuthToken>().unwrap();
        jar.set(AuthToken::value("renewed").unwrap().kept().at_most_s(3600), &granted).unwrap();
        jar.set(CsrfToken::value("c").unwrap().at_most_s(5), &granted).unwrap();
    });
    assert_eq!(
        lines(&response, "set-cookie"),
        [
            "auth-token=renewed; Max-Age=3600; Path=/; SameSite=Lax; Secure; HttpOnly",
            "csrf-token=c; Path=/account; SameSite=Strict; Secure; HttpOnly",
        ]
    );
}

#[test]
fn a_witness_for_one_cookie_does_not_open_another_of_its_category() {
    let decision = visitor(None, QUIET).selective(["theme-mode"], Told::Nothing).unwrap();
    let response = send(Mode::Panic, request(Some(&decision), QUIET, ""), |_, jar, _| {
        let granted = jar.ask::<ThemeMode>().unwrap();
        let refused = jar.set(UserPreferences::value("x").unwrap(), &granted);
        assert_eq!(refused, Err(Withheld::NotAgreed { name: "user-preferences", reason: Reason::NotSelected }));
    });
    assert!(lines(&response, "set-cookie").is_empty());
}

#[test]
fn a_question_waits_across_a_redirect_and_its_answer_ends_it() {
    let prompt = visitor(None, QUIET).prompt();
    let post = send(Mode::Panic, request(Some(&prompt), QUIET, ""), |_, jar, headers| {
        assert!(jar.ask::<ThemeMode>().is_err());
        assert!(jar.ask::<UploadDraft>().is_err());
        headers.append("set-cookie", HeaderValue::from_static("usage-stats=1; Max-Age=60"));
    });
    let value = set_value(&post, "cookie-consent").expect("the questions are remembered");
    assert_eq!(lines(&post, "set-cookie").len(), 1);

    let waiting = Decision::from_cookie_value(value.as_bytes(), &SITE, &key()).unwrap();
    let next = send(Mode::Panic, request(Some(&waiting), QUIET, ""), |_, jar, _| {
        let questions = jar.consent().questions();
        assert_eq!(questions.iter().map(|q| q.name).collect::<Vec<_>>(), ["theme-mode", "usage-stats", "upload-draft"]);
        assert_eq!(questions[0].purposes, ["preferences"]);
        assert_eq!(questions[0].life.longest_s(), Some(90 * 24 * 3600));
        assert!(jar.ask::<ThemeMode>().is_err());
        jar.decide(jar.consent().answer("theme-mode", Answer::Allow, Told::Nothing).unwrap());
        jar.decide(jar.consent().answer("usage-stats", Answer::Never, Told::Nothing).unwrap());
        assert!(jar.set(ThemeMode::value("dark").unwrap(), &jar.ask::<ThemeMode>().unwrap()).is_ok());
        assert_eq!(jar.consent().questions().len(), 1);
    });
    assert_eq!(set_value(&next, "theme-mode").as_deref(), Some("dark"));
    assert_eq!(set_value(&next, "usage-stats").as_deref(), Some(""));
}

#[test]
fn a_question_against_the_signal_says_so() {
    let consent = visitor(Some(visitor(None, GPC).prompt()), GPC);
    assert!(consent.question("_ga").unwrap().against_signal);
    assert!(!consent.question("theme-mode").unwrap().against_signal);
    send(Mode::Panic, request(Some(&visitor(None, GPC).prompt()), GPC, ""), |_, jar, _| {
        let withheld = Withheld::NotAgreed { name: "usage-stats", reason: Reason::Signal };
        assert_eq!(jar.ask::<UsageStats>().unwrap_err(), withheld);
        assert!(jar.consent().questions().is_empty(), "a browser that says no is not asked");
    });
}

#[test]
fn another_origins_cookie_cannot_be_set_through_the_jar() {
    send(Mode::Panic, request(None, QUIET, ""), |_, jar, _| {
        let granted = jar.essential().unwrap();
        let refused = jar.set(Stripe::value("x").unwrap(), &granted);
        assert_eq!(refused, Err(Withheld::Unregistered { name: "__stripe_mid" }));
    });
}

#[test]
fn a_response_that_depends_on_the_visitor_varies_and_stays_private() {
    for (before, after) in [
        (None, "private, no-cache"),
        (Some("public, max-age=60, s-maxage=600"), "private, max-age=60"),
        (Some("no-store"), "no-store"),
        (Some("private, max-age=5"), "private, max-age=5"),
    ] {
        let response = send(Mode::Panic, request(None, DNT, ""), |_, jar, headers| {
            assert_eq!(jar.consent().signal(), DNT);
            headers.insert("vary", HeaderValue::from_static("accept-encoding, COOKIE"));
            if let Some(before) = before {
                headers.insert("cache-control", HeaderValue::from_static(before));
            }
        });
        assert_eq!(lines(&response, "cache-control"), [after]);
        assert_eq!(lines(&response, "vary"), ["accept-encoding, COOKIE", "DNT, Sec-GPC"]);
    }
    let asset = send(Mode::Panic, request(Some(&accepted()), QUIET, "theme-mode=dark"), |_, _, headers| {
        headers.insert("cache-control", HeaderValue::from_static("public, max-age=31536000, immutable"));
    });
    assert_eq!(lines(&asset, "cache-control"), ["public, max-age=31536000, immutable"], "an asset stays cacheable");
    assert!(lines(&asset, "vary").is_empty());
}

#[test]
fn two_genuine_decisions_that_contradict_each_other_count_as_none() {
    let (yes, no) = (accepted().to_cookie_value(&key()), visitor(None, QUIET).block_all());
    let both = request(Some(&no), QUIET, &format!("cookie-consent={yes}"));
    send(Mode::Panic, both, |_, jar, _| {
        assert!(jar.consent().decision().is_none());
    });
    let twice = request(Some(&no), QUIET, &format!("cookie-consent=x; cookie-consent={}", no.to_cookie_value(&key())));
    send(Mode::Panic, twice, |_, jar, _| {
        assert_eq!(jar.consent().decision(), Some(&visitor(None, QUIET).block_all()));
    });
}
