//! A site on a data folder of its own, and a worker that needs no ears.

#![allow(unreachable_pub, reason = "shared by the modules of one test program")]

pub mod authenticator;
pub mod factor;
pub mod gotrue;
pub mod member;
pub mod served;
pub mod stripe;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use cookie_policy::{Mode, PolicyLayer};
use domain::{Clock, Failure, OsEntropy, Output, OutputKind, RunId, SystemClock, Timestamp};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http_body_util::BodyExt as _;
use sha2::Sha256;
use store::{Claim, Store};
use tokio::sync::watch;
use tower::ServiceExt as _;
use web::{Analytics, App, Limits, Site};

/// The real time, plus what the test lets pass.
struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_ms(SystemClock.now().unix_ms() + self.0.load(Ordering::Relaxed))
    }
}

/// One site. The folder goes when it is dropped.
pub struct Bench {
    pub store: Store,
    pub app: App,
    clock: Arc<TestClock>,
    _closing: watch::Sender<bool>,
    _folder: tempfile::TempDir,
}

/// A response, read to its end.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: impl axum::http::header::AsHeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("ASCII"))
    }

    /// The session cookie that was set, as a browser sends it back.
    pub fn cookie(&self) -> String {
        let line = self.header(header::SET_COOKIE);
        line.split(';').next().unwrap_or_default().to_owned()
    }
}

impl Bench {
    pub async fn new(limits: Limits) -> Self {
        Self::of(limits, &Site::loopback(), false).await
    }

    pub async fn of(limits: Limits, site: &Site, secure: bool) -> Self {
        Self::observed(limits, site, secure, &Analytics::None).await
    }

    pub async fn observed(limits: Limits, site: &Site, secure: bool, analytics: &Analytics) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let test_clock = Arc::new(TestClock(AtomicI64::new(0)));
        let store = Store::open(folder.path(), test_clock.clone(), Arc::new(OsEntropy)).await.expect("a store");
        let (closing, receiver) = watch::channel(false);
        let clock: cookie_policy::Clock = Arc::new(|| time::OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000));
        let policy = PolicyLayer::new(&web::registry::SITE, site.key.clone(), clock).secure(secure).mode(Mode::Panic);
        let app = web::app(store.clone(), site, limits, &policy, Arc::new(OsEntropy), analytics, receiver);
        Self { store, app, clock: test_clock, _closing: closing, _folder: folder }
    }

    /// Lets time pass for all that is kept.
    pub fn pass(&self, time: Duration) {
        self.clock.0.fetch_add(time.as_millis().try_into().expect("not for ever"), Ordering::Relaxed);
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.app.clone().oneshot(request).await.expect("infallible");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("a whole body").to_bytes().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub async fn get(&self, path: &str, cookie: &str) -> Answer {
        self.send(get(path, cookie).body(Body::empty()).expect("a request")).await
    }

    /// Sends a form that a page of the site handed to this browser.
    pub async fn post(&self, path: &str, cookie: &str) -> Answer {
        let (cookie, body) = genuine(cookie);
        self.send(get(path, &cookie).method("POST").body(Body::from(body)).expect("a request")).await
    }

    /// Uploads as a plain form does.
    pub async fn upload(&self, cookie: &str, form: Vec<u8>) -> Answer {
        self.send(upload(cookie, form)).await
    }

    /// Uploads and gives the track's address and the cookie.
    pub async fn uploaded(&self, name: &str, bytes: &[u8]) -> (String, String) {
        let answer = self.upload("", form(name, bytes, &[])).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        let location = answer.header(header::LOCATION);
        let address = location.strip_suffix("?fresh").expect("the way to the track");
        (address.to_owned(), answer.cookie())
    }

    /// Does the waiting job: the outputs hold their own names, the report is a true one.
    pub async fn work(&self) {
        self.work_without(&[]).await;
    }

    /// The same, of which some outputs are not made.
    pub async fn work_without(&self, missing: &[OutputKind]) {
        let claim = self.claim().await;
        let mut outputs = Vec::new();
        for kind in OutputKind::ALL.into_iter().filter(|kind| !missing.contains(kind)) {
            let bytes = match kind {
                OutputKind::Report => report(),
                _ => format!("the bytes of {kind}").into_bytes(),
            };
            let blob = self.store.blobs.put(&bytes).await.expect("the disk");
            outputs.push(Output { kind, blob });
        }
        self.store.queue.finish(&claim, &outputs).await.expect("the database");
    }

    async fn claim(&self) -> Claim {
        let claimed = self.store.queue.claim(RunId::draw(&OsEntropy), Duration::from_mins(1)).await;
        claimed.expect("the database").expect("a job")
    }

    /// Refuses the waiting job.
    pub async fn refuse(&self, failure: Failure) {
        let claim = self.claim().await;
        self.store.queue.fail(&claim, failure).await.expect("the database");
    }
}

/// A form's hidden field and the cookie that goes with it, worked out as RFC 2104 has it.
pub fn genuine(cookie: &str) -> (String, String) {
    let token = "0123456789abcdef0123456789abcdef";
    let field = field_for(token, cookie);
    let cookie = format!("{cookie}; csrf-token={token}");
    (cookie.trim_start_matches("; ").to_owned(), format!("csrf={field}"))
}

/// The hidden field that goes with a browser's number and its sessions.
pub fn field_for(token: &str, cookie: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(token.as_bytes()).expect("any length");
    for name in ["session-id=", "auth-token="] {
        let value = cookie.split("; ").find_map(|pair| pair.strip_prefix(name)).unwrap_or_default();
        mac.update(&(value.len() as u64).to_be_bytes());
        mac.update(value.as_bytes());
    }
    mac.finalize().into_bytes().iter().fold(String::new(), |field, byte| field + &format!("{byte:02x}"))
}

pub fn get(path: &str, cookie: &str) -> axum::http::request::Builder {
    let builder = Request::builder().uri(path).header(header::HOST, "balanced.test");
    if cookie.is_empty() { builder } else { builder.header(header::COOKIE, cookie) }
}

pub fn upload(cookie: &str, form: Vec<u8>) -> Request<Body> {
    get("/tracks", cookie)
        .method("POST")
        .header(header::CONTENT_TYPE, format!("multipart/form-data; boundary={BOUNDARY}"))
        .header(header::CONTENT_LENGTH, form.len())
        .body(Body::from(form))
        .expect("a request")
}

const BOUNDARY: &str = "-----------------------------735323031399963166993862150";

/// A form as browsers send it: the file first, then the other fields.
pub fn form(file_name: &str, bytes: &[u8], fields: &[(&str, &str)]) -> Vec<u8> {
    form_with(file_name, bytes, &[], fields)
}

/// The same with references, of which the site takes one.
pub fn form_with(file_name: &str, bytes: &[u8], like: &[(&str, &[u8])], fields: &[(&str, &str)]) -> Vec<u8> {
    let mut form = Vec::new();
    let mix = ("file", file_name, bytes);
    for (field, file_name, bytes) in
        [mix].into_iter().chain(like.iter().map(|(name, bytes)| ("reference", *name, *bytes)))
    {
        let name = file_name.replace('"', "%22");
        let break_before = if form.is_empty() { "" } else { "\r\n" };
        form.extend(
            format!(
                "{break_before}--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\
                 content-type: audio/wav\r\n\r\n"
            )
            .into_bytes(),
        );
        form.extend(bytes);
    }
    for (name, value) in fields {
        form.extend(
            format!("\r\n--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}").into_bytes(),
        );
    }
    form.extend(format!("\r\n--{BOUNDARY}--\r\n").into_bytes());
    form
}

/// A report with every key that the pages need.
fn report() -> Vec<u8> {
    let measured = |lufs: f64, peak: f64| {
        serde_json::json!({
            "integrated_lufs": lufs, "loudness_range_lu": 6.2, "max_short_term_lufs": lufs + 3.0,
            "max_momentary_lufs": lufs + 5.0, "true_peak_dbtp": peak, "sample_peak_dbfs": peak - 0.2,
            "crest_db": 14.0, "correlation": 0.83,
        })
    };
    let overview = serde_json::json!({"min": [-0.5, -0.25, -0.5], "max": [0.5, 0.25, 0.5]});
    serde_json::json!({
        "schema": 1, "format": "WAV, 24 bit", "duration_s": 187.4, "rate_hz": 44100, "channels": 2,
        "before": measured(-18.34, -6.1), "after": measured(-14.0, -1.02), "target_lufs": -14.0,
        "ceiling_dbtp": -1.0, "target_reached": true,
        "explanation": ["The lows <were> left alone."],
        "waveforms": {"before": overview, "after": overview},
        "outputs": [{"encoding": "wav-24"}, {"encoding": "opus-192", "note": "Opus brought peaks <above> the ceiling."}],
        "not_made": [{"encoding": "aac-256", "reason": "FFmpeg is gone"}],
    })
    .to_string()
    .into_bytes()
}
