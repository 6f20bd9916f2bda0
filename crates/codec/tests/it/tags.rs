//! What a mix says about itself, its master says too, in words that ffmpeg and lofty find.

use std::fs;
use std::path::Path;

use crate::common::{decode, encode, ffmpeg, ffprobe, music};
use codec::{Cover, Field, Lossy, LossyCodec, OutputFormat, OutputSpec, SampleFormat, Tags};

const FRAMES: usize = 4_800;

/// Everything that is written, by the usual ending of its name.
fn formats() -> Vec<(OutputFormat, &'static str)> {
    let lossy =
        [(LossyCodec::Mp3, "mp3"), (LossyCodec::Aac, "m4a"), (LossyCodec::Opus, "opus"), (LossyCodec::Vorbis, "ogg")];
    let lossy = lossy.map(|(codec, ending)| (OutputFormat::Lossy(Lossy::new(codec, None).unwrap()), ending));
    let lossless = [(OutputFormat::Wav, "wav"), (OutputFormat::Aiff, "aiff"), (OutputFormat::Flac, "flac")];
    lossless.into_iter().chain(lossy).collect()
}

fn written(folder: &Path, format: OutputFormat, ending: &str, tags: &Tags) -> std::path::PathBuf {
    let sample = if matches!(format, OutputFormat::Lossy(_)) { SampleFormat::Float32 } else { SampleFormat::Int24 };
    let spec = OutputSpec { format, sample, rate_hz: 48_000, channels: 1, frames: FRAMES as u64 };
    let path = folder.join(format!("out.{ending}"));
    fs::write(&path, encode(spec, &music(48_000, 1, FRAMES), tags)).unwrap();
    path
}

/// Every field says something, in letters from three alphabets, and there is a cover.
fn all_tags(folder: &Path) -> Tags {
    let picture = folder.join("cover.png");
    ffmpeg(&["-f", "lavfi", "-i", "color=red:s=32x32", "-frames:v", "1", picture.to_str().unwrap()]);
    let mut tags = Tags::default();
    for field in Field::ALL {
        let text = match field {
            Field::Track | Field::Disc => "3".to_owned(),
            Field::TrackTotal | Field::DiscTotal => "12".to_owned(),
            Field::Date => "2024-05-17".to_owned(),
            Field::Bpm => "128".to_owned(),
            Field::Key => "Am".to_owned(),
            Field::Isrc => "GBAYE0601498".to_owned(),
            other => format!("{other:?} é 音 🎛"),
        };
        tags.set(*field, &text);
    }
    tags.cover = Some(Cover { mime: "image/png".to_owned(), bytes: fs::read(picture).unwrap() });
    tags
}

#[test]
fn every_tag_comes_back_from_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let tags = all_tags(folder.path());
    for (format, ending) in formats() {
        let found = decode(&written(folder.path(), format, ending, &tags)).unwrap();
        assert_eq!(found.channels[0].len(), FRAMES);
        for field in Field::ALL {
            assert_eq!(found.tags.get(*field), tags.get(*field), "{field:?} in {format:?}");
        }
        assert_eq!(found.tags.cover, tags.cover, "{format:?}");
    }
}

#[test]
fn ffmpeg_finds_the_tags_and_the_cover() {
    let folder = tempfile::tempdir().unwrap();
    let tags = all_tags(folder.path());
    for (format, ending) in formats() {
        let path = written(folder.path(), format, ending, &tags);
        // ffprobe counts what an Ogg file says as said of its stream.
        let of = if matches!(ending, "opus" | "ogg") { "stream_tags" } else { "format_tags" };
        for (name, field) in [("title", Field::Title), ("artist", Field::Artist), ("album", Field::Album)] {
            assert_eq!(ffprobe(&path, &format!("{of}={name}")), tags.get(field).unwrap(), "{format:?}");
        }
        let width = ffprobe(&path, "stream=width");
        // ffmpeg shows no picture of a WAV.
        assert!(format == OutputFormat::Wav || width.contains("32"), "{format:?}: {width}");
    }
}

#[test]
fn tags_are_found_in_every_format_that_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["a.wav", "a.aiff", "a.flac", "a.mp3", "a.ogg", "a.opus", "a.m4a"];
    for name in names {
        let path = folder.path().join(name);
        ffmpeg(
            &[
                "-f",
                "lavfi",
                "-i",
                "sine=d=0.5:r=48000",
                "-write_id3v2",
                "1",
                "-metadata",
                "title=Röda linjen",
                "-metadata",
                "artist=The Testers",
                "-metadata",
                "replaygain_track_gain=-7.00 dB",
                path.to_str().unwrap(),
            ]
            .into_iter()
            .filter(|arg| name == "a.aiff" || !["-write_id3v2", "1"].contains(arg))
            .collect::<Vec<_>>(),
        );
        let tags = decode(&path).unwrap().tags;
        assert_eq!(tags.get(Field::Title), Some("Röda linjen"), "{name}");
        assert_eq!(tags.get(Field::Artist), Some("The Testers"), "{name}");
    }
}

#[test]
fn loudness_of_the_mix_is_not_told_of_the_master() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mix.flac");
    ffmpeg(&[
        "-f",
        "lavfi",
        "-i",
        "sine=d=0.5",
        "-metadata",
        "title=Mix",
        "-metadata",
        "REPLAYGAIN_TRACK_GAIN=-7.00 dB",
        "-metadata",
        "R128_TRACK_GAIN=-1234",
        path.to_str().unwrap(),
    ]);
    assert!(String::from_utf8_lossy(&fs::read(&path).unwrap()).contains("REPLAYGAIN"));
    let tags = decode(&path).unwrap().tags;
    let master = fs::read(written(folder.path(), OutputFormat::Flac, "flac", &tags)).unwrap();
    let text = String::from_utf8_lossy(&master);
    assert!(text.contains("TITLE=Mix") && !text.contains("GAIN"));
}
