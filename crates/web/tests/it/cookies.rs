//! What visitors are asked about cookies, and what comes of each answer.

use crate::common::{Answer, Bench, form, get, upload};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use cookie_policy::{Consent, CookieConsent, Decision, Registry, Signal, registry};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use web::{Limits, Site};

async fn bench() -> Bench {
    Bench::new(Limits::default()).await
}

fn posted(path: &str, cookie: &str, fields: &str) -> Request<Body> {
    get(path, cookie)
        .method("POST")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(fields.to_owned()))
        .expect("a request")
}

fn with(mut request: Request<Body>, name: &'static str, value: &'static str) -> Request<Body> {
    request.headers_mut().insert(name, value.parse().expect("a header"));
    request
}

fn page(path: &str, cookie: &str) -> Request<Body> {
    get(path, cookie).body(Body::empty()).expect("a request")
}

/// All cookies that an answer sets, as name and value, without those that it deletes.
fn set(answer: &Answer) -> Vec<String> {
    let lines = answer.headers.get_all(header::SET_COOKIE).iter().map(|line| line.to_str().expect("ASCII"));
    lines
        .filter(|line| !line.contains("Max-Age=0"))
        .map(|line| line.split(';').next().unwrap_or_default().to_owned())
        .collect()
}

/// Decides, and gives the cookie that remembers it.
async fn decided(bench: &Bench, cookie: &str, fields: &str) -> String {
    let answer = bench.send(posted("/cookies/decide", cookie, fields)).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{fields}: {}", answer.text());
    let [consent] = set(&answer).try_into().expect("the decision and nothing else");
    assert!(consent.starts_with("cookie-consent="), "{consent}");
    consent
}

/// The part of a page from `from` to `to`.
fn part<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    let start = text.find(from).unwrap_or_else(|| panic!("{from} is not in {text}"));
    let rest = &text[start..];
    &rest[..rest.find(to).unwrap_or(rest.len())]
}

#[tokio::test]
async fn the_first_layer_stands_first_with_four_choices_of_one_kind() {
    let bench = bench().await;
    for path in ["/", "/help", "/tracks", "/no/such/page", "/cookies"] {
        let text = bench.get(path, "").await.text();
        let body = &text[text.find("<body>").expect("a body")..];
        let (skip, banner) = (body.find("class=\"skip\""), body.find("data-consent-banner"));
        assert!(skip < banner && banner < body.find("<header"), "{path}");
        let four = part(body, "<div class=\"four\">", "</div>");
        assert_eq!(four.matches("class=\"button\"").count(), 4, "{path}: {four}");
        for choice in ["accept-all", "block-all", "prompt"] {
            assert!(four.contains(&format!("name=\"choice\" value=\"{choice}\"")), "{path}: {choice}");
        }
        assert!(four.contains("/cookies/settings?lang=en&amp;back="), "{path}");
        assert!(body.contains(">Essential only</button>"), "{path}");
        assert!(!part(body, "data-consent-banner", "</section>").contains("checked"), "{path}");
    }
    let settings = bench.get("/cookies/settings", "").await.text();
    assert!(!settings.contains("data-consent-banner"), "it is the same question, in full");
    assert!(!settings.contains(" checked"), "nothing is ticked beforehand");
}

#[tokio::test]
async fn every_page_leads_to_the_settings_and_the_policy() {
    let bench = bench().await;
    for path in ["/", "/help", "/tracks", "/no/such/page", "/cookies", "/cookies/settings", "/cookies/receipt"] {
        let text = bench.get(path, "").await.text();
        let foot = part(&text, "<footer", "</footer>");
        assert!(foot.contains("href=\"/cookies/settings\"") && foot.contains("href=\"/cookies\""), "{path}");
    }
}

#[tokio::test]
async fn each_choice_is_taken_remembered_and_written_down() {
    let bench = bench().await;
    for (place, choice) in
        ["accept-all", "block-all", "essential-only", "prompt", "selective&item=theme-mode"].iter().enumerate()
    {
        let fields = format!("choice={choice}&back=%2Fhelp%3Fa%3Db");
        let answer = bench.send(posted("/cookies/decide", "", &fields)).await;
        assert_eq!(answer.header(header::LOCATION), "/cookies/kept?lang=en&back=%2Fhelp%3Fa%3Db");
        let consent = decided(&bench, "", &fields).await;
        let kept = bench.get(answer.header(header::LOCATION), &consent).await;
        assert_eq!(kept.header(header::LOCATION), "/help?a=b", "{choice}");
        let text = bench.get("/help", &consent).await.text();
        assert!(!text.contains("data-consent-banner"), "{choice}");
        assert_eq!(bench.store.consents.count().await.expect("the ledger"), 2 * (place as u64 + 1));
    }
    let counts = bench.store.consents.by_choice(std::time::Duration::from_hours(1)).await.expect("the ledger");
    let selective = counts.iter().find(|count| count.choice.as_str() == "selective").expect("two kinds of it");
    assert_eq!(selective.decisions, 4);
}

#[tokio::test]
async fn a_decision_leads_nowhere_but_to_this_site() {
    let bench = bench().await;
    let consent = decided(&bench, "", "choice=block-all").await;
    for back in
        ["https%3A%2F%2Fevil.test", "%2F%2Fevil.test", "%2F%5Cevil.test", "%2F%0D%0Ax%3A%20y", "%2Fcookies%2Fkept"]
    {
        let answer = bench.send(posted("/cookies/decide", "", &format!("choice=block-all&back={back}"))).await;
        assert_eq!(answer.header(header::LOCATION), "/cookies/kept?lang=en&back=%2F", "{back}");
        let kept = bench.get(&format!("/cookies/kept?back={back}"), &consent).await;
        assert_eq!(kept.header(header::LOCATION), "/", "{back}");
    }
}

#[tokio::test]
async fn another_site_cannot_decide_for_a_visitor() {
    let bench = bench().await;
    let request = with(posted("/cookies/decide", "", "choice=accept-all"), "sec-fetch-site", "cross-site");
    let answer = bench.send(with(request, "origin", "https://evil.test")).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(set(&answer).is_empty());
}

#[tokio::test]
async fn what_cannot_be_taken_changes_nothing_and_says_why() {
    let bench = bench().await;
    for (path, fields, expected) in [
        ("/cookies/decide", "", "Nothing was chosen"),
        ("/cookies/decide", "choice=everything", "Nothing was chosen"),
        ("/cookies/decide", "choice=selective&item=tracker", "knows no such item"),
        ("/cookies/answer", "item=theme-mode", "Nothing was answered"),
        ("/cookies/answer", "item=session-id&answer=allow", "not asked for one by one"),
        ("/cookies/answer", "item=tracker&answer=allow", "knows no such item"),
    ] {
        let answer = bench.send(posted(path, "", fields)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{fields}");
        assert!(answer.text().contains(expected), "{fields}: {}", answer.text());
        assert!(set(&answer).is_empty() && answer.text().contains("href=\"/cookies/settings\""));
    }
}

#[tokio::test]
async fn a_signal_is_heard_and_only_a_told_yes_beats_it() {
    let bench = bench().await;
    for (name, words) in [("dnt", "Do Not Track"), ("sec-gpc", "Global Privacy Control")] {
        let text = bench.send(with(page("/", ""), name, "1")).await.text();
        let said = format!("Your browser asks not to be tracked ({words}): analytics stay off.");
        assert!(text.contains(&said), "{name}");

        let untold = with(posted("/cookies/decide", "", "choice=selective&item=usage-stats"), name, "1");
        let answer = bench.send(untold).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(answer.text().contains("did not say so"));

        let settings = bench.send(with(page("/cookies/settings", ""), name, "1")).await.text();
        assert!(settings.contains(&format!("It sends {words}.")));
        assert!(settings.contains("<input type=\"hidden\" name=\"told\" value=\"signal\">"));
        let told = with(posted("/cookies/decide", "", "choice=selective&item=usage-stats&told=signal"), name, "1");
        let [consent] = set(&bench.send(told).await).try_into().expect("the decision");
        let after = bench.send(with(page("/cookies", &consent), name, "1")).await.text();
        let row = part(&after, "data-item=\"usage-stats\"", "</tr>");
        assert!(row.contains("in spite of your browser\u{2019}s signal"), "{row}");
        assert!(part(&after, "data-item=\"_ga\"", "</tr>").contains("Off:"));
    }
    let quiet = bench.get("/cookies/settings", "").await.text();
    assert!(!quiet.contains("name=\"told\""), "nothing is said of a signal that is not there");
}

#[tokio::test]
async fn accept_all_under_a_signal_leaves_analytics_off() {
    let bench = bench().await;
    let request = with(posted("/cookies/decide", "", "choice=accept-all"), "sec-gpc", "1");
    let [consent] = set(&bench.send(request).await).try_into().expect("the decision");
    let text = bench.send(with(page("/cookies", &consent), "sec-gpc", "1")).await.text();
    assert!(part(&text, "data-item=\"theme-mode\"", "</tr>").contains("Allowed: you accepted all"));
    assert!(part(&text, "data-item=\"usage-stats\"", "</tr>").contains("Off: your browser asks not to be tracked"));
}

#[tokio::test]
async fn settings_show_what_holds_and_take_it_back_with_one_click() {
    let bench = bench().await;
    let consent = decided(&bench, "", "choice=selective&item=theme-mode&item=usage-stats").await;
    let text = bench.get("/cookies/settings", &consent).await.text();
    for (name, is_on) in [("theme-mode", true), ("usage-stats", true), ("_ga", false), ("upload-draft", false)] {
        let ticked = text.contains(&format!("value=\"{name}\" checked"));
        assert_eq!(ticked, is_on, "{name}");
    }
    assert!(
        text.contains("\u{201c}Chosen one by one\u{201d}, on 4 October 2024, for version 2 of the policy."),
        "{text}"
    );
    assert!(text.contains("It counts until 2 April 2025"));
    let withdraw = part(&text, "data-consent-state", "</section>");
    assert!(withdraw.contains("value=\"essential-only\" data-withdraw"));

    let request = posted("/cookies/decide", &format!("{consent}; theme-mode=dark"), "choice=essential-only");
    let answer = bench.send(request).await;
    let gone = answer.headers.get_all(header::SET_COOKIE).iter().filter_map(|line| line.to_str().ok());
    let gone: Vec<_> = gone.filter(|line| line.contains("Max-Age=0")).map(|line| line.split('=').next()).collect();
    assert!(gone.contains(&Some("theme-mode")) && gone.contains(&Some("usage-stats")), "{gone:?}");
    let [consent] = set(&answer).try_into().expect("the decision");
    let text = bench.get("/cookies/settings", &consent).await.text();
    assert!(text.contains("\u{201c}Essential only\u{201d}") && !text.contains("data-withdraw"));
}

#[tokio::test]
async fn answers_from_the_first_layer_lead_back_to_where_it_stood() {
    let bench = bench().await;
    let text = bench.get("/help?lang=de", "").await.text();
    assert!(text.contains("name=\"back\" value=\"/help?lang=de\""));
    let settings = bench.get("/cookies/settings?lang=en&back=%2Fhelp", "").await.text();
    assert!(settings.matches("name=\"back\" value=\"/help\"").count() >= 2);
    let evil = bench.get("/cookies/settings?back=%2F%2Fevil.test", "").await.text();
    assert!(!evil.contains("evil.test\""), "{evil}");
}

#[tokio::test]
async fn whoever_wants_to_be_asked_is_asked_once_for_each_item_where_it_is_needed() {
    let bench = bench().await;
    let consent = decided(&bench, "", "choice=prompt").await;
    // The upload form would keep a draft.
    let first = bench.get("/", &consent).await;
    let question = part(&first.text(), "data-consent-prompts", "</section>").to_owned();
    for expected in ["May we store upload-draft?", "Never the audio", "7\u{a0}days", ">Allow<", ">Not now<", ">Never<"]
    {
        assert!(question.contains(expected), "{expected}: {question}");
    }
    let [consent] = set(&first).try_into().expect("the question is remembered");
    assert!(bench.get("/help", &consent).await.text().contains("data-consent-prompts"), "it waits on other pages, too");

    for (answer, state) in
        [("allow", "Allowed: you chose it"), ("not-now", "Off: you said not now"), ("never", "Off: you said never")]
    {
        let fields = format!("item=upload-draft&answer={answer}&back=%2F");
        let taken = bench.send(posted("/cookies/answer", &consent, &fields)).await;
        assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.text());
        let [consent] = set(&taken).try_into().expect("the answer");
        let policy = bench.get("/cookies", &consent).await.text();
        assert!(part(&policy, "data-item=\"upload-draft\"", "</tr>").contains(state), "{answer}");
        assert!(!bench.get("/", &consent).await.text().contains("May we store upload-draft?"), "{answer}");
    }
    let settings = bench.get("/cookies/settings", &consent).await.text();
    assert_eq!(settings.matches("action=\"/cookies/answer").count(), 8, "every item that is not essential");
    assert!(settings.contains("2\u{a0}years (browsers end it after 400\u{a0}days)"), "{settings}");
    assert_eq!(settings.matches("Not in use: Google Analytics").count(), 2);
    assert!(settings.contains("Off: we ask when it is needed"));
    assert!(bench.get("/cookies/settings?list=1", &consent).await.text().contains("type=\"checkbox\""));
}

#[tokio::test]
async fn an_upload_under_block_all_is_offered_the_essential_cookies() {
    let bench = bench().await;
    let consent = decided(&bench, "", "choice=block-all").await;
    assert!(bench.get("/", &consent).await.text().contains("data-blocked"), "said before anything is sent");

    let refused = bench.upload(&consent, form("mix.wav", b"music", &[])).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let text = refused.text();
    assert!(text.contains("Uploading needs session-id") && text.contains("value=\"essential-only\""), "{text}");
    assert!(text.contains("Allow essential only") && text.contains(">Not now<"));
    assert!(set(&refused).is_empty());

    let json = with(upload(&consent, form("mix.wav", b"music", &[])), "accept", "application/json");
    let answer: serde_json::Value = serde_json::from_slice(&bench.send(json).await.body).expect("JSON");
    assert!(answer["message"].as_str().expect("words").contains("session-id"));
    assert_eq!(answer["link"][0], "/cookies/settings?lang=en&back=%2F");

    let consent = decided(&bench, &consent, "choice=essential-only&back=%2F").await;
    let taken = bench.upload(&consent, form("mix.wav", b"music", &[])).await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_browser_that_keeps_nothing_is_told_so_once_and_not_sent_in_circles() {
    let bench = bench().await;
    let answer = bench.send(posted("/cookies/decide", "", "choice=accept-all&back=%2Fhelp")).await;
    let kept = bench.get(answer.header(header::LOCATION), "").await;
    assert_eq!(kept.status, StatusCode::OK);
    let text = kept.text();
    assert!(text.contains("Your browser kept no cookie") && text.contains("href=\"/help\""));
    assert!(text.contains("/cookies?lang=en#managing") && !text.contains("data-consent-banner"));
}

static FIRST: Registry = registry! { version: 1, date: "2025-11-15", items: [CookieConsent] };

#[tokio::test]
async fn a_changed_policy_is_told_with_what_changed_and_asked_again() {
    let bench = bench().await;
    let day = (time::OffsetDateTime::UNIX_EPOCH + time::Duration::days(19_990)).date();
    let decision: Decision = Consent::new(&FIRST, None, Signal::default(), day).accept_all();
    let consent = format!("cookie-consent={}", decision.to_cookie_value(&Site::loopback().key));
    let text = bench.get("/", &consent).await.text();
    let notice = part(&text, "data-consent-banner", "</section>");
    assert!(
        notice.contains("Our cookie policy has changed") && notice.contains("You decided on version 1."),
        "{notice}"
    );
    for name in ["cookie-consent", "upload-draft", "visited-pages"] {
        assert!(notice.contains(&format!("<code>{name}</code> is new")), "{name}");
    }
    assert_eq!(notice.matches("class=\"button\"").count(), 5);
    let policy = bench.get("/cookies", &consent).await.text();
    assert!(part(&policy, "data-item=\"upload-draft\"", "</tr>").contains("Off: new since you decided"));
    assert!(part(&policy, "data-item=\"theme-mode\"", "</tr>").contains("Allowed: you accepted all"));
    let again = decided(&bench, &consent, "choice=accept-all").await;
    assert!(!bench.get("/", &again).await.text().contains("data-consent-banner"));
}

#[tokio::test]
async fn a_receipt_is_signed_and_anybody_can_have_it_checked() {
    let bench = bench().await;
    assert_eq!(bench.get("/cookies/receipt.json", "").await.status, StatusCode::NOT_FOUND);
    let consent = decided(&bench, "", "choice=selective&item=theme-mode").await;
    let receipt = bench.get("/cookies/receipt.json", &consent).await;
    assert!(receipt.header(header::CONTENT_DISPOSITION).contains("receipt.json"));
    assert!(receipt.header(header::CACHE_CONTROL).starts_with("private"));
    let json: serde_json::Value = serde_json::from_slice(&receipt.body).expect("JSON");
    assert_eq!((&json["signed"]["choice"], &json["signed"]["policy_version"]), (&"selective".into(), &2.into()));

    let check = async |text: &str| {
        let answer = bench
            .send(posted(
                "/cookies/receipt/check",
                "",
                &format!("receipt={}", utf8_percent_encode(text, NON_ALPHANUMERIC)),
            ))
            .await;
        (answer.status, answer.text())
    };
    let (status, genuine) = check(&receipt.text()).await;
    assert!(status == StatusCode::OK && genuine.contains("This receipt is genuine"), "{genuine}");
    let (status, forged) = check(&receipt.text().replace("selective", "accept-all")).await;
    assert!(status == StatusCode::UNPROCESSABLE_ENTITY && forged.contains("was not signed by this site"), "{forged}");
    let (_, nonsense) = check("<script>").await;
    assert!(nonsense.contains("This is not a receipt"), "{nonsense}");
    let (status, _) = check(&"x".repeat(100_000)).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn documents_for_programs_are_the_same_for_all_and_may_be_kept() {
    let bench = bench().await;
    for (path, media_type, expected) in [
        ("/.well-known/cookie-policy.json", "application/json", "\"name\": \"upload-draft\""),
        ("/.well-known/cookie-policy.schema.json", "application/schema+json", "json-schema.org"),
        ("/.well-known/gpc.json", "application/json", "{\"gpc\":true,\"lastUpdate\":\"2026-11-24\"}"),
        ("/cookies/versions/1.json", "application/json", "\"date\": \"2025-11-15\""),
        ("/cookies/changes.atom", "application/atom+xml; charset=utf-8", "<title>Version 1, 15 November 2025</title>"),
    ] {
        let answer = bench.get(path, "theme-mode=dark").await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.header(header::CONTENT_TYPE), media_type);
        assert!(answer.text().contains(expected), "{path}: {}", answer.text());
        let plain = bench.get(path, "").await;
        assert!(plain.header(header::CACHE_CONTROL).starts_with("public"), "{path}");
        let tag = plain.header(header::ETAG).to_owned();
        let mut again = page(path, "");
        again.headers_mut().insert(header::IF_NONE_MATCH, tag.parse().expect("a header"));
        let again = bench.send(again).await;
        assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0), "{path}");
        assert_eq!(again.header(header::ETAG), tag);
    }
    for path in ["/cookies/versions/3.json", "/cookies/versions/0.json", "/cookies/versions/x", "/cookies/versions/1"] {
        assert_eq!(bench.get(path, "").await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn consent_speaks_german_where_the_browser_does_or_the_address_says_so() {
    let bench = bench().await;
    let by_browser = bench.send(with(page("/", ""), "accept-language", "de-AT,de;q=0.9,en;q=0.8")).await.text();
    assert!(by_browser.contains("<html lang=\"en\"") && by_browser.contains("data-consent-banner lang=\"de\""));
    assert!(by_browser.contains("Alle blockieren") && by_browser.contains("Nur notwendige"));
    let by_address = bench.get("/cookies?lang=de", "").await.text();
    assert!(by_address.contains("<html lang=\"de\"") && by_address.contains("1. Was Cookies sind"));
    assert!(by_address.contains("href=\"/cookies?lang=en\" lang=\"en\" hreflang=\"en\""));
    assert!(by_address.contains("<header class=\"top\" lang=\"en\">"));
}

#[tokio::test]
async fn the_policy_keeps_every_fact_of_the_founding_text() {
    let bench = bench().await;
    let text = bench.get("/cookies", "").await.text().replace('\u{a0}', " ");
    let facts = [
        ("auth-token", "7 days"),
        ("session-id", "until you close the browser"),
        ("csrf-token", "until you close the browser"),
        ("user-preferences", "30 days"),
        ("theme-mode", "90 days"),
        ("upload-history", "7 days"),
        ("_ga", "2 years"),
        ("_gid", "24 hours"),
        ("usage-stats", "30 days"),
    ];
    for (name, life) in facts {
        let row = part(&text, &format!("data-item=\"{name}\""), "</tr>");
        assert!(row.contains(life), "{name}: {row}");
    }
    for id in
        ["what", "types", "purposes", "third-parties", "managing", "opt-out", "retention", "updates", "note", "contact"]
    {
        assert!(text.contains(&format!("<h2 id=\"{id}\">")), "{id}");
    }
    for purpose in [
        "Login state",
        "Security tokens",
        "Session management",
        "Account protection",
        "Preferences",
        "Form data",
        "Navigation",
        "Accessibility",
        "Performance",
        "Feature usage",
        "Error tracking",
        "A/B testing",
    ] {
        assert!(text.contains(&format!("<dt>{purpose}</dt>")), "{purpose}");
    }
    for word in [
        "Chrome",
        "Firefox",
        "Safari",
        "Edge",
        "Stripe",
        "Supabase",
        "Google Analytics",
        "Accept all",
        "Block all",
        "Choose",
        "Ask me each time",
        "gaoptout",
        "Do Not Track",
        "Privacy extensions",
        "Digital Advertising Alliance",
        "Social media platforms",
        "Limit Ad Tracking",
        "Session cookies",
        "Persistent cookies",
        "Local storage",
        "Account deletion",
        "by e-mail",
        "notice on this site",
        "Version 1, 15 November 2025",
        "Last updated: 24 November 2026",
    ] {
        assert!(text.contains(word), "{word}");
    }
    let outside: Vec<_> = text.split("<a ").filter(|link| link.starts_with("href=\"https://")).collect();
    assert!(outside.len() >= 10 && outside.iter().all(|link| part(link, "href", ">").contains("rel=\"noreferrer\"")));
    assert!(!text.contains("src=\"https://") && !text.contains("<img"), "nothing is loaded from elsewhere");
}

#[tokio::test]
async fn the_policy_names_whom_to_write_to() {
    let site = Site {
        contact: Some("studio@example.org".into()),
        public_url: Some("https://balanced.test".into()),
        ..Site::loopback()
    };
    let bench = Bench::of(Limits::default(), &site, true).await;
    assert!(bench.get("/cookies", "").await.text().contains("href=\"mailto:studio@example.org\""));
    let feed = bench.get("/cookies/changes.atom", "").await.text();
    assert!(feed.contains("<id>tag:balanced.test,2025-11-15:cookie-policy</id>"), "{feed}");
    assert!(feed.contains("href=\"https://balanced.test/cookies/changes.atom?lang=en\""));
}

#[tokio::test]
async fn a_script_hears_what_may_be_stored_from_now_on() {
    let bench = bench().await;
    let request = with(posted("/cookies/decide", "", "choice=accept-all"), "accept", "application/json");
    let answer = bench.send(request).await;
    let json: serde_json::Value = serde_json::from_slice(&answer.body).expect("JSON");
    assert_eq!(json["stores"], "upload-draft:7 visited-pages:30");
    assert_eq!(json["next"], "/cookies/kept?lang=en&back=%2F");
    assert_eq!(set(&answer).len(), 1);
}
