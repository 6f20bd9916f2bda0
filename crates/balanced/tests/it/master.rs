//! `balanced master`: names, outputs, plans and the JSON contract.

use std::fs;
use std::path::Path;

use crate::support::{Samples, balanced, folder, json, mix, music, names, put, stderr, stdout, wav};

#[test]
fn the_json_object_has_the_keys_that_scripts_rely_on() {
    let folder = folder();
    mix(folder.path());
    let output = balanced(folder.path(), ["master", "mix.wav", "-o", "out.flac", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let [object] = &json(&output)[..] else { panic!("one object: {}", stdout(&output)) };
    assert_eq!(object["input"], "mix.wav");
    assert_eq!(object["output"], "out.flac");
    assert_eq!(object["rate_hz"], 44_100);
    assert_eq!(object["channels"], 2);
    assert_eq!(object["duration_s"], 8.0);
    for side in ["before", "after"] {
        for key in [
            "integrated_lufs",
            "loudness_range_lu",
            "max_short_term_lufs",
            "max_momentary_lufs",
            "true_peak_dbtp",
            "sample_peak_dbfs",
            "crest_db",
            "correlation",
        ] {
            assert!(object[side][key].is_number(), "{side}.{key}: {object}");
        }
    }
    assert!(object["target_lufs"].is_number() && object["ceiling_dbtp"].is_number());
    assert!(object["target_reached"].is_boolean());
    assert_eq!(object["target_reached"] == false, object["reason"].is_string());
    for stage in ["decode", "analyse", "encode", "check", "total"] {
        assert!(object["timings_ms"][stage].is_number(), "{stage}: {object}");
    }
    assert!(object["realtime_factor"].as_f64().expect("number") > 0.0);
}

#[test]
fn an_output_that_exists_stays_unless_force_says_otherwise() {
    let folder = folder();
    mix(folder.path());
    put(folder.path(), "out.wav", b"precious");
    let kept = balanced(folder.path(), ["master", "mix.wav", "-o", "out.wav"]);
    assert_eq!(kept.status.code(), Some(1));
    assert!(stderr(&kept).contains("--force"), "{}", stderr(&kept));
    assert_eq!(fs::read(folder.path().join("out.wav")).expect("there"), b"precious");
    let forced = balanced(folder.path(), ["master", "mix.wav", "-o", "out.wav", "--force"]);
    assert_eq!(forced.status.code(), Some(0), "{}", stderr(&forced));
    assert!(fs::metadata(folder.path().join("out.wav")).expect("there").len() > 1000);
    assert_eq!(names(folder.path()), ["mix.wav", "out.wav"]);
}

#[test]
fn a_master_never_takes_the_place_of_its_mix_or_of_a_folder() {
    let folder = folder();
    let before = fs::read(mix(folder.path())).expect("there");
    let onto_itself = balanced(folder.path(), ["master", "mix.wav", "-o", "./mix.wav", "--force"]);
    assert_eq!(onto_itself.status.code(), Some(1), "{}", stderr(&onto_itself));
    assert_eq!(fs::read(folder.path().join("mix.wav")).expect("there"), before);
    fs::create_dir(folder.path().join("album.wav")).expect("folder");
    let onto_folder = balanced(folder.path(), ["master", "mix.wav", "-o", "album.wav", "--force"]);
    assert_eq!(onto_folder.status.code(), Some(1), "{}", stderr(&onto_folder));
}

#[test]
fn in_a_pipe_there_is_no_progress_bar_and_no_colour() {
    let folder = folder();
    mix(folder.path());
    let output = balanced(folder.path(), ["master", "mix.wav"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stderr(&output), "");
    let said = stdout(&output);
    assert!(!said.contains('\u{1b}'), "{said:?}");
    assert!(said.contains("mix-master.wav") && said.contains("LUFS"), "{said}");
}

#[test]
fn strange_names_work_and_stay_where_they_are() {
    let folder = folder();
    fs::create_dir_all(folder.path().join("deep/er")).expect("folder");
    let bytes = wav(44_100, &music(44_100, 2.0), Samples::Int16);
    for name in ["it's \"quoted\" $(touch pwned).wav", "🎧 émoji.wav", "-dash.wav", "a\nline.wav", "..wav"] {
        put(folder.path(), name, &bytes);
        let input = format!("deep/er/../../{name}");
        let output = balanced(folder.path(), ["master", "--out-dir", "out", "--", &input]);
        assert_eq!(output.status.code(), Some(0), "{name}: {}", stderr(&output));
    }
    let expected = [
        "-dash-master.wav",
        ".-master.wav",
        "a\nline-master.wav",
        "it's \"quoted\" $(touch pwned)-master.wav",
        "🎧 émoji-master.wav",
    ];
    assert_eq!(names(&folder.path().join("out")), expected);
    assert!(!folder.path().join("pwned").exists());
}

#[test]
fn a_saved_plan_gives_the_same_bits() {
    let folder = folder();
    mix(folder.path());
    let run = |args: &[&str]| {
        let output = balanced(folder.path(), args);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", stderr(&output));
    };
    run(&["master", "mix.wav", "-o", "one.wav", "--save-plan", "plan.json", "--loudness", "-12"]);
    run(&["master", "mix.wav", "-o", "two.wav", "--plan", "plan.json"]);
    run(&["master", "mix.wav", "-o", "three.wav", "--loudness", "-12"]);
    let read = |name: &str| fs::read(folder.path().join(name)).expect("there");
    assert!(read("one.wav") == read("two.wav"), "the plan gave other bits");
    assert!(read("one.wav") == read("three.wav"), "two runs gave different bits");
}

#[test]
fn a_plan_that_is_none_is_a_usage_error_that_says_where() {
    let folder = folder();
    mix(folder.path());
    for (name, text) in [("broken.json", "{"), ("other.json", "{\"target_lufs\": -14, \"plan\": {\"surprise\": 1}}")] {
        put(folder.path(), name, text.as_bytes());
        let output = balanced(folder.path(), ["master", "mix.wav", "--plan", name]);
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(stderr(&output).contains(name), "{}", stderr(&output));
    }
}

#[test]
fn the_report_is_a_file_with_everything() {
    let folder = folder();
    mix(folder.path());
    let output = balanced(folder.path(), ["master", "mix.wav", "-o", "out.wav", "--report", "report.json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = fs::read_to_string(folder.path().join("report.json")).expect("there");
    let report: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(report["waveforms"]["after"]["max"].as_array().expect("columns").len(), 1000);
    assert!(!report["explanation"].as_array().expect("sentences").is_empty());
    assert!(report["plan"].is_object());
}

#[test]
fn the_report_is_a_page_where_the_name_says_so() {
    let folder = folder();
    let bytes = fs::read(mix(folder.path())).expect("there");
    put(folder.path(), "<b>mix & 'co'.wav", &bytes);
    let args = ["master", "<b>mix & 'co'.wav", "-o", "out.wav", "--report", "report.html"];
    let output = balanced(folder.path(), args);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let page = fs::read_to_string(folder.path().join("report.html")).expect("there");
    assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"));
    assert!(page.contains("&lt;b&gt;mix &amp; &#39;co&#39;.wav") && !page.contains("<b>mix"));
    // The name of SVG's namespace is an address that nobody asks for.
    let fetched = page.replace("http://www.w3.org/2000/svg", "").contains("://");
    assert!(!page.contains("<script") && !fetched, "it stands alone");
    assert_eq!(balanced(folder.path(), args).status.code(), Some(1), "an existing report stays");
    let unknown = balanced(folder.path(), ["master", "mix.wav", "--report", "report.pdf"]);
    assert_eq!(unknown.status.code(), Some(2), "{}", stderr(&unknown));
}

#[test]
fn notes_on_the_mix_are_in_the_json_and_on_the_terminal() {
    let folder = folder();
    let hot: Vec<Vec<f32>> =
        music(44_100, 6.0).into_iter().map(|c| c.iter().map(|x| (x * 6.0).clamp(-1.0, 1.0)).collect()).collect();
    put(folder.path(), "hot.wav", &wav(44_100, &hot, Samples::Int16));
    let object = &json(&balanced(folder.path(), ["master", "hot.wav", "--json"]))[0];
    let notes = object["observations"].as_array().expect("notes");
    let clipping = notes.iter().find(|note| note["kind"] == "clipping").expect("clipping");
    assert!(clipping["places"][0]["from_s"].is_number() && clipping["measured"].as_f64() > Some(3.0), "{clipping}");
    let shown = stdout(&balanced(folder.path(), ["analyse", "hot.wav"]));
    assert!(shown.contains("Notes on the mix") && shown.contains("Clipping"), "{shown}");
}

#[test]
fn mono_stays_mono_and_the_report_says_so() {
    let folder = folder();
    put(folder.path(), "mono.wav", &wav(48_000, &music(48_000, 4.0)[..1], Samples::Int16));
    let output = balanced(folder.path(), ["master", "mono.wav", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let object = &json(&output)[0];
    assert_eq!(object["channels"], 1);
    assert!(object["explanation"].to_string().contains("mono"), "{object}");
    let bytes = fs::read(folder.path().join("mono-master.wav")).expect("there");
    assert_eq!(u16::from_le_bytes([bytes[22], bytes[23]]), 1);
}

#[test]
fn unusual_rates_and_levels_are_not_bad_input() {
    let folder = folder();
    for rate_hz in [8_000, 22_050, 88_200, 192_000, 384_000] {
        let loud: Vec<Vec<f32>> =
            music(rate_hz, 1.5).into_iter().map(|c| c.iter().map(|x| x * 5.0).collect()).collect();
        let name = format!("{rate_hz}.wav");
        put(folder.path(), &name, &wav(rate_hz, &loud, Samples::Float32));
        let output = balanced(folder.path(), ["master", &name, "--json"]);
        assert_eq!(output.status.code(), Some(0), "{rate_hz}: {}", stderr(&output));
        let object = &json(&output)[0];
        let number = |key: &str| object["after"][key].as_f64().expect("number");
        assert!(number("true_peak_dbtp") <= object["ceiling_dbtp"].as_f64().expect("number"), "{object}");
    }
}

#[test]
fn a_plan_or_report_that_exists_is_found_before_the_work() {
    let folder = folder();
    mix(folder.path());
    put(folder.path(), "plan.json", b"precious");
    let output = balanced(folder.path(), ["master", "mix.wav", "--save-plan", "plan.json"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(names(folder.path()), ["mix.wav", "plan.json"]);
    assert_eq!(fs::read(folder.path().join("plan.json")).expect("there"), b"precious");
}

#[test]
fn the_name_of_the_output_says_its_format() {
    let folder = folder();
    mix(folder.path());
    for (name, starts, encoding, rate_hz) in [
        ("out.aiff", &b"FORM"[..], "aiff-24", 44_100),
        ("out.opus", b"OggS", "opus-192", 48_000),
        ("out.ogg", b"OggS", "vorbis-256", 44_100),
        ("out.mp3", b"\xFF\xFB", "mp3-320", 44_100),
        ("out.m4a", b"", "aac-256", 44_100),
    ] {
        let output = balanced(folder.path(), ["master", "mix.wav", "-o", name, "--json"]);
        assert_eq!(output.status.code(), Some(0), "{name}: {}", stderr(&output));
        let object = &json(&output)[0];
        assert_eq!(object["outputs"][0]["encoding"], encoding, "{object}");
        assert_eq!(object["outputs"][0]["rate_hz"], rate_hz, "{object}");
        assert!(object["after"]["true_peak_dbtp"].as_f64() <= object["ceiling_dbtp"].as_f64(), "{object}");
        assert!(fs::read(folder.path().join(name)).expect("there").starts_with(starts), "{name}");
    }
}

#[test]
fn a_rate_that_is_asked_for_is_delivered_and_comes_back_with_the_plan() {
    let folder = folder();
    mix(folder.path());
    let run = |args: &[&str]| {
        let output = balanced(folder.path(), args);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", stderr(&output));
        stdout(&output)
    };
    let said = run(&["master", "mix.wav", "-o", "one.wav", "--rate", "48000", "--save-plan", "plan.json"]);
    assert!(said.contains("Converted from 44.1 to 48 kHz"), "{said}");
    run(&["master", "mix.wav", "-o", "two.wav", "--plan", "plan.json"]);
    let read = |name: &str| fs::read(folder.path().join(name)).expect("there");
    assert_eq!(read("one.wav")[24..28], 48_000u32.to_le_bytes());
    assert!(read("one.wav") == read("two.wav"), "the plan gave other bits");
    let refused = balanced(folder.path(), ["master", "mix.wav", "-o", "out.opus", "--rate", "44100"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("48000"), "{}", stderr(&refused));
}

#[test]
fn a_master_for_a_service_is_heard_through_its_codecs() {
    let folder = folder();
    mix(folder.path());
    let output = balanced(folder.path(), ["master", "mix.wav", "-o", "out.wav", "--for", "youtube", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let object = &json(&output)[0];
    let heard = object["heard_through"].as_array().expect("codecs");
    assert_eq!(heard[0]["encoding"], "opus-128", "{object}");
    for codec in heard {
        assert!(codec["true_peak_dbtp"].as_f64() <= object["ceiling_dbtp"].as_f64(), "{codec}");
    }
}

#[test]
fn without_ffmpeg_the_message_says_what_to_do() {
    let folder = folder();
    mix(folder.path());
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_balanced"))
        .args(["master", "mix.wav", "-o", "out.m4a"])
        .current_dir(folder.path())
        .env_clear()
        .env("PATH", folder.path())
        .output()
        .expect("the command starts");
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("install FFmpeg"), "{}", stderr(&output));
    assert_eq!(names(folder.path()), ["mix.wav"]);
}

#[cfg(unix)]
#[test]
fn an_interrupted_master_leaves_nothing_behind() {
    use std::process::{Command, Stdio};
    let folder = folder();
    put(folder.path(), "long.wav", &wav(44_100, &music(44_100, 60.0), Samples::Int16));
    let mut child = Command::new(env!("CARGO_BIN_EXE_balanced"))
        .args(["master", "long.wav", "-o", "out.wav"])
        .current_dir(folder.path())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    std::thread::sleep(std::time::Duration::from_millis(60));
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(killed.success());
    let status = child.wait().expect("ended");
    // On a quick machine it may have been done by then; both are whole.
    match status.code() {
        Some(0) => assert!(Path::new(&folder.path().join("out.wav")).exists()),
        _ => assert_eq!(names(folder.path()), ["long.wav"]),
    }
}
