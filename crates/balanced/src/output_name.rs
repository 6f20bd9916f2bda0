//! Where a master goes and as what, from what was asked and what was left open.

use std::collections::HashSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use pipeline::{Container, Delivery, Encoding};

use crate::cli::MasterArgs;

/// One delivery an input, in their order; the message says what does not go together.
pub(crate) fn deliveries(args: &MasterArgs) -> Result<Vec<Delivery>, String> {
    if args.inputs.len() > 1 {
        let (plan, report) = (args.save_plan.is_some(), args.report.is_some() && !args.album);
        let single = [("-o", args.output.is_some()), ("--save-plan", plan), ("--report", report)];
        if let Some((flag, _)) = single.iter().find(|(_, given)| *given) {
            return Err(format!("{flag} names one file and there are {} inputs; take --out-dir", args.inputs.len()));
        }
    }
    let (container, encoding) = encoding(args)?;
    let mut seen = HashSet::new();
    args.inputs
        .iter()
        .map(|input| {
            let path = match &args.output {
                Some(path) => path.clone(),
                None => beside_or_in(input, args.out_dir.as_deref(), container),
            };
            if seen.insert(path.clone()) {
                Ok(Delivery { path, encoding })
            } else {
                Err(format!("two inputs would both be written to `{}`; master them in two calls", path.display()))
            }
        })
        .collect()
}

/// Where the masters of files go that turn up in a watched folder.
pub(crate) fn delivery_in(args: &MasterArgs, folder: &Path) -> Result<impl Fn(&Path) -> Delivery, String> {
    let (container, encoding) = encoding(args)?;
    Ok(move |input: &Path| Delivery { path: beside_or_in(input, Some(folder), container), encoding })
}

fn encoding(args: &MasterArgs) -> Result<(Container, Encoding), String> {
    let container = container(args)?;
    let usual = Encoding::new(container, args.bit_depth.into());
    let encoding = usual.and_then(|encoding| args.bitrate.map_or(Ok(encoding), |kbps| encoding.at_kbps(kbps)));
    Ok((container, encoding.map_err(|error| error.to_string())?))
}

fn container(args: &MasterArgs) -> Result<Container, String> {
    let Some(output) = &args.output else {
        return Ok(args.format.map_or(Container::Wav, Container::from));
    };
    let by_name = output.extension().and_then(|extension| Container::from_extension(&extension.to_string_lossy()));
    match (by_name, args.format.map(Container::from)) {
        (Some(named), Some(asked)) if named != asked => Err(format!(
            "--format {} and the name `{}` say different things; take one of them back",
            asked.extension(),
            output.display()
        )),
        (_, Some(asked)) => Ok(asked),
        (Some(named), None) => Ok(named),
        (None, None) => Err(format!(
            "`{}` says no format; end it in .wav, .aiff, .flac, .mp3, .m4a, .opus or .ogg, or add --format",
            output.display()
        )),
    }
}

fn beside_or_in(input: &Path, folder: Option<&Path>, container: Container) -> PathBuf {
    let mut name = input.file_stem().map_or_else(|| OsString::from("track"), OsString::from);
    name.push("-master.");
    name.push(container.extension());
    // `file_stem` has no folder in it, whatever the input is called, so the result stays where it was sent.
    match folder {
        Some(folder) => folder.join(name),
        None => input.with_file_name(name),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{Cli, Command};

    fn asked(line: &str) -> Result<Vec<(String, String)>, String> {
        let words = ["balanced", "master"].into_iter().chain(line.split(' '));
        let Command::Master(args) = Cli::try_parse_from(words).expect("parsed").command else { unreachable!() };
        let name = |delivery: Delivery| (delivery.path.to_string_lossy().into_owned(), delivery.encoding.name());
        deliveries(&args).map(|all| all.into_iter().map(name).collect())
    }

    fn one(line: &str) -> (String, String) {
        asked(line).expect("accepted").remove(0)
    }

    #[test]
    fn a_master_lands_beside_its_mix_unless_sent_elsewhere() {
        for (line, path, encoding) in [
            ("a/mix.aiff", "a/mix-master.wav", "wav-24"),
            ("mix.wav --format flac", "mix-master.flac", "flac-24"),
            ("../up/mix.wav --out-dir out", "out/mix-master.wav", "wav-24"),
            ("mix.wav -o x.FLAC --bit-depth 16", "x.FLAC", "flac-16"),
            ("mix.wav -o x.aif --bit-depth 32f", "x.aif", "aiff-32f"),
            ("mix.wav -o x.mp3", "x.mp3", "mp3-320"),
            ("mix.wav -o x.opus --bitrate 96", "x.opus", "opus-96"),
            ("mix.wav --format vorbis --bitrate 160", "mix-master.ogg", "vorbis-160"),
            ("mix.wav --format m4a", "mix-master.m4a", "aac-256"),
        ] {
            assert_eq!(one(line), (path.to_owned(), encoding.to_owned()), "{line}");
        }
    }

    #[test]
    fn a_watched_folder_has_the_same_formats_and_refuses_the_same() {
        let in_folder = |line: &str| {
            let words = ["balanced", "master", "--watch", "in"].into_iter().chain(line.split(' '));
            let Command::Master(args) = Cli::try_parse_from(words).expect("parsed").command else { unreachable!() };
            let delivery = delivery_in(&args, Path::new("out")).map(|delivery| delivery(Path::new("in/mix.aiff")));
            delivery.map(|Delivery { path, encoding }| (path.to_string_lossy().into_owned(), encoding.name()))
        };
        assert_eq!(in_folder("--format mp3 --bitrate 192"), Ok(("out/mix-master.mp3".into(), "mp3-192".into())));
        assert!(in_folder("--format flac --bit-depth 32f").is_err());
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        for bad in [
            "mix.wav -o out.xyz",
            "mix.wav -o out.wav --bitrate 128",
            "mix.wav -o out.mp3 --bitrate 100",
            "mix.wav -o out.opus --format vorbis",
            "mix.wav -o out.wav --format flac",
            "mix.wav --format flac --bit-depth 32f",
            "a/mix.wav b/mix.wav --out-dir out",
            "a.wav b.wav -o out.wav",
            "a.wav b.wav --report r.json",
        ] {
            assert!(asked(bad).is_err(), "{bad}");
        }
    }
}
