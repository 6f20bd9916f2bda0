//! The crawl of `e2e` visits every address of `e2e/facts/routes.json`; here that list is held against the router.

use std::collections::BTreeMap;
use std::path::Path;

use crate::common::{Bench, get};
use axum::body::Body;
use axum::http::{StatusCode, header};
use web::Limits;

/// The methods that the router answers at a pattern, as its refusal of another one lists them.
async fn methods(bench: &Bench, pattern: &str) -> Vec<String> {
    let filled: Vec<&str> = pattern.split('/').map(|part| if part.starts_with('{') { "x" } else { part }).collect();
    let request = get(&filled.join("/"), "").method("TRACE").body(Body::empty()).expect("a request");
    let answer = bench.send(request).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{pattern}");
    // A browser's `HEAD` is a `GET` to the router.
    let allowed = answer.header(header::ALLOW).split(',').map(str::trim).filter(|method| *method != "HEAD");
    allowed.map(str::to_owned).collect()
}

#[tokio::test]
async fn every_address_that_the_router_knows_is_in_the_crawls_list() {
    let bench = Bench::new(Limits::default()).await;
    let mut known = BTreeMap::new();
    for pattern in web::patterns() {
        known.insert(pattern.to_owned(), methods(&bench, pattern).await);
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../e2e/facts/routes.json");
    let crawled: BTreeMap<String, Vec<String>> =
        serde_json::from_str(&std::fs::read_to_string(&path).expect("the crawl's list")).expect("patterns and methods");
    assert_eq!(
        crawled,
        known,
        "bring e2e/facts/routes.json up to date with the right-hand side, and e2e/lib/visits.mjs with it:\n{}",
        serde_json::to_string_pretty(&known).expect("text")
    );
}
