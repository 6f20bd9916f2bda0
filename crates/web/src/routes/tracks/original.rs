//! GET /tracks/{id}/original: the mix as it was uploaded.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use domain::FileName;

use super::track_id;
use crate::app::AppState;
use crate::blob::{self, Disposition};
use crate::page::Problem;
use crate::visitor::Visitor;

pub(crate) async fn get(
    State(state): State<AppState>,
    Path(id): Path<String>,
    Visitor { owner }: Visitor,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let track = state.store.tracks.find(owner, track_id(&id)?).await?.ok_or_else(Problem::not_found)?;
    let (media_type, disposition) = match audio_type(&track.file_name) {
        Some(media_type) => (media_type, Disposition::Inline),
        // Whatever it is, the browser is to save it and not to look into it.
        None => ("application/octet-stream", Disposition::Attachment(track.file_name.clone())),
    };
    blob::serve(&state.store.blobs, &track.source, media_type, &disposition, &headers).await
}

/// By the name's ending: only a hint for the player, which looks for itself, and never a type that a browser runs.
fn audio_type(name: &FileName) -> Option<&'static str> {
    let (_, extension) = name.as_str().rsplit_once('.')?;
    match extension.to_ascii_lowercase().as_str() {
        "wav" | "wave" | "rf64" => Some("audio/wav"),
        "aif" | "aiff" | "aifc" => Some("audio/aiff"),
        "flac" => Some("audio/flac"),
        "mp3" => Some("audio/mpeg"),
        "m4a" | "mp4" | "aac" => Some("audio/mp4"),
        "ogg" | "oga" | "opus" => Some("audio/ogg"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_makes_an_upload_a_type_that_a_browser_runs() {
        for name in ["mix.html", "mix.svg", "mix.js", "mix", "wav"] {
            assert_eq!(audio_type(&FileName::from_untrusted(name)), None, "{name}");
        }
        assert_eq!(audio_type(&FileName::from_untrusted("Mix.WAV")), Some("audio/wav"));
    }
}
