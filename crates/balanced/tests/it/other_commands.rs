//! `analyse`, `presets`, `doctor`, and what happens when a call makes no sense.

use std::fs;

use crate::support::{balanced, folder, json, mix, names, put, stderr, stdout};

#[test]
fn analyse_measures_and_changes_nothing() {
    let folder = folder();
    mix(folder.path());
    for name in ["analyse", "analyze"] {
        let output = balanced(folder.path(), [name, "mix.wav", "--json"]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let object = &json(&output)[0];
        assert_eq!(object["input"], "mix.wav");
        assert!(object["before"]["integrated_lufs"].is_number(), "{object}");
    }
    let shown = stdout(&balanced(folder.path(), ["analyse", "mix.wav"]));
    assert!(shown.contains("LUFS") && shown.contains("stereo"), "{shown}");
    assert_eq!(names(folder.path()), ["mix.wav"]);
}

#[test]
fn the_plot_is_a_drawing_of_waveform_and_loudness() {
    let folder = folder();
    mix(folder.path());
    let args = ["analyse", "mix.wav", "--plot", "mix.svg"];
    assert_eq!(balanced(folder.path(), args).status.code(), Some(0));
    let svg = fs::read_to_string(folder.path().join("mix.svg")).expect("there");
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
    assert!(svg.contains("polygon") && svg.contains("short-term"), "waveform and legend");
    assert_eq!(balanced(folder.path(), args).status.code(), Some(1), "an existing plot stays");
}

#[test]
fn an_analysis_can_be_a_page_or_json() {
    let folder = folder();
    mix(folder.path());
    for name in ["r.html", "r.json"] {
        let output = balanced(folder.path(), ["analyse", "mix.wav", "--report", name]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    }
    let page = fs::read_to_string(folder.path().join("r.html")).expect("there");
    assert!(page.contains("Notes on the mix") && page.contains("<svg"), "{page}");
    let text = fs::read_to_string(folder.path().join("r.json")).expect("there");
    let report: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert!(report["observations"].is_array() && report["spectrum"]["bands"].is_array());
}

#[test]
fn a_file_name_is_text_in_a_plot_and_not_markup() {
    let folder = folder();
    let bytes = fs::read(mix(folder.path())).expect("there");
    put(folder.path(), "a<script>.wav", &bytes);
    let output = balanced(folder.path(), ["analyse", "a<script>.wav", "--plot", "p.svg"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let svg = fs::read_to_string(folder.path().join("p.svg")).expect("there");
    assert!(!svg.contains("<script>"));
}

#[test]
fn presets_are_listed_with_their_source() {
    let folder = folder();
    let output = balanced(folder.path(), ["presets", "--json"]);
    let presets: serde_json::Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    let presets = presets.as_array().expect("a list");
    assert!(!presets.is_empty());
    for preset in presets {
        for key in ["id", "name", "loudness_lufs", "ceiling_dbtp", "source", "as_of"] {
            assert!(!preset[key].is_null(), "{key}: {preset}");
        }
    }
    let shown = stdout(&balanced(folder.path(), ["presets"]));
    assert!(shown.contains(presets[0]["id"].as_str().expect("id")), "{shown}");
}

#[test]
fn doctor_says_what_is_there() {
    let folder = folder();
    let output = balanced(folder.path(), ["doctor", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    let found = &json(&output)[0];
    assert_eq!(found["ok"], true);
    assert!(found["checks"].as_array().expect("checks").len() >= 4);
    assert!(names(folder.path()).is_empty(), "a check leaves nothing behind");
}

#[test]
fn a_call_that_makes_no_sense_is_a_usage_error() {
    let folder = folder();
    mix(folder.path());
    for args in [
        &["master"][..],
        &["master", "mix.wav", "--loudness", "loud"],
        &["master", "mix.wav", "--for", "the-moon"],
        &["master", "mix.wav", "-o", "out.xyz"],
        &["master", "mix.wav", "-o", "out.opus", "--bitrate", "9999"],
        &["master", "mix.wav", "-o", "out.mp3", "--bitrate", "100"],
        &["master", "mix.wav", "-o", "out.wav", "--bitrate", "128"],
        &["master", "mix.wav", "-o", "out.wav", "--rate", "10"],
        &["master", "mix.wav", "--format", "flac", "--bit-depth", "32f"],
        &["master", "mix.wav", "--plan", "nowhere.json"],
        &["presets", "--config", "nowhere.toml"],
        &["dance"],
    ] {
        let output = balanced(folder.path(), args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).starts_with("error: "), "{args:?}: {}", stderr(&output));
    }
    assert_eq!(names(folder.path()), ["mix.wav"]);
}

#[test]
fn a_limit_from_the_settings_is_kept() {
    let folder = folder();
    mix(folder.path());
    put(folder.path(), "balanced.toml", b"[limits]\nmax_minutes = 0.1\n");
    let output = balanced(folder.path(), ["master", "mix.wav"]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    put(folder.path(), "balanced.toml", b"[limits]\nmax_minuts = 0.1\n");
    let misspelt = balanced(folder.path(), ["master", "mix.wav"]);
    assert_eq!(misspelt.status.code(), Some(2));
    assert!(stderr(&misspelt).contains("max_minuts"), "{}", stderr(&misspelt));
}
