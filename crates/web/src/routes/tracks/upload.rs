//! POST /tracks: takes in a mix, acknowledges it once it is safe on the disk, and starts the work on it.
//!
//! The same address serves the plain form and its script, which asks for JSON.

use axum::Json;
use axum::body::Body;
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest as _, Multipart, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use cookie_policy::Cookie as _;
use domain::{FileName, Owner, Quota, ReferenceFile, StoredBlob, TrackId};
use futures_util::StreamExt as _;
use serde::Serialize;
use store::{Held, NewTrack};

use super::{form, quota, show};
use crate::app::AppState;
use crate::choices::Form;
use crate::consent::{Back, Need, interstitial};
use crate::history;
use crate::language::Language;
use crate::page::Problem;
use crate::registry::SessionIdCookie;
use crate::uploads::{Full, Permit};
use crate::usage::Counted;
use crate::visit::Visit;
use crate::visitor::Visitor;
use crate::words;

/// Room for the form's other fields and the multipart framing, bytes.
const FRAMING_BYTES: u64 = 64 * 1024;
/// No other field of the form is longer, bytes.
const MAX_FIELD_BYTES: usize = 1024;
/// How much of an upload that was refused is still read, so that the browser gets to hear the answer: it listens only
/// once it has sent everything. Beyond that the connection breaks.
const DRAINED_BYTES: u64 = 4 << 30;

/// Why an upload was not taken.
#[derive(Debug)]
struct Rejection {
    status: StatusCode,
    message: String,
    /// The visitor's own decision stands in the way: a page of its own, or a script with a link, offers to change it.
    blocked: bool,
    /// As much is kept as may be: a link leads to where something can be deleted.
    full: bool,
}

impl Rejection {
    fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), blocked: false, full: false }
    }

    fn full(held: Held, quota: Quota, is_member: bool) -> Self {
        let rejection = Self::unprocessable(quota::message(held, quota, is_member));
        Self { full: true, ..rejection }
    }

    /// The visitor blocked the cookie that an upload needs.
    fn blocked(language: Language) -> Self {
        let rejection = Self::new(StatusCode::FORBIDDEN, Need::Upload.message(language));
        Self { blocked: true, ..rejection }
    }

    fn unprocessable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, message)
    }
}

impl From<Problem> for Rejection {
    fn from(problem: Problem) -> Self {
        Self::new(problem.status, problem.text)
    }
}

impl From<store::Error> for Rejection {
    fn from(error: store::Error) -> Self {
        Problem::from(error).into()
    }
}

impl From<MultipartError> for Rejection {
    fn from(error: MultipartError) -> Self {
        tracing::info!(%error, "an upload broke off: {error}");
        Self::new(
            StatusCode::BAD_REQUEST,
            "The upload broke off before all of it was there. Nothing was kept; try again.",
        )
    }
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Location(String),
    #[serde(untagged)]
    Refusal {
        message: String,
        /// Where the visitor can change what stands in the way: an address and its words.
        #[serde(skip_serializing_if = "Option::is_none")]
        link: Option<(String, &'static str)>,
    },
}

pub(crate) async fn post(
    State(state): State<AppState>,
    visit: Visit,
    visitor: Option<Visitor>,
    counted: Counted,
    request: Request,
) -> Response {
    let wants_json = wants_json(request.headers());
    let mut form = Form::starting(&visit.preferences);
    match take(&state, &visit, visitor, request, &mut form).await {
        Ok(track) => {
            history::add(&visit.jar, track);
            let location = format!("/tracks/{track}?{}", show::FRESH);
            if wants_json {
                (StatusCode::CREATED, Json(Answer::Location(location))).into_response()
            } else {
                Redirect::to(&location).into_response()
            }
        }
        Err(Rejection { status, message, blocked, full }) if wants_json => {
            let settings = || {
                let settings = format!("/cookies/settings?lang={}&back=%2F", visit.language.code());
                (settings, visit.language.words().frame.settings)
            };
            let link = if full { Some(("/tracks".to_owned(), "Your tracks")) } else { blocked.then(settings) };
            (status, Json(Answer::Refusal { message, link })).into_response()
        }
        Err(Rejection { blocked: true, .. }) => interstitial(&state, &visit, Need::Upload, &Back::of("/")),
        Err(Rejection { status, message, .. }) => form::show(&state, &visit, &counted, status, &form, &message),
    }
}

fn wants_json(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).is_some_and(|accept| accept.as_bytes().starts_with(b"application/json"))
}

async fn take(
    state: &AppState,
    visit: &Visit,
    visitor: Option<Visitor>,
    request: Request,
    form: &mut Form,
) -> Result<TrackId, Rejection> {
    let (parts, body) = request.into_parts();
    let max_bytes = state.limits.upload.max_bytes;
    let length = parts.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if let Some(length) = length.filter(|length| *length > max_bytes.saturating_add(FRAMING_BYTES)) {
        drain(body).await;
        return Err(too_large(None, Some(length), max_bytes));
    }
    let jar = &visit.jar;
    if let Err(withheld) = jar.essential() {
        tracing::info!(%withheld, "an upload without leave for its cookie");
        drain(body).await;
        return Err(Rejection::blocked(visit.language));
    }
    let _permit = match permit(state, visitor) {
        Ok(permit) => permit,
        Err(rejection) => {
            drain(body).await;
            return Err(rejection);
        }
    };
    let quota = state.limits.quota(visit.member.is_some());
    if let Some(visitor) = visitor {
        // What cannot be kept need not be sent first, as far as that is known.
        let held = state.store.tracks.held(visitor.owner).await?;
        let coming = length.unwrap_or_default().saturating_sub(FRAMING_BYTES);
        if held.tracks >= quota.tracks || held.bytes.saturating_add(coming) > quota.bytes {
            drain(body).await;
            return Err(Rejection::full(held, quota, visit.member.is_some()));
        }
    }
    let multipart = Multipart::from_request(Request::from_parts(parts, body), &()).await.map_err(|_| {
        Rejection::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Expected a form with a file in it (multipart/form-data). Use the form on this page.",
        )
    })?;
    let Received { mix: (file_name, source), reference } = receive(state, multipart, form).await?;
    let settings = if reference.is_some() { form.parse_matching() } else { form.parse() };
    let settings = settings.map_err(Rejection::unprocessable)?;
    if reference.is_some() && settings.matching.is_none() {
        return Err(Rejection::unprocessable(
            "Tick what your master shall take from the reference: its tone, its width or its loudness.",
        ));
    }
    let reference = reference.map(|(file_name, source)| ReferenceFile { file_name, source });
    let track = NewTrack { file_name, source, reference, settings };
    keep(state, visitor.map(|visitor| visitor.owner), visit, &track).await
}

fn permit(state: &AppState, visitor: Option<Visitor>) -> Result<Permit, Rejection> {
    let session = visitor.map(|visitor| visitor.owner.session());
    state.uploads.begin(session).map_err(|full| match full {
        Full::Visitor => Rejection::new(
            StatusCode::TOO_MANY_REQUESTS,
            "Several of your uploads are still running. Wait until one of them is there, then try again.",
        ),
        Full::Service => Rejection::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "Too many uploads are running at the moment. Try again in a minute; nothing was kept.",
        ),
    })
}

/// A file that is on the disk, under the name that it had.
type Stored = (FileName, StoredBlob);

/// The files of a form.
struct Received {
    mix: Stored,
    reference: Option<Stored>,
}

/// Reads the whole form; files go to the disk as they come, and both together keep to the limit of an upload.
async fn receive(state: &AppState, mut multipart: Multipart, form: &mut Form) -> Result<Received, Rejection> {
    let (mut mix, mut reference) = (None, None);
    let mut room_bytes = state.limits.upload.max_bytes;
    while let Some(mut field) = multipart.next_field().await? {
        let name = field.name().unwrap_or_default().to_owned();
        let (file, what) = match name.as_str() {
            "file" => (&mut mix, "mix"),
            "reference" => (&mut reference, "reference"),
            _ => {
                form.set(&name, text(&mut field).await?);
                continue;
            }
        };
        if file.is_some() {
            return Err(Rejection::unprocessable(format!("One {what} at a time: send a single file.")));
        }
        *file = store_file(state, field, what, room_bytes).await?;
        room_bytes -= file.as_ref().map_or(0, |(_, stored)| stored.bytes);
    }
    let mix = mix.ok_or_else(|| {
        Rejection::unprocessable("Choose a mix first: a WAV, AIFF, FLAC, MP3, M4A, Ogg or Opus file.")
    })?;
    Ok(Received { mix, reference })
}

/// `None` where the form was sent without a file chosen.
async fn store_file(
    state: &AppState,
    mut field: Field<'_>,
    what: &str,
    room_bytes: u64,
) -> Result<Option<Stored>, Rejection> {
    let written = unescape(field.file_name().unwrap_or_default());
    let name = FileName::from_untrusted(&written);
    let max_bytes = state.limits.upload.max_bytes;
    let mut writer = state.store.blobs.create(room_bytes).await?;
    while let Some(chunk) = field.chunk().await? {
        match writer.write(&chunk).await {
            Ok(()) => {}
            Err(store::Error::TooLarge { .. }) => {
                drop(writer);
                let mut drained = 0;
                while let Some(chunk) = field.chunk().await? {
                    drained += chunk.len() as u64;
                    if drained > DRAINED_BYTES {
                        break;
                    }
                }
                return Err(if room_bytes == max_bytes {
                    too_large(Some(&name), None, max_bytes)
                } else {
                    let most = words::limit(max_bytes);
                    let message = format!(
                        "With \u{201c}{name}\u{201d} it is too large: up to {most} can be uploaded, both files together."
                    );
                    Rejection::new(StatusCode::PAYLOAD_TOO_LARGE, message)
                });
            }
            Err(error) => return Err(error.into()),
        }
    }
    match (writer.bytes(), written.is_empty()) {
        (0, true) => Ok(None),
        (0, false) => Err(Rejection::unprocessable(format!(
            "\u{201c}{name}\u{201d} is empty. Export the {what} again and choose that file."
        ))),
        _ => Ok(Some((name, writer.finish().await?))),
    }
}

/// What browsers write in a file's name for the three characters that would end it (HTML, multipart form data).
fn unescape(name: &str) -> String {
    name.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n")
}

async fn text(field: &mut Field<'_>) -> Result<String, Rejection> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_FIELD_BYTES {
            return Err(Rejection::unprocessable("A field of the form is far too long. Fill it in again."));
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Acknowledges the upload: from here on it is the visitor's. The first one begins their session.
async fn keep(state: &AppState, owner: Option<Owner>, visit: &Visit, track: &NewTrack) -> Result<TrackId, Rejection> {
    let is_member = visit.member.is_some();
    let quota = state.limits.quota(is_member);
    if let Some(owner) = owner {
        match state.store.tracks.add_within(owner, track, quota).await {
            Ok((id, _)) => return Ok(id),
            Err(store::Error::Full { held, quota }) => return Err(Rejection::full(held, quota, is_member)),
            // It ended while the upload ran: a new one begins.
            Err(store::Error::SessionEnded) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let (token, session) = state.store.sessions.begin(state.limits.session).await?;
    let (id, _) = match state.store.tracks.add_within(session.owner(), track, quota).await {
        Err(store::Error::Full { held, quota }) => return Err(Rejection::full(held, quota, is_member)),
        added => added?,
    };
    let value = SessionIdCookie::value(token.reveal()).map_err(|error| Problem::internal(&error))?;
    let set = visit.jar.essential().and_then(|granted| visit.jar.set(value, &granted));
    set.map_err(|_| Rejection::blocked(visit.language))?;
    Ok(id)
}

fn too_large(name: Option<&FileName>, bytes: Option<u64>, max_bytes: u64) -> Rejection {
    let what = name.map_or("The upload".to_owned(), |name| format!("\u{201c}{name}\u{201d}"));
    let size = bytes.map_or("too large".to_owned(), words::size);
    Rejection::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        format!(
            "{what} is {size}; up to {} can be uploaded. FLAC takes about half the space of WAV.",
            words::limit(max_bytes)
        ),
    )
}

async fn drain(body: Body) {
    let mut chunks = body.into_data_stream();
    let mut drained = 0;
    while let Some(Ok(chunk)) = chunks.next().await {
        drained += chunk.len() as u64;
        if drained > DRAINED_BYTES {
            return;
        }
    }
}
