//! The service on an address: connections with time limits, and an orderly end.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use cookie_policy::PolicyLayer;
use domain::{Clock, Entropy};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use store::Store;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt as _;

use crate::app::app;
use crate::config::{Config, Site};
use crate::mails;
use crate::notices::Writing;
use crate::patience::Patient;
use crate::registry;
use crate::throttle::Peer;
use crate::till::Till;

/// How long a client may take for a request's headers.
const HEADERS_WITHIN: Duration = Duration::from_secs(15);
/// Connections at one time; more wait in the system's queue.
const MAX_CONNECTIONS: usize = 1024;
/// How long requests that are being answered may go on once the service is told to stop.
const LAST_ORDERS: Duration = Duration::from_secs(10);
/// How long the last counts may take to be written once nobody is answered any more.
const LAST_COUNTS: Duration = Duration::from_secs(2);
/// Pause after the system could not give a connection (no file handles left, say).
const BREATH: Duration = Duration::from_millis(100);

/// Why the service could not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address is not to be had.
    #[error("cannot listen on {listen}: is another program using it? Choose another one with --listen")]
    Listen {
        /// The address.
        listen: SocketAddr,
        /// Why not.
        source: io::Error,
    },
}

/// Serves the site until `shutdown` ends, then lets running requests finish. `ready` hears the address in use, which
/// tells the port where any was asked for.
pub async fn serve(
    config: &Config,
    store: Store,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    ready: impl FnOnce(SocketAddr),
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let listen_error = |source| ServeError::Listen { listen: config.listen, source };
    let listener = TcpListener::bind(config.listen).await.map_err(listen_error)?;
    let address = listener.local_addr().map_err(listen_error)?;
    let (close, closing) = watch::channel(false);
    let policy =
        PolicyLayer::new(&registry::SITE, config.site.key.clone(), policy_clock(clock)).secure(config.site.is_https());
    let tells_links = config.listen.ip().is_loopback();
    tokio::spawn(mails::keep_sending(store.clone(), config.mailer.clone(), tells_links, closing.clone()));
    let site = Site { local_url: format!("http://{address}"), ..config.site.clone() };
    let notices = Writing {
        store: store.clone(),
        origin: site.origin().to_owned(),
        pause: Duration::from_mins(1) / config.notices_per_minute.max(1),
        entropy: Arc::clone(&entropy),
    };
    tokio::spawn(notices.keep_on(closing.clone()));
    if let Some(till) = Till::of(&store, &site, &entropy) {
        tokio::spawn(till.keep_up(closing.clone()));
    }
    let app = app(store, &site, config.limits, &policy, entropy, &config.analytics, closing);

    let graceful = GracefulShutdown::new();
    let patience = config.limits.silence;
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let proxies = Arc::new(config.proxies.clone());
    ready(address);
    tokio::pin!(shutdown);
    loop {
        let Ok(permit) = (tokio::select! {
            permit = Arc::clone(&room).acquire_owned() => permit,
            () = &mut shutdown => break,
        }) else {
            break;
        };
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted: {error}");
                    tokio::time::sleep(BREATH).await;
                    continue;
                }
            },
            () = &mut shutdown => break,
        };
        // Small answers (progress) are not to wait for more.
        let _ = stream.set_nodelay(true);
        let proxies = Arc::clone(&proxies);
        let service = TowerToHyperService::new(app.clone().map_request(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            let client = proxies.client(peer.ip(), request.headers());
            request.extensions_mut().insert(Peer(client));
            request
        }));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADERS_WITHIN)
            .serve_connection(TokioIo::new(Patient::new(stream, patience)), service);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection broke: {error}");
            }
            drop(permit);
        });
    }
    drop(listener);
    // Who watches a job is told to come back later.
    let _ = close.send(true);
    if tokio::time::timeout(LAST_ORDERS, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests were still being answered after {LAST_ORDERS:?} and were cut off");
    }
    // What was counted is written by whoever holds the last receiver.
    drop(app);
    if tokio::time::timeout(LAST_COUNTS, close.closed()).await.is_err() {
        tracing::warn!("counts of the last seconds may be lost: writing them took longer than {LAST_COUNTS:?}");
    }
    Ok(())
}

fn policy_clock(clock: Arc<dyn Clock>) -> cookie_policy::Clock {
    Arc::new(move || {
        let now = i128::from(clock.now().unix_ms()) * 1_000_000;
        time::OffsetDateTime::from_unix_timestamp_nanos(now).unwrap_or(time::OffsetDateTime::UNIX_EPOCH)
    })
}
