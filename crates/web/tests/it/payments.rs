//! Paying, seen from outside: what it costs, the way to the payment page and back, what was bought. What nobody can do
//! without paying is in `payment_attacks.rs`.

use crate::common::member::{Browser, PASSWORD, account, bench, link, location, mail, no_mail, signed_in, token};
use crate::common::stripe::{StubStripe, send_event};
use crate::common::{Answer, Bench, form};
use axum::http::{StatusCode, header};
use serde_json::{Value, json};

/// A track of somebody who is signed in, mastered. Gives its address.
async fn mastered(bench: &Bench, browser: &Browser<'_>) -> String {
    let answer = bench.upload(&browser.cookie(), form("Night Drive.wav", b"a mix", &[])).await;
    bench.work().await;
    location(&answer).strip_suffix("?fresh").expect("a track").to_owned()
}

fn id(track: &str) -> &str {
    track.strip_prefix("/tracks/").expect("a track")
}

async fn buy(browser: &mut Browser<'_>, product: &str, track: Option<&str>) -> Answer {
    let mut fields = vec![("product", product)];
    fields.extend(track.map(|track| ("track", id(track))));
    browser.post("/purchases", &fields).await
}

async fn send_all(bench: &Bench, events: Vec<Value>) {
    for event in events {
        assert_eq!(send_event(bench, &event).await, StatusCode::OK, "{event}");
    }
}

#[tokio::test]
async fn where_nothing_is_sold_all_is_free_and_no_price_is_shown() {
    let bench = bench().await;
    let (mut mia, _) = signed_in(&bench, "mia@example.org").await;
    let track = mastered(&bench, &mia).await;
    let page = mia.get(&track).await;
    assert!(page.text().contains("download/wav24") && !page.text().contains("EUR") && !page.text().contains("/prices"));
    assert!(!page.header(header::CONTENT_SECURITY_POLICY).contains("stripe"));
    assert_eq!(mia.get(&format!("{track}/download/wav24")).await.status, StatusCode::OK);
    assert!(!mia.get("/account").await.text().contains("/purchases"));
    assert!(!mia.get("/").await.text().contains("/prices"));
    for path in ["/prices", "/purchases", "/purchases/0123456789abcdef0123456789abcdef"] {
        assert_eq!(mia.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    for path in ["/purchases", "/purchases/portal", &format!("{track}/unlock"), "/stripe/webhook"] {
        assert_eq!(mia.post(path, &[("product", "single")]).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert!(mia.get("/cookies").await.text().contains("Not configured: nothing can be bought here"));
}

#[tokio::test]
async fn a_guest_hears_everything_and_is_led_to_an_account_and_back_to_the_track() {
    let stripe = StubStripe::start().await;
    let bench = stripe.bench().await;
    let (track, cookie) = bench.uploaded("Night Drive.wav", b"a mix").await;
    bench.work().await;
    let page = bench.get(&track, &cookie).await.text();
    assert!(
        page.contains("9.00 EUR") && page.contains("20.00 EUR a month") && !page.contains("download/wav24"),
        "{page}"
    );
    assert!(page.contains("The single &#60;offer&#62;"), "{page}");
    assert!(!page.contains("data-master=") && page.contains("/preview.flac"));
    for free in ["preview.flac", "original", "report.json", "report"] {
        assert_eq!(bench.get(&format!("{track}/{free}"), &cookie).await.status, StatusCode::OK, "{free}");
    }
    let refused = bench.get(&format!("{track}/download/flac"), &cookie).await;
    assert_eq!(refused.status, StatusCode::PAYMENT_REQUIRED);
    assert!(refused.text().contains("not paid for yet") && refused.header(header::CACHE_CONTROL).contains("no-store"));
    let encoded = track.replace('/', "%2F");
    let sign_up = format!("/account/sign-up?next={encoded}");
    assert!(refused.text().contains(&sign_up), "{}", refused.text());

    let mut mia = Browser::of(&bench);
    let (name, value) = cookie.split_once('=').expect("a pair");
    mia.cookies.insert(name.to_owned(), value.to_owned());
    let form = mia.get(&sign_up).await.text();
    assert!(form.contains(&format!("name=\"next\" value=\"{track}\"")), "{form}");
    assert!(form.contains(&format!("/account/sign-in?next={encoded}")));
    mia.post("/account/sign-up", &[("email", "mia@example.org"), ("next", &track)]).await;
    let link = link(&mail(&bench).await);
    let (path, next) = link.split_once("&next=").expect("the way on");
    assert_eq!(next, encoded);
    let confirm = mia.get(&link).await.text();
    assert!(confirm.contains(&format!("name=\"next\" value=\"{track}\"")), "{confirm}");
    let fields = [("token", token(path)), ("name", "Mia"), ("new", PASSWORD), ("next", &track)];
    assert_eq!(location(&mia.post("/account/confirm", &fields).await), track);
    let page = mia.get(&track).await;
    assert!(page.text().contains("Buy: The single"), "{}", page.text());
    let policy = page.header(header::CONTENT_SECURITY_POLICY);
    assert!(policy.contains(&format!("form-action 'self' {};", stripe.url)), "{policy}");
    assert!(mia.get("/cookies").await.text().contains("You pay on Stripe"));
}

#[tokio::test]
async fn a_payment_that_fails_after_days_says_so_and_can_be_made_again() {
    let stripe = StubStripe::start().await;
    let bench = stripe.bench().await;
    let (mut mia, account) = signed_in(&bench, "mia@example.org").await;
    let track = mastered(&bench, &mia).await;
    let led = buy(&mut mia, "single", Some(&track)).await;
    let session = stripe.session(location(&led));
    let purchase = stripe.world().sessions[&session]["client_reference_id"].as_str().expect("hers").to_owned();
    let page = format!("/purchases/{purchase}");
    let events = stripe.world().pay_later(&session);
    send_all(&bench, events).await;
    assert!(mia.get(&page).await.text().contains("Your payment is on its way"));
    let list = mia.get("/purchases").await.text();
    assert!(list.contains("<span class=\"state\">on its way</span>"), "{list}");
    no_mail(&bench).await;

    let events = stripe.world().bounce(&session);
    send_all(&bench, events.clone()).await;
    send_all(&bench, events).await;
    let told = mail(&bench).await.mail;
    assert_eq!((told.to.as_str(), told.subject.as_str()), ("mia@example.org", "Your payment did not come"));
    assert!(told.text.contains("9.00 EUR") && told.text.contains(&page), "{}", told.text);
    let failed = mia.get(&page).await.text();
    assert!(failed.contains("Your payment failed") && failed.contains(&format!("href=\"{track}\"")), "{failed}");
    no_mail(&bench).await;
    let list = mia.get("/purchases").await.text();
    assert!(list.contains("<span class=\"state bad\">failed</span>"), "{list}");
    assert_eq!(mia.get(&format!("{track}/download/wav24")).await.status, StatusCode::PAYMENT_REQUIRED);

    let again = buy(&mut mia, "single", Some(&track)).await;
    assert_ne!(location(&again), location(&led), "on a page of its own");
    let events = stripe.world().pay(&stripe.session(location(&again))).1;
    send_all(&bench, events).await;
    assert_eq!(mail(&bench).await.mail.subject, "Your purchase at Balanced Mastering");
    assert_eq!(mia.get(&format!("{track}/download/wav24")).await.status, StatusCode::OK);
    assert_eq!(bench.store.credits.entries(account.id, 9).await.expect("the database").len(), 2);
}

#[tokio::test]
async fn word_of_a_failure_that_was_lost_is_asked_for_by_the_page() {
    let stripe = StubStripe::start().await;
    let bench = stripe.bench().await;
    let (mut mia, _) = signed_in(&bench, "mia@example.org").await;
    let session = stripe.session(location(&buy(&mut mia, "pack", None).await));
    let purchase = stripe.world().sessions[&session]["client_reference_id"].as_str().expect("hers").to_owned();
    stripe.world().pay_later(&session);
    stripe.world().bounce(&session);
    let failed = mia.get(&format!("/purchases/{purchase}")).await.text();
    assert!(failed.contains("Your payment failed") && failed.contains("href=\"/prices\""), "{failed}");
    assert_eq!(mail(&bench).await.mail.subject, "Your payment did not come");
}

#[tokio::test]
async fn a_master_is_bought_and_downloaded_in_every_format() {
    let stripe = StubStripe::start().await;
    let bench = stripe.bench().await;
    let (mut mia, account) = signed_in(&bench, "mia@example.org").await;
    let track = mastered(&bench, &mia).await;
    let led = buy(&mut mia, "single", Some(&track)).await;
    assert_eq!(led.status, StatusCode::SEE_OTHER, "{}", led.text());
    let session = stripe.session(location(&led));
    assert_eq!(location(&buy(&mut mia, "single", Some(&track)).await), location(&led), "pressed twice, one page");
    let back = stripe.world().sessions[&session]["success_url"].as_str().expect("a page").to_owned();
    let back = back.strip_prefix("http://127.0.0.1:8080").expect("this site").to_owned();

    let nothing = mia.get(&back).await;
    assert!(
        nothing.text().contains("Nothing was paid") && nothing.text().contains(location(&led)),
        "{}",
        nothing.text()
    );
    let events = stripe.world().pay(&session).1;
    // The buyer is back before any word of Stripe's is.
    assert_eq!(location(&mia.get(&back).await), track);
    let thanks = mail(&bench).await;
    assert!(
        thanks.mail.text.contains("9.00 EUR came for") && thanks.mail.text.contains("one master"),
        "{}",
        thanks.mail.text
    );
    for kind in ["wav24", "wav16", "flac"] {
        assert_eq!(mia.get(&format!("{track}/download/{kind}")).await.status, StatusCode::OK, "{kind}");
    }
    send_all(&bench, events).await;
    assert!(mia.get(&track).await.text().contains("download/wav24"));
    assert_eq!(bench.store.credits.entries(account.id, 9).await.expect("the database").len(), 2);
    crate::common::member::no_mail(&bench).await;

    let list = mia.get("/purchases").await.text();
    assert!(list.contains("9.00 EUR") && list.contains("https://pay.stripe.com/receipts/ch_"), "{list}");
    let portal = mia.post("/purchases/portal", &[]).await;
    assert_eq!(location(&portal), format!("{}/p/session/1", stripe.url));
    let other = mastered(&bench, &mia).await;
    assert_eq!(mia.get(&format!("{other}/download/wav24")).await.status, StatusCode::PAYMENT_REQUIRED);
}

#[tokio::test]
async fn credits_pay_for_tracks_one_by_one_and_a_refund_of_used_ones_stops_downloads() {
    let stripe = StubStripe::start().await;
    let bench = stripe.bench().await;
    let (mut mia, _) = signed_in(&bench, "mia@example.org").await;
    let led = buy(&mut mia, "pack", None).await;
    let (charge, events) = stripe.world().pay(&stripe.session(location(&led)));
    send_all(&bench, events).await;
    let track = mastered(&bench, &mia).await;
    let page = mia.get(&track).await.text();
    assert!(page.contains("Use one of your 10 masters"), "{page}");
    assert_eq!(
        mia.get(&format!("{track}/download/wav24")).await.status,
        StatusCode::PAYMENT_REQUIRED,
        "a link spends nothing"
    );
    assert_eq!(location(&mia.post(&format!("{track}/unlock"), &[]).await), track);
    assert_eq!(mia.get(&format!("{track}/download/wav24")).await.status, StatusCode::OK);
    assert!(mia.get("/prices").await.text().contains("You have 9 masters"));

    let refunded = {
        let mut world = stripe.world();
        world.charges.get_mut(&charge).expect("paid")["amount_refunded"] = json!(6000);
        let object = world.charges[&charge].clone();
        world.happened("charge.refunded", object)
    };
    send_all(&bench, vec![refunded]).await;
    let refused = mia.get(&format!("{track}/download/wav24")).await;
    assert_eq!(refused.status, StatusCode::PAYMENT_REQUIRED);
    assert!(refused.text().contains("1 master to be paid for again"), "{}", refused.text());
    assert!(mia.get("/purchases").await.text().contains("paid back"));
}

#[tokio::test]
async fn a_subscription_gives_its_masters_each_month_and_there_is_never_a_second_one() {
    let stripe = StubStripe::start().await;
    let bench = stripe.bench().await;
    let (mut mia, account) = signed_in(&bench, "mia@example.org").await;
    let led = buy(&mut mia, "plan", None).await;
    let events = stripe.world().pay(&stripe.session(location(&led))).1;
    send_all(&bench, events).await;
    assert!(mia.get("/purchases").await.text().contains("then for another month"));
    assert_eq!(buy(&mut mia, "plan", None).await.status, StatusCode::CONFLICT);
    let events = {
        let mut world = stripe.world();
        let subscription = world.subscriptions.keys().next().expect("one").clone();
        let charge = world.month(&subscription);
        let invoice = world.charges[&charge]["invoice"].clone();
        let paid = world.happened("invoice.paid", json!({"id": invoice}));
        world.subscriptions.get_mut(&subscription).expect("made")["cancel_at_period_end"] = json!(true);
        let updated = world.happened("customer.subscription.updated", json!({"id": subscription}));
        [updated, paid].to_vec()
    };
    send_all(&bench, events).await;
    let position = bench.store.credits.position(account.id).await.expect("the database");
    assert_eq!(position, domain::Position::Has(8));
    let page = mia.get("/purchases").await.text();
    assert!(page.contains("Cancelled. It runs until") && page.contains("https://invoice.stripe.com/i/in_"), "{page}");
}

#[tokio::test]
async fn stripe_knows_the_address_that_the_account_has_and_a_customer_that_was_removed_is_made_anew() {
    let stripe = StubStripe::start().await;
    let bench = stripe.bench().await;
    let (mut mia, account) = signed_in(&bench, "mia@example.org").await;
    buy(&mut mia, "single", None).await;
    let (old, mut moved) = (stripe.world().customers.keys().next().expect("one").clone(), "mia@example.org");
    for (product, email) in [("pack", "new@example.org"), ("plan", "newer@example.org")] {
        let token = bench
            .store
            .links
            .issue(domain::Purpose::ChangeEmail, &email.parse().expect("an address"), Some(account.id))
            .await
            .expect("a link");
        bench.store.accounts.change_email(&token).await.expect("the database").expect("moved");
        assert_eq!(stripe.world().customers[&old]["email"], moved);
        stripe.session(location(&buy(&mut mia, product, None).await));
        assert_eq!(stripe.world().customers[&old]["email"], email);
        moved = email;
    }
    stripe.world().customers.clear();
    for session in stripe.world().sessions.values_mut() {
        session["status"] = json!("expired");
    }
    let purchases = bench.store.purchases.waiting(std::time::Duration::ZERO, 9).await.expect("the database");
    for purchase in purchases {
        bench.store.purchases.expire(purchase.id).await.expect("the database");
    }
    stripe.session(location(&buy(&mut mia, "single", None).await));
    assert_eq!(stripe.world().customers.len(), 1);
}

#[tokio::test]
async fn money_that_takes_its_time_is_waited_for() {
    let stripe = StubStripe::start().await;
    let bench = stripe.bench().await;
    let (mut mia, _) = signed_in(&bench, "mia@example.org").await;
    let track = mastered(&bench, &mia).await;
    let led = buy(&mut mia, "single", Some(&track)).await;
    let session = stripe.session(location(&led));
    let (charge, events) = stripe.world().pay(&session);
    stripe.world().charges.get_mut(&charge).expect("made")["status"] = json!("pending");
    send_all(&bench, events).await;
    let purchase = stripe.world().sessions[&session]["client_reference_id"].as_str().expect("ours").to_owned();
    let page = mia.get(&format!("/purchases/{purchase}")).await;
    assert!(page.text().contains("Your payment is on its way"), "{}", page.text());
    assert_eq!(mia.get(&format!("{track}/download/wav24")).await.status, StatusCode::PAYMENT_REQUIRED);
    let came = {
        let mut world = stripe.world();
        world.charges.get_mut(&charge).expect("made")["status"] = json!("succeeded");
        world.happened("charge.succeeded", json!({"id": charge}))
    };
    send_all(&bench, vec![came]).await;
    assert_eq!(mia.get(&format!("{track}/download/wav24")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn while_stripe_is_out_of_order_nothing_is_lost_and_it_is_said() {
    let stripe = StubStripe::start().await;
    let site = stripe.site();
    let bench = stripe.bench().await;
    let till = web::Till::of(&bench.store, &site, &(std::sync::Arc::new(domain::OsEntropy) as _)).expect("sold");
    let (mut mia, _) = signed_in(&bench, "mia@example.org").await;
    let track = mastered(&bench, &mia).await;
    stripe.world().refuses_after = Some(0);
    let refused = buy(&mut mia, "single", Some(&track)).await;
    assert_eq!(refused.status, StatusCode::BAD_GATEWAY);
    assert!(refused.text().contains("Nothing was paid"), "{}", refused.text());
    stripe.world().refuses_after = None;
    let led = buy(&mut mia, "single", Some(&track)).await;
    let events = stripe.world().pay(&stripe.session(location(&led))).1;
    stripe.world().refuses_after = Some(0);
    for event in &events {
        assert_eq!(send_event(&bench, event).await, StatusCode::SERVICE_UNAVAILABLE, "Stripe is to send it again");
    }
    let purchase = stripe.world().sessions.values().next().expect("one")["client_reference_id"].clone();
    let page = mia.get(&format!("/purchases/{}", purchase.as_str().expect("ours"))).await;
    assert!(page.text().contains("Your payment is on its way") && page.text().contains("it is not lost"));
    assert!(till.catch_up().await.is_err());
    stripe.world().refuses_after = None;
    till.catch_up().await.expect("caught up");
    assert_eq!(mia.get(&format!("{track}/download/wav24")).await.status, StatusCode::OK);
    let heard = bench.store.purchases.heard_till().await.expect("the database");
    assert!(heard.is_some(), "and what was heard is not asked for again");
}

#[tokio::test]
async fn the_export_has_the_purchases_and_no_master_that_is_not_paid_for() {
    let stripe = StubStripe::start().await;
    let bench = stripe.bench().await;
    let (mut mia, _) = signed_in(&bench, "mia@example.org").await;
    let paid = mastered(&bench, &mia).await;
    let led = buy(&mut mia, "single", Some(&paid)).await;
    let events = stripe.world().pay(&stripe.session(location(&led))).1;
    send_all(&bench, events).await;
    mastered(&bench, &mia).await;
    let export = mia.get("/account/export.zip").await;
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(export.body)).expect("an archive");
    let told: Value = serde_json::from_reader(archive.by_name("account.json").expect("there")).expect("JSON");
    let masters = |index: usize| {
        let files: Vec<_> = told["tracks"][index]["results"].as_array().expect("a list").iter().collect();
        files.iter().filter(|file| !file["kind"].as_str().expect("a kind").starts_with("report")).count()
    };
    // The latest first.
    assert_eq!((masters(0), masters(1) > 5), (0, true), "{told}");
    assert_eq!(told["tracks"][0]["masters_are_paid_for"], false);
    assert_eq!(told["purchases"]["payments"][0]["amount"], "9.00 EUR");
    assert_eq!(told["purchases"]["ledger"].as_array().map(Vec::len), Some(2));
    let names: Vec<String> = archive.file_names().map(|name| name.expect("text").into_owned()).collect();
    assert_eq!(names.iter().filter(|name| name.ends_with("wav24.wav")).count(), 1, "{names:?}");
}

#[tokio::test]
async fn with_the_account_the_subscription_ends_and_stripe_forgets_even_if_it_could_not_at_once() {
    let stripe = StubStripe::start().await;
    let site = stripe.site();
    let bench = stripe.bench().await;
    let till = web::Till::of(&bench.store, &site, &(std::sync::Arc::new(domain::OsEntropy) as _)).expect("sold");
    let (mut mia, _) = signed_in(&bench, "mia@example.org").await;
    let led = buy(&mut mia, "plan", None).await;
    let events = stripe.world().pay(&stripe.session(location(&led))).1;
    send_all(&bench, events).await;
    buy(&mut mia, "single", None).await;
    assert!(mia.get("/account/delete").await.text().contains("A subscription ends with the account"));
    mia.post("/account/delete", &[("password", PASSWORD)]).await;
    stripe.world().refuses_after = Some(0);
    till.say_farewell().await.expect("the database");
    assert_eq!(stripe.world().customers.len(), 1, "it could not be told");
    stripe.world().refuses_after = None;
    till.say_farewell().await.expect("the database");
    assert_eq!(stripe.world().customers.len(), 1, "and is told again after a while, not at once");
    // The store's own test moves the clock; here the queue is emptied by hand.
    let customer = stripe.world().customers.keys().next().expect("one").parse().expect("a name");
    site.payments.expect("sold").stripe.forget(&customer).await.expect("forgotten");
    let world = stripe.world();
    assert!(world.customers.is_empty());
    assert!(world.subscriptions.values().all(|subscription| subscription["status"] == "canceled"));
    assert!(world.sessions.values().all(|session| session["status"] != "open"));
}

#[tokio::test]
async fn after_block_all_paying_says_what_it_needs() {
    let stripe = StubStripe::start().await;
    let bench = stripe.bench().await;
    account(&bench, "mia@example.org").await;
    let today = (time::OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000)).date();
    let consent = cookie_policy::Consent::new(&web::registry::SITE, None, cookie_policy::Signal::default(), today);
    let key = web::Site::loopback().key;
    let blocked = format!("cookie-consent={}", consent.block_all().to_cookie_value(&key));
    let prices = bench.get("/prices", &blocked).await;
    assert_eq!(prices.status, StatusCode::OK);
    assert!(prices.text().contains("Paying needs an account") && !prices.text().contains("action=\"/purchases\""));
    let sent = bench.post("/purchases", &blocked).await;
    assert_eq!(sent.status, StatusCode::FORBIDDEN);
    assert!(sent.text().contains("Paying needs an account") && sent.text().contains("value=\"essential-only\""));
    for line in sent.headers.get_all(header::SET_COOKIE) {
        assert!(line.to_str().expect("ASCII").contains("Max-Age=0"), "nothing but what is deleted: {line:?}");
    }
}
