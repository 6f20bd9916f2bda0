//! Vorbis comments, as FLAC, Vorbis and Opus hold them.

use crate::tags::{Cover, Tags};

/// Name of the comment that holds a cover where there is no block for pictures.
const PICTURE: &str = "METADATA_BLOCK_PICTURE";

/// Names and texts.
pub(super) fn pairs(tags: &Tags) -> impl Iterator<Item = (&str, &str)> {
    tags.iter().map(|(field, text)| (field.vorbis_name(), text))
}

/// The same with the cover as a comment of its own.
pub(super) fn pairs_with_cover(tags: &Tags) -> Vec<(&str, String)> {
    let cover = tags.cover.as_ref().map(Cover::to_flac_picture_base64).map(|text| (PICTURE, text));
    pairs(tags).map(|(name, text)| (name, text.to_owned())).chain(cover).collect()
}

/// The block (RFC 9639, section 8.6): sizes are little-endian.
pub(super) fn block<'a>(vendor: &str, comments: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<u8> {
    let comments: Vec<String> = comments.map(|(name, text)| format!("{name}={text}")).collect();
    let mut out = Vec::new();
    push_text(&mut out, vendor);
    out.extend((comments.len() as u32).to_le_bytes());
    for comment in &comments {
        push_text(&mut out, comment);
    }
    out
}

fn push_text(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u32).to_le_bytes());
    out.extend(text.as_bytes());
}
