//! What cannot be mastered is refused: exit 3, one line that says why, no output, no panic.

use std::process::Command;

use crate::support::{Samples, balanced, ffmpeg, folder, music, names, put, stderr, wav};

/// Masters `bytes` and expects a refusal whose reason contains `reason`.
fn refused(name: &str, bytes: &[u8], reason: &str) {
    let folder = folder();
    put(folder.path(), name, bytes);
    let output = balanced(folder.path(), ["master", name, "-o", "out.wav"]);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(3), "{name}: {said}");
    assert_eq!(said.lines().count(), 1, "{name}: {said}");
    assert!(said.contains(reason), "{name}: expected `{reason}` in: {said}");
    assert!(output.stdout.is_empty(), "{name}");
    assert_eq!(names(folder.path()), [name], "nothing was left behind");
}

fn stereo(frames: usize, sample: impl Fn(usize) -> f32) -> Vec<u8> {
    let channel: Vec<f32> = (0..frames).map(sample).collect();
    wav(48_000, &[channel.clone(), channel], Samples::Float32)
}

/// The file with the two or four bytes at `at` replaced.
fn patched(mut file: Vec<u8>, at: usize, bytes: &[u8]) -> Vec<u8> {
    file[at..at + bytes.len()].copy_from_slice(bytes);
    file
}

fn song() -> Vec<u8> {
    wav(44_100, &music(44_100, 1.0), Samples::Int16)
}

#[test]
fn too_little_to_have_a_loudness_is_refused() {
    refused("empty.wav", b"", "empty");
    refused("header-only.wav", &stereo(0, |_| 0.0), "without a single sample");
    refused("one-sample.wav", &stereo(1, |_| 0.5), "400 ms");
    refused("short.wav", &stereo(14_400, |i| (i as f32 * 0.1).sin()), "300.0 ms");
}

#[test]
fn what_cannot_be_heard_is_refused() {
    refused("silence.wav", &stereo(96_000, |_| 0.0), "silent");
    refused("dc.wav", &stereo(96_000, |_| 0.5), "loudness");
}

#[test]
fn a_sample_that_is_not_a_number_is_refused_with_its_place() {
    for (name, bad) in [("nan.wav", f32::NAN), ("infinity.wav", f32::INFINITY)] {
        let file = stereo(96_000, |i| if i == 24_000 { bad } else { (i as f32 * 0.1).sin() });
        refused(name, &file, "0.500 s (sample 24000)");
    }
}

#[test]
fn what_is_not_an_audio_file_is_refused_whatever_it_is_called() {
    let mut state = 1u32;
    let random = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    });
    refused("random.wav", &random.take(100_000).collect::<Vec<_>>(), "audio");
    refused("text.wav", b"Dear diary, today I mixed a song.\n".repeat(200).as_slice(), "audio");
    refused("page.flac", b"<!DOCTYPE html><html><body>404</body></html>", "audio");
}

#[test]
fn a_file_that_breaks_off_is_refused() {
    let whole = song();
    refused("truncated.wav", &whole[..whole.len() / 2], "ends after");
    refused("cut-in-the-header.wav", &whole[..30], "header");
}

#[test]
fn a_header_that_lies_is_refused() {
    let whole = song();
    let four_gigabytes = patched(whole.clone(), 40, &0xffff_fff0_u32.to_le_bytes());
    refused("huge.wav", &patched(four_gigabytes, 4, &0xffff_fff8_u32.to_le_bytes()), "ends after");
    refused("no-channels.wav", &patched(whole.clone(), 22, &0u16.to_le_bytes()), "channels");
    refused("rate-zero.wav", &patched(whole, 24, &0u32.to_le_bytes()), "0 Hz");
}

#[test]
fn more_than_two_channels_are_refused_with_the_way_out() {
    let channel = music(48_000, 1.0).remove(0);
    refused("surround.wav", &wav(48_000, &vec![channel; 6], Samples::Int16), "found 6");
}

#[test]
fn hours_of_silence_in_a_tiny_file_cost_neither_time_nor_memory() {
    let folder = folder();
    let trap = folder.path().join("trap.flac").to_string_lossy().into_owned();
    let four_hours = ["-v", "error", "-f", "lavfi", "-i", "anullsrc=r=8000:cl=stereo", "-t", "14400", &trap];
    let made = ffmpeg(&four_hours);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    // Decoded, it would take 920 MB and minutes.
    let limited = format!("ulimit -v 400000; ulimit -t 5; exec {} master trap.flac", env!("CARGO_BIN_EXE_balanced"));
    let output = Command::new("sh").args(["-c", &limited]).current_dir(folder.path()).output().expect("sh");
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert_eq!(names(folder.path()), ["trap.flac"]);
}

#[test]
fn a_missing_file_is_a_failure_and_a_folder_is_refused() {
    let folder = folder();
    std::fs::create_dir(folder.path().join("album")).expect("folder");
    let missing = balanced(folder.path(), ["master", "nowhere.wav"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(stderr(&missing).contains("nowhere.wav"), "{}", stderr(&missing));
    assert_eq!(balanced(folder.path(), ["master", "album"]).status.code(), Some(3));
}

#[test]
fn of_several_inputs_the_rest_is_done_and_the_worst_one_counts() {
    let folder = folder();
    put(folder.path(), "bad.wav", b"");
    crate::support::mix(folder.path());
    let output = balanced(folder.path(), ["master", "bad.wav", "mix.wav", "--out-dir", "out", "--json"]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert_eq!(crate::support::json(&output).len(), 1);
    assert_eq!(names(&folder.path().join("out")), ["mix-master.wav"]);
}
