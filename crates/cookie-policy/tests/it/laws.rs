//! Laws of the layer: arbitrary handlers, arbitrary bytes, arbitrary decisions.

use crate::common::browser::Browser;
use crate::common::{NOW, SITE, SessionId, Stripe, ThemeMode, UsageStats, Visitor, key, lines, request, send, visitor};
use cookie_policy::{Access, Answer, Consent, Cookie, Decision, Jar, Kind, Mode, Party, Signal, Told};
use http::{HeaderMap, HeaderValue, Request, Response};
use proptest::prelude::*;

/// What a handler may do.
#[derive(Clone, Debug)]
enum Act {
    Set(u8, String),
    Expire(u8),
    Decide(u8),
    Foreign(Vec<u8>),
}

fn sign(bits: u8) -> Signal {
    Signal { dnt: bits & 1 != 0, gpc: bits & 2 != 0 }
}

fn decide(consent: &Consent, number: u8) -> Decision {
    let names: Vec<&str> = SITE.items().iter().map(|item| item.name).collect();
    let some = names.iter().enumerate().filter(|(i, _)| number >> (i % 7) & 1 != 0).map(|(_, name)| *name);
    match number % 5 {
        0 => consent.accept_all(),
        1 => consent.block_all(),
        2 => consent.prompt(),
        3 => consent.selective(some, Told::OfSignal).unwrap(),
        _ => consent.answer(names[4 + usize::from(number) % 4], Answer::Allow, Told::OfSignal).unwrap(),
    }
}

fn set<K: Cookie>(jar: &Jar, text: &str) {
    if let (Ok(value), Ok(granted)) = (K::value(text), jar.ask::<K>()) {
        let _ = jar.set(value.kept(), &granted);
    }
}

fn act(acts: &[Act], jar: &Jar, headers: &mut HeaderMap) {
    for act in acts {
        match act {
            Act::Set(0, text) => set::<SessionId>(jar, text),
            Act::Set(1, text) => set::<ThemeMode>(jar, text),
            Act::Set(2, text) => set::<Visitor>(jar, text),
            Act::Set(3, text) => set::<Stripe>(jar, text),
            Act::Set(_, text) => set::<UsageStats>(jar, text),
            Act::Expire(0) => jar.expire::<SessionId>(),
            Act::Expire(_) => jar.expire::<ThemeMode>(),
            Act::Decide(number) => jar.decide(decide(&jar.consent(), *number)),
            Act::Foreign(line) => {
                if let Ok(value) = HeaderValue::from_bytes(line) {
                    headers.append("set-cookie", value);
                }
            }
        }
    }
}

/// Lines that look almost right, so that the interesting ones are reached.
fn almost() -> impl Strategy<Value = Vec<u8>> {
    let names = SITE.items().iter().map(|item| item.name).chain(["tracker", "", " theme-mode ", "Theme-Mode"]);
    let parts = [
        "Secure",
        "secure",
        "HttpOnly",
        "SameSite=Lax",
        "samesite=strict",
        "SameSite=None",
        "Path=/",
        "path=/account",
        "Max-Age=60",
        "Max-Age=0",
        "max-age=-5",
        "Max-Age=99999999999999999999",
        "Max-Age=604800",
        "Max-Age=",
        "Max-Age",
        "Max-Age=7776000",
        "Expires=Wed, 04 Mar 2026 10:20:30 GMT",
        "Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        "Expires=1 jan 2031 1:2:3",
        "expires=Sun, 06-Nov-94 08:49:37 GMT",
        "Domain=example.com",
        "Domain",
        "Partitioned",
        " ",
        "Expires=x",
        "Secure=1",
        "HttpOnly=0",
        "=",
        "Max-Age = 60 ",
    ];
    let part = prop_oneof![
        proptest::sample::select(parts.to_vec()).prop_map(str::to_owned),
        // Around the declared lives, where a second decides.
        (proptest::sample::select(vec![604_800, 2_592_000, 7_776_000, 63_072_000]), -1..2_i64)
            .prop_map(|(declared, by)| format!("Max-Age={}", declared + by)),
    ];
    let name = proptest::sample::select(names.collect::<Vec<_>>());
    (name, any::<[bool; 2]>(), proptest::collection::vec(part, 0..4)).prop_map(|(name, [full, hidden], parts)| {
        let full = if full { "Secure; Path=/; SameSite=Lax" } else { "" };
        let hidden = if hidden { "HttpOnly" } else { "" };
        format!("{name}=v; {full}; {hidden}; {}", parts.join(";")).into_bytes()
    })
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        (0..5_u8, "[ -~]{0,12}").prop_map(|(which, text)| Act::Set(which, text)),
        (0..2_u8).prop_map(Act::Expire),
        any::<u8>().prop_map(Act::Decide),
        almost().prop_map(Act::Foreign),
        almost().prop_map(Act::Foreign),
        proptest::collection::vec(any::<u8>(), 0..80).prop_map(Act::Foreign),
    ];
    proptest::collection::vec(act, 0..8)
}

/// The visitor's standing as the browser would bring it back.
fn after(request: &Request<()>, response: &Response<()>, signal: Signal) -> Consent {
    let sent = lines(response, "set-cookie").into_iter().rev().find(|line| line.starts_with("cookie-consent="));
    let cookie = sent.map(|line| line["cookie-consent=".len()..line.find(';').unwrap()].to_owned());
    let before = request.headers().get("cookie").map(|value| value.to_str().unwrap().to_owned());
    let before = before.and_then(|line| Some(line[line.find("cookie-consent=")? + 15..].to_owned()));
    let decision = cookie.or(before).and_then(|value| Decision::from_cookie_value(value.as_bytes(), &SITE, &key()));
    visitor(decision, signal)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn nothing_undeclared_or_unagreed_leaves(
        before in proptest::option::of(any::<u8>()),
        bits in 0..4_u8,
        acts in acts(),
    ) {
        let signal = sign(bits);
        let decision = before.map(|number| decide(&visitor(None, signal), number));
        let sent = request(decision.as_ref(), signal, "theme-mode=dark; _ga=1; session-id=s");
        let mut browser = Browser::default();
        for line in ["theme-mode=dark; Max-Age=60; Path=/", "_ga=1; Max-Age=60; Path=/", "session-id=s; Path=/"] {
            browser.receive(line.as_bytes(), NOW);
        }
        let held = browser.clone();
        let response = send(Mode::Strip, sent.clone(), |_, jar, headers| act(&acts, jar, headers));
        for line in response.headers().get_all("set-cookie") {
            browser.receive(line.as_bytes(), NOW);
        }
        let consent = after(&sent, &response, signal);
        for ((name, path), stored) in &browser.0 {
            let name = std::str::from_utf8(name).expect("declared names are text");
            let item = SITE.find(name).expect("declared");
            prop_assert!(consent.standing(item).is_agreed(), "{name} without agreement");
            if held.find(name).is_some_and(|before| before == stored) {
                continue;
            }
            prop_assert_eq!(item.kind, Kind::Cookie);
            prop_assert!(!matches!(item.spec.party, Party::Third(_)), "{} is not ours", name);
            match (stored.life_s, item.spec.life.longest_s()) {
                (None, _) => prop_assert!(item.spec.life.may_be_session(), "{name} for a session"),
                (Some(life), declared) => prop_assert!(declared.is_some_and(|d| life <= i64::from(d)), "{name}: {life} s"),
            }
            prop_assert_eq!(path.as_slice(), item.spec.path.as_bytes());
            prop_assert!(stored.secure && stored.domain.is_none());
            prop_assert_eq!(stored.http_only, item.spec.access == Access::HttpOnly);
            let same_site = item.spec.same_site.as_str().to_ascii_lowercase();
            prop_assert_eq!(stored.same_site.as_deref(), Some(same_site.as_bytes()));
        }
    }

    #[test]
    fn no_cookie_line_crashes_the_layer_and_none_that_is_unagreed_comes_in(
        raw in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..4),
        names in proptest::collection::vec(0..14_usize, 0..6),
        before in proptest::option::of(any::<u8>()),
        bits in 0..4_u8,
    ) {
        let decision = before.map(|number| decide(&visitor(None, sign(bits)), number));
        let mut sent = request(decision.as_ref(), sign(bits), "");
        for i in names {
            let name = SITE.items().get(i).map_or("stranger", |item| item.name);
            sent.headers_mut().append("cookie", format!("a;{name}=\"x\"; ;{name}=y=z").parse().unwrap());
        }
        for line in raw.iter().filter_map(|line| HeaderValue::from_bytes(line).ok()) {
            sent.headers_mut().append("cookie", line);
        }
        send(Mode::Panic, sent, |request, jar, _| {
            let consent = jar.consent();
            for line in request.headers().get_all("cookie") {
                for pair in line.as_bytes().split(|&b| b == b';') {
                    let name = pair.split(|&b| b == b'=').next().unwrap_or_default().trim_ascii();
                    let item = SITE.find(std::str::from_utf8(name).expect("declared names are text")).expect("declared");
                    assert!(item.kind == Kind::Cookie && consent.standing(item).is_agreed());
                }
            }
        });
    }
}
