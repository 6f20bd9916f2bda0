//! Compares the product with other tools: prepares what `xtask/peers/bench.py` needs, and starts it.
//!
//! What is compared and how it is measured stands there; here is only how to get the tools. Nothing is installed on the
//! machine: Python packages go into an environment of their own beside the build, and what apt would have to bring is
//! said, not done.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

pub(crate) const USAGE: &str = "\
  bench-peers [--inputs DIR-OR-FILES...] [--reference FILE] [--balanced BINARY] [--out FILE] [--quick]
          compare with other tools and write docs/benchmarks.md; without --inputs on mixes that it makes itself;
          --quick: 30 seconds of each file, timed once";

const AUDIO: &[&str] = &["wav", "flac", "aif", "aiff", "mp3", "ogg", "opus", "m4a"];

/// What the command line asked for.
#[derive(Debug, Default, PartialEq)]
struct Options {
    inputs: Vec<PathBuf>,
    reference: Option<PathBuf>,
    balanced: Option<PathBuf>,
    out: Option<PathBuf>,
    quick: bool,
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Self> {
        let mut options = Self::default();
        let mut rest = arguments.iter().peekable();
        while let Some(flag) = rest.next() {
            let mut value = || rest.next_if(|next| !next.starts_with("--")).map(PathBuf::from);
            match flag.as_str() {
                "--quick" => options.quick = true,
                "--inputs" => {
                    options.inputs.extend(std::iter::from_fn(value));
                    ensure!(!options.inputs.is_empty(), "--inputs wants files or folders");
                }
                "--reference" => options.reference = Some(value().context("--reference wants a file")?),
                "--balanced" => options.balanced = Some(value().context("--balanced wants the program to bench")?),
                "--out" => options.out = Some(value().context("--out wants a file")?),
                other => bail!("{other} is not known\n\ncargo xtask <chore>\n\n{USAGE}"),
            }
        }
        Ok(options)
    }
}

/// The command as the document shows it: every path by its last part, since folders are nobody's business.
fn shown(arguments: &[String]) -> String {
    let last = |argument: &String| {
        let name = Path::new(argument).file_name().unwrap_or_else(|| OsStr::new("."));
        name.to_string_lossy().into_owned()
    };
    let words = std::iter::once("cargo xtask bench-peers".to_owned()).chain(arguments.iter().map(last));
    words.collect::<Vec<_>>().join(" ")
}

/// Files as they are and the audio files of folders by name, each once and without the reference.
fn audio_files(paths: &[PathBuf], reference: Option<&Path>) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let entries = fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
            let mut inside: Vec<_> = entries
                .with_context(|| format!("reading {}", path.display()))?
                .iter()
                .map(fs::DirEntry::path)
                .filter(|file| {
                    file.extension().is_some_and(|e| AUDIO.iter().any(|audio| e.eq_ignore_ascii_case(audio)))
                })
                .collect();
            inside.sort();
            files.extend(inside);
        } else {
            files.push(path.clone());
        }
    }
    let mut seen = Vec::new();
    if let Some(reference) = reference {
        seen.push(absolute(reference)?);
    }
    let mut wanted = Vec::new();
    for file in files {
        let file = absolute(&file)?;
        if !seen.contains(&file) {
            seen.push(file.clone());
            wanted.push(file);
        }
    }
    ensure!(paths.is_empty() || !wanted.is_empty(), "no audio files in what --inputs names, the reference left out");
    Ok(wanted)
}

fn absolute(path: &Path) -> Result<PathBuf> {
    path.canonicalize().with_context(|| format!("{} cannot be found", path.display()))
}

/// Compares, and writes the document. `false` if a part of it has no figures.
pub(crate) fn run(root: &Path, arguments: &[String]) -> Result<bool> {
    let options = Options::parse(arguments)?;
    let reference = options.reference.as_deref().map(absolute).transpose()?;
    let inputs = audio_files(&options.inputs, reference.as_deref())?;
    let peers = root.join("xtask/peers");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let work = target.join("peers");
    fs::create_dir_all(&work).with_context(|| format!("making {}", work.display()))?;

    ensure!(
        is_there("ffmpeg", "-version"),
        "FFmpeg is missing, and it is both a meter and a peer: apt-get install ffmpeg"
    );
    if !is_there("sox", "--version") {
        eprintln!("SoX is missing, so it is not compared; to have it: apt-get install sox");
    }
    let python = environment(&peers, &work.join("venv"))?;
    let (balanced, commit) = match &options.balanced {
        Some(binary) => (absolute(binary)?, None),
        None => (build(root, &target)?, commit(root)),
    };

    let mut script = Command::new(python);
    // Without -B Python would write its caches beside the sources.
    script.arg("-B").arg(peers.join("bench.py")).arg("--balanced").arg(balanced).arg("--work").arg(&work);
    script.arg("--out").arg(options.out.unwrap_or_else(|| root.join("docs/benchmarks.md")));
    script.arg("--command").arg(shown(arguments));
    if !inputs.is_empty() {
        script.arg("--inputs").args(inputs);
    }
    script.args(reference.iter().flat_map(|file| [OsStr::new("--reference"), file.as_os_str()]));
    script.args(commit.iter().flat_map(|hash| ["--commit", hash]));
    script.args(options.quick.then_some("--quick"));
    Ok(script.status().context("starting the comparison")?.success())
}

fn is_there(program: &str, question: &str) -> bool {
    Command::new(program).arg(question).output().is_ok_and(|answer| answer.status.success())
}

fn build(root: &Path, target: &Path) -> Result<PathBuf> {
    eprintln!("building the release");
    let built =
        Command::new("cargo").args(["build", "--release", "--package", "balanced"]).current_dir(root).status()?;
    ensure!(built.success(), "the release does not build");
    Ok(target.join("release/balanced"))
}

/// The commit that is built, marked where files differ from it.
fn commit(root: &Path) -> Option<String> {
    let asked = Command::new("git").args(["describe", "--always", "--dirty"]).current_dir(root).output().ok()?;
    asked.status.success().then(|| String::from_utf8_lossy(&asked.stdout).trim().to_owned())
}

/// The Python that has the packages of `requirements.txt`, and those of `optional.txt` that can be had.
fn environment(peers: &Path, venv: &Path) -> Result<PathBuf> {
    let python = venv.join("bin/python");
    let stamp = venv.join("installed.txt");
    let [required, optional] = ["requirements.txt", "optional.txt"].map(|name| peers.join(name));
    let read = |path: &Path| fs::read_to_string(path).with_context(|| format!("reading {}", path.display()));
    let wanted = read(&required)? + &read(&optional)?;
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    eprintln!("setting up a Python environment with Matchering and what the meters need");
    let made = Command::new("python3").args(["-m", "venv", "--clear"]).arg(venv).status();
    ensure!(
        made.is_ok_and(|status| status.success()),
        "no Python environment can be made; it needs Python 3.11 or newer with venv: apt-get install python3-venv"
    );
    let install = |what: &[&OsStr]| {
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(what);
        pip.status().is_ok_and(|status| status.success())
    };
    ensure!(install(&["-r".as_ref(), required.as_ref()]), "pip cannot install what {} lists", required.display());
    for package in packages(&read(&optional)?) {
        // Wheels alone: what has none for this machine would be built for long, and fail for want of a compiler.
        if !install(&["--only-binary=:all:".as_ref(), package.as_ref()]) {
            eprintln!("{package} cannot be had here, so it is not used");
        }
    }
    fs::write(&stamp, wanted)?;
    Ok(python)
}

fn packages(list: &str) -> impl Iterator<Item = &str> {
    list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn inputs_go_on_until_the_next_flag() {
        let options = Options::parse(&words("--inputs a.wav b --quick --reference r.flac")).expect("parsed");
        assert_eq!(options.inputs, [PathBuf::from("a.wav"), PathBuf::from("b")]);
        assert_eq!(options.reference, Some(PathBuf::from("r.flac")));
        assert!(options.quick);
        assert_eq!(Options::parse(&[]).expect("parsed"), Options::default());
    }

    #[test]
    fn a_flag_without_its_value_and_an_unknown_flag_are_refused() {
        for line in ["--reference", "--inputs --quick", "--out --quick", "--loud", "mix.wav"] {
            assert!(Options::parse(&words(line)).is_err(), "{line}");
        }
    }

    #[test]
    fn the_document_names_files_and_no_folders() {
        let line = words("--inputs /music/of/mine/a.wav ../b.flac . --reference r.flac --quick");
        assert_eq!(shown(&line), "cargo xtask bench-peers --inputs a.wav b.flac . --reference r.flac --quick");
    }

    #[test]
    fn a_folder_gives_its_audio_files_by_name_without_the_reference() {
        let folder = std::env::temp_dir().join(format!("bench-peers-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("made");
        for name in ["b.wav", "a.FLAC", "notes.txt", "reference.wav"] {
            fs::write(folder.join(name), "").expect("written");
        }
        let found = audio_files(&[folder.clone(), folder.join("b.wav")], Some(&folder.join("reference.wav")));
        let nothing = audio_files(&[folder.join("reference.wav")], Some(&folder.join("reference.wav")));
        let missing = audio_files(&[folder.join("c.wav")], None);
        fs::remove_dir_all(&folder).expect("removed");
        let names: Vec<_> = found.expect("found").iter().filter_map(|f| Some(f.file_name()?.to_owned())).collect();
        assert_eq!(names, ["a.FLAC", "b.wav"]);
        assert!(nothing.is_err());
        assert!(missing.is_err());
    }

    #[test]
    fn comments_are_no_packages() {
        assert_eq!(packages("# why\na==1\n\n b==2\n").collect::<Vec<_>>(), ["a==1", "b==2"]);
    }
}
