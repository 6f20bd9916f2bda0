//! Many files at once and hot folders.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::{Samples, balanced, folder, json, mix, music, names, put, stderr, stdout, wav};

fn song(folder: &Path, name: &str, level: f32) {
    let channels: Vec<Vec<f32>> =
        music(22_050, 3.0).into_iter().map(|channel| channel.iter().map(|x| x * level).collect()).collect();
    put(folder, name, &wav(22_050, &channels, Samples::Int16));
}

#[test]
fn several_files_give_a_summary_and_failures_come_last_with_the_rest_done() {
    let folder = folder();
    for (name, level) in [("a.wav", 1.0), ("b.wav", 0.5), ("c.wav", 0.25)] {
        song(folder.path(), name, level);
    }
    put(folder.path(), "broken.wav", b"RIFF");
    let output = balanced(
        folder.path(),
        ["master", "a.wav", "broken.wav", "b.wav", "c.wav", "missing.wav", "--out-dir", "out", "--jobs", "3"],
    );
    assert_eq!(output.status.code(), Some(1), "the worst one counts: {}", stderr(&output));
    assert_eq!(names(&folder.path().join("out")), ["a-master.wav", "b-master.wav", "c-master.wav"]);
    let said = stdout(&output);
    assert!(said.contains("3 of 5 files mastered"), "{said}");
    let lines: Vec<String> = said.lines().filter(|line| line.contains("-master.wav")).map(str::to_owned).collect();
    assert_eq!(lines.len(), 3, "{said}");
    assert!(lines.is_sorted(), "in the order of the inputs: {said}");
    let failures = stderr(&output);
    assert_eq!(failures.lines().count(), 2, "{failures}");
    assert!(failures.contains("broken.wav") && failures.contains("missing.wav"), "{failures}");
}

#[test]
fn however_many_work_at_once_the_bits_and_the_order_are_the_same() {
    let folder = folder();
    let inputs = ["1.wav", "2.wav", "3.wav", "4.wav"];
    for (index, name) in inputs.into_iter().enumerate() {
        song(folder.path(), name, 1.0 / (index + 1) as f32);
    }
    let master = |jobs: &str, out: &str| {
        let args = ["master", "--json", "--jobs", jobs, "--out-dir", out].into_iter().chain(inputs);
        let output = balanced(folder.path(), args);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let order: Vec<String> =
            json(&output).iter().map(|one| one["input"].as_str().expect("name").to_owned()).collect();
        assert_eq!(order, inputs);
    };
    master("1", "one");
    master("4", "four");
    for name in names(&folder.path().join("one")) {
        let read = |out: &str| fs::read(folder.path().join(out).join(&name)).expect("there");
        assert!(read("one") == read("four"), "{name}");
    }
}

#[test]
fn what_is_there_already_stays_and_the_others_are_made() {
    let folder = folder();
    song(folder.path(), "a.wav", 1.0);
    song(folder.path(), "b.wav", 1.0);
    fs::create_dir(folder.path().join("out")).expect("folder");
    put(&folder.path().join("out"), "a-master.wav", b"precious");
    let output = balanced(folder.path(), ["master", "a.wav", "b.wav", "--out-dir", "out"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert_eq!(fs::read(folder.path().join("out/a-master.wav")).expect("there"), b"precious");
    assert!(folder.path().join("out/b-master.wav").exists());
    assert!(stderr(&output).contains("--force"), "{}", stderr(&output));
}

#[test]
fn a_number_of_jobs_that_makes_no_sense_is_a_usage_error() {
    let folder = folder();
    mix(folder.path());
    for jobs in ["0", "many", "-1", "9999"] {
        let output = balanced(folder.path(), ["master", "mix.wav", &format!("--jobs={jobs}")]);
        assert_eq!(output.status.code(), Some(2), "{jobs}: {}", stderr(&output));
    }
    assert_eq!(balanced(folder.path(), ["master", "--watch", "nowhere"]).status.code(), Some(2));
    assert_eq!(balanced(folder.path(), ["master", "--watch", ".", "mix.wav"]).status.code(), Some(2));
}

/// A command that watches, and is killed whatever happens.
struct Watching(Child);

impl Watching {
    fn start(folder: &Path) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_balanced"))
            .args(["master", "--watch", "in", "--out-dir", "out", "--json"])
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command starts");
        Self(child)
    }

    #[cfg(unix)]
    fn interrupt(mut self) -> Option<i32> {
        let killed = Command::new("kill").args(["-INT", &self.0.id().to_string()]).status().expect("kill");
        assert!(killed.success());
        self.0.wait().expect("ended").code()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn wait_for(what: &str, mut there: impl FnMut() -> bool) {
    for _ in 0..600 {
        if there() {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("{what} did not happen in a minute");
}

#[cfg(unix)]
#[test]
fn a_watched_folder_masters_what_is_complete_once_and_ends_in_order() {
    let folder = folder();
    let (inbox, out) = (folder.path().join("in"), folder.path().join("out"));
    fs::create_dir(&inbox).expect("folder");
    song(&inbox, "first.wav", 1.0);
    put(&inbox, "notes.txt", b"no audio");
    let watching = Watching::start(folder.path());
    wait_for("the first master", || out.join("first-master.wav").exists());

    // A file that grows is left alone until it is complete.
    let whole = wav(22_050, &music(22_050, 3.0), Samples::Int16);
    for end in [whole.len() / 4, whole.len() / 2, whole.len() * 3 / 4, whole.len()] {
        put(&inbox, "slow.wav", &whole[..end]);
        assert!(!out.join("slow-master.wav").exists());
        std::thread::sleep(Duration::from_millis(150));
    }
    wait_for("the second master", || out.join("slow-master.wav").exists());
    assert_eq!(watching.interrupt(), Some(0));
    assert_eq!(names(&out), ["first-master.wav", "slow-master.wav"]);

    // Started again, it repeats nothing.
    let before = fs::metadata(out.join("first-master.wav")).expect("there").modified().expect("time");
    let again = Watching::start(folder.path());
    song(&inbox, "third.wav", 0.5);
    wait_for("the third master", || out.join("third-master.wav").exists());
    assert_eq!(again.interrupt(), Some(0));
    assert_eq!(fs::metadata(out.join("first-master.wav")).expect("there").modified().expect("time"), before);
}
