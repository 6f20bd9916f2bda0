//! What the cookie policy costs a request with everything that this site declares: the same service with the layer and
//! without it. The aim is at most 2 µs. `cookie-policy` has a bench of its own for what handlers do with the jar.
#![allow(clippy::unwrap_used, reason = "a benchmark may panic as a test does")]

use std::convert::Infallible;
use std::future::{Future as _, Ready, ready};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use axum::http::{Request, Response, header};
use cookie_policy::{CONSENT_COOKIE, Consent, Decision, Kind, PolicyLayer, Signal};
use divan::Bencher;
use time::OffsetDateTime;
use tower::{Layer as _, Service};
use web::Site;
use web::registry::SITE;

const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH.saturating_add(time::Duration::days(20_000));

type Answer = Ready<Result<Response<()>, Infallible>>;

fn service(_: Request<()>) -> Answer {
    ready(Ok(Response::new(())))
}

fn layer() -> PolicyLayer {
    PolicyLayer::new(&SITE, Site::loopback().key, Arc::new(|| NOW))
}

/// Who comes by.
#[derive(Debug, Clone, Copy)]
enum Who {
    /// Nothing decided, no cookies.
    Stranger,
    /// Accepted everything; the browser sends every cookie that is declared.
    EveryCookie,
    /// Blocked everything.
    Blocked,
    /// Wants to be asked.
    Asked,
}

const WHO: [Who; 4] = [Who::Stranger, Who::EveryCookie, Who::Blocked, Who::Asked];

impl Who {
    fn request(self) -> Request<()> {
        let undecided = Consent::new(&SITE, None, Signal::default(), NOW.date());
        let pair = |decision: Decision| format!("cookie-consent={}", decision.to_cookie_value(&Site::loopback().key));
        let cookies = match self {
            Self::Stranger => return Request::new(()),
            Self::Blocked => pair(undecided.block_all()),
            Self::Asked => pair(undecided.prompt()),
            Self::EveryCookie => {
                let others =
                    SITE.items().iter().filter(|item| item.kind == Kind::Cookie && item.name != CONSENT_COOKIE);
                let mut pairs: Vec<_> =
                    others.map(|item| format!("{}=0123456789abcdef0123456789abcdef", item.name)).collect();
                pairs.push(pair(undecided.accept_all()));
                pairs.join("; ")
            }
        };
        Request::builder().header(header::COOKIE, cookies).body(()).unwrap()
    }
}

fn run<S>(bencher: Bencher<'_, '_>, mut service: S, who: Who)
where
    S: Service<Request<()>, Response = Response<()>, Error = Infallible>,
{
    let (parts, ()) = who.request().into_parts();
    let requests = bencher.with_inputs(|| {
        let mut request = Request::new(());
        *request.headers_mut() = parts.headers.clone();
        request
    });
    requests.bench_local_values(|request| {
        match pin!(service.call(request)).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(response) => response,
            Poll::Pending => panic!("the service answers at once"),
        }
    });
}

#[divan::bench(args = WHO)]
fn with_policy(bencher: Bencher<'_, '_>, who: Who) {
    run(bencher, layer().layer(tower::service_fn(async |request| service(request).await)), who);
}

#[divan::bench(args = WHO)]
fn without_policy(bencher: Bencher<'_, '_>, who: Who) {
    run(bencher, tower::service_fn(async |request| service(request).await), who);
}

fn main() {
    divan::main();
}
