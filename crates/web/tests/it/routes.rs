//! What the site answers, seen from outside.

use crate::common::{Bench, form, genuine, get, upload};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use cookie_policy::Key;
use domain::{Extra, Failure, FailureKind, UploadLimits};
use web::{Limits, Site};

async fn bench() -> Bench {
    Bench::new(Limits::default()).await
}

/// Names and values of a form's fields.
type Fields<'a> = &'a [(&'a str, &'a str)];

fn small(max_bytes: u64) -> Limits {
    Limits { upload: UploadLimits { max_bytes, ..UploadLimits::default() }, ..Limits::default() }
}

#[tokio::test]
async fn looking_at_pages_sets_nothing() {
    let bench = bench().await;
    for (path, status) in [
        ("/", StatusCode::OK),
        ("/tracks", StatusCode::OK),
        ("/help", StatusCode::OK),
        ("/healthz", StatusCode::OK),
        ("/no/such/page", StatusCode::NOT_FOUND),
    ] {
        let answer = bench.get(path, "").await;
        assert_eq!(answer.status, status, "{path}");
        assert!(!answer.headers.contains_key(header::SET_COOKIE), "{path}");
    }
}

#[tokio::test]
async fn the_first_upload_alone_sets_the_session_and_the_second_keeps_it() {
    let bench = bench().await;
    let first = bench.upload("", form("mix.wav", b"music", &[])).await;
    assert_eq!(first.status, StatusCode::SEE_OTHER);
    let cookie = first.header(header::SET_COOKIE);
    assert!(cookie.starts_with("session-id="), "{cookie}");
    for attribute in ["; Path=/", "; SameSite=Lax", "; HttpOnly"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    for attribute in ["Max-Age", "Expires", "Domain", "Secure"] {
        assert!(!cookie.contains(attribute), "{cookie}");
    }
    let second = bench.upload(&first.cookie(), form("mix.wav", b"music", &[])).await;
    assert_eq!(second.status, StatusCode::SEE_OTHER);
    assert!(!second.headers.contains_key(header::SET_COOKIE));
    let list = bench.get("/tracks", &first.cookie()).await.text();
    assert_eq!(list.matches("<li>").count(), 2);
}

#[tokio::test]
async fn over_tls_the_session_is_for_tls_alone() {
    let site = Site {
        contact: Some("studio@example.org".into()),
        public_url: Some("https://balanced.test".into()),
        key: Key::new(&[7; 32]).expect("long enough"),
        operator: None,
        ..Site::loopback()
    };
    let bench = Bench::of(Limits::default(), &site, true).await;
    let answer = bench.upload("", form("mix.wav", b"music", &[])).await;
    assert!(answer.header(header::SET_COOKIE).contains("; Secure"));
    assert_eq!(answer.header(header::STRICT_TRANSPORT_SECURITY), "max-age=31536000");
    assert!(bench.get("/", "").await.text().contains("studio@example.org"));
}

#[tokio::test]
async fn a_track_is_followed_to_its_end_and_everything_can_be_downloaded() {
    let bench = bench().await;
    let (address, cookie) = bench.uploaded("../\"Night\" <b>Drive.wav", b"music").await;

    let fresh = bench.get(&format!("{address}?fresh"), &cookie).await;
    assert_eq!(fresh.status, StatusCode::SEE_OTHER);
    assert_eq!(fresh.header(header::LOCATION), address);
    let waiting = bench.get(&address, &cookie).await.text();
    assert!(waiting.contains("Waiting for its turn"));
    assert!(waiting.contains(r#"<noscript><meta http-equiv="refresh" content="2"></noscript>"#));

    bench.work().await;
    let events = bench.get(&format!("{address}/events"), &cookie).await;
    assert_eq!(events.header(header::CONTENT_TYPE), "text/event-stream");
    assert!(events.text().contains("event: end"));

    let result = bench.get(&address, &cookie).await.text();
    for expected in [
        "<h1 class=\"trackname\">&#34;Night&#34; &#60;b&#62;Drive.wav</h1>",
        "Your master is at \u{2212}14.0 LUFS, 4.3 LU louder than your mix.",
        "The lows &#60;were&#62; left alone.",
        "\u{2212}1.0<span class=\"unit\">dBTP</span>",
        "data-duration=\"187.4\"",
    ] {
        assert!(result.contains(expected), "{expected}\n{result}");
    }

    for (kind, media_type, name) in [
        ("wav24", "audio/wav", "''%22Night%22%20%3Cb%3EDrive%20%28master%29.wav"),
        ("wav16", "audio/wav", "%20%28master%2C%2016%20bit%29.wav"),
        ("flac", "audio/flac", "%20%28master%29.flac"),
    ] {
        let answer = bench.get(&format!("{address}/download/{kind}"), &cookie).await;
        assert_eq!(answer.status, StatusCode::OK, "{kind}");
        assert_eq!(answer.header(header::CONTENT_TYPE), media_type);
        let disposition = answer.header(header::CONTENT_DISPOSITION);
        assert!(disposition.starts_with("attachment; "), "{disposition}");
        assert!(disposition.contains(name), "{disposition}");
        assert!(answer.text().starts_with("the bytes of "));
    }
    let preview = bench.get(&format!("{address}/preview.flac"), &cookie).await;
    assert_eq!(preview.text(), "the bytes of preview");
    let original = bench.get(&format!("{address}/original"), &cookie).await;
    assert_eq!(original.text(), "music");
    let report = bench.get(&format!("{address}/report.json"), &cookie).await;
    assert_eq!(report.header(header::CONTENT_TYPE), "application/json");
    assert!(result.contains(&format!("<a class=\"button\" href=\"{address}/report\">The whole report</a>")));
    let page = bench.get(&format!("{address}/report"), &cookie).await;
    assert_eq!(page.header(header::CONTENT_TYPE), "text/html; charset=utf-8");
    let policy = page.header(header::CONTENT_SECURITY_POLICY);
    assert!(policy.starts_with("default-src 'none'; style-src 'none'; "), "{policy}");
    assert_eq!(page.headers.get_all(header::CONTENT_SECURITY_POLICY).iter().count(), 1);

    let deleted = bench.post(&format!("{address}/delete"), &cookie).await;
    assert_eq!(deleted.header(header::LOCATION), "/tracks");
    assert_eq!(bench.get(&address, &cookie).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn files_that_can_be_made_here_are_offered_asked_for_and_downloaded_under_their_own_names() {
    let site = Site { extras: [Extra::Mp3, Extra::Opus, Extra::Vorbis, Extra::Aiff].into(), ..Site::loopback() };
    let bench = Bench::of(Limits::default(), &site, false).await;
    let page = bench.get("/", "").await.text();
    assert!(page.contains(r#"<input type="checkbox" name="extra" value="mp3">"#), "{page}");
    assert!(!page.contains(r#"value="aac""#), "what cannot be made is not offered");
    assert!(!Bench::new(Limits::default()).await.get("/", "").await.text().contains("Further files"));

    let wishes = [("loudness", "number"), ("lufs", "-11"), ("extra", "mp3"), ("extra", "opus"), ("low", "1")];
    let sent = bench.upload("", form("Night.wav", b"music", &wishes)).await;
    let cookie = sent.cookie();
    let address = sent.header(header::LOCATION).strip_suffix("?fresh").expect("the way to the track").to_owned();
    assert!(
        bench.get(&address, &cookie).await.text().contains("To exactly \u{2212}11 LUFS. Also as MP3 320, Opus 192.")
    );
    bench.work().await;
    let result = bench.get(&address, &cookie).await.text();
    for expected in [
        "To exactly \u{2212}11 LUFS. Also as MP3 320, Opus 192.",
        "Make another version",
        r#"<input type="checkbox" name="extra" value="mp3" checked>"#,
        r#"<input type="checkbox" name="extra" value="vorbis">"#,
        r#"name="lufs" min="-40" max="-4" step="0.1" value="-11""#,
        "Opus 192: Opus brought peaks &#60;above&#62; the ceiling.",
        "AAC 256 could not be made: FFmpeg is gone.",
    ] {
        assert!(result.contains(expected), "{expected}\n{result}");
    }
    for (kind, media_type, name) in [
        ("aiff", "audio/aiff", "Night%20%28master%29.aiff"),
        ("mp3", "audio/mpeg", "Night%20%28master%29.mp3"),
        ("aac", "audio/mp4", "Night%20%28master%29.m4a"),
        ("opus", "audio/ogg", "Night%20%28master%29.opus"),
        ("vorbis", "audio/ogg", "Night%20%28master%29.ogg"),
    ] {
        assert!(result.contains(&format!("href=\"{address}/download/{kind}\" download")), "{kind}");
        let answer = bench.get(&format!("{address}/download/{kind}"), &cookie).await;
        assert_eq!((answer.status, answer.header(header::CONTENT_TYPE)), (StatusCode::OK, media_type));
        assert!(answer.header(header::CONTENT_DISPOSITION).ends_with(name), "{kind}");
    }
    for nothing in ["preview", "report", "report-page", "midi", "flac24"] {
        let answer = bench.get(&format!("{address}/download/{nothing}"), &cookie).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{nothing}");
    }
}

#[tokio::test]
async fn another_version_is_made_with_other_wishes_and_a_wrong_one_changes_nothing() {
    let bench = bench().await;
    let (address, cookie) = bench.uploaded("mine.wav", b"music").await;
    bench.work().await;
    let again = format!("{address}/again");
    let (with_token, token) = genuine(&cookie);
    let send = async |wishes: &str| {
        let request = get(&again, &with_token).method("POST").body(Body::from(format!("{token}&{wishes}")));
        bench.send(request.expect("a request")).await
    };
    let wrong = send("loudness=number&lufs=3").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text().contains("nothing was done yet"), "{}", wrong.text());
    assert!(bench.get(&address, &cookie).await.text().contains("Your master is at"), "the master is still there");
    assert_eq!(send("loudness=club&style=open&extra=vorbis").await.header(header::LOCATION), address);
    let waiting = bench.get(&address, &cookie).await.text();
    assert!(waiting.contains("For Club") && waiting.contains("Open. Also as Ogg Vorbis 256."), "{waiting}");
}

#[tokio::test]
async fn a_stranger_a_guess_and_a_wrong_id_all_find_nothing() {
    let bench = bench().await;
    let (address, _) = bench.uploaded("mine.wav", b"music").await;
    bench.work().await;
    let (_, stranger) = bench.uploaded("theirs.wav", b"other music").await;
    let guesses = [address.as_str(), "/tracks/00000000000000000000000000000000", "/tracks/..%2f..%2fetc", "/tracks/x"];
    for cookie in [stranger.as_str(), "", "session-id=forged", &format!("session-id={}", "0".repeat(64))] {
        for guess in guesses {
            for rest in ["", "/events", "/preview.flac", "/original", "/report", "/report.json", "/download/wav24"] {
                let answer = bench.get(&format!("{guess}{rest}"), cookie).await;
                assert_eq!(answer.status, StatusCode::NOT_FOUND, "{guess}{rest}");
                assert!(!answer.text().contains("mine.wav"));
            }
            for act in ["/delete", "/again"] {
                let answer = bench.post(&format!("{guess}{act}"), cookie).await;
                assert_eq!(answer.status, StatusCode::NOT_FOUND, "{guess}{act}");
            }
        }
    }
}

#[tokio::test]
async fn nothing_is_offered_before_it_is_done() {
    let bench = bench().await;
    let (address, cookie) = bench.uploaded("mix.wav", b"music").await;
    for rest in ["/preview.flac", "/report.json", "/download/wav24", "/download/mp3"] {
        let answer = bench.get(&format!("{address}{rest}"), &cookie).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{rest}");
    }
}

#[tokio::test]
async fn a_player_gets_the_bytes_that_it_asks_for() {
    let bench = bench().await;
    let (address, cookie) = bench.uploaded("mix.wav", b"0123456789").await;
    let original = format!("{address}/original");
    let ask = |headers: &[(header::HeaderName, &str)]| {
        let mut request = get(&original, &cookie);
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        request.body(Body::empty()).expect("a request")
    };

    let whole = bench.send(ask(&[])).await;
    assert_eq!(whole.header(header::ACCEPT_RANGES), "bytes");
    let tag = whole.header(header::ETAG).to_owned();

    let part = bench.send(ask(&[(header::RANGE, "bytes=2-4")])).await;
    assert_eq!(part.status, StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.header(header::CONTENT_RANGE), "bytes 2-4/10");
    assert_eq!(part.header(header::CONTENT_LENGTH), "3");
    assert_eq!(part.text(), "234");

    let last = bench.send(ask(&[(header::RANGE, "bytes=-3"), (header::IF_RANGE, &tag)])).await;
    assert_eq!(last.text(), "789");
    let changed = bench.send(ask(&[(header::RANGE, "bytes=-3"), (header::IF_RANGE, "\"other\"")])).await;
    assert_eq!((changed.status, changed.text().as_str()), (StatusCode::OK, "0123456789"));
    let beyond = bench.send(ask(&[(header::RANGE, "bytes=10-")])).await;
    assert_eq!(beyond.status, StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(beyond.header(header::CONTENT_RANGE), "bytes */10");
    let known = bench.send(ask(&[(header::IF_NONE_MATCH, &tag)])).await;
    assert_eq!(known.status, StatusCode::NOT_MODIFIED);
    let head = get(&original, &cookie).method("HEAD").body(Body::empty()).expect("a request");
    let head = bench.send(head).await;
    assert_eq!(head.header(header::CONTENT_LENGTH), "10");
    assert!(head.body.is_empty());
}

#[tokio::test]
async fn too_much_is_refused_with_the_limit_and_nothing_of_it_is_kept() {
    let bench = Bench::new(small(300_000)).await;
    for length_is_said in [true, false] {
        let mut request = upload("", form("huge.wav", &vec![0; 400_000], &[]));
        if !length_is_said {
            request.headers_mut().remove(header::CONTENT_LENGTH);
        }
        let answer = bench.send(request).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert!(answer.text().contains("up to 300 kB can be uploaded"), "{}", answer.text());
        assert!(answer.text().contains("Master your mix"), "said on the form itself");
        assert!(!answer.headers.contains_key(header::SET_COOKIE));
    }
    let just_right = bench.upload("", form("mix.wav", &vec![0; 300_000], &[])).await;
    assert_eq!(just_right.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_form_that_lacks_something_is_shown_again_with_what_was_filled_in() {
    let bench = bench().await;
    let cases: [(&str, &[u8], Fields<'_>, &str); 5] = [
        ("", b"", &[], "Choose a mix first"),
        ("empty.wav", b"", &[], "\u{201c}empty.wav\u{201d} is empty"),
        ("mix.wav", b"music", &[("loudness", "number"), ("lufs", "loud")], "\u{201c}loud\u{201d} is not a loudness"),
        ("mix.wav", b"music", &[("ceiling", "3")], "\u{201c}3\u{201d} will not do for true-peak ceiling"),
        ("mix.wav", b"music", &[("style", "warm"), ("intensity", "120")], "choose a number from 0 to 100 %"),
    ];
    for (name, bytes, fields, expected) in cases {
        let answer = bench.upload("", form(name, bytes, fields)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{expected}");
        let text = answer.text();
        assert!(text.contains(expected), "{expected}");
        for (_, value) in fields {
            assert!(text.contains(&format!("value=\"{value}\"")), "{value} is still there");
        }
    }
}

#[tokio::test]
async fn a_script_gets_the_same_answers_as_json() {
    let bench = Bench::new(small(1000)).await;
    let json = |mut request: Request<Body>| {
        request.headers_mut().insert(header::ACCEPT, header::HeaderValue::from_static("application/json"));
        request
    };
    let made = bench.send(json(upload("", form("mix.wav", b"music", &[])))).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let answer: serde_json::Value = serde_json::from_slice(&made.body).expect("JSON");
    assert!(answer["location"].as_str().expect("a way on").ends_with("?fresh"));
    let refused = bench.send(json(upload("", form("mix.wav", &[0; 2000], &[])))).await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
    let answer: serde_json::Value = serde_json::from_slice(&refused.body).expect("JSON");
    assert!(answer["message"].as_str().expect("words").contains("up to 1 kB"));
}

#[tokio::test]
async fn what_is_no_form_is_refused_as_such_and_a_broken_one_leaves_nothing() {
    let bench = bench().await;
    let text = get("/tracks", "").method("POST").body(Body::from("music")).expect("a request");
    assert_eq!(bench.send(text).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let mut half = form("mix.wav", &[7; 5000], &[]);
    half.truncate(3000);
    let answer = bench.upload("", half).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.text().contains("broke off"));
    assert!(!answer.headers.contains_key(header::SET_COOKIE));
}

#[tokio::test]
async fn a_browser_that_keeps_no_cookie_is_told_so() {
    let bench = bench().await;
    let (address, _) = bench.uploaded("mix.wav", b"music").await;
    let answer = bench.get(&format!("{address}?fresh"), "").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(answer.text().contains("did not keep the cookie"));
}

#[tokio::test]
async fn a_refused_file_says_why_and_a_failed_job_can_be_tried_again() {
    let bench = bench().await;
    let (address, cookie) = bench.uploaded("text.wav", b"a text").await;
    bench.refuse(Failure { kind: FailureKind::Refused, message: "the track is silent".into() }).await;
    let page = bench.get(&address, &cookie).await.text();
    assert!(page.contains("This file cannot be mastered") && page.contains("The track is silent."));
    assert!(!page.contains("/again"));

    let (address, cookie) = bench.uploaded("mix.wav", b"music").await;
    bench.refuse(Failure { kind: FailureKind::Internal, message: "the disk is full".into() }).await;
    assert!(bench.get(&address, &cookie).await.text().contains("Try again"));
    let again = bench.post(&format!("{address}/again"), &cookie).await;
    assert_eq!(again.header(header::LOCATION), address);
    bench.work().await;
    assert!(bench.get(&address, &cookie).await.text().contains("WAV 24 bit"));
}

#[tokio::test]
async fn another_site_cannot_act_for_a_visitor() {
    let bench = bench().await;
    let (address, cookie) = bench.uploaded("mix.wav", b"music").await;
    let crosses = [
        [("sec-fetch-site", "cross-site"), ("origin", "https://evil.test")],
        [("sec-fetch-site", "same-site"), ("origin", "https://sub.balanced.test")],
        [("x-nothing", "-"), ("origin", "https://evil.test")],
    ];
    for headers in crosses {
        let (cookie, body) = genuine(&cookie);
        let mut request = get(&format!("{address}/delete"), &cookie).method("POST");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let answer = bench.send(request.body(Body::from(body)).expect("a request")).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{headers:?}");
    }
    assert_eq!(bench.get(&address, &cookie).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_form_counts_only_with_the_field_that_this_browser_was_given() {
    let bench = bench().await;
    let (address, cookie) = bench.uploaded("mix.wav", b"music").await;
    let (_, stranger) = bench.uploaded("other.wav", b"music").await;
    let (with_token, field) = genuine(&cookie);
    let (_, strange_field) = genuine(&stranger);
    let no_token = (cookie.clone(), field.clone());
    let cases = [no_token, (with_token.clone(), String::new()), (with_token.clone(), strange_field)];
    for (cookie, body) in cases {
        let request = get(&format!("{address}/delete"), &cookie).method("POST").body(Body::from(body));
        assert_eq!(bench.send(request.expect("a request")).await.status, StatusCode::FORBIDDEN);
    }
    let request = get(&format!("{address}/delete"), &with_token).method("POST").body(Body::from(field));
    assert_eq!(bench.send(request.expect("a request")).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_cookie_against_forgery_comes_with_the_first_form_that_needs_it() {
    let bench = bench().await;
    let (address, cookie) = bench.uploaded("mix.wav", b"music").await;
    assert_eq!(bench.get(&address, &cookie).await.cookie(), "", "nothing to press yet");
    bench.work().await;
    let page = bench.get(&address, &cookie).await;
    let token = page.cookie();
    assert!(token.starts_with("csrf-token="), "{token}");
    let both = format!("{cookie}; {token}");
    let again = bench.get(&address, &both).await;
    assert_eq!(again.cookie(), "", "it is handed out once");
    let text = again.text();
    let field = text.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a field");
    let request = get(&format!("{address}/delete"), &both).method("POST").body(Body::from(format!("csrf={field}")));
    assert_eq!(bench.send(request.expect("a request")).await.header(header::LOCATION), "/tracks");
}

#[tokio::test]
async fn every_answer_tells_the_browser_what_it_may_do() {
    let bench = bench().await;
    let (address, cookie) = bench.uploaded("mix.wav", b"music").await;
    let download = format!("{address}/original");
    for path in ["/", "/nope", address.as_str(), download.as_str(), "/healthz"] {
        let answer = bench.get(path, &cookie).await;
        let policy = answer.header(header::CONTENT_SECURITY_POLICY);
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{path}");
        assert!(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"));
        assert_eq!(answer.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin");
        assert_eq!(answer.header(header::REFERRER_POLICY), "same-origin");
    }
    // What the policy forbids is not there in the first place.
    let page = bench.get("/", "").await.text();
    assert!(!page.contains("style=") && !page.contains("<style") && !page.contains("onclick"));
    assert_eq!(page.matches("<script").count(), 1);
    let private = bench.get(&address, &cookie).await;
    assert!(private.header(header::CACHE_CONTROL).starts_with("private"));
}

#[tokio::test]
async fn scripts_and_styles_may_be_kept_for_ever_under_their_address() {
    let bench = bench().await;
    let page = bench.get("/", "").await.text();
    let addresses: Vec<&str> = page.split('"').filter(|part| part.starts_with("/assets/")).collect();
    assert_eq!(addresses.len(), 4, "{addresses:?}");
    for address in addresses {
        let answer = bench.get(address, "").await;
        assert_eq!(answer.status, StatusCode::OK, "{address}");
        assert!(answer.header(header::CACHE_CONTROL).contains("immutable"), "{address}");
    }
    let older = bench.get("/assets/0123456789abcdef/style.css", "").await;
    assert_eq!(older.header(header::CACHE_CONTROL), "no-cache");
}

#[tokio::test]
async fn the_wrong_method_is_answered_as_such() {
    let bench = bench().await;
    assert_eq!(bench.post("/help", "").await.status, StatusCode::METHOD_NOT_ALLOWED);
}
