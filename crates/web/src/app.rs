//! The finished service: state, router, and the layers round it.

use std::any::Any;
use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use cookie_policy::{PolicyLayer, PolicyService};
use domain::{Email, Entropy};
use providers::identity::Identity;
use providers::identity::local::Passwords;
use providers::identity::passkeys::Passkeys;
use store::Store;
use tokio::sync::{Semaphore, watch};
use tower::Layer as _;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::csrf::{CsrfLayer, ProtectionError};
use tower_http::timeout::RequestBodyTimeoutLayer;
use tower_http::trace::TraceLayer;

use crate::analytics::{self, Analytics, Reporter};
use crate::config::{Limits, Site};
use crate::page::{self, Here, Problem, Shell};
use crate::patterns::Patterns;
use crate::routes::{account, cookies, operator, payments, settings, site, tracks};
use crate::throttle::{Rules, Throttle};
use crate::till::Till;
use crate::uploads::Uploads;
use crate::usage::{self, Usage};
use crate::visit::Visit;

/// Downloads of all that somebody has, at a time: each holds a thread.
const EXPORTS: usize = 8;

/// What every handler may use.
#[derive(Clone)]
pub(crate) struct AppState {
    pub(crate) store: Store,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) limits: Limits,
    pub(crate) uploads: Uploads,
    pub(crate) usage: Usage,
    pub(crate) analytics: Reporter,
    /// Wrong operator's tokens, by network.
    pub(crate) operator_tries: Throttle<IpAddr>,
    pub(crate) accounts: Accounts,
    /// Who takes the money, where something is sold.
    pub(crate) till: Option<Till>,
    /// Becomes true when the service is about to stop.
    pub(crate) closing: watch::Receiver<bool>,
    pub(crate) site: Arc<Site>,
    contact: Arc<str>,
}

/// What accounts need besides the store.
#[derive(Clone)]
pub(crate) struct Accounts {
    /// Who checks passwords.
    pub(crate) identity: Identity,
    pub(crate) passwords: Passwords,
    /// Asks for passkeys; none where the site's address has no name that they could belong to.
    pub(crate) passkeys: Option<Passkeys>,
    /// Challenges that were asked for to sign in, by network.
    pub(crate) challenges_asked: Throttle<IpAddr>,
    /// Wrong passwords, by network.
    pub(crate) sign_in_tries: Throttle<IpAddr>,
    /// Mails that were asked for, by network.
    pub(crate) mails_asked: Throttle<IpAddr>,
    /// Mails that were asked for, by recipient.
    pub(crate) mails_to: Throttle<Email>,
    /// Downloads of all that somebody has, at a time.
    pub(crate) exports: Arc<Semaphore>,
}

impl Accounts {
    fn new(entropy: &Arc<dyn Entropy>, site: &Site) -> Self {
        let passkeys = Passkeys::new(site.origin());
        if let Err(error) = &passkeys {
            tracing::warn!("nobody can use passkeys here: {error}");
        }
        Self {
            identity: site.identity.clone(),
            passkeys: passkeys.ok(),
            challenges_asked: Throttle::new(Rules::CHALLENGES),
            passwords: Passwords::new(entropy.clone(), site.breached.clone())
                .expect("the parameters are OWASP's, as a test of theirs shows"),
            sign_in_tries: Throttle::new(Rules::SIGN_IN),
            mails_asked: Throttle::new(Rules::MAILS),
            mails_to: Throttle::new(Rules::MAILS_TO_ONE),
            exports: Arc::new(Semaphore::new(EXPORTS)),
        }
    }
}

impl AppState {
    /// What surrounds a page.
    pub(crate) fn shell(&self, visit: &Visit, here: Here) -> Shell {
        Shell::new(visit, here, &self.contact, self.analytics.measures_time(&visit.jar))
    }
}

/// A router that remembers what it was given, because axum's cannot be asked.
#[derive(Default)]
struct Routes {
    router: Router<AppState>,
    patterns: Vec<&'static str>,
}

impl Routes {
    fn route(mut self, pattern: &'static str, methods: MethodRouter<AppState>) -> Self {
        self.patterns.push(pattern);
        Self { router: self.router.route(pattern, methods), patterns: self.patterns }
    }

    fn all(self, routes: impl IntoIterator<Item = (&'static str, MethodRouter<AppState>)>) -> Self {
        routes.into_iter().fold(self, |all, (pattern, methods)| all.route(pattern, methods))
    }
}

/// The whole site as one service.
pub type App = PolicyService<Router>;

/// Builds the site. `closing` becomes true when the service is about to stop: connections that would stay open end, and
/// what was counted is written; the last receiver goes when that is done. To be called within a runtime, which writes
/// counts in the background.
pub fn app(
    store: Store,
    site: &Site,
    limits: Limits,
    policy: &PolicyLayer,
    entropy: Arc<dyn Entropy>,
    analytics: &Analytics,
    closing: watch::Receiver<bool>,
) -> App {
    let contact = match &site.contact {
        Some(contact) => format!("Contact: {contact}"),
        None => "No contact address is set: this service is for this machine alone.".to_owned(),
    };
    let Routes { router, patterns } = routes();
    let patterns = Arc::new(Patterns::new(patterns));
    let usage = Usage::new(store.clone(), patterns.clone());
    tokio::spawn(usage.clone().keep_writing(closing.clone()));
    if let Some(supabase) = site.identity.supabase() {
        tokio::spawn(account::identity::keep(store.clone(), supabase.clone(), closing.clone()));
    }
    let state = AppState {
        usage,
        analytics: Reporter::new(analytics, site, &entropy, patterns),
        operator_tries: Throttle::new(Rules::OPERATOR),
        accounts: Accounts::new(&entropy, site),
        till: Till::of(&store, site, &entropy),
        store,
        entropy,
        limits,
        uploads: Uploads::new(limits.uploads_per_visitor, limits.uploads_in_all),
        closing,
        site: Arc::new(site.clone()),
        contact: contact.into(),
    };
    policy.layer(layered(router, state, site))
}

/// Every address that the site answers, in the order in which it was written down.
fn routes() -> Routes {
    Routes::default()
        .route("/", get(tracks::form::get))
        .route("/tracks", get(tracks::list::get).post(tracks::upload::post))
        .route("/tracks/{id}", get(tracks::show::get))
        .route("/tracks/{id}/events", get(tracks::events::get))
        .route("/tracks/{id}/download/{kind}", get(tracks::download::get))
        .route("/tracks/{id}/preview.flac", get(tracks::preview::get))
        .route("/tracks/{id}/original", get(tracks::original::get))
        .route("/tracks/{id}/report", get(tracks::report_page::get))
        .route("/tracks/{id}/report.json", get(tracks::report::get))
        .route("/tracks/{id}/delete", post(tracks::delete::post))
        .route("/tracks/{id}/again", post(tracks::again::post))
        .route("/settings", get(settings::show::get).post(settings::keep::post))
        .route(settings::theme::ADDRESS, post(settings::theme::post))
        .route("/help", get(site::help::get))
        .route("/help/{topic}", get(site::help::topic))
        .all(account::routes())
        .all(account::factor_routes())
        .all(account::admin::routes())
        .all(payments::routes())
        .all(cookies::routes())
        .route("/operator", get(operator::show::get))
        .route("/operator/sign-in", get(operator::sign_in::get).post(operator::sign_in::post))
        .route("/operator/sign-out", post(operator::sign_out::post))
        .route("/usage", post(usage::receive::post))
        .route("/engagement", post(site::engagement::post))
        .route("/healthz", get(site::health::get))
        .route("/assets/{version}/{name}", get(site::asset::get))
}

/// The patterns of every address that the site answers, such as `/tracks/{id}`. For whoever has to know them all, as
/// the crawl of `e2e` does, which looks at what each of them stores.
pub fn patterns() -> Vec<&'static str> {
    routes().patterns
}

fn layered(router: Router<AppState>, state: AppState, site: &Site) -> Router {
    let silence = state.limits.silence;
    let https = site.is_https();
    router
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || {
            Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "That cannot be done here",
                "This address exists, but not for what was tried. Go back and use the buttons of the page.",
            )
        })
        .with_state(state.clone())
        .layer(axum::middleware::from_fn_with_state(state.clone(), analytics::observe))
        // The upload counts its own bytes.
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyTimeoutLayer::new(silence))
        .layer(csrf(site))
        .layer(CatchPanicLayer::custom(|panic: Box<dyn Any + Send>| {
            Problem::panicked(panic.as_ref()).into_response()
        }))
        .layer(axum::middleware::from_fn_with_state(state.usage.clone(), usage::watch))
        .layer(axum::middleware::from_fn_with_state(state, page::problems))
        .layer(axum::middleware::map_response(move |response: Response| {
            std::future::ready(secure(response, https))
        }))
        .layer(TraceLayer::new_for_http().make_span_with(|request: &Request| {
            // Without the query, which belongs to the visitor.
            tracing::info_span!("request", method = %request.method(), path = request.uri().path())
        }))
}

fn csrf(site: &Site) -> CsrfLayer<impl FnMut(ProtectionError) -> Response<Body> + Clone + use<>> {
    let mut layer = CsrfLayer::new();
    if let Some(url) = &site.public_url {
        layer = match layer.add_trusted_origin(url) {
            Ok(layer) => layer,
            // `Site::check` let it pass, so it is an origin; if not, the host's own name still counts.
            Err(_) => CsrfLayer::new(),
        };
    }
    layer.with_rejection_response(|_: ProtectionError| {
        Problem::new(
            StatusCode::FORBIDDEN,
            "That came from another site",
            "Only the pages of this site may ask for this. Open the page here and try again.",
        )
        .into_response()
    })
}

/// For a year a browser that reached this site on https takes no other way.
const HTTPS_ONLY: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// What a browser may do with a page.
pub(crate) const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; \
     connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What a browser may do with one response, instead of what it may do with any; handlers put it on their own.
#[derive(Debug, Clone)]
pub(crate) struct ContentPolicy(pub(crate) HeaderValue);

/// What a browser may do with any response of this site.
fn secure(mut response: Response, https: bool) -> Response {
    const HEADERS: [(HeaderName, &str); 7] = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
        ),
        (header::X_FRAME_OPTIONS, "DENY"),
    ];
    let own = response.extensions_mut().remove::<ContentPolicy>();
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    if let Some(ContentPolicy(policy)) = own {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    if https {
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, HTTPS_ONLY);
    }
    response
}
