//! GET /account/export.zip: all that is kept of somebody, as it goes over the line: JSON, mixes and masters.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use domain::{Access, AccountId, AddressHash, DisputeState, FileName, OutputKind, RemoteId, StoredBlob, Timestamp};
use futures_util::stream;
use serde_json::{Value, json};
use store::{Member, Store};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::sync::mpsc::{Sender, channel};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::client::SignedIn;
use super::private;
use crate::app::AppState;
use crate::page::Problem;

/// Bytes sent at a time.
const CHUNK: usize = 64 * 1024;
/// Chunks that wait for the line.
const AHEAD: usize = 8;
/// Attempts to sign in that are told.
const ATTEMPTS: u32 = 1000;
/// Payments and entries of the ledger that are told.
const LINES: u32 = 100_000;
/// From here on an entry needs the format's long fields, bytes.
const LONG: u64 = u32::MAX as u64;

/// One file of it.
struct Entry {
    name: String,
    path: PathBuf,
    bytes: u64,
}

pub(crate) async fn get(State(state): State<AppState>, SignedIn(member): SignedIn) -> Result<Response, Problem> {
    // Each holds a thread while it lasts.
    let Ok(place) = state.accounts.exports.clone().try_acquire_owned() else {
        return Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "Others are downloading at the moment",
            "Several people are downloading all their data. Try again in a minute.",
        ));
    };
    let (told, entries) = gather(&state, &member).await?;
    let (sender, receiver) = channel(AHEAD);
    tokio::task::spawn_blocking(move || {
        if let Err(error) = write(Line { sender, waiting: Vec::new() }, &told, &entries) {
            tracing::info!(%error, "an export broke off: {error}");
        }
        drop(place);
    });
    let body = stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver)));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/zip")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"balanced-mastering.zip\"")),
    ];
    Ok(private((headers, Body::from_stream(body)).into_response()))
}

async fn gather(state: &AppState, member: &Member) -> Result<(Value, Vec<Entry>), Problem> {
    let store = &state.store;
    let account = &member.account;
    let (mut entries, mut tracks) = (Vec::new(), Vec::new());
    for (index, track) in store.tracks.list(member.owner).await?.into_iter().enumerate() {
        let folder = format!("tracks/{:03} {}", index + 1, track.file_name.stem());
        let mut entry = |name: &FileName, blob: &StoredBlob| {
            let name = format!("{folder}/{name}");
            entries.push(Entry { name: name.clone(), path: store.blobs.path(blob.id), bytes: blob.bytes });
            name
        };
        let mix = entry(&track.file_name, &track.source);
        let reference = track.reference.as_ref().map(|reference| {
            let name = FileName::from_untrusted(&format!("reference - {}", reference.file_name));
            entry(&name, &reference.source)
        });
        let mut masters = Vec::new();
        // Masters that are to be paid for and are not are the site's yet; what was measured is told all the same.
        let is_open = match &state.till {
            Some(till) => till.access(Some(account.id), track.id).await? == Access::Open,
            None => true,
        };
        let is_told = |kind| match kind {
            OutputKind::Report | OutputKind::ReportPage => true,
            // Nobody needs it who has the master.
            OutputKind::ListeningCopy => false,
            _ => is_open,
        };
        let outputs = store.jobs.outputs(member.owner, track.id).await?.into_iter();
        for output in outputs.filter(|output| is_told(output.kind)) {
            let name = FileName::from_untrusted(&format!("{}.{}", output.kind, output.kind.extension()));
            masters.push(json!({ "kind": output.kind.to_string(), "file": entry(&name, &output.blob) }));
        }
        let job = store.jobs.latest(member.owner, track.id).await?;
        tracks.push(json!({
            "id": track.id.to_string(),
            "name": track.file_name.as_str(),
            "uploaded": moment(track.created_at),
            "file": mix,
            "reference": reference,
            "settings": job.map(|job| job.settings),
            "results": masters,
            "masters_are_paid_for": is_open,
        }));
    }
    let sessions = store.sign_ins.list(account.id).await?.into_iter().map(|session| {
        json!({
            "browser": session.device.to_string(),
            "since": moment(session.created_at),
            "last_used": moment(session.used_at),
            "kept": session.kept,
        })
    });
    let attempts = store.attempts.latest(AddressHash::of(&account.email), ATTEMPTS).await?;
    let attempts = attempts.into_iter().map(
        |tried| json!({ "browser": tried.device.to_string(), "at": moment(tried.at), "succeeded": tried.succeeded }),
    );
    let factors = store.factors.of(account.id).await?;
    let passkeys = store.passkeys.list(account.id).await?.into_iter().map(|passkey| {
        json!({
            "name": passkey.name.as_str(),
            "since": moment(passkey.created_at),
            "last_used": passkey.used_at.map(moment),
        })
    });
    let activity = store.activities.latest(account.id, ATTEMPTS).await?.into_iter().map(|happened| {
        json!({
            "at": moment(happened.at),
            "what": happened.what.as_str(),
            "browser": happened.device.to_string(),
        })
    });
    let decisions = store.consents.of_account(account.id).await?.into_iter();
    let decisions = decisions.map(|(at, record)| {
        json!({ "at": moment(at), "record": serde_json::from_str::<Value>(&record).unwrap_or_default() })
    });
    let told = json!({
        "account": {
            "id": account.id.to_string(),
            "email": account.email.as_str(),
            "name": account.name.as_str(),
            "since": moment(account.created_at),
        },
        // Without what they are worked out from: whoever holds this file is not to sign in with it.
        "second_factors": {
            "authenticator_app_since": factors.app_since.map(moment),
            "passkeys": passkeys.collect::<Vec<_>>(),
            "recovery_codes_left": factors.codes_left,
        },
        "signed_in": sessions.collect::<Vec<_>>(),
        "activity": activity.collect::<Vec<_>>(),
        "attempts_to_sign_in": attempts.collect::<Vec<_>>(),
        "decisions_about_cookies": decisions.collect::<Vec<_>>(),
        "administration": administration(state, account.id).await?,
        "tracks": tracks,
        "purchases": purchases(store, account.id).await?,
    });
    Ok((told, entries))
}

/// What administrators did with an account, whether its holder is one, and what they were told.
async fn administration(state: &AppState, account: AccountId) -> Result<Value, Problem> {
    let store = &state.store;
    let since = store.admins.find(account).await?.and_then(|seen| seen.admin_since);
    let done = store.audits.of_account(account).await?.into_iter();
    let notices = store.notices.of_account(account).await?.into_iter();
    Ok(json!({
        "administrator_since": since.map(moment),
        "done_with_the_account": done.map(|(at, act)| json!({ "at": moment(at), "what": act.as_str() })).collect::<Vec<_>>(),
        "policy_notices": notices.map(|(version, at)| json!({ "version": version, "at": moment(at) })).collect::<Vec<_>>(),
    }))
}

/// What was paid, what it was spent on, and what goes on.
async fn purchases(store: &Store, account: AccountId) -> Result<Value, Problem> {
    let payments = store.purchases.payments(account, LINES).await?.into_iter().map(|payment| {
        json!({
            "at": moment(payment.at),
            "id": payment.charge.as_str(),
            "what": payment.name,
            "amount": payment.amount.to_string(),
            "paid": payment.is_paid,
            "refunded_minor": payment.refunded_minor,
            "disputed": payment.disputed.map(DisputeState::as_str),
            "receipt": payment.receipt_url,
            "bill": payment.invoice_url,
        })
    });
    let ledger = store.credits.entries(account, LINES).await?.into_iter().map(|entry| {
        json!({
            "at": moment(entry.at),
            "kind": entry.kind.as_str(),
            "masters": entry.credits,
            "payment": entry.charge.as_ref().map(RemoteId::as_str),
            "track": entry.track.map(|track| track.to_string()),
            "reason": entry.by_hand.map(|(_, reason)| reason),
        })
    });
    let subscriptions = store.purchases.subscriptions(account).await?.into_iter().map(|subscription| {
        json!({
            "what": subscription.name,
            "state": subscription.state.as_str(),
            "ends": subscription.ends,
            "until": moment(subscription.period_end),
        })
    });
    Ok(json!({
        "customer": store.purchases.customer(account).await?.as_ref().map(RemoteId::as_str),
        "payments": payments.collect::<Vec<_>>(),
        "ledger": ledger.collect::<Vec<_>>(),
        "subscriptions": subscriptions.collect::<Vec<_>>(),
    }))
}

fn moment(at: Timestamp) -> String {
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.unix_ms()) * 1_000_000);
    at.unwrap_or(OffsetDateTime::UNIX_EPOCH).format(&Rfc3339).unwrap_or_default()
}

/// The archive's end of the line; writing waits until the browser takes more.
struct Line {
    sender: Sender<io::Result<Bytes>>,
    waiting: Vec<u8>,
}

impl Line {
    fn send(&mut self) -> io::Result<()> {
        let chunk = std::mem::take(&mut self.waiting);
        self.sender.blocking_send(Ok(chunk.into())).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= CHUNK {
            self.send()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.waiting.is_empty() { Ok(()) } else { self.send() }
    }
}

/// Writes the archive. Sound does not get smaller by packing, so nothing is packed. If it breaks off, so does the
/// response, and the browser knows that it has not all of it.
fn write(line: Line, told: &Value, entries: &[Entry]) -> io::Result<()> {
    let broken = line.sender.clone();
    let written = || -> io::Result<()> {
        let mut archive = ZipWriter::new_stream(line);
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        archive.start_file("account.json", options)?;
        archive.write_all(serde_json::to_string_pretty(told)?.as_bytes())?;
        for entry in entries {
            // A track that was deleted meanwhile is not his any more.
            let Ok(mut file) = File::open(&entry.path) else { continue };
            archive.start_file(entry.name.as_str(), options.large_file(entry.bytes >= LONG))?;
            io::copy(&mut file, &mut archive)?;
        }
        archive.finish()?.into_inner().flush()
    };
    let done = written();
    if done.is_err() {
        let _ = broken.blocking_send(Err(io::ErrorKind::UnexpectedEof.into()));
    }
    done
}
