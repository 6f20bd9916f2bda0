//! `balanced serve`: the site and the work behind it, in one process and one data folder.

use std::error::Error;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use domain::{OsEntropy, RunId, SystemClock, UploadLimits};
use providers::analytics::{Ga4, Relay, RelayOptions, Tally};
use providers::identity::Identity;
use providers::identity::supabase::{Patience, Supabase};
use providers::mail::Mailer;
use store::{Retention, Store};
use tracing_subscriber::EnvFilter;
use web::{Analytics, Config, Limits, OperatorToken, Proxies, Site};
use worker::{Mastering, Pool, PoolOptions};

use crate::cli::ServeArgs;
use crate::outcome::{self, Outcome};
use crate::settings::Settings;
use crate::{factor_key, operator_token};

/// How long running jobs may go on once the service is told to stop; after that they go back into the queue.
const GRACE: Duration = Duration::from_secs(5);
/// How long events for Google Analytics may take to leave once the service is told to stop.
const LAST_EVENTS: Duration = Duration::from_secs(2);

pub(crate) fn run(args: &ServeArgs, settings: &Settings) -> Outcome {
    let service = &settings.serve;
    let listen = args.listen.unwrap_or(service.listen);
    let site = Site::check(listen, service.contact.clone(), service.public_url.clone(), service.secret_key.as_deref());
    let mut site = match site {
        Ok(site) => site,
        Err(problem) => return outcome::usage(&problem),
    };
    site.operator = match service.operator_token.as_deref().map(OperatorToken::new).transpose() {
        Ok(token) => token,
        Err(problem) => return outcome::usage(&format!("serve.operator_token: {problem}")),
    };
    site.extras = worker::makeable();
    site.admin_second_step = settings.accounts.admin_second_step;
    site.breached = match settings.accounts.breached() {
        Ok(breached) => breached,
        Err(problem) => return outcome::usage(&problem),
    };
    site.payments = match settings.payments.payments() {
        Ok(payments) => payments,
        Err(problem) => return outcome::usage(&problem),
    };
    let ga4 = match settings.analytics.ga4() {
        Ok(ga4) => ga4,
        Err(problem) => return outcome::usage(&problem),
    };
    let proxies = match Proxies::check(&service.trusted_proxies, &service.proxy_header) {
        Ok(proxies) => proxies,
        Err(problem) => return outcome::usage(&problem),
    };
    let supabase = match settings.identity.supabase() {
        Ok(supabase) => supabase,
        Err(problem) => return outcome::usage(&problem),
    };
    if let Some(config) = supabase {
        let secret = service.secret_key.as_deref().map(str::as_bytes);
        let (clock, entropy) = (Arc::new(SystemClock), Arc::new(OsEntropy));
        site.identity = Identity::Supabase(Supabase::new(config, Patience::default(), secret, clock, entropy));
    }
    let data = args.data.as_deref().unwrap_or(&settings.data);
    let mailer = match settings.mail.mailer(data) {
        Ok(mailer) => mailer,
        Err(problem) => return outcome::usage(&problem),
    };
    let notices_per_minute = settings.mail.notices_per_minute;
    log();
    if let Mailer::Folder(folder) = &mailer
        && !listen.ip().is_loopback()
    {
        let folder = folder.path().display();
        tracing::warn!(
            "no mail reaches anybody: mail.smtp is not set, so mails go into {folder}, and nobody can sign up"
        );
    }
    let kept = Duration::from_hours(settings.serve.guest_hours.min(24 * 365));
    let limits = Limits {
        upload: upload_limits(settings),
        kept,
        guest_quota: settings.quota.guest(),
        account_quota: settings.quota.account(),
        ..Limits::default()
    };
    let engine = Mastering {
        limits: limits.upload,
        max_decoded_bytes: Some(settings.limits().max_decoded_bytes),
        sells: site.payments.is_some(),
    };
    let config = Config { listen, site, limits, analytics: Analytics::None, mailer, notices_per_minute, proxies };
    let done = tokio::runtime::Runtime::new()
        .map_err(Box::from)
        .and_then(|runtime| runtime.block_on(serve(config, ga4, engine, data)));
    match done {
        Ok(()) => Outcome::Done,
        Err(error) => outcome::failed(error.as_ref()),
    }
}

fn upload_limits(settings: &Settings) -> UploadLimits {
    UploadLimits {
        max_bytes: settings.serve.max_upload_mib.saturating_mul(1 << 20),
        max_duration: Duration::from_secs_f64(settings.limits().max_duration_s.min(1e9)),
    }
}

async fn serve(mut config: Config, ga4: Option<Ga4>, engine: Mastering, data: &Path) -> Result<(), Box<dyn Error>> {
    let (clock, entropy) = (Arc::new(SystemClock), Arc::new(OsEntropy));
    let store = Store::open(data, clock.clone(), entropy.clone()).await?;
    let operator = if config.site.operator.is_some() {
        "its token is the one that is set as serve.operator_token".to_owned()
    } else {
        let found = operator_token::find(data, entropy.as_ref())?;
        if found.is_new {
            store.operators.end_all().await?;
        }
        config.site.operator = Some(found.token);
        format!("its token is in {}", operator_token::path(data).display())
    };
    config.site.seal = factor_key::find(data, entropy.as_ref())?;
    let retention = Retention { guest_tracks: config.limits.kept, ..Retention::default() };
    let options = PoolOptions { retention, ..PoolOptions::default() };
    let pool = Pool::start(&store, Arc::new(engine), RunId::draw(&OsEntropy), options);
    let relay = ga4.map(|ga4| Relay::start(ga4, RelayOptions::default(), clock.clone()));
    if let Some(relay) = &relay {
        config.analytics = Analytics::Ga4(relay.outbox(), clock.clone());
    }
    let stop = stop_signal()?;
    let served =
        web::serve(&config, store.clone(), clock, entropy, |address| greet(address, data, &operator), stop).await;
    if !pool.shut_down(GRACE).await {
        tracing::warn!("a job did not stop in time; it runs again after the next start");
    }
    if let Some(relay) = relay {
        let Tally { delivered, dropped, lost } = relay.shut_down(LAST_EVENTS).await;
        tracing::info!(
            delivered,
            dropped,
            lost,
            "Google Analytics got {delivered} events, {} were lost",
            dropped + lost
        );
    }
    store.close().await;
    Ok(served?)
}

fn greet(address: SocketAddr, data: &Path, operator: &str) {
    println!("Balanced Mastering is at http://{address}");
    println!("The operator's page is at http://{address}/operator; {operator}.");
    println!("Tracks are kept in {}. Ctrl-C stops.", data.display());
}

/// Ends at Ctrl-C, and at what service managers send.
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    Ok(async {
        // Without it there is no orderly end, and the next start puts things right.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

/// Events go to standard error; `RUST_LOG` says which.
fn log() {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("warn,balanced=info,providers=info,web=info,worker=info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
