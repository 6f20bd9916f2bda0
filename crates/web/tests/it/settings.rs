//! What a visitor sets for themselves, and what that stores.

use crate::common::{Answer, Bench, form, get};
use axum::body::Body;
use axum::http::{StatusCode, header};
use web::Limits;

async fn bench() -> Bench {
    Bench::new(Limits::default()).await
}

async fn send(bench: &Bench, path: &str, cookie: &str, body: &str) -> Answer {
    let request = get(path, cookie).method("POST").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    bench.send(request.body(Body::from(body.to_owned())).expect("a request")).await
}

/// The lines of all cookies that an answer sets.
fn set(answer: &Answer) -> Vec<&str> {
    answer.headers.get_all(header::SET_COOKIE).iter().map(|line| line.to_str().expect("ASCII")).collect()
}

fn line<'a>(answer: &'a Answer, name: &str) -> &'a str {
    set(answer).into_iter().find(|line| line.starts_with(&format!("{name}="))).unwrap_or_default()
}

/// Name and value, as a browser sends it back.
fn pair<'a>(answer: &'a Answer, name: &str) -> &'a str {
    line(answer, name).split(';').next().unwrap_or_default()
}

/// The cookie of a visitor who accepted everything.
async fn accepted(bench: &Bench) -> String {
    let answer = send(bench, "/cookies/decide", "", "choice=accept-all&back=/").await;
    pair(&answer, "cookie-consent").to_owned()
}

#[tokio::test]
async fn a_theme_is_kept_for_ninety_days_and_every_page_shows_it() {
    let bench = bench().await;
    let consent = accepted(&bench).await;
    let answer = send(&bench, "/settings/theme", &consent, "theme=dark&back=/help").await;
    assert_eq!((answer.status, answer.header(header::LOCATION)), (StatusCode::SEE_OTHER, "/help"));
    let kept = line(&answer, "theme-mode");
    assert!(
        kept.contains("theme-mode=dark;") && kept.contains("Max-Age=7776000") && kept.contains("HttpOnly"),
        "{kept}"
    );
    let both = format!("{consent}; theme-mode=dark");
    for path in ["/", "/tracks", "/help", "/settings", "/no/such/page"] {
        assert!(bench.get(path, &both).await.text().contains("data-theme=\"dark\""), "{path}");
    }
    let system = send(&bench, "/settings/theme", &both, "theme=system&back=/").await;
    assert!(line(&system, "theme-mode").contains("Max-Age=0"), "{:?}", set(&system));
}

#[tokio::test]
async fn without_leave_a_setting_is_not_kept_but_asked_for_by_name() {
    let bench = bench().await;
    for (path, body, name) in [
        ("/settings/theme", "theme=dark&back=/help", "theme-mode"),
        ("/settings", "text=large&format=flac", "user-preferences"),
    ] {
        let asked = send(&bench, path, "", body).await;
        assert_eq!(asked.status, StatusCode::CONFLICT);
        assert_eq!(set(&asked), [""; 0]);
        let text = asked.text();
        assert!(text.contains(&format!("name=\"allow\" value=\"{name}\"")), "{text}");
        for field in body.split('&') {
            let (name, value) = field.split_once('=').expect("a field");
            assert!(text.contains(&format!("name=\"{name}\" value=\"{value}\"")), "{field}: {text}");
        }
        // The yes comes with everything that was filled in.
        let kept = send(&bench, path, "", &format!("{body}&allow={name}")).await;
        assert_eq!(kept.status, StatusCode::SEE_OTHER, "{}", kept.text());
        assert!(!line(&kept, name).is_empty() && !line(&kept, "cookie-consent").is_empty(), "{:?}", set(&kept));
    }
}

#[tokio::test]
async fn the_upload_form_and_the_downloads_start_as_they_are_set() {
    let bench = bench().await;
    let consent = accepted(&bench).await;
    let answer = send(&bench, "/settings", &consent, "start=number&lufs=-11.5&format=flac&motion=reduced").await;
    assert_eq!(answer.header(header::LOCATION), "/settings?kept");
    assert!(line(&answer, "user-preferences").contains("Max-Age=2592000"), "{:?}", set(&answer));
    let cookie = format!("{consent}; {}", pair(&answer, "user-preferences"));
    let page = bench.get("/", &cookie).await.text();
    assert!(page.contains("id=\"number\" checked") && page.contains("value=\"-11.5\""), "{page}");
    assert!(page.contains("data-motion=\"reduced\""));
    let uploaded = bench.upload(&cookie, form("mix.wav", b"music", &[])).await;
    let address = uploaded.header(header::LOCATION).trim_end_matches("?fresh").to_owned();
    let cookie = format!("{cookie}; {}", pair(&uploaded, "session-id"));
    bench.work().await;
    let page = bench.get(&address, &cookie).await.text();
    let first = page.find("/download/flac\" download").expect("a download");
    assert!(first < page.find("/download/wav24\" download").expect("a download"));
    assert!(page.contains("class=\"button first\" href=\"") && page.contains("/download/flac\" download"));
}

#[tokio::test]
async fn nothing_that_is_sent_as_a_setting_breaks_a_page() {
    let bench = bench().await;
    let consent = accepted(&bench).await;
    let strange =
        ["start=%00%ff&format=../x&text=%22%3E", "start=number&lufs=NaN", "start=number&lufs=1e999", "=&&=", ""];
    for body in strange {
        let answer = send(&bench, "/settings", &consent, body).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{body}");
    }
    let long = format!("start={}", "x".repeat(100_000));
    assert_eq!(send(&bench, "/settings", &consent, &long).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let cookie = format!("{consent}; user-preferences=start=x&text=large&text=normal&motion=<b>; theme-mode=blue");
    assert_eq!(bench.get("/", &cookie).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_latest_uploads_are_led_back_to_where_the_visitor_agrees() {
    let bench = bench().await;
    let consent = accepted(&bench).await;
    let first = bench.upload(&consent, form("first.wav", b"music", &[])).await;
    let history = line(&first, "upload-history");
    assert!(history.contains("Max-Age=604800") && history.contains("HttpOnly"), "{:?}", set(&first));
    assert!(!history.contains("first"), "ids alone: {history}");
    let cookie = format!("{consent}; {}; {}", pair(&first, "session-id"), pair(&first, "upload-history"));
    assert!(bench.get("/", &cookie).await.text().contains("first.wav"));

    let (_, stranger) = bench.uploaded("theirs.wav", b"music").await;
    let peeking = format!("{consent}; {stranger}; {}", pair(&first, "upload-history"));
    assert!(!bench.get("/", &peeking).await.text().contains("first.wav"), "an id opens nothing");

    let silent = bench.upload("", form("second.wav", b"music", &[])).await;
    assert_eq!(line(&silent, "upload-history"), "");
}

#[tokio::test]
async fn scripts_hear_what_they_may_keep_and_for_how_long() {
    let bench = bench().await;
    assert!(bench.get("/", "").await.text().contains("data-stores=\"\""));
    let consent = accepted(&bench).await;
    let page = bench.get("/", &consent).await.text();
    assert!(page.contains("data-stores=\"upload-draft:7 visited-pages:30\""));
}
