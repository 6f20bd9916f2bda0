//! A finished track that the master shall sound like, uploaded with the mix.

use crate::common::{Bench, form, form_with, genuine, get};
use axum::body::Body;
use axum::http::{StatusCode, header};
use domain::{Failure, FailureKind, Matching, OsEntropy, RunId, UploadLimits};
use std::time::Duration;
use web::Limits;

async fn claimed(bench: &Bench) -> store::Claim {
    let claim = bench.store.queue.claim(RunId::draw(&OsEntropy), Duration::from_mins(1)).await;
    claim.expect("the database").expect("a job")
}

#[tokio::test]
async fn a_reference_is_kept_used_shown_and_kept_for_another_version() {
    let bench = Bench::new(Limits::default()).await;
    let page = bench.get("/", "").await.text();
    assert!(page.contains(r#"<input type="file" id="reference" name="reference""#), "{page}");
    let wishes = [("match", ""), ("match", "tone"), ("match", "loudness"), ("loudness", "club")];
    let sent = bench.upload("", form_with("mix.wav", b"music", &[("The <Record>.flac", b"a record")], &wishes)).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    let cookie = sent.cookie();
    let address = sent.header(header::LOCATION).strip_suffix("?fresh").expect("the way to the track").to_owned();
    let matched = "Matched to: The &#60;Record&#62;.flac (tone, loudness).";
    assert!(bench.get(&address, &cookie).await.text().contains(matched));
    bench.work().await;
    let result = bench.get(&address, &cookie).await.text();
    for expected in [
        matched,
        "The &#60;Record&#62;.flac lends what is ticked.",
        r#"name="match" value="tone" checked"#,
        r#"name="match" value="width">"#,
        r#"name="match" value="loudness" checked"#,
    ] {
        assert!(result.contains(expected), "{expected}\n{result}");
    }
    assert!(!result.contains(r#"name="reference""#), "it is there already");

    let (with_token, token) = genuine(&cookie);
    let wishes = format!("{token}&loudness=club&style=balanced&match=&match=width");
    let request = get(&format!("{address}/again"), &with_token).method("POST").body(Body::from(wishes));
    assert_eq!(bench.send(request.expect("a request")).await.status, StatusCode::SEE_OTHER);
    let claim = claimed(&bench).await;
    assert_eq!(claim.settings.matching, Some(Matching { width: true, ..Matching::default() }));
    let reference = claim.reference.expect("the reference").source;
    assert_eq!(std::fs::read(bench.store.blobs.path(reference.id)).expect("there"), b"a record");
    assert_eq!(bench.post(&format!("{address}/delete"), &cookie).await.status, StatusCode::SEE_OTHER);
    assert!(!bench.store.blobs.path(reference.id).exists(), "deleted with its track");
}

#[tokio::test]
async fn a_form_without_a_reference_asks_nothing_of_one() {
    let bench = Bench::new(Limits::default()).await;
    // What browsers send for a field in which no file was chosen.
    let unchosen = form_with("mix.wav", b"music", &[("", b"")], &[("match", ""), ("match", "tone")]);
    assert_eq!(bench.upload("", unchosen).await.status, StatusCode::SEE_OTHER);
    let claim = claimed(&bench).await;
    assert_eq!((claim.reference, claim.settings.matching), (None, None));
}

#[tokio::test]
async fn what_is_wrong_with_a_reference_is_said_of_it_and_nothing_is_kept() {
    let limits = Limits { upload: UploadLimits { max_bytes: 100, ..UploadLimits::default() }, ..Limits::default() };
    let bench = Bench::new(limits).await;
    let record: (&str, &[u8]) = ("record.wav", b"a record");
    for (form, status, said) in [
        (
            form_with("mix.wav", b"music", &[("record.wav", b"")], &[]),
            StatusCode::UNPROCESSABLE_ENTITY,
            "\u{201c}record.wav\u{201d} is empty. Export the reference again",
        ),
        (
            form_with("mix.wav", &[1; 60], &[("record.wav", &[1; 60])], &[]),
            StatusCode::PAYLOAD_TOO_LARGE,
            "With \u{201c}record.wav\u{201d} it is too large: up to 100 bytes can be uploaded, both files together.",
        ),
        (
            form_with("mix.wav", b"music", &[record, record], &[]),
            StatusCode::UNPROCESSABLE_ENTITY,
            "One reference at a time",
        ),
        (form_with("", b"", &[record], &[]), StatusCode::UNPROCESSABLE_ENTITY, "Choose a mix first"),
        (
            form_with("mix.wav", b"music", &[record], &[("match", "")]),
            StatusCode::UNPROCESSABLE_ENTITY,
            "Tick what your master shall take from the reference",
        ),
        (
            form_with("mix.wav", b"music", &[record], &[("loudness", "number"), ("lufs", "-9"), ("match", "loudness")]),
            StatusCode::UNPROCESSABLE_ENTITY,
            "choose one of them",
        ),
    ] {
        let answer = bench.upload("", form).await;
        assert_eq!(answer.status, status, "{said}");
        assert!(answer.text().contains(said), "{said}\n{}", answer.text());
        assert!(!answer.headers.contains_key(header::SET_COOKIE), "nothing is kept: {said}");
    }
    assert!(bench.store.queue.claim(RunId::draw(&OsEntropy), Duration::from_mins(1)).await.expect("asked").is_none());
}

#[tokio::test]
async fn a_reference_that_cannot_be_used_can_be_left_out() {
    let bench = Bench::new(Limits::default()).await;
    let sent = bench.upload("", form_with("mix.wav", b"music", &[("record.wav", b"no music")], &[])).await;
    let cookie = sent.cookie();
    let address = sent.header(header::LOCATION).strip_suffix("?fresh").expect("the way to the track").to_owned();
    let message = "the reference \u{201c}record.wav\u{201d} cannot be used: it is no audio file".to_owned();
    bench.refuse(Failure { kind: FailureKind::Refused, message }).await;
    let refused = bench.get(&address, &cookie).await.text();
    assert!(refused.contains("The reference \u{201c}record.wav\u{201d} cannot be used"), "{refused}");
    assert!(refused.contains("Try without the reference"), "{refused}");
    let (with_token, token) = genuine(&cookie);
    let request = get(&format!("{address}/again"), &with_token).method("POST");
    let request = request.body(Body::from(format!("{token}&without=reference"))).expect("a request");
    assert_eq!(bench.send(request).await.status, StatusCode::SEE_OTHER);
    assert_eq!(claimed(&bench).await.settings.matching, None);

    let (address, cookie) = bench.uploaded("alone.wav", &form("x", b"", &[])).await;
    bench.refuse(Failure { kind: FailureKind::Refused, message: "no music".to_owned() }).await;
    assert!(!bench.get(&address, &cookie).await.text().contains("without the reference"));
}
