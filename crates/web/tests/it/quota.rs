//! How much one visitor may have kept, and for how long one may hold on to what they do not read.

use std::time::Duration;

use crate::common::member::{PASSWORD, account, signed_in};
use crate::common::served::Served;
use crate::common::{Bench, form};
use axum::http::StatusCode;
use domain::{Device, FileName, Quota, SessionKind, Settings, SignInToken, Stay};
use store::NewTrack;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use web::{Limits, Proxies, Site};

fn limits(guest: Quota, account: Quota) -> Limits {
    Limits { guest_quota: guest, account_quota: account, ..Limits::default() }
}

const PLENTY: Quota = Quota { tracks: 100, bytes: 1 << 30 };

#[tokio::test]
async fn a_guest_has_so_many_tracks_and_is_told_what_to_do() {
    let bench = Bench::new(limits(Quota { tracks: 2, ..PLENTY }, PLENTY)).await;
    let (first, cookie) = bench.uploaded("one.wav", b"a mix").await;
    assert_eq!(bench.upload(&cookie, form("two.wav", b"a mix", &[])).await.status, StatusCode::SEE_OTHER);
    let full = bench.upload(&cookie, form("three.wav", b"a mix", &[])).await;
    assert_eq!(full.status, StatusCode::UNPROCESSABLE_ENTITY);
    let text = full.text();
    assert!(
        text.contains("You have 2 tracks") && text.contains("delete") && text.contains("make an account"),
        "{text}"
    );
    assert_eq!(bench.post(&format!("{first}/delete"), &cookie).await.status, StatusCode::SEE_OTHER);
    assert_eq!(
        bench.upload(&cookie, form("three.wav", b"a mix", &[])).await.status,
        StatusCode::SEE_OTHER,
        "there is room"
    );
}

#[tokio::test]
async fn an_account_has_another_measure_and_what_a_guest_had_comes_along_all_the_same() {
    let bench = Bench::new(limits(PLENTY, Quota { tracks: 1, ..PLENTY })).await;
    let (_, cookie) = bench.uploaded("one.wav", b"a mix").await;
    bench.upload(&cookie, form("two.wav", b"a mix", &[])).await;
    account(&bench, "mia@example.org").await;
    let mut mia = crate::common::member::Browser::of(&bench);
    let (name, value) = cookie.split_once('=').expect("a pair");
    mia.cookies.insert(name.to_owned(), value.to_owned());
    mia.sign_in("mia@example.org", PASSWORD).await;
    let tracks = mia.get("/tracks").await.text();
    assert!(tracks.contains("one.wav") && tracks.contains("two.wav"), "nothing is lost on the way: {tracks}");
    let full = bench.upload(&mia.cookie(), form("three.wav", b"a mix", &[])).await;
    assert_eq!(full.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!full.text().contains("make an account"), "she has one");
}

#[tokio::test]
async fn what_was_made_of_a_mix_takes_space_as_well() {
    let bench = Bench::new(limits(Quota { bytes: 300, ..PLENTY }, PLENTY)).await;
    let (track, cookie) = bench.uploaded("one.wav", &[1; 100]).await;
    assert_eq!(bench.upload(&cookie, form("two.wav", &[1; 300], &[])).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    bench.work().await;
    let full = bench.upload(&cookie, form("two.wav", b"a mix", &[])).await;
    assert_eq!(full.status, StatusCode::UNPROCESSABLE_ENTITY, "the masters are larger than what was left");
    assert!(full.text().contains("are kept"), "{}", full.text());
    let again = bench.post(&format!("{track}/again"), &cookie).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.text().contains("delete"), "{}", again.text());
    assert_eq!(bench.get(&track, &cookie).await.status, StatusCode::OK, "what is there stays");
}

#[tokio::test]
async fn scripts_are_told_and_led_to_their_tracks() {
    let bench = Bench::new(limits(Quota { tracks: 1, ..PLENTY }, PLENTY)).await;
    let (_, cookie) = bench.uploaded("one.wav", b"a mix").await;
    let mut request = crate::common::upload(&cookie, form("two.wav", b"a mix", &[]));
    request.headers_mut().insert("accept", "application/json".parse().expect("a header"));
    let full = bench.send(request).await;
    assert_eq!(full.status, StatusCode::UNPROCESSABLE_ENTITY);
    let told: serde_json::Value = serde_json::from_slice(&full.body).expect("JSON");
    assert_eq!(told["link"][0], "/tracks", "{told}");
}

#[tokio::test]
async fn many_uploads_at_one_moment_do_not_slip_past_the_measure() {
    let bench = Bench::new(Limits { uploads_per_visitor: 8, ..limits(PLENTY, Quota { tracks: 3, ..PLENTY }) }).await;
    let (mia, _) = signed_in(&bench, "mia@example.org").await;
    let cookie = mia.cookie();
    let upload = || bench.upload(&cookie, form("mix.wav", b"a mix", &[]));
    let all = tokio::join!(upload(), upload(), upload(), upload(), upload(), upload(), upload(), upload());
    let statuses = [all.0, all.1, all.2, all.3, all.4, all.5, all.6, all.7].map(|answer| answer.status);
    assert_eq!(statuses.iter().filter(|status| **status == StatusCode::SEE_OTHER).count(), 3, "{statuses:?}");
}

#[tokio::test]
async fn an_export_that_nobody_reads_is_given_up_and_its_place_is_free_again() {
    const PLACES: usize = 8;
    let limits = Limits { silence: Duration::from_secs(2), ..Limits::default() };
    let served = Served::start(Site::loopback(), limits, Proxies::default()).await;
    let store = &served.store;
    let (email, name) = ("mia@example.org".parse().expect("an address"), "Mia".parse().expect("a name"));
    let account = store.accounts.add(&email, &name, "$argon2id$").await.expect("the database").expect("free");
    let secret = store.sign_ins.begin(account.id, Stay::Session, Device::of("curl/8")).await.expect("the database");
    let owner = store.sign_ins.resume(&secret).await.expect("the database").expect("hers").owner;
    // More than the system's buffers hold on both sides.
    let source = store.blobs.put(&vec![7; 32 << 20]).await.expect("the disk");
    let track = NewTrack {
        file_name: FileName::from_untrusted("mix.wav"),
        source,
        reference: None,
        settings: Settings::default(),
    };
    store.tracks.add(owner, &track).await.expect("the database");
    let token = SignInToken { kind: SessionKind::Account, secret }.reveal();
    let request = format!(
        "GET /account/export.zip HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncookie: auth-token={token}\r\n\r\n"
    );
    let ask = async || {
        let mut stream = TcpStream::connect(served.address).await.expect("connected");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut head = [0; 12];
        stream.read_exact(&mut head).await.expect("a status");
        (stream, String::from_utf8_lossy(&head[9..]).into_owned())
    };
    let mut held = Vec::new();
    for _ in 0..PLACES {
        let (stream, status) = ask().await;
        assert_eq!(status, "200");
        held.push(stream);
    }
    assert_eq!(ask().await.1, "503", "all places are taken");
    let mut last = "503".to_owned();
    for _ in 0..60 {
        tokio::time::sleep(Duration::from_millis(250)).await;
        let (mut stream, status) = ask().await;
        last = status;
        if last == "200" {
            let mut whole = Vec::new();
            stream.read_to_end(&mut whole).await.expect("whole, for who reads");
            assert!(whole.len() > 32 << 20);
            break;
        }
    }
    assert_eq!(last, "200", "those who read nothing were left");
    let mut rest = Vec::new();
    let _ = held[0].read_to_end(&mut rest).await;
    assert!(rest.len() < 32 << 20, "and did not get all of it");
}
