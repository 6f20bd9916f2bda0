//! The page as a reader and as an attacker meets it.

use super::*;
use crate::{Control, Delivery, Encoding, Existing, Holding, Instructions, Job, Limits, Loudness, Request, Sound};
use codec::{Encoder, OutputFormat, OutputSpec, SampleFormat, Tags};
use mastering::DynamicsBand;
use std::fs::File;
use std::path::Path;

/// Ten seconds of pulses and a tone, with a clipped second and silence before it.
fn write_mix(path: &Path, channels: usize) {
    let rate_hz = 22_050;
    let frames = rate_hz as usize * 10;
    let sample = |n: usize, channel: usize| {
        let t = n as f32 / rate_hz as f32;
        if t < 1.5 {
            return 0.0;
        }
        let level = if (5.0..6.0).contains(&t) { 6.0 } else { 0.5 };
        let pulse = (-(t % 0.5) * 12.0).exp() * (360.0 * (t % 0.5)).sin();
        let pad = 0.1 * ((1_300.0 + 30.0 * channel as f32) * t).sin();
        (level * (pulse + pad)).clamp(-1.0, 1.0)
    };
    let planes: Vec<Vec<f32>> = (0..channels).map(|c| (0..frames).map(|n| sample(n, c)).collect()).collect();
    let spec = OutputSpec {
        format: OutputFormat::Wav,
        sample: SampleFormat::Float32,
        rate_hz,
        channels,
        frames: frames as u64,
    };
    let mut encoder = Encoder::create(File::create(path).expect("file"), spec, &Tags::default()).expect("encoder");
    encoder.write_f32(&planes.iter().map(Vec::as_slice).collect::<Vec<_>>()).expect("written");
    encoder.finish().expect("finished");
}

fn report(name: &str, channels: usize) -> Report {
    let folder = tempfile::tempdir().expect("folder");
    let input = folder.path().join(name);
    write_mix(&input, channels);
    let job = Job {
        input,
        instructions: Instructions::Decide(Request {
            loudness: Loudness::Chosen(-14.0),
            ceiling_dbtp: -1.0,
            sound: Sound::default(),
            toward: None,
        }),
        deliveries: vec![Delivery { path: folder.path().join("out.wav"), encoding: Encoding::Wav24 }],
        copies: Vec::new(),
        preview: None,
        listening_copy: None,
        rate_hz: None,
        silence_at_end_s: None,
        heard_through: Vec::new(),
        drawn: true,
        existing: Existing::Keep,
        limits: Limits::default(),
    };
    crate::run(&job, &mut |_| Control::Continue).expect("mastered")
}

/// Tags opened and closed in step: enough to catch a drawing that breaks the page.
fn is_well_formed(page: &str) {
    const VOID: [&str; 2] = ["meta", "!doctype"];
    let mut open = Vec::new();
    for piece in page.split('<').skip(1) {
        let tag = piece.split('>').next().expect("an end");
        if tag.ends_with('/') || VOID.iter().any(|void| tag.starts_with(void)) {
            continue;
        }
        let name = tag.trim_start_matches('/').split_whitespace().next().unwrap_or_default();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "closing </{name}>");
        } else {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn the_page_stands_alone_and_tells_everything() {
    let report = report("song.wav", 2);
    let page = report_page(&report);
    is_well_formed(&page);
    assert!(
        !page.contains("style=\"") && page.matches("<style>").count() == 1,
        "one style sheet, and no style beside it"
    );
    for foreign in ["<script", "http:", "https:", "src=", "href=", "url(", "@import", "<link", "<img"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    for said in [
        "Before and after",
        "What was done, and why",
        "Notes on the mix",
        "Clipping",
        "Silence at the start",
        "Loudness over time",
        "Usual for finished music",
        "Gain",
        "Width",
        "What services will do to it",
        "Spotify",
        "@media print",
        "<title>song.wav: the master</title>",
    ] {
        assert!(page.contains(said), "{said}");
    }
    assert!(!page.contains("NaN") && !page.contains("inf "), "numbers are numbers");
    assert!(page.len() < 400_000, "{} bytes", page.len());
}

#[test]
fn bands_that_were_held_are_drawn_and_nothing_is_said_where_none_was() {
    let mut report = report("song.wav", 2);
    assert!(!report_page(&report).contains("Bands that were held"));
    report.held_bands.push(Holding { band: DynamicsBand::LowMids, step_s: 0.1, gain_db: vec![0.0, -1.3, -0.4, 0.0] });
    let page = report_page(&report);
    is_well_formed(&page);
    assert!(page.contains("<h2>Bands that were held</h2>"));
    assert!(page.contains("What was taken off the low mids: up to 1.3 dB."));
    keeps_to_its_schema(&serde_json::to_value(&report).expect("JSON")).expect("the schema knows them");
}

#[cfg(unix)]
#[test]
fn a_hostile_file_name_is_text_wherever_it_stands() {
    let name = "\"><script>alert('x')<\u{2044}script><img onerror=x>&amp;.wav";
    let report = report(name, 1);
    let page = report_page(&report);
    is_well_formed(&page);
    assert!(!page.contains("<script>alert") && !page.contains("<img"));
    assert!(page.contains("&lt;script&gt;alert(&#39;x&#39;)") && page.contains("&amp;amp;.wav"));
}

#[test]
fn hostile_words_in_a_report_stay_words() {
    let mut report = report("song.wav", 2);
    let evil = "</title></style></li><script>alert(1)</script>";
    report.explanation.push(evil.to_owned());
    report.reason = Some(evil.to_owned());
    report.version = evil.to_owned();
    evil.clone_into(&mut report.source.format);
    evil.clone_into(&mut report.source.input);
    evil.clone_into(&mut report.outputs[0].path);
    evil.clone_into(&mut report.observations[0].words);
    evil.clone_into(&mut report.observations[0].unit);
    evil.clone_into(&mut report.observations[0].source);
    let page = report_page(&report);
    is_well_formed(&page);
    assert!(!page.contains("<script>"));
}

#[test]
fn a_track_that_was_only_listened_to_has_a_page_too() {
    let folder = tempfile::tempdir().expect("folder");
    let input = folder.path().join("mono.wav");
    write_mix(&input, 1);
    let report = crate::analyse(&input, &Limits::default(), &mut |_| Control::Continue).expect("analysed");
    let page = analysis_page(&report);
    is_well_formed(&page);
    assert!(page.contains("mono") && page.contains("Notes on the mix") && !page.contains("<h2>Stereo"));
}

fn keeps_to_its_schema(report: &serde_json::Value) -> Result<(), String> {
    let schema: serde_json::Value = serde_json::from_str(crate::REPORT_JSON_SCHEMA).expect("JSON");
    let (mut compiler, mut schemas) = (boon::Compiler::new(), boon::Schemas::new());
    compiler.add_resource("report.json", schema).expect("added");
    let index = compiler.compile("report.json", &mut schemas).expect("a schema");
    schemas.validate(report, index).map_err(|error| format!("{error:#}"))
}

#[test]
fn the_report_keeps_to_its_published_schema() {
    let mut value = serde_json::to_value(report("song.wav", 2)).expect("JSON");
    keeps_to_its_schema(&value).expect("it does");
    let folder = tempfile::tempdir().expect("folder");
    let input = folder.path().join("mix.wav");
    write_mix(&input, 2);
    let analysis = crate::analyse(&input, &Limits::default(), &mut |_| Control::Continue).expect("analysed");
    keeps_to_its_schema(&serde_json::to_value(analysis).expect("JSON")).expect("it does");
    value["observations"][0]["kind"] = "a_rumour".into();
    assert!(keeps_to_its_schema(&value).is_err(), "an unknown kind");
}
