//! What a job promises: all outputs or none, a cancelled job leaves nothing, a preview that can be compared fairly.

use std::fs;
use std::path::{Path, PathBuf};

use codec::{Encoder, OutputFormat, OutputSpec, SampleFormat, Tags};
use pipeline::{
    Control, Delivery, Encoding, Error, Existing, Failure, Instructions, Job, Limits, Loudness, Progress, Request,
    Sound, Stage,
};

const RATE_HZ: u32 = 44_100;

/// Beats over a chord, 6 s.
fn mix(folder: &Path, channels: usize) -> PathBuf {
    mix_of(folder, channels, 6)
}

fn mix_of(folder: &Path, channels: usize, seconds: usize) -> PathBuf {
    let frames = RATE_HZ as usize * seconds;
    let sample = |i: usize| {
        let t = i as f32 / RATE_HZ as f32;
        let beat = (t % 0.5 * 350.0).sin() * (-(t % 0.5) * 9.0).exp();
        0.3 * beat + 0.05 * ((t * 1_382.0).sin() + (t * 1_741.0).sin() + (t * 2_072.0).sin())
    };
    let samples: Vec<f32> = (0..frames).map(sample).collect();
    let spec = OutputSpec {
        format: OutputFormat::Wav,
        sample: SampleFormat::Float32,
        rate_hz: RATE_HZ,
        channels,
        frames: frames as u64,
    };
    let path = folder.join("mix.wav");
    let file = fs::File::create(&path).expect("created");
    let mut encoder = Encoder::create(file, spec, &Tags::default()).expect("created");
    encoder.write_f32(&vec![samples.as_slice(); channels]).expect("written");
    encoder.finish().expect("finished");
    path
}

fn job(folder: &Path, encodings: &[Encoding]) -> Job {
    let delivery = |encoding: &Encoding| Delivery {
        path: folder.join(format!("{}.{}", encoding.name(), encoding.container().extension())),
        encoding: *encoding,
    };
    Job {
        input: mix(folder, 2),
        instructions: Instructions::Decide(Request {
            loudness: Loudness::Exact(-12.0),
            ceiling_dbtp: -1.0,
            sound: Sound::default(),
            toward: None,
        }),
        deliveries: encodings.iter().map(delivery).collect(),
        copies: Vec::new(),
        preview: None,
        listening_copy: None,
        rate_hz: None,
        silence_at_end_s: None,
        heard_through: Vec::new(),
        drawn: true,
        existing: Existing::Keep,
        limits: Limits::default(),
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("folder");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn go_on(_: Progress) -> Control {
    Control::Continue
}

#[test]
fn every_delivery_is_on_target_and_below_the_ceiling() {
    let folder = tempfile::tempdir().expect("folder");
    let report = pipeline::run(&job(folder.path(), &Encoding::LOSSLESS), &mut go_on).expect("mastered");
    assert_eq!(report.outputs.len(), Encoding::LOSSLESS.len());
    for output in &report.outputs {
        assert!(output.after.true_peak_dbtp <= report.ceiling_dbtp, "{output:?}");
        assert!((output.after.integrated_lufs + 12.0).abs() <= 0.1, "{output:?}");
        assert_eq!(fs::metadata(&output.path).expect("there").len(), output.bytes);
    }
    assert!(report.target_reached && report.reason.is_none(), "{report:?}");
    assert_eq!(report.output, report.outputs[0].path);
}

#[test]
fn a_job_cancelled_at_any_stage_leaves_nothing() {
    for stage in Stage::ALL {
        let folder = tempfile::tempdir().expect("folder");
        let job = job(folder.path(), &[Encoding::Wav16, Encoding::Flac16]);
        let mut seen = false;
        let cancelled = pipeline::run(&job, &mut |progress| {
            seen |= progress.stage == stage;
            if seen { Control::Cancel } else { Control::Continue }
        });
        assert!(seen, "{stage:?} was passed");
        assert!(matches!(cancelled, Err(Error::Cancelled)), "{stage:?}: {cancelled:?}");
        assert_eq!(names(folder.path()), ["mix.wav"], "{stage:?}");
    }
}

#[test]
fn a_mix_that_becomes_another_one_meanwhile_is_not_mastered_as_the_one_that_was_measured() {
    let folder = tempfile::tempdir().expect("folder");
    let mut job = job(folder.path(), &[Encoding::Wav16]);
    if let Instructions::Decide(request) = &mut job.instructions {
        // Loud enough that a first rendering misses, and the mix is read once more.
        request.loudness = Loudness::Exact(-6.0);
    }
    for (channels, seconds) in [(2, 5), (1, 6)] {
        mix(folder.path(), 2);
        let mut limited = false;
        let found = pipeline::run(&job, &mut |progress| {
            if progress.stage == Stage::Limit && !limited {
                limited = true;
                mix_of(folder.path(), channels, seconds);
            }
            Control::Continue
        });
        assert!(matches!(found, Err(Error::Failed(Failure::Changed { .. }))), "{found:?}");
        assert_eq!(names(folder.path()), ["mix.wav"]);
    }
}

#[test]
fn when_one_output_cannot_be_there_is_none() {
    let folder = tempfile::tempdir().expect("folder");
    let mut job = job(folder.path(), &[Encoding::Wav16, Encoding::Flac16]);
    fs::write(&job.deliveries[1].path, b"precious").expect("written");
    let kept = pipeline::run(&job, &mut go_on);
    assert!(matches!(kept, Err(Error::Failed(Failure::Exists { .. }))), "{kept:?}");
    assert_eq!(names(folder.path()), ["flac-16.flac", "mix.wav"]);

    job.deliveries[1].path = folder.path().join("missing/master.flac");
    let failed = pipeline::run(&job, &mut go_on);
    assert!(matches!(failed, Err(Error::Failed(Failure::Write { .. }))), "{failed:?}");
    assert_eq!(names(folder.path()), ["flac-16.flac", "mix.wav"]);
}

#[test]
fn an_output_that_turns_up_during_the_work_is_kept_and_what_was_named_is_taken_back() {
    let folder = tempfile::tempdir().expect("folder");
    let job = job(folder.path(), &[Encoding::Wav16, Encoding::Flac16]);
    let late = job.deliveries[1].path.clone();
    let kept = pipeline::run(&job, &mut |progress| {
        if progress.stage == Stage::Check {
            fs::write(&late, b"precious").expect("written");
        }
        Control::Continue
    });
    assert!(matches!(kept, Err(Error::Failed(Failure::Exists { .. }))), "{kept:?}");
    assert_eq!(fs::read(&late).expect("there"), b"precious");
    assert_eq!(names(folder.path()), ["flac-16.flac", "mix.wav"]);
}

#[test]
fn progress_ends_with_all_of_it() {
    let folder = tempfile::tempdir().expect("folder");
    let mut heard = Vec::new();
    let job = job(folder.path(), &[Encoding::Wav24]);
    let report = pipeline::run(&job, &mut |progress| {
        heard.push(progress.fraction);
        Control::Continue
    });
    assert!(heard.is_sorted(), "{heard:?}");
    assert!(heard.last().is_some_and(|last| (last - 1.0).abs() < 1e-5), "{heard:?}");
    let timings = report.expect("mastered").timings_ms;
    for stage in [Stage::Decode, Stage::Analyse, Stage::Encode, Stage::Check] {
        assert!(timings.stage_ms(stage).is_some(), "{stage:?}: {timings:?}");
    }
}

#[test]
fn a_report_is_the_same_after_a_journey_through_json() {
    let folder = tempfile::tempdir().expect("folder");
    let report = pipeline::run(&job(folder.path(), &[Encoding::Wav24]), &mut go_on).expect("mastered");
    let text = serde_json::to_string(&report).expect("JSON");
    assert!(serde_json::from_str::<pipeline::Report>(&text).expect("a report") == report, "some number changed");
}
