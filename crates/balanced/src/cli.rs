//! What can be asked on the command line. Help texts are the reference; each flag is defined here and nowhere else.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use pipeline::presets::{self, Preset};
use pipeline::{BitDepth, Container};

const EXIT_CODES: &str = "\
Exit codes: 0 done, 1 failed, 2 usage, 3 input refused. Of several files, the worst one counts.
Settings also come from balanced.toml in the current folder and from variables that start with BALANCED_.";

/// From mix to release-ready master, on your own machine, with the numbers to prove it.
#[derive(Debug, Parser)]
#[command(name = "balanced", version, after_help = EXIT_CODES, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// Read settings from this file instead of ./balanced.toml.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Master mixes: stereo or mono files to files that are ready for release.
    #[command(after_help = EXIT_CODES)]
    Master(MasterArgs),
    /// Measure files and change nothing.
    #[command(alias = "analyze", after_help = EXIT_CODES)]
    Analyse(AnalyseArgs),
    /// List the places that a master can be made for.
    Presets(PresetsArgs),
    /// Check what this machine has and needs, and say what to do.
    Doctor(DoctorArgs),
    /// Run the site: upload in a browser, hear mix and master, download.
    Serve(ServeArgs),
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("where").args(["output", "out_dir"]))]
pub(crate) struct MasterArgs {
    /// The mixes; each is mastered by itself.
    #[arg(required = true, value_name = "INPUT")]
    pub(crate) inputs: Vec<PathBuf>,
    /// Write the master here; only for a single input. Without it: beside the input, as NAME-master.
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: Option<PathBuf>,
    /// Write the masters into this folder, which is made if it is missing.
    #[arg(long, value_name = "DIR")]
    pub(crate) out_dir: Option<PathBuf>,
    /// Loudness to reach, whatever it costs, in LUFS; the report says what it cost.
    #[arg(long, value_name = "LUFS", allow_negative_numbers = true, value_parser = loudness)]
    pub(crate) loudness: Option<f64>,
    /// Where the master is going (see `balanced presets`): sets loudness and ceiling, and stops where loudness would
    /// cost too much quality.
    #[arg(long = "for", value_name = "PRESET", value_parser = preset)]
    pub(crate) preset: Option<&'static Preset>,
    /// True peak that no master exceeds, in dBTP.
    #[arg(long, value_name = "DBTP", allow_negative_numbers = true, value_parser = ceiling)]
    pub(crate) ceiling: Option<f64>,
    /// Kind of file; by default what the output's name says, else WAV.
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<Format>,
    /// Bits a sample; 32f only as WAV.
    #[arg(long, value_name = "BITS", default_value = "24")]
    pub(crate) bit_depth: Depth,
    /// Follow this plan exactly and decide nothing.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["loudness", "preset", "ceiling", "save_plan"])]
    pub(crate) plan: Option<PathBuf>,
    /// Keep the plan that was decided, to follow it again or to change it; only for a single input.
    #[arg(long, value_name = "FILE")]
    pub(crate) save_plan: Option<PathBuf>,
    /// Write a full report to this .json file; only for a single input.
    #[arg(long, value_name = "FILE.json")]
    pub(crate) report: Option<PathBuf>,
    /// Print one JSON object a file instead of text.
    #[arg(long)]
    pub(crate) json: bool,
    /// Overwrite outputs that exist.
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AnalyseArgs {
    /// The files.
    #[arg(required = true, value_name = "INPUT")]
    pub(crate) inputs: Vec<PathBuf>,
    /// Print one JSON object a file instead of text.
    #[arg(long)]
    pub(crate) json: bool,
    /// Draw the waveform and the loudness over time; only for a single input.
    #[arg(long, value_name = "FILE.svg")]
    pub(crate) plot: Option<PathBuf>,
    /// Overwrite a plot that exists.
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PresetsArgs {
    /// Print one JSON array instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Print one JSON object instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Where to listen; any other address than this machine's own needs `contact`, `public_url` and `secret_key` set.
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) listen: Option<SocketAddr>,
    /// Folder of the database and the files; made if it is missing.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
}

/// `--format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// WAV, or RF64 where that is too small.
    Wav,
    /// FLAC.
    Flac,
}

impl From<Format> for Container {
    fn from(format: Format) -> Self {
        match format {
            Format::Wav => Self::Wav,
            Format::Flac => Self::Flac,
        }
    }
}

/// `--bit-depth`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Depth {
    /// 16 bit integers, dithered.
    #[value(name = "16")]
    Int16,
    /// 24 bit integers, dithered.
    #[value(name = "24")]
    Int24,
    /// 32 bit floats.
    #[value(name = "32f")]
    Float32,
}

impl From<Depth> for BitDepth {
    fn from(depth: Depth) -> Self {
        match depth {
            Depth::Int16 => Self::Int16,
            Depth::Int24 => Self::Int24,
            Depth::Float32 => Self::Float32,
        }
    }
}

fn within(text: &str, lowest: f64, highest: f64, unit: &str) -> Result<f64, String> {
    let expected = || format!("expected {lowest} to {highest} {unit}");
    let value: f64 = text.parse().map_err(|_| expected())?;
    if (lowest..=highest).contains(&value) { Ok(value) } else { Err(expected()) }
}

fn loudness(text: &str) -> Result<f64, String> {
    within(text, -40.0, -5.0, "LUFS")
}

fn ceiling(text: &str) -> Result<f64, String> {
    within(text, -12.0, 0.0, "dBTP")
}

fn preset(text: &str) -> Result<&'static Preset, String> {
    presets::find(text).ok_or_else(|| {
        let known: Vec<_> = presets::PRESETS.iter().map(|preset| preset.id).collect();
        format!("expected one of {}", known.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_holds_together() {
        <Cli as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn numbers_out_of_range_and_things_that_are_none_are_refused() {
        assert_eq!(loudness("-14"), Ok(-14.0));
        for bad in ["-3", "loud", "NaN", "inf", ""] {
            assert_eq!(loudness(bad), Err("expected -40 to -5 LUFS".to_owned()), "{bad}");
        }
        assert!(ceiling("0.5").is_err());
    }

    #[test]
    fn a_plan_and_a_wish_exclude_each_other() {
        let parsed = Cli::try_parse_from(["balanced", "master", "a.wav", "--plan", "p.json", "--loudness", "-9"]);
        assert!(parsed.is_err());
    }
}
