//! `balanced doctor`: what this machine has, what is missing, and what to do about it.

use std::path::Path;
use std::process::{Command, Stdio};

use serde::Serialize;

use crate::cli::DoctorArgs;
use crate::outcome::Outcome;
use crate::settings::Settings;
use crate::table;

/// What came of one check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Health {
    /// As it should be.
    Ok,
    /// Something is better with it, and nothing needs it.
    Note,
    /// Something will not work.
    Problem,
}

/// One check.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Finding {
    pub(crate) name: &'static str,
    pub(crate) health: Health,
    pub(crate) found: String,
    /// What to do; empty when there is nothing to do.
    pub(crate) advice: String,
}

impl Finding {
    fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self { name, health: Health::Ok, found: found.into(), advice: String::new() }
    }
}

pub(crate) fn run(args: &DoctorArgs, settings: &Settings) -> Outcome {
    let findings = [
        version(),
        processor(),
        folder("data folder", &settings.data),
        folder("current folder", Path::new(".")),
        ffmpeg(),
    ];
    let healthy = findings.iter().all(|finding| finding.health != Health::Problem);
    if args.json {
        println!("{}", serde_json::json!({ "ok": healthy, "checks": findings }));
    } else {
        table::doctor(&findings);
    }
    if healthy { Outcome::Done } else { Outcome::Failed }
}

fn version() -> Finding {
    let (system, machine) = (std::env::consts::OS, std::env::consts::ARCH);
    Finding::ok("program", format!("balanced {} for {system} on {machine}", env!("CARGO_PKG_VERSION")))
}

fn processor() -> Finding {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let cores = if cores == 1 { "1 core".to_owned() } else { format!("{cores} cores") };
    match vectors() {
        Some(vectors) => Finding::ok("processor", format!("{cores}, {vectors}")),
        None => Finding {
            name: "processor",
            health: Health::Note,
            found: format!("{cores}, no wide vector instructions"),
            advice: "all works; a machine with AVX2 is two to four times as fast".to_owned(),
        },
    }
}

#[cfg(target_arch = "x86_64")]
fn vectors() -> Option<&'static str> {
    if std::arch::is_x86_feature_detected!("avx512f") {
        Some("AVX-512")
    } else if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
        Some("AVX2 and FMA")
    } else {
        None
    }
}

#[cfg(target_arch = "aarch64")]
fn vectors() -> Option<&'static str> {
    Some("NEON")
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn vectors() -> Option<&'static str> {
    None
}

/// Can a file be made there? A folder that is missing is fine if its parent lets it be made.
fn folder(name: &'static str, path: &Path) -> Finding {
    let existing = path.ancestors().find(|folder| folder.is_dir());
    let existing = existing.unwrap_or_else(|| Path::new("."));
    let shown = path.display();
    match tempfile::tempfile_in(existing) {
        Ok(_) if path.is_dir() => Finding::ok(name, format!("{shown} can be written")),
        Ok(_) => Finding::ok(name, format!("{shown} is not there yet and can be made")),
        Err(error) => Finding {
            name,
            health: Health::Problem,
            found: format!("{} cannot be written: {error}", existing.display()),
            advice: format!("let this user write there: sudo chown \"$USER\" {}", existing.display()),
        },
    }
}

fn ffmpeg() -> Finding {
    let name = "FFmpeg (optional)";
    let output = Command::new("ffmpeg").arg("-version").stdin(Stdio::null()).output();
    match output {
        Ok(output) if output.status.success() => {
            let text = String::from_utf8_lossy(&output.stdout);
            let version = text.split_whitespace().nth(2).unwrap_or("of unknown version").to_owned();
            Finding::ok(name, version)
        }
        _ => Finding {
            name,
            health: Health::Note,
            found: "not found".to_owned(),
            advice: "AAC is written with it, and MP3 unless LAME was built in: sudo apt install ffmpeg".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_cannot_be_made_is_a_problem_with_advice() {
        let dir = tempfile::tempdir().expect("folder");
        let file = dir.path().join("file");
        std::fs::write(&file, b"").expect("written");
        assert_eq!(folder("data folder", &dir.path().join("a/b")).health, Health::Ok);
        assert_eq!(folder("data folder", dir.path()).health, Health::Ok);
        let blocked = folder("data folder", Path::new("/proc/balanced-data"));
        assert_eq!(blocked.health, Health::Problem);
        assert!(!blocked.advice.is_empty());
    }
}
