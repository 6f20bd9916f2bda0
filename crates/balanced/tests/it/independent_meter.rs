//! The promise of the product, checked by a meter that we did not write: the loudness that was asked for, and never a
//! true peak above the ceiling, in the file that was delivered.

use crate::support::{Samples, balanced, folder, json, music, put, second_opinion, stderr, wav};

/// Masters music with `args` and holds the report against FFmpeg.
fn confirmed(args: &[&str], name: &str, loudness_lufs: f64, ceiling_dbtp: f64) {
    let folder = folder();
    put(folder.path(), "mix.wav", &wav(44_100, &music(44_100, 30.0), Samples::Int24));
    let all: Vec<&str> = ["master", "mix.wav", "--json", "-o", name].into_iter().chain(args.iter().copied()).collect();
    let output = balanced(folder.path(), &all);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let report = &json(&output)[0];
    let (measured_lufs, measured_dbtp) = second_opinion(&folder.path().join(name));
    let ours_lufs = report["after"]["integrated_lufs"].as_f64().expect("number");
    // FFmpeg prints one decimal, so it may be off by half of one.
    assert!((measured_lufs - ours_lufs).abs() <= 0.1 + 0.05, "{name}: FFmpeg {measured_lufs}, ours {ours_lufs}");
    assert!((ours_lufs - loudness_lufs).abs() <= 0.1, "{name}: asked for {loudness_lufs}, delivered {ours_lufs}");
    assert!(measured_dbtp <= ceiling_dbtp, "{name}: FFmpeg reads {measured_dbtp} dBTP above {ceiling_dbtp}");
    assert_eq!(report["target_reached"], true, "{report}");
}

#[test]
fn wav_at_every_depth_is_confirmed() {
    for depth in ["16", "24", "32f"] {
        confirmed(&["--bit-depth", depth, "--loudness", "-14", "--ceiling", "-1"], "out.wav", -14.0, -1.0);
    }
}

#[test]
fn flac_at_every_depth_is_confirmed() {
    for depth in ["16", "24"] {
        confirmed(&["--bit-depth", depth, "--loudness", "-11", "--ceiling", "-1.5"], "out.flac", -11.0, -1.5);
    }
}

#[test]
fn a_loud_master_is_confirmed() {
    confirmed(&["--loudness", "-8", "--ceiling", "-1"], "out.wav", -8.0, -1.0);
}

#[test]
fn a_quiet_master_is_confirmed() {
    confirmed(&["--loudness", "-23", "--ceiling", "-2"], "out.wav", -23.0, -2.0);
}
