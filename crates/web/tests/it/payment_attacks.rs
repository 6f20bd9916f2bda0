//! What nobody can do: have a download without paying, speak for Stripe, use what is somebody else's, or send buyers
//! elsewhere.

use crate::common::member::{Browser, location, signed_in};
use crate::common::stripe::{HOOK, StubStripe, send_event, send_signed, signature};
use crate::common::{Bench, form, get};
use axum::body::Body;
use axum::http::{StatusCode, header};
use domain::{Actor, Adjustment, Clock as _, SystemClock};
use serde_json::json;

fn now() -> i64 {
    SystemClock.now().unix_ms() / 1000
}

async fn mastered(bench: &Bench, browser: &Browser<'_>) -> String {
    let answer = bench.upload(&browser.cookie(), form("Night Drive.wav", b"a mix", &[])).await;
    bench.work().await;
    location(&answer).strip_suffix("?fresh").expect("a track").to_owned()
}

#[tokio::test]
async fn forged_stale_changed_and_oversized_words_of_stripes_do_nothing() {
    let stripe = StubStripe::start().await;
    let bench = stripe.bench().await;
    let (mut mia, account) = signed_in(&bench, "mia@example.org").await;
    let led = mia.post("/purchases", &[("product", "pack")]).await;
    let session = stripe.session(location(&led));
    let (_, events) = stripe.world().pay(&session);
    let body = events[0].to_string();
    let good = signature(HOOK, now(), &body);
    let asked = stripe.world().asked.len();
    for (forged, what) in [
        (String::new(), "unsigned"),
        (signature("whsec_guessed_secret", now(), &body), "signed by somebody else"),
        (signature(HOOK, now() - 301, &body), "signed too long ago"),
        (signature(HOOK, now() + 900, &body), "signed in the future"),
        (signature(HOOK, now(), "{}"), "the signature of another one"),
        (good.replace("v1=", "v0="), "another scheme"),
    ] {
        assert_eq!(send_signed(&bench, &forged, &body).await.status, StatusCode::BAD_REQUEST, "{what}");
    }
    let changed = body.replace("charge.succeeded", "charge.refunded");
    assert_eq!(send_signed(&bench, &good, &changed).await.status, StatusCode::BAD_REQUEST, "changed");
    let large = format!("{body}{}", " ".repeat(1 << 20));
    let answer = send_signed(&bench, &signature(HOOK, now(), &large), &large).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    for nonsense in ["", "[]", "null", "{\"id\":1}", "\u{0}"] {
        let answer = send_signed(&bench, &signature(HOOK, now(), nonsense), nonsense).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{nonsense:?}");
    }
    let strange = json!({"id": "evt_x", "type": "charge.succeeded", "created": now(), "data": {"object": {"id": "../customers"}}});
    assert_eq!(send_event(&bench, &strange).await, StatusCode::OK, "signed, and about nothing");
    assert_eq!(stripe.world().asked.len(), asked, "nobody makes the server ask anything");
    assert!(bench.store.credits.entries(account.id, 9).await.expect("the database").is_empty());
    // A signed word that claims what is not so gets what is so.
    stripe.world().charges.values_mut().for_each(|charge| charge["status"] = json!("failed"));
    assert_eq!(send_event(&bench, &events[0]).await, StatusCode::OK);
    assert!(bench.store.credits.entries(account.id, 9).await.expect("the database").is_empty());
}

#[tokio::test]
async fn a_word_that_is_sent_again_is_heeded_once() {
    let stripe = StubStripe::start().await;
    let bench = stripe.bench().await;
    let (mut mia, account) = signed_in(&bench, "mia@example.org").await;
    let led = mia.post("/purchases", &[("product", "pack")]).await;
    let (_, events) = stripe.world().pay(&stripe.session(location(&led)));
    let body = events[0].to_string();
    let signed = signature(HOOK, now(), &body);
    let sent = (0..8).map(|_| send_signed(&bench, &signed, &body));
    for answer in futures_util::future::join_all(sent).await {
        assert_eq!(answer.status, StatusCode::OK);
    }
    let asked = stripe.world().asked.len();
    assert_eq!(send_signed(&bench, &signed, &body).await.status, StatusCode::OK);
    assert_eq!(stripe.world().asked.len(), asked, "and costs nothing any more");
    assert_eq!(bench.store.credits.entries(account.id, 9).await.expect("the database").len(), 1);
}

#[tokio::test]
async fn whoever_saves_what_the_player_plays_has_no_master_before_it_is_paid_for() {
    let stripe = StubStripe::start().await;
    let bench = stripe.bench().await;
    let (mut mia, account) = signed_in(&bench, "mia@example.org").await;
    let track = mastered(&bench, &mia).await;
    let preview = format!("{track}/preview.flac");
    let page = mia.get(&track).await.text();
    assert!(page.contains(" data-player ") && page.contains("a copy of both sides at 128 kbit/s"), "{page}");
    let unpaid = mia.get(&preview).await;
    assert_eq!(
        (unpaid.text().as_str(), unpaid.header(header::CONTENT_TYPE)),
        ("the bytes of listening-copy", "audio/flac")
    );
    let tag = unpaid.header(header::ETAG).to_owned();
    for (name, value) in [(header::RANGE, "bytes=0-"), (header::IF_NONE_MATCH, "\"0\""), (header::IF_RANGE, "\"0\"")] {
        let asked = get(&preview, &mia.cookie()).header(&name, value).body(Body::empty());
        let answer = bench.send(asked.expect("a request")).await;
        assert_eq!(answer.text(), "the bytes of listening-copy", "{name}: {value}");
    }

    let one = Adjustment::new(1, "a test".parse().expect("a reason")).expect("a number");
    bench.store.credits.adjust(Actor::CommandLine, account.id, &one, None).await.expect("given");
    assert_eq!(mia.get(&preview).await.text(), "the bytes of listening-copy", "a credit alone opens nothing");
    assert_eq!(mia.post(&format!("{track}/unlock"), &[]).await.status, StatusCode::SEE_OTHER);
    // A browser that has the copy asks whether it is still good, and it is not.
    let asked = get(&preview, &mia.cookie()).header(header::IF_NONE_MATCH, &tag).body(Body::empty());
    let paid = bench.send(asked.expect("a request")).await;
    assert_eq!((paid.status, paid.text().as_str()), (StatusCode::OK, "the bytes of preview"));
    assert!(paid.header(header::CACHE_CONTROL).contains("private, no-cache"));
    // Nor is a part of the one put together with a part of the other.
    let asked = get(&preview, &mia.cookie()).header(header::RANGE, "bytes=4-").header(header::IF_RANGE, &tag);
    let paid = bench.send(asked.body(Body::empty()).expect("a request")).await;
    assert_eq!((paid.status, paid.text().as_str()), (StatusCode::OK, "the bytes of preview"));
}

#[tokio::test]
async fn a_master_from_before_anything_was_sold_is_not_played_until_it_is_paid_for() {
    let stripe = StubStripe::start().await;
    let bench = stripe.bench().await;
    let (mut mia, account) = signed_in(&bench, "mia@example.org").await;
    let answer = bench.upload(&mia.cookie(), form("Night Drive.wav", b"a mix", &[])).await;
    bench.work_without(&[domain::OutputKind::ListeningCopy]).await;
    let track = location(&answer).strip_suffix("?fresh").expect("a track").to_owned();
    let page = mia.get(&track).await.text();
    assert!(page.contains("Make another version below to hear it") && !page.contains(" data-player "), "{page}");
    assert_eq!(mia.get(&format!("{track}/preview.flac")).await.status, StatusCode::NOT_FOUND);
    let one = Adjustment::new(1, "a test".parse().expect("a reason")).expect("a number");
    bench.store.credits.adjust(Actor::CommandLine, account.id, &one, None).await.expect("given");
    assert_eq!(mia.post(&format!("{track}/unlock"), &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(mia.get(&format!("{track}/preview.flac")).await.text(), "the bytes of preview");
    assert!(mia.get(&track).await.text().contains(" data-player "));
}

#[tokio::test]
async fn purchases_and_tracks_of_others_are_not_there() {
    let stripe = StubStripe::start().await;
    let bench = stripe.bench().await;
    let (mut mia, _) = signed_in(&bench, "mia@example.org").await;
    let (mut eve, account) = signed_in(&bench, "eve@example.org").await;
    let track = mastered(&bench, &mia).await;
    let led = mia.post("/purchases", &[("product", "single"), ("track", &track[8..])]).await;
    let session = stripe.session(location(&led));
    let purchase = stripe.world().sessions[&session]["client_reference_id"].as_str().expect("hers").to_owned();
    let page = format!("/purchases/{purchase}");
    assert_eq!(eve.get(&page).await.status, StatusCode::NOT_FOUND);
    assert_eq!(mia.get(&page).await.status, StatusCode::OK);
    for id in ["x", "..", &"0".repeat(32)] {
        assert_eq!(eve.get(&format!("/purchases/{id}")).await.status, StatusCode::NOT_FOUND, "{id}");
    }
    assert_eq!(eve.post("/purchases/portal", &[]).await.status, StatusCode::NOT_FOUND, "she never bought anything");
    let one = Adjustment::new(1, "a test".parse().expect("a reason")).expect("a number");
    bench.store.credits.adjust(Actor::CommandLine, account.id, &one, None).await.expect("given");
    assert_eq!(eve.post(&format!("{track}/unlock"), &[]).await.status, StatusCode::NOT_FOUND);
    // Bought from another's track it is a credit, and no more.
    let led = eve.post("/purchases", &[("product", "single"), ("track", &track[8..])]).await;
    let (_, events) = stripe.world().pay(&stripe.session(location(&led)));
    for event in events {
        send_event(&bench, &event).await;
    }
    assert_eq!(eve.get(&format!("{track}/download/wav24")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(mia.get(&format!("{track}/download/wav24")).await.status, StatusCode::PAYMENT_REQUIRED);
    let position = bench.store.credits.position(account.id).await.expect("the database");
    assert_eq!(position, domain::Position::Has(2));
}

#[tokio::test]
async fn nobody_buys_with_a_form_from_elsewhere_or_without_an_account() {
    let stripe = StubStripe::start().await;
    let bench = stripe.bench().await;
    let (mia, _) = signed_in(&bench, "mia@example.org").await;
    let track = mastered(&bench, &mia).await;
    for path in ["/purchases", "/purchases/portal", &format!("{track}/unlock")] {
        for origin in [Some("https://evil.test"), None] {
            let mut request = get(path, &mia.cookie()).method("POST");
            if let Some(origin) = origin {
                request = request.header(header::ORIGIN, origin).header("sec-fetch-site", "cross-site");
            }
            let answer = bench.send(request.body(Body::from("product=single")).expect("a request")).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {origin:?}");
        }
        let guest = Browser::of(&bench).post(path, &[("product", "single")]).await;
        assert_eq!(location(&guest), "/account/sign-in?next=%2Fprices", "{path}");
    }
    for path in ["/purchases", "/purchases/0123456789abcdef0123456789abcdef"] {
        let guest = Browser::of(&bench).get(path).await;
        assert!(location(&guest).starts_with("/account/sign-in?next=%2Fpurchases"), "{path}");
    }
    assert!(stripe.world().asked.is_empty());
}

#[tokio::test]
async fn a_price_is_the_sites_and_a_page_is_stripes_whatever_is_sent() {
    let stripe = StubStripe::start().await;
    let bench = stripe.bench().await;
    let (mut mia, _) = signed_in(&bench, "mia@example.org").await;
    for product in ["", "free", "single ", "Single", "' OR 1=1"] {
        let refused = mia.post("/purchases", &[("product", product), ("price", "1")]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{product}");
    }
    let fields =
        [("product", "single"), ("price", "1"), ("credits", "99"), ("url", "https://evil.test/"), ("track", "../..")];
    let led = mia.post("/purchases", &fields).await;
    let session = stripe.session(location(&led));
    assert_eq!(stripe.world().sessions[&session]["amount_total"], 900);
    // Even if Stripe's answer were somebody else's.
    for elsewhere in
        ["https://evil.test", "https://checkout.stripe.com.evil.test", "//evil.test", "javascript:alert(1)"]
    {
        stripe.world().pages = Some(elsewhere.to_owned());
        for (path, fields) in [("/purchases", vec![("product", "pack")]), ("/purchases/portal", vec![])] {
            let answer = mia.post(path, &fields).await;
            assert_eq!(answer.status, StatusCode::BAD_GATEWAY, "{path} {elsewhere}");
        }
    }
}

#[tokio::test]
async fn the_way_to_an_account_and_back_leads_nowhere_else() {
    let stripe = StubStripe::start().await;
    let bench = stripe.bench().await;
    for next in ["//evil.test", "https://evil.test/", "/\\evil.test", "javascript:alert(1)"] {
        let encoded: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
        let page = Browser::of(&bench).get(&format!("/account/sign-up?next={encoded}")).await.text();
        assert!(page.contains("name=\"next\" value=\"/\""), "{next}");
        assert!(page.contains("href=\"/account/sign-in?next=%2F\""), "{next}");
    }
    let mut eve = Browser::of(&bench);
    eve.post("/account/sign-up", &[("email", "eve@example.org"), ("next", "https://evil.test/")]).await;
    let mail = crate::common::member::mail(&bench).await;
    assert!(!mail.mail.text.contains("evil.test") && !mail.mail.html.contains("evil.test"));
    let link = crate::common::member::link(&mail);
    let (path, _) = link.split_once("&next=").expect("the first page");
    let fields = [
        ("token", crate::common::member::token(path)),
        ("name", "Eve"),
        ("new", crate::common::member::PASSWORD),
        ("next", "https://evil.test/"),
    ];
    assert_eq!(location(&eve.post("/account/confirm", &fields).await), "/");
}

#[tokio::test]
async fn no_address_gives_a_master_away() {
    let stripe = StubStripe::start().await;
    let bench = stripe.bench().await;
    let (mut mia, _) = signed_in(&bench, "mia@example.org").await;
    let track = mastered(&bench, &mia).await;
    for kind in ["wav24", "wav16", "flac", "aiff", "mp3", "aac", "opus", "vorbis"] {
        let path = format!("{track}/download/{kind}");
        for (name, value) in
            [("range", "bytes=0-99"), ("if-none-match", "*"), ("sec-fetch-dest", "audio"), ("x-paid", "yes")]
        {
            let request = get(&path, &mia.cookie()).header(name, value).body(Body::empty()).expect("a request");
            let answer = bench.send(request).await;
            assert!([StatusCode::PAYMENT_REQUIRED, StatusCode::NOT_FOUND].contains(&answer.status), "{path} {name}");
            assert!(!answer.text().contains("the bytes of"), "{path} {name}");
        }
        let head = get(&path, &mia.cookie()).method("HEAD").body(Body::empty()).expect("a request");
        assert!(!bench.send(head).await.status.is_success(), "{path}");
    }
    assert_eq!(mia.get(&format!("{track}/download/wav24")).await.status, StatusCode::PAYMENT_REQUIRED);
}
