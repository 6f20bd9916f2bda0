//! What a file says about the music: read from any format, written to every one that is written here.
//!
//! Only what stays true of a master is carried over. Loudness tags (`ReplayGain`, R128, Sound Check) describe the mix that
//! was, and are dropped with everything else that [`Field`] does not name.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use lofty::config::{ParseOptions, WriteOptions};
use lofty::file::TaggedFileExt;
use lofty::picture::{MimeType, Picture, PictureInformation, PictureType};
use lofty::probe::Probe;
use lofty::tag::{ItemKey, Tag, TagExt, TagType};

/// Covers beyond this are dropped: FLAC holds 16 MiB, and players choke on less.
const MOST_COVER_BYTES: usize = 8 << 20;
/// Longest text that is carried over, bytes.
const MOST_TEXT_BYTES: usize = 16 << 10;

macro_rules! fields {
    ($($(#[$doc:meta])* $field:ident = $key:ident, $vorbis:literal, $info:expr;)*) => {
        /// One thing that a tag can say.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Field { $($(#[$doc])* $field,)* }

        impl Field {
            /// All of them, in the order in which they are written.
            pub const ALL: &'static [Self] = &[$(Self::$field,)*];

            fn item_key(self) -> ItemKey {
                match self { $(Self::$field => ItemKey::$key,)* }
            }

            /// Name in a FLAC file.
            pub(crate) fn vorbis_name(self) -> &'static str {
                match self { $(Self::$field => $vorbis,)* }
            }

            /// Name in a WAV file's INFO list, where it has one.
            pub(crate) fn info_id(self) -> Option<&'static [u8; 4]> {
                match self { $(Self::$field => $info,)* }
            }
        }
    };
}

fields! {
    /// Name of the track.
    Title = TrackTitle, "TITLE", Some(b"INAM");
    /// Who performs it.
    Artist = TrackArtist, "ARTIST", Some(b"IART");
    /// Name of the album.
    Album = AlbumTitle, "ALBUM", Some(b"IPRD");
    /// Who the album is by.
    AlbumArtist = AlbumArtist, "ALBUMARTIST", None;
    /// Number of the track on its disc.
    Track = TrackNumber, "TRACKNUMBER", Some(b"ITRK");
    /// Tracks on the disc.
    TrackTotal = TrackTotal, "TRACKTOTAL", None;
    /// Number of the disc.
    Disc = DiscNumber, "DISCNUMBER", None;
    /// Discs in the album.
    DiscTotal = DiscTotal, "DISCTOTAL", None;
    /// When it was recorded or released: a year or an ISO 8601 date.
    Date = RecordingDate, "DATE", Some(b"ICRD");
    /// Kind of music.
    Genre = Genre, "GENRE", Some(b"IGNR");
    /// Anything.
    Comment = Comment, "COMMENT", Some(b"ICMT");
    /// Who wrote the music.
    Composer = Composer, "COMPOSER", Some(b"IMUS");
    /// Whose it is.
    Copyright = CopyrightMessage, "COPYRIGHT", Some(b"ICOP");
    /// Who releases it.
    Label = Label, "LABEL", None;
    /// International Standard Recording Code.
    Isrc = Isrc, "ISRC", Some(b"ISRC");
    /// Tempo, beats a minute.
    Bpm = Bpm, "BPM", None;
    /// Musical key.
    Key = InitialKey, "INITIALKEY", None;
}

/// A picture of the front of the album.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cover {
    /// `image/jpeg`, `image/png` and the like.
    pub mime: String,
    /// The picture file, at most 8 MiB.
    pub bytes: Vec<u8>,
}

/// What a file says about the music.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tags {
    values: Vec<(Field, String)>,
    /// The front cover.
    pub cover: Option<Cover>,
}

impl Tags {
    /// What the tag says of `field`.
    pub fn get(&self, field: Field) -> Option<&str> {
        self.values.iter().find(|(found, _)| *found == field).map(|(_, text)| text.as_str())
    }

    /// Says `text` of `field`, in place of what was said before. Text without anything to see says nothing; the rest
    /// of a text longer than 16 KiB is dropped.
    pub fn set(&mut self, field: Field, text: &str) {
        self.values.retain(|(found, _)| *found != field);
        let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0').replace('\0', " / ");
        let text = &text[..text.floor_char_boundary(MOST_TEXT_BYTES)];
        if !text.is_empty() {
            self.values.push((field, text.to_owned()));
            self.values.sort();
        }
    }

    /// Everything that is said, each field once.
    pub fn iter(&self) -> impl Iterator<Item = (Field, &str)> {
        self.values.iter().map(|(field, text)| (*field, text.as_str()))
    }

    /// Whether nothing is said at all.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.cover.is_none()
    }

    /// Writes everything into a finished MP4; the error is what went wrong, in words.
    pub(crate) fn write_into_mp4(&self, path: &Path) -> Result<(), String> {
        if self.is_empty() {
            return Ok(());
        }
        self.to_tag(TagType::Mp4Ilst).save_to_path(path, WriteOptions::default()).map_err(|error| error.to_string())
    }

    /// A complete `ID3v2.4` tag; `None` when there is nothing to say.
    pub(crate) fn to_id3v2(&self) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        self.to_tag(TagType::Id3v2).dump_to(&mut bytes, WriteOptions::default()).ok()?;
        (!self.is_empty() && !bytes.is_empty()).then_some(bytes)
    }

    fn to_tag(&self, kind: TagType) -> Tag {
        let mut tag = Tag::new(kind);
        for (field, text) in self.iter() {
            // Both kinds know the tempo in whole numbers only.
            let key = if field == Field::Bpm { ItemKey::IntegerBpm } else { field.item_key() };
            tag.insert_text(key, text.to_owned());
        }
        if let Some(cover) = &self.cover {
            tag.push_picture(cover.to_picture());
        }
        tag
    }
}

impl Cover {
    /// The content of a FLAC picture block, with the size in pixels where it can be told.
    pub(crate) fn to_flac_picture(&self) -> Vec<u8> {
        let picture = self.to_picture();
        let information = PictureInformation::from_picture(&picture).unwrap_or_default();
        picture.as_flac_bytes(information, false)
    }

    /// The same as text, for Vorbis comments.
    pub(crate) fn to_flac_picture_base64(&self) -> String {
        let picture = self.to_picture();
        let information = PictureInformation::from_picture(&picture).unwrap_or_default();
        String::from_utf8_lossy(&picture.as_flac_bytes(information, true)).into_owned()
    }

    fn to_picture(&self) -> Picture {
        Picture::unchecked(self.bytes.clone())
            .pic_type(PictureType::CoverFront)
            .mime_type(MimeType::from_str(&self.mime))
            .build()
    }
}

/// Reads the tags of a file. Tags are a courtesy: where they are broken, what can be read of them is returned.
pub fn read_tags(path: &Path) -> Tags {
    let mut tags = Tags::default();
    let Ok(file) = File::open(path) else {
        return tags;
    };
    let options = ParseOptions::new().read_properties(false);
    let probe = Probe::new(BufReader::new(file)).options(options);
    let Some(file) = probe.guess_file_type().ok().and_then(|probe| probe.read().ok()) else {
        return tags;
    };
    // The richest kind of tag speaks first; a RIFF INFO list beside ID3 only fills what is missing.
    let mut found: Vec<&Tag> = file.tags().iter().collect();
    found.sort_by_key(|tag| matches!(tag.tag_type(), TagType::RiffInfo | TagType::AiffText | TagType::Id3v1));
    for tag in found {
        for field in Field::ALL {
            if let (None, Some(text)) = (tags.get(*field), text_of(tag, *field)) {
                tags.set(*field, text);
            }
        }
        if tags.cover.is_none() {
            tags.cover = cover_of(tag);
        }
    }
    tags
}

fn text_of(tag: &Tag, field: Field) -> Option<&str> {
    let alternative = match field {
        Field::Date => Some(ItemKey::Year),
        Field::Label => Some(ItemKey::Publisher),
        Field::Bpm => Some(ItemKey::IntegerBpm),
        _ => None,
    };
    tag.get_string(field.item_key()).or_else(|| tag.get_string(alternative?))
}

fn cover_of(tag: &Tag) -> Option<Cover> {
    let pictures = tag.pictures();
    let front = pictures.iter().find(|picture| picture.pic_type() == PictureType::CoverFront);
    let picture = front.or_else(|| pictures.first())?;
    let mime = picture.mime_type()?.as_str().to_owned();
    let usable = mime.starts_with("image/") && (1..=MOST_COVER_BYTES).contains(&picture.data().len());
    usable.then(|| Cover { mime, bytes: picture.data().to_vec() })
}
