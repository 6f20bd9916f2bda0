//! The whole way of an upload: the pool with the real engine.

use domain::{
    CeilingDbtp, Extra, FailureKind, FileName, JobState, Loudness, Matching, OsEntropy, OutputKind, Owner, PresetId,
    ReferenceFile, RunId, Settings, SystemClock, TargetLufs, TrackId,
};
use pipeline::Report;
use std::f64::consts::TAU;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use store::{NewTrack, Store};
use tokio::time::timeout;
use worker::{Mastering, Pool, PoolOptions};

const RATE_HZ: u32 = 44_100;

/// Six seconds of a chord that beats, in stereo, 16 bit WAV.
fn mix() -> Vec<u8> {
    let frames = 6 * RATE_HZ;
    let mut pcm = Vec::new();
    for frame in 0..frames {
        let t = f64::from(frame) / f64::from(RATE_HZ);
        let beat = (-8.0 * (t * 2.0).fract()).exp();
        for detune in [1.0, 1.002] {
            let chord: f64 = [110.0, 277.2, 659.3, 3_520.0].iter().map(|hz| (TAU * hz * detune * t).sin()).sum();
            pcm.extend(((chord * (0.03 + 0.12 * beat) * 32_767.0) as i16).to_le_bytes());
        }
    }
    let mut wav = Vec::new();
    wav.extend(b"RIFF");
    wav.extend((36 + pcm.len() as u32).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16_u32.to_le_bytes());
    wav.extend([1, 0, 2, 0]);
    wav.extend(RATE_HZ.to_le_bytes());
    wav.extend((RATE_HZ * 4).to_le_bytes());
    wav.extend([4, 0, 16, 0]);
    wav.extend(b"data");
    wav.extend((pcm.len() as u32).to_le_bytes());
    wav.extend(pcm);
    wav
}

async fn upload(store: &Store, owner: Owner, bytes: &[u8], settings: Settings) -> TrackId {
    upload_with(store, owner, bytes, None, settings).await
}

/// A mix, and what it shall sound like.
async fn upload_with(store: &Store, owner: Owner, bytes: &[u8], like: Option<&[u8]>, settings: Settings) -> TrackId {
    let source = store.blobs.put(bytes).await.unwrap();
    let reference = match like {
        Some(bytes) => Some(ReferenceFile {
            file_name: FileName::from_untrusted("the record.wav"),
            source: store.blobs.put(bytes).await.unwrap(),
        }),
        None => None,
    };
    let track = NewTrack { file_name: FileName::from_untrusted("../My \"mix\" 🎸.wav"), source, reference, settings };
    store.tracks.add(owner, &track).await.unwrap().0
}

async fn end(store: &Store, owner: Owner, track: TrackId) -> JobState {
    let mut watch = store.jobs.watch(owner, track).await.unwrap().unwrap();
    timeout(Duration::from_mins(2), async {
        loop {
            let state = watch.next().await.expect("an end").course.state;
            if state.is_final() {
                return state;
            }
        }
    })
    .await
    .expect("in time")
}

async fn bytes_of(store: &Store, owner: Owner, track: TrackId, kind: OutputKind) -> Vec<u8> {
    let output = store.jobs.output(owner, track, kind).await.unwrap().expect("the output");
    let bytes = std::fs::read(store.blobs.path(output.blob.id)).unwrap();
    assert_eq!(bytes.len() as u64, output.blob.bytes);
    bytes
}

/// A file as another program would read it: measured from its samples alone.
fn measured(bytes: &[u8], folder: &Path) -> pipeline::Measurement {
    let path = folder.join("delivered");
    std::fs::write(&path, bytes).unwrap();
    let limits = pipeline::Limits::default();
    pipeline::analyse(&path, &limits, &mut |_| pipeline::Control::Continue).unwrap().before
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_becomes_a_master_as_asked_for_and_a_bad_one_is_refused_with_its_reason() {
    // The visitor is told no details of our own faults; the log is, and shows them when this test fails.
    let _logging = tracing_subscriber::fmt().with_test_writer().try_init();
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("data"), Arc::new(SystemClock), Arc::new(OsEntropy)).await.unwrap();
    let owner = store.sessions.begin(Duration::from_hours(1)).await.unwrap().1.owner();
    let pool = Pool::start(&store, Arc::new(Mastering::default()), RunId::draw(&OsEntropy), PoolOptions::default());

    let settings = Settings {
        loudness: Loudness::Exact(TargetLufs::try_from(-16.0).unwrap()),
        ceiling_dbtp: Some(CeilingDbtp::try_from(-2.0).unwrap()),
        ..Settings::default()
    };
    let track = upload(&store, owner, &mix(), settings).await;
    assert_eq!(end(&store, owner, track).await, JobState::Done);
    let json = bytes_of(&store, owner, track, OutputKind::Report).await;
    let report: Report = serde_json::from_slice(&json).unwrap();
    assert_eq!(report.source.input, "My \"mix\" 🎸.wav");
    assert_eq!(report.output, "My \"mix\" 🎸 (master).wav");
    assert!(!String::from_utf8(json).unwrap().contains(dir.path().to_str().unwrap()), "no path of the host");
    assert!(report.target_reached, "{:?}", report.reason);
    for (kind, magic) in [(OutputKind::Wav16, b"RIFF"), (OutputKind::Wav24, b"RIFF"), (OutputKind::Flac24, b"fLaC")] {
        let bytes = bytes_of(&store, owner, track, kind).await;
        assert!(bytes.starts_with(magic), "{kind}");
        let after = measured(&bytes, dir.path());
        assert!((after.integrated_lufs + 16.0).abs() <= 0.1, "{kind}: {} LUFS", after.integrated_lufs);
        assert!(after.true_peak_dbtp <= -2.0, "{kind}: {} dBTP", after.true_peak_dbtp);
    }
    assert!(bytes_of(&store, owner, track, OutputKind::Preview).await.starts_with(b"fLaC"));
    let page = String::from_utf8(bytes_of(&store, owner, track, OutputKind::ReportPage).await).unwrap();
    assert!(page.contains("<h1>My &quot;mix&quot; 🎸.wav</h1>") && page.contains("My &quot;mix&quot; 🎸 (master).wav"));
    assert!(!page.contains(dir.path().to_str().unwrap()), "no path of the host");

    let nowhere = Loudness::Preset(PresetId::try_from("minidisc".to_owned()).unwrap());
    for (bytes, loudness) in [
        (b"not music but text".to_vec(), Loudness::Automatic),
        (Vec::new(), Loudness::Automatic),
        (mix()[..3_000].to_vec(), Loudness::Automatic),
        (mix(), nowhere),
    ] {
        let track = upload(&store, owner, &bytes, Settings { loudness, ..Settings::default() }).await;
        let JobState::Failed(failure) = end(&store, owner, track).await else { panic!("not refused") };
        assert_eq!(failure.kind, FailureKind::Refused, "{}", failure.message);
        assert!(!failure.message.contains(dir.path().to_str().unwrap()), "{}", failure.message);
        println!("refused: {}", failure.message);
    }
    assert!(pool.shut_down(Duration::from_secs(5)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listening_copy_is_made_where_masters_are_sold_and_nowhere_else() {
    for sells in [true, false] {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("data"), Arc::new(SystemClock), Arc::new(OsEntropy)).await.unwrap();
        let owner = store.sessions.begin(Duration::from_hours(1)).await.unwrap().1.owner();
        let engine = Mastering { sells, ..Mastering::default() };
        let pool = Pool::start(&store, Arc::new(engine), RunId::draw(&OsEntropy), PoolOptions::default());
        let track = upload(&store, owner, &mix(), Settings::default()).await;
        assert_eq!(end(&store, owner, track).await, JobState::Done);
        let copy = store.jobs.output(owner, track, OutputKind::ListeningCopy).await.unwrap();
        assert_eq!(copy.is_some(), sells);
        if sells {
            let preview = bytes_of(&store, owner, track, OutputKind::Preview).await;
            let copy = bytes_of(&store, owner, track, OutputKind::ListeningCopy).await;
            assert!(copy.starts_with(b"fLaC") && copy != preview);
        }
        assert!(pool.shut_down(Duration::from_secs(5)).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn further_files_are_made_as_asked_for_and_hold_the_ceiling_when_they_are_decoded() {
    let _logging = tracing_subscriber::fmt().with_test_writer().try_init();
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("data"), Arc::new(SystemClock), Arc::new(OsEntropy)).await.unwrap();
    let owner = store.sessions.begin(Duration::from_hours(1)).await.unwrap().1.owner();
    let pool = Pool::start(&store, Arc::new(Mastering::default()), RunId::draw(&OsEntropy), PoolOptions::default());

    let extras = worker::makeable();
    assert!([Extra::Aiff, Extra::Opus, Extra::Vorbis].iter().all(|own| extras.contains(own)), "{extras:?}");
    let loudness = Loudness::Preset(PresetId::try_from("soundcloud".to_owned()).unwrap());
    let settings = Settings { loudness, extras: extras.clone(), ..Settings::default() };
    let track = upload(&store, owner, &mix(), settings).await;
    assert_eq!(end(&store, owner, track).await, JobState::Done);
    let json = bytes_of(&store, owner, track, OutputKind::Report).await;
    let report: Report = serde_json::from_slice(&json).unwrap();
    assert!(report.not_made.is_empty(), "{:?}", report.not_made);
    assert_eq!(report.outputs.len(), 3 + extras.len());
    // The codecs that stand for the service were listened to, and cost no loudness.
    assert!(report.heard_through.iter().any(|heard| heard.encoding.name() == "opus-64"), "{:?}", report.heard_through);
    assert!(report.target_reached, "{:?}", report.reason);
    for extra in extras {
        let kind = OutputKind::from(extra);
        let bytes = bytes_of(&store, owner, track, kind).await;
        let magic: &[u8] = match extra {
            Extra::Aiff => b"FORM",
            Extra::Mp3 | Extra::Aac => b"",
            Extra::Opus | Extra::Vorbis => b"OggS",
        };
        assert!(bytes.starts_with(magic), "{kind}");
        let after = measured(&bytes, dir.path());
        assert!(after.true_peak_dbtp <= -1.0, "{kind}: {} dBTP", after.true_peak_dbtp);
        assert!((after.integrated_lufs + 14.0).abs() <= 0.5, "{kind}: {} LUFS", after.integrated_lufs);
    }
    let wav = bytes_of(&store, owner, track, OutputKind::Wav24).await;
    assert_eq!(
        u32::from_le_bytes(wav[24..28].try_into().unwrap()),
        RATE_HZ,
        "Opus does not change the rate of the others"
    );
    assert!(pool.shut_down(Duration::from_secs(5)).await);
}

/// Brighter and narrower than the mix, and louder.
fn record() -> Vec<u8> {
    let mut bytes = mix();
    for frame in bytes[44..].chunks_exact_mut(4).enumerate() {
        let (index, frame) = frame;
        let air = (TAU * 9_000.0 * index as f64 / f64::from(RATE_HZ)).sin() * 1_800.0;
        let left = f64::from(i16::from_le_bytes([frame[0], frame[1]]));
        for side in frame.chunks_exact_mut(2) {
            side.copy_from_slice(&((1.5 * left + air) as i16).to_le_bytes());
        }
    }
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_sounds_like_its_reference_and_a_bad_reference_is_told_from_a_bad_mix() {
    let _logging = tracing_subscriber::fmt().with_test_writer().try_init();
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("data"), Arc::new(SystemClock), Arc::new(OsEntropy)).await.unwrap();
    let owner = store.sessions.begin(Duration::from_hours(1)).await.unwrap().1.owner();
    let pool = Pool::start(&store, Arc::new(Mastering::default()), RunId::draw(&OsEntropy), PoolOptions::default());

    let mut reports = Vec::new();
    let everything = Matching { tone: true, width: true, loudness: true, dynamics: true };
    for matching in [None, Some(everything), Some(Matching { tone: true, ..Matching::default() })] {
        let settings = Settings { matching, ..Settings::default() };
        let track = upload_with(&store, owner, &mix(), Some(&record()), settings).await;
        assert_eq!(end(&store, owner, track).await, JobState::Done);
        let json = bytes_of(&store, owner, track, OutputKind::Report).await;
        reports.push(serde_json::from_slice::<Report>(&json).unwrap());
    }
    let [alone, all, tone] = reports.as_slice() else { panic!("three reports") };
    let wanted = measured(&record(), dir.path()).integrated_lufs;
    assert!((all.target_lufs - wanted).abs() < 0.01, "{} is the loudness of the reference, {wanted}", all.target_lufs);
    assert_eq!((alone.target_lufs, tone.target_lufs), (-14.0, -14.0));
    assert_ne!(alone.plan.equaliser, tone.plan.equaliser, "the reference lends its tone");
    assert_eq!(all.plan.equaliser.is_some(), tone.plan.equaliser.is_some());

    let silent: Vec<u8> = [&mix()[..44], &vec![0; mix().len() - 44]].concat();
    let matched = || Settings { matching: Some(everything), ..Settings::default() };
    for (like, said) in [(silent.as_slice(), "silent"), (b"no music", "no music"), (&mix()[..44], "")] {
        let track = upload_with(&store, owner, &mix(), Some(like), matched()).await;
        let JobState::Failed(failure) = end(&store, owner, track).await else { panic!("not refused") };
        println!("refused: {}", failure.message);
        assert_eq!(failure.kind, FailureKind::Refused, "{}", failure.message);
        let reason = failure.message.strip_prefix("the reference \u{201c}the record.wav\u{201d} cannot be used: ");
        let reason = reason.unwrap_or_else(|| panic!("{}", failure.message));
        assert!(said == "no music" || reason.contains(said), "{reason}");
    }
    let track = upload_with(&store, owner, &silent, Some(&record()), matched()).await;
    let JobState::Failed(failure) = end(&store, owner, track).await else { panic!("not refused") };
    assert!(
        failure.message.starts_with("the mix cannot be mastered: ") && failure.message.contains("silent"),
        "{}",
        failure.message
    );
    assert!(pool.shut_down(Duration::from_secs(5)).await);
}
