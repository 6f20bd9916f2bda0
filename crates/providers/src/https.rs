//! The way out: one kind of connection for everything that is asked of others.

use std::net::IpAddr;
use std::time::Duration;

use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

/// A connection that nobody used for so long is closed.
const IDLE: Duration = Duration::from_secs(30);

/// Speaks HTTP over TLS, and plain HTTP where an address says so: [`may_hear_a_secret`] lets those of this machine pass
/// alone.
pub(crate) type Https = Client<HttpsConnector<HttpConnector>, String>;

pub(crate) fn client(connect_within: Duration) -> Https {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_connect_timeout(Some(connect_within));
    tcp.set_nodelay(true);
    let connector = HttpsConnectorBuilder::new()
        .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
        .expect("ring has cipher suites for TLS 1.2 and 1.3")
        .https_or_http()
        .enable_http1()
        .wrap_connector(tcp);
    Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE).build(connector)
}

/// Whether an address is one that a secret may be sent to: https, or this machine.
pub(crate) fn may_hear_a_secret(base: &str) -> bool {
    let Ok(uri) = base.parse::<Uri>() else {
        return false;
    };
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return false;
    };
    let is_plain = uri.query().is_none() && !base.contains('#') && !authority.as_str().contains('@');
    let is_safe = scheme == "https" || scheme == "http" && is_this_machine(authority.host());
    is_plain && is_safe && !authority.host().is_empty()
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// An address as an error may repeat it.
pub(crate) fn without_user(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://..@{host}"),
        _ => url.to_owned(),
    }
}
