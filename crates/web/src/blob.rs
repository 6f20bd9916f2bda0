//! A stored file as a response: whole, or the range of bytes that a player asks for (RFC 9110, section 14).

use std::ops::Range;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::{FileName, StoredBlob};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use store::Blobs;
use tokio_util::io::ReaderStream;

use crate::page::Problem;
use crate::words;

/// What may stand in a `filename*` as it is (RFC 8187, attr-char).
const ATTR_CHAR: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// Bytes read from the disk at a time.
const CHUNK: usize = 64 * 1024;

/// What a browser is to do with a file.
#[derive(Debug, Clone)]
pub(crate) enum Disposition {
    /// Play or show it.
    Inline,
    /// Save it under this name.
    Attachment(FileName),
}

impl Disposition {
    fn header(&self) -> HeaderValue {
        let text = match self {
            Self::Inline => "inline".to_owned(),
            Self::Attachment(name) => format!(
                "attachment; filename=\"{}\"; filename*=UTF-8''{}",
                name.to_ascii(),
                utf8_percent_encode(name.as_str(), ATTR_CHAR)
            ),
        };
        HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("attachment"))
    }
}

/// Answers with a stored file.
pub(crate) async fn serve(
    blobs: &Blobs,
    blob: &StoredBlob,
    media_type: &'static str,
    disposition: &Disposition,
    request: &HeaderMap,
) -> Result<Response, Problem> {
    let tag = entity_tag(blob);
    let mut headers = HeaderMap::new();
    headers.insert(header::ETAG, tag.clone());
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if request.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CONTENT_DISPOSITION, disposition.header());

    // A range of another version of the file is no use: then all of this one is sent.
    let is_same_version = request.get(header::IF_RANGE).is_none_or(|known| known.as_bytes() == tag.as_bytes());
    let asked = request.get(header::RANGE).filter(|_| is_same_version);
    let (status, range) = match asked.map_or(Asked::Everything, |range| parse(range, blob.bytes)) {
        Asked::Everything => (StatusCode::OK, 0..blob.bytes),
        Asked::Part(range) => {
            headers.insert(
                header::CONTENT_RANGE,
                content_range(&format!("{}-{}", range.start, range.end - 1), blob.bytes),
            );
            (StatusCode::PARTIAL_CONTENT, range)
        }
        Asked::Nothing => {
            headers.insert(header::CONTENT_RANGE, content_range("*", blob.bytes));
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, headers).into_response());
        }
    };
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
    let reader = blobs.read(blob.id, Some(range)).await?.ok_or_else(Problem::not_found)?;
    let body = Body::from_stream(ReaderStream::with_capacity(reader, CHUNK));
    Ok((status, headers, body).into_response())
}

fn entity_tag(blob: &StoredBlob) -> HeaderValue {
    let hex = words::hex(&blob.sha256[..16]);
    HeaderValue::from_str(&format!("\"{hex}\"")).expect("hexadecimal digits are header text")
}

fn content_range(part: &str, bytes: u64) -> HeaderValue {
    HeaderValue::from_str(&format!("bytes {part}/{bytes}")).expect("digits are header text")
}

#[derive(Debug, PartialEq)]
enum Asked {
    /// No range, several, or one that cannot be read: a server may answer these with everything.
    Everything,
    Part(Range<u64>),
    /// A range with nothing of the file in it.
    Nothing,
}

fn parse(range: &HeaderValue, bytes: u64) -> Asked {
    let spec = range.to_str().ok().and_then(|text| text.strip_prefix("bytes="));
    let Some((first, last)) = spec.and_then(|spec| spec.trim().split_once('-')) else {
        return Asked::Everything;
    };
    let part = match (number(first), number(last)) {
        (Ok(Some(first)), Ok(None)) => first..bytes,
        (Ok(Some(first)), Ok(Some(last))) if first <= last => first..bytes.min(last.saturating_add(1)),
        (Ok(None), Ok(Some(count))) => bytes.saturating_sub(count)..bytes,
        _ => return Asked::Everything,
    };
    if part.is_empty() { Asked::Nothing } else { Asked::Part(part) }
}

/// `Ok(None)` where nothing is written.
fn number(text: &str) -> Result<Option<u64>, ()> {
    match text {
        "" => Ok(None),
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            // More digits than a u64 holds lie beyond the end of any file.
            Ok(Some(digits.parse().unwrap_or(u64::MAX)))
        }
        _ => Err(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &'static str) -> Asked {
        parse(&HeaderValue::from_static(text), 1000)
    }

    #[test]
    fn ranges_are_read_as_the_standard_says() {
        assert_eq!(asked("bytes=0-0"), Asked::Part(0..1));
        assert_eq!(asked("bytes=0-499"), Asked::Part(0..500));
        assert_eq!(asked("bytes=500-"), Asked::Part(500..1000));
        assert_eq!(asked("bytes=-200"), Asked::Part(800..1000));
        assert_eq!(asked("bytes=-5000"), Asked::Part(0..1000));
        assert_eq!(asked("bytes=900-99999999999999999999999"), Asked::Part(900..1000));
    }

    #[test]
    fn a_range_beyond_the_end_has_nothing_in_it() {
        assert_eq!(asked("bytes=1000-"), Asked::Nothing);
        assert_eq!(asked("bytes=-0"), Asked::Nothing);
    }

    #[test]
    fn what_is_no_single_range_is_answered_with_everything() {
        for text in ["bytes=0-1,5-6", "bytes=5-2", "bytes=-", "bytes=a-b", "lines=0-1", "bytes", "bytes=+1-2"] {
            assert_eq!(asked(text), Asked::Everything, "{text}");
        }
    }

    #[test]
    fn a_file_name_of_any_kind_is_one_harmless_header() {
        let name = FileName::from_untrusted("\"quote\"; b=c\r\n\u{1f3b8} 100%.wav");
        let header = Disposition::Attachment(name).header();
        assert_eq!(
            header.to_str().expect("ASCII"),
            "attachment; filename=\"_quote_; b=c_ 100_.wav\"; \
             filename*=UTF-8''%22quote%22%3B%20b%3Dc%F0%9F%8E%B8%20100%25.wav"
        );
    }
}
