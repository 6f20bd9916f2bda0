//! `balanced master --watch DIR`: a hot folder.
//!
//! A file is taken once it stopped growing. What has a master is left alone, so that starting again repeats nothing;
//! what failed is tried again when it changed. Ctrl-C is how it ends, and no failure: the file at hand is given up whole.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use pipeline::{Failure, Instructions};

use super::master::{Task, master_all};
use crate::bar::interruption;
use crate::cli::MasterArgs;
use crate::outcome::{self, Outcome};
use crate::output_name;
use crate::settings::Settings;

/// How often the folder is looked at, and how long a file has to stay the same.
const LOOK: Duration = Duration::from_secs(1);
/// How often Ctrl-C is looked for in between.
const LISTEN: Duration = Duration::from_millis(50);
/// Endings of files that can be read.
const AUDIO: &[&str] =
    &["wav", "wave", "aif", "aiff", "aifc", "flac", "mp3", "ogg", "oga", "opus", "m4a", "mp4", "aac"];

/// What a file looks like from outside; another look, another file.
type Look = (u64, Option<SystemTime>);

pub(crate) fn run(args: &MasterArgs, folder: &Path, settings: &Settings, instructions: &Instructions) -> Outcome {
    if !folder.is_dir() {
        return outcome::usage(&format!("--watch {}: there is no such folder", folder.display()));
    }
    let out = args.out_dir.clone().unwrap_or_else(|| folder.join("masters"));
    let delivery = match output_name::delivery_in(args, &out) {
        Ok(delivery) => delivery,
        Err(problem) => return outcome::usage(&problem),
    };
    if let Err(source) = fs::create_dir_all(&out) {
        return outcome::tell(&out.to_string_lossy(), &Failure::Write { path: out.clone(), source }.into());
    }
    let interrupted = interruption();
    let stop = || interrupted.load(std::sync::atomic::Ordering::Relaxed);
    eprintln!("Watching `{}`; masters go to `{}`. Ctrl-C ends it.", folder.display(), out.display());
    let mut seen: HashMap<PathBuf, Look> = HashMap::new();
    let mut tried: HashMap<PathBuf, Look> = HashMap::new();
    while !stop() {
        let now = looks(folder);
        let steady =
            |(path, look): &(&PathBuf, &Look)| seen.get(*path) == Some(*look) && tried.get(*path) != Some(*look);
        let ready: Vec<(&PathBuf, &Look)> = now.iter().filter(steady).collect();
        let mut tasks = Vec::new();
        for (path, look) in ready {
            tried.insert(path.clone(), *look);
            let delivery = delivery(path);
            // A master that is there already was made for it, or is not ours to replace.
            if !delivery.path.exists() {
                tasks.push(Task { input: path.clone(), delivery });
            }
        }
        tasks.sort_by(|a, b| a.input.cmp(&b.input));
        tasks.dedup_by(|second, first| {
            let same = second.delivery.path == first.delivery.path;
            if same {
                let (second, first) = (second.input.to_string_lossy(), first.input.to_string_lossy());
                outcome::complain(&format!("{second}: {first} has the same name; give it another"));
            }
            same
        });
        if !tasks.is_empty() {
            // What fails is told there and then; it may be whole the next time that it changes.
            master_all(args, settings, instructions, &tasks, &interrupted);
        }
        seen = now;
        let mut waited = Duration::ZERO;
        while waited < LOOK && !stop() {
            thread::sleep(LISTEN);
            waited += LISTEN;
        }
    }
    Outcome::Done
}

/// The audio files in a folder, as they look now. What cannot be looked at is not there yet.
fn looks(folder: &Path) -> HashMap<PathBuf, Look> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.filter_map(|entry| {
        let path = entry.path();
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        let ours = path.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("-master"));
        let ending = path.extension()?.to_string_lossy().to_ascii_lowercase();
        let meta = fs::metadata(&path).ok().filter(fs::Metadata::is_file)?;
        (!hidden && !ours && AUDIO.contains(&ending.as_str())).then(|| (path, (meta.len(), meta.modified().ok())))
    });
    files.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_audio_files_that_are_not_masters_are_seen() {
        let folder = tempfile::tempdir().expect("folder");
        for name in ["a.WAV", "b.flac", "a-master.wav", ".hidden.wav", "notes.txt", "no-ending"] {
            fs::write(folder.path().join(name), b"x").expect("written");
        }
        fs::create_dir(folder.path().join("folder.wav")).expect("folder");
        let mut names: Vec<_> = looks(folder.path())
            .into_keys()
            .map(|path| path.file_name().expect("name").to_string_lossy().into_owned())
            .collect();
        names.sort();
        assert_eq!(names, ["a.WAV", "b.flac"]);
    }
}
