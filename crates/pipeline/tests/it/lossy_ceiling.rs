//! The ceiling through lossy codecs: what a delivered file decodes to is below it, by our panel and by other meters, on
//! signals that codecs are worst at; copies hold it each for itself; and a master for a service makes room for the codecs
//! that stand for the service.

use std::path::Path;

use crate::support::{RATE_HZ, ffmpeg_dbtp, job, libebur128_dbtp, signals, write_mix};
use pipeline::{Control, Delivery, Encoding, Error, Failure, Instructions, Lossy, Loudness, Report};

const CEILING_DBTP: f64 = -1.0;

fn encoding(name: &str) -> Encoding {
    name.parse().expect("an encoding")
}

/// A band that plays, and never the same for long.
fn music(n: usize) -> f64 {
    let t = n as f64 / f64::from(RATE_HZ);
    let beat = t % 0.5;
    let hiss = ((n as u32).wrapping_mul(2_654_435_761) >> 8) as f64 / 8_388_608.0 - 1.0;
    let chord: f64 = [220.0, 277.2, 329.6, 440.0, 880.0].iter().map(|hz| (hz * t * std::f64::consts::TAU).sin()).sum();
    0.5 * (-beat * 14.0).exp() * (320.0 * beat).sin() + 0.15 * (-(t % 0.25) * 50.0).exp() * hiss + 0.05 * chord
}

fn check(folder: &Path, name: &str, what: &str, loudness_lufs: f64) -> Option<Report> {
    let path = folder.join(format!("master.{}", encoding(name).container().extension()));
    let delivery = Delivery { path: path.clone(), encoding: encoding(name) };
    let job = job(&folder.join("mix.wav"), loudness_lufs, CEILING_DBTP, vec![delivery]);
    let report = match pipeline::run(&job, &mut |_| Control::Continue) {
        // What a codec takes for inaudible it leaves out, and then there is nothing left to deliver.
        Err(Error::Failed(Failure::Silenced { .. })) if what == "21.9 kHz" => return None,
        other => other.expect("mastered"),
    };
    let ours = report.after.true_peak_dbtp;
    let (theirs, ffmpeg) = (libebur128_dbtp(&path), ffmpeg_dbtp(&path));
    let lufs = report.after.integrated_lufs;
    println!(
        "{what:46} {loudness_lufs:4} {name:10} true peak: ours {ours:6.2}, libebur128 {theirs:6.2}, FFmpeg {ffmpeg:5.1}; \
         {lufs:6.2} LUFS, limited to {:5.2}, trim {:5.2}",
        report.plan.ceiling_dbtp, report.plan.trim_db
    );
    assert_eq!(report.ceiling_dbtp, CEILING_DBTP);
    assert!(ours <= CEILING_DBTP, "{what}, {name}: {ours}");
    assert!(theirs <= CEILING_DBTP, "{what}, {name}: libebur128 reads {theirs}");
    assert!(ffmpeg <= CEILING_DBTP, "{what}, {name}: FFmpeg reads {ffmpeg}");
    assert_eq!(report.target_reached, report.reason.is_none());
    Some(report)
}

#[test]
fn no_meter_reads_what_a_lossy_file_decodes_to_above_the_ceiling() {
    let folder = tempfile::tempdir().expect("folder");
    for (what, signal) in signals() {
        write_mix(&folder.path().join("mix.wav"), signal);
        for name in ["mp3-128", "mp3-192", "opus-96", "opus-128", "vorbis-128", "aac-128"] {
            for loudness_lufs in [-14.0, -9.0] {
                check(folder.path(), name, what, loudness_lufs);
            }
        }
    }
}

#[test]
fn music_keeps_its_loudness_where_the_ceiling_is_lowered_or_is_told_why_not() {
    let folder = tempfile::tempdir().expect("folder");
    write_mix(&folder.path().join("mix.wav"), music);
    for name in ["mp3-128", "mp3-320", "opus-96", "opus-192", "vorbis-128", "vorbis-256", "aac-128", "aac-256"] {
        for loudness_lufs in [-14.0, -9.0] {
            let report = check(folder.path(), name, "music", loudness_lufs).expect("music is not silenced");
            // The plain AAC encoder of FFmpeg can raise peaks by more than 4 dB here, and a limiter makes up for 3.
            let told = name.starts_with("aac") && report.reason.is_some_and(|reason| reason.contains("AAC"));
            assert!(report.target_reached || told, "{name}: {:?} for {loudness_lufs}", report.after);
        }
    }
}

#[test]
fn a_lossless_master_for_a_service_holds_the_ceiling_in_its_codecs() {
    let folder = tempfile::tempdir().expect("folder");
    let input = folder.path().join("mix.wav");
    write_mix(&input, music);
    let path = folder.path().join("master.wav");
    let deliveries = vec![Delivery { path: path.clone(), encoding: Encoding::Wav24 }];
    let mut job = job(&input, -10.0, CEILING_DBTP, deliveries);
    job.heard_through = ["opus-96", "vorbis-128"].iter().map(|name| name.parse::<Lossy>().expect("known")).collect();
    let report = crate::support::run(&job);
    assert_eq!(report.heard_through.len(), 2);
    assert!(report.heard_through.iter().all(|heard| heard.true_peak_dbtp <= CEILING_DBTP), "{report:?}");
    assert!(report.plan.ceiling_dbtp < CEILING_DBTP - 0.1, "these codecs raise peaks: {:?}", report.plan);
    assert!(report.after.true_peak_dbtp <= report.plan.ceiling_dbtp);
    assert!((report.after.integrated_lufs + 10.0).abs() <= 0.1, "{:?}", report.after);
    assert!(report.explanation.iter().any(|sentence| sentence.contains("listeners")), "{:?}", report.explanation);

    // What was decided renders to the same bits, codecs included.
    let first = std::fs::read(&path).expect("there");
    job.instructions = Instructions::Render(report.saved_plan());
    let again = crate::support::run(&job);
    assert!(std::fs::read(&path).expect("there") == first, "the saved plan gave other bits");
    assert_eq!(again.ceiling_dbtp, CEILING_DBTP);
    let left: Vec<_> = std::fs::read_dir(folder.path()).expect("folder").collect();
    assert_eq!(left.len(), 2, "nothing but mix and master: {left:?}");
}

#[test]
fn a_codec_that_stands_for_a_service_lowers_the_ceiling_and_never_the_loudness() {
    let folder = tempfile::tempdir().expect("folder");
    let input = folder.path().join("mix.wav");
    write_mix(&input, music);
    for loudness in [Loudness::Exact(-9.0), Loudness::Exact(-5.0), Loudness::Chosen(-9.0), Loudness::Chosen(-6.0)] {
        let deliveries = vec![Delivery { path: folder.path().join("master.wav"), encoding: Encoding::Wav24 }];
        let mut job = job(&input, loudness.lufs(), CEILING_DBTP, deliveries);
        if let Instructions::Decide(request) = &mut job.instructions {
            request.loudness = loudness;
        }
        let alone = crate::support::run(&job);
        job.heard_through = ["aac-128", "opus-64"].iter().map(|name| name.parse::<Lossy>().expect("known")).collect();
        let report = crate::support::run(&job);
        let (quieter, ceiling) = (alone.after.integrated_lufs, report.plan.ceiling_dbtp);
        let heard: Vec<f64> = report.heard_through.iter().map(|heard| heard.true_peak_dbtp).collect();
        println!(
            "{loudness:?}: {quieter:.2} alone, {:.2} LUFS at {ceiling:.2} dBTP, {heard:.2?}",
            report.after.integrated_lufs
        );
        assert!(
            report.after.integrated_lufs >= quieter - 0.1,
            "{loudness:?}: {quieter} {}",
            report.after.integrated_lufs
        );
        assert!((CEILING_DBTP - 3.0..=CEILING_DBTP).contains(&ceiling), "{ceiling}");
        assert!(report.plan.trim_db >= -0.1, "nothing is turned down: {}", report.plan.trim_db);
        let over = heard.iter().any(|dbtp| *dbtp > CEILING_DBTP);
        let told = report.explanation.iter().any(|sentence| sentence.contains("may decode peaks of up to"));
        assert_eq!(over, told, "{heard:?}: {:?}", report.explanation);
        assert!(over, "or this shows nothing: {heard:?}");
        assert_eq!(report.target_reached, alone.target_reached);

        // A plan is followed to the bit, whatever a codec makes of it.
        let first = std::fs::read(&job.deliveries[0].path).expect("there");
        job.instructions = Instructions::Render(report.saved_plan());
        let again = crate::support::run(&job);
        assert!(std::fs::read(&job.deliveries[0].path).expect("there") == first, "the saved plan gave other bits");
        assert_eq!(again.heard_through, report.heard_through);
    }
}

#[test]
fn copies_hold_the_ceiling_each_for_itself_and_leave_the_master_as_it_is() {
    let folder = tempfile::tempdir().expect("folder");
    let input = folder.path().join("mix.wav");
    write_mix(&input, music);
    let wav = folder.path().join("master.wav");
    let mut job = job(&input, -9.0, CEILING_DBTP, vec![Delivery { path: wav.clone(), encoding: Encoding::Wav24 }]);
    let alone = crate::support::run(&job);
    let bits = std::fs::read(&wav).expect("there");
    let named = |name: &str| Delivery {
        path: folder.path().join(format!("copy.{}", encoding(name).container().extension())),
        encoding: encoding(name),
    };
    job.copies = ["mp3-320", "aac-256", "opus-192", "vorbis-256"].map(named).to_vec();
    let report = crate::support::run(&job);
    assert!(std::fs::read(&wav).expect("there") == bits, "copies changed the master");
    assert_eq!((report.after, &report.plan), (alone.after, &alone.plan));
    assert!(report.not_made.is_empty(), "{:?}", report.not_made);
    let [master, copies @ ..] = report.outputs.as_slice() else { panic!("no outputs") };
    assert_eq!((master.rate_hz, master.note.as_deref(), copies.len()), (RATE_HZ, None, 4));
    for copy in copies {
        let path = Path::new(&copy.path);
        let (ours, theirs, ffmpeg) = (copy.after.true_peak_dbtp, libebur128_dbtp(path), ffmpeg_dbtp(path));
        println!("{}: {ours:.2} {theirs:.2} {ffmpeg:.1} dBTP, {:?}", copy.encoding, copy.note);
        assert!(ours.max(theirs).max(ffmpeg) <= CEILING_DBTP, "{}: {ours} {theirs} {ffmpeg}", copy.encoding);
        assert_eq!(copy.rate_hz, if copy.encoding.name() == "opus-192" { 48_000 } else { RATE_HZ });
        assert_eq!(copy.note.is_some(), copy.plan.is_some());
    }
    assert!(copies.iter().any(|copy| copy.note.is_some()), "no codec raised a peak of this");
    let page = pipeline::report_page(&report);
    assert!(page.contains("this file was limited to"), "the page tells of it");
}

#[test]
fn a_copy_that_cannot_be_made_is_told_of_and_holds_nobody_up() {
    let folder = tempfile::tempdir().expect("folder");
    let input = folder.path().join("mix.wav");
    let (_, high) = signals().into_iter().find(|(what, _)| *what == "21.9 kHz").expect("there");
    write_mix(&input, high);
    let deliveries = vec![Delivery { path: folder.path().join("master.wav"), encoding: Encoding::Wav24 }];
    let mut job = job(&input, -14.0, CEILING_DBTP, deliveries);
    job.copies = vec![Delivery { path: folder.path().join("copy.mp3"), encoding: encoding("mp3-128") }];
    let report = crate::support::run(&job);
    assert_eq!(report.outputs.len(), 1);
    let [missing] = report.not_made.as_slice() else { panic!("{:?}", report.not_made) };
    assert!(missing.encoding == encoding("mp3-128") && missing.reason.contains("inaudible"), "{missing:?}");
    assert!(pipeline::report_page(&report).contains("MP3 at 128 kbit/s could not be made: all of it is so high"));
    let left = std::fs::read_dir(folder.path()).expect("folder").count();
    assert_eq!(left, 2, "nothing but mix and master");
}

#[test]
fn rates_are_converted_before_the_limiter_so_that_the_ceiling_holds_after() {
    let folder = tempfile::tempdir().expect("folder");
    let input = folder.path().join("mix.wav");
    for (what, signal) in signals() {
        write_mix(&input, signal);
        for rate_hz in [48_000, 96_000, 22_050] {
            let path = folder.path().join("master.wav");
            let deliveries = vec![Delivery { path: path.clone(), encoding: Encoding::Wav24 }];
            let mut job = job(&input, -12.0, CEILING_DBTP, deliveries);
            job.rate_hz = Some(rate_hz);
            // A tone near Nyquist is not there at half the rate, and the rest of the mix is silence.
            let report = match pipeline::run(&job, &mut |_| Control::Continue) {
                Err(Error::Refused(why)) if rate_hz < RATE_HZ && why.contains("silent") => continue,
                other => other.expect("mastered"),
            };
            let what = format!("{what} at {rate_hz} Hz");
            assert_eq!((report.outputs[0].rate_hz, report.source.rate_hz), (rate_hz, RATE_HZ), "{what}");
            let (ours, theirs, ffmpeg) = (report.after.true_peak_dbtp, libebur128_dbtp(&path), ffmpeg_dbtp(&path));
            assert!(ours.max(theirs).max(ffmpeg) <= CEILING_DBTP, "{what}: {ours} {theirs} {ffmpeg}");
            assert!(report.explanation[0].contains("Converted from 44.1"), "{:?}", report.explanation);
        }
    }
}

#[test]
fn a_rate_that_a_codec_cannot_have_is_refused_when_it_was_asked_for_and_found_when_it_was_not() {
    let folder = tempfile::tempdir().expect("folder");
    let input = folder.path().join("mix.wav");
    write_mix(&input, music);
    let deliveries = vec![Delivery { path: folder.path().join("master.opus"), encoding: encoding("opus-128") }];
    let mut job = job(&input, -14.0, CEILING_DBTP, deliveries);
    let found = crate::support::run(&job);
    assert_eq!(found.outputs[0].rate_hz, 48_000);
    job.rate_hz = Some(RATE_HZ);
    let refusal = pipeline::run(&job, &mut |_| Control::Continue);
    assert!(matches!(refusal, Err(Error::Failed(Failure::RateOfCodec { possible_hz: 48_000, .. }))), "{refusal:?}");
    job.rate_hz = Some(7);
    let refusal = pipeline::run(&job, &mut |_| Control::Continue);
    assert!(matches!(refusal, Err(Error::Failed(Failure::Rate { rate_hz: 7 }))), "{refusal:?}");
}
