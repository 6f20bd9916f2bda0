//! `balanced master --album`: one decision for all tracks.

use std::fs;

use crate::support::{
    Samples, TempDir, balanced, folder, json, music, names, put, second_opinion, stderr, stdout, wav,
};

/// Three songs, the second 8 dB quieter than the others.
fn songs() -> TempDir {
    let folder = folder();
    for (name, level, seconds) in [("1 loud.wav", 1.0f32, 6.0), ("2 quiet.wav", 0.4, 5.0), ("3 loud.wav", 0.9, 4.0)] {
        let scaled = |channel: Vec<f32>| channel.into_iter().map(|x| x * level).collect();
        let channels: Vec<Vec<f32>> = music(44_100, seconds).into_iter().map(scaled).collect();
        put(folder.path(), name, &wav(44_100, &channels, Samples::Int24));
    }
    folder
}

const SONGS: [&str; 3] = ["1 loud.wav", "2 quiet.wav", "3 loud.wav"];

#[test]
fn the_quiet_song_stays_the_quiet_song_and_the_album_has_its_loudness() {
    let folder = songs();
    let args = ["master", "--album", "--out-dir", "out", "--json", "--report", "album.html"].into_iter().chain(SONGS);
    let output = balanced(folder.path(), args);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let [album] = &json(&output)[..] else { panic!("one object: {}", stdout(&output)) };
    let tracks = album["tracks"].as_array().expect("tracks");
    let number = |value: &serde_json::Value| value.as_f64().expect("a number");
    let offset = |side: &str| {
        let lufs = |at: usize| number(&tracks[at][side]["integrated_lufs"]);
        (lufs(0) - lufs(1), lufs(0) - lufs(2))
    };
    let (before, after) = (offset("before"), offset("after"));
    assert!(before.0 > 7.0, "{before:?}");
    assert!((before.0 - after.0).abs() < 0.25 && (before.1 - after.1).abs() < 0.25, "{before:?} {after:?}");
    assert!((number(&album["after_lufs"]) - number(&album["target_lufs"])).abs() <= 0.1, "{album}");
    assert_eq!(names(&folder.path().join("out")), ["1 loud-master.wav", "2 quiet-master.wav", "3 loud-master.wav"]);
    for (track, name) in tracks.iter().zip(SONGS) {
        assert_eq!(track["input"], name, "in the order that was given");
        let (lufs, dbtp) = second_opinion(&folder.path().join(track["output"].as_str().expect("a path")));
        assert!((lufs - number(&track["after"]["integrated_lufs"])).abs() <= 0.1, "{name}: {lufs}");
        assert!(dbtp <= -1.0 + 0.05, "{name}: {dbtp}");
    }
    let page = fs::read_to_string(folder.path().join("album.html")).expect("there");
    assert!(SONGS.iter().all(|name| page.contains(name)) && page.contains("Against the album"));
}

/// The third song without most of its treble.
fn a_dull_song_among_others() -> TempDir {
    let folder = songs();
    let mut channels = music(44_100, 4.0);
    for channel in &mut channels {
        let mut low = 0.0f32;
        for sample in channel.iter_mut() {
            low += 0.3 * (*sample - low);
            *sample = low + 0.06 * (*sample - low);
        }
    }
    put(folder.path(), SONGS[2], &wav(44_100, &channels, Samples::Int24));
    folder
}

#[test]
fn a_song_whose_treble_is_apart_is_brought_nearer_unless_each_is_to_keep_its_own_tone() {
    let folder = a_dull_song_among_others();
    let treble_of = |out: &str, flags: &[&str]| {
        let args = ["master", "--album", "--out-dir", out, "--json", "--intensity", "100"];
        let output = balanced(folder.path(), args.iter().chain(flags).copied().chain(SONGS));
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let [album] = &json(&output)[..] else { panic!("one object: {}", stdout(&output)) };
        let raised =
            |track: &serde_json::Value| track["plan"]["equaliser"]["bands"][25]["gain_db"].as_f64().unwrap_or_default();
        let raised: Vec<f64> = album["tracks"].as_array().expect("tracks").iter().map(raised).collect();
        (raised, album["explanation"].to_string())
    };
    let (alike, told) = treble_of("alike", &[]);
    let (own, kept) = treble_of("own", &["--alike", "0"]);
    assert!(alike[2] > own[2] + 0.3 && alike[2] <= own[2] + 3.0, "{alike:?} {own:?}");
    assert_eq!(alike[..2], own[..2], "the others stay");
    assert!(told.contains("3 loud.wav would have") && told.contains("treble was raised by"), "{told}");
    assert!(kept.contains("keeps it"), "{kept}");
    let refused = balanced(folder.path(), ["master", "1 loud.wav", "--alike", "50"]);
    assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
}

#[test]
fn an_album_appears_whole_or_not_at_all() {
    let folder = songs();
    put(folder.path(), "broken.wav", b"RIFF");
    let output = balanced(folder.path(), ["master", "--album", "--out-dir", "out", "1 loud.wav", "broken.wav"]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains("broken.wav"), "{}", stderr(&output));
    assert!(names(&folder.path().join("out")).is_empty());
    put(&folder.path().join("out"), "2 quiet-master.wav", b"precious");
    let output = balanced(folder.path(), ["master", "--album", "--out-dir", "out"].into_iter().chain(SONGS));
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert_eq!(names(&folder.path().join("out")), ["2 quiet-master.wav"]);
    assert_eq!(fs::read(folder.path().join("out/2 quiet-master.wav")).expect("there"), b"precious");
}

#[test]
fn what_makes_no_sense_for_an_album_is_a_usage_error() {
    let folder = songs();
    for args in [
        &["master", "--album", "1 loud.wav"][..],
        &["master", "--album", "--out-dir", "out", "--plan", "p.json", "1 loud.wav"],
        &["master", "--album", "--out-dir", "out", "--save-plan", "p.json", "1 loud.wav"],
    ] {
        assert_eq!(balanced(folder.path(), args).status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn every_track_ends_with_the_gap_that_was_asked_for() {
    let folder = songs();
    let args = ["master", "--album", "--out-dir", "out", "--gap", "1.5", "--json"].into_iter().chain(SONGS);
    let output = balanced(folder.path(), args);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    for (name, seconds) in [("1 loud", 6.0), ("2 quiet", 5.0), ("3 loud", 4.0)] {
        let path = folder.path().join("out").join(format!("{name}-master.wav"));
        let file = path.to_str().expect("a path");
        let decoded = crate::support::ffmpeg(&["-i", file, "-f", "f32le", "-"]).stdout;
        let samples: Vec<f32> =
            decoded.chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().expect("four"))).collect();
        let silent = samples.iter().rev().take_while(|sample| sample.abs() < 2e-4).count();
        // Two channels at 44.1 kHz; dither is silence.
        let (gap_s, length_s) = (silent as f64 / 88_200.0, samples.len() as f64 / 88_200.0);
        assert!((gap_s - 1.5).abs() < 0.1, "{name}: {gap_s}");
        assert!((length_s - seconds - 1.5).abs() < 0.1, "{name}: {length_s}");
    }
    let alone = balanced(folder.path(), ["master", "1 loud.wav", "--gap", "1"]);
    assert_eq!(alone.status.code(), Some(2), "{}", stderr(&alone));
}
