//! What can be asked on the command line. Help texts are the reference; each flag is defined here and nowhere else.

mod admin;

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;

pub(crate) use admin::{
    AdminArgs, AdminCommand, AuditArgs, CreateArgs, CreditsArgs, DeleteArgs, ListArgs, NoticeArgs, Who,
};

use crate::batch::MOST_JOBS;
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use pipeline::presets::{self, Preset};
use pipeline::{AlbumJob, BitDepth, Container, LossyCodec, Sound, Style, UnknownStyle};

const EXAMPLES: &str = "\
Examples:
  balanced master mix.wav                               to mix-master.wav, beside the mix
  balanced master mix.wav -o master.flac --for tidal    for a place, in another format
  balanced master mix.wav --report report.html          with a page to read and print
  balanced master *.wav --out-dir masters               many at once, a summary at the end
  balanced master --album 1.wav 2.wav --out-dir album   as one album: the quiet song stays the quiet song
  balanced master --watch inbox --out-dir masters       each file that is put into a folder
";

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
    #[command(after_help = format!("{EXAMPLES}\n{EXIT_CODES}"))]
    Master(Box<MasterArgs>),
    /// Measure files and change nothing.
    #[command(alias = "analyze", after_help = EXIT_CODES)]
    Analyse(AnalyseArgs),
    /// List the places that a master can be made for.
    Presets(PresetsArgs),
    /// Check what this machine has and needs, and say what to do.
    Doctor(DoctorArgs),
    /// Run the site: upload in a browser, hear mix and master, download.
    Serve(ServeArgs),
    /// Administer accounts, also while the service runs.
    #[command(after_help = format!("{}\n{EXIT_CODES}", admin::EXAMPLES))]
    Admin(AdminArgs),
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("where").args(["output", "out_dir"]))]
pub(crate) struct MasterArgs {
    /// The mixes; each is mastered by itself.
    #[arg(required_unless_present = "watch", value_name = "INPUT")]
    pub(crate) inputs: Vec<PathBuf>,
    /// Write the master here; only for a single input. Without it: beside the input, as NAME-master.
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: Option<PathBuf>,
    /// Write the masters into this folder, which is made if it is missing.
    #[arg(long, value_name = "DIR")]
    pub(crate) out_dir: Option<PathBuf>,
    /// Master each file that is put into this folder, once it stopped growing, until Ctrl-C; masters go to --out-dir,
    /// or to the folder `masters` in it. A file that has its master there is left alone.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["inputs", "output", "save_plan", "report", "force"])]
    pub(crate) watch: Option<PathBuf>,
    /// Master the inputs as one album, in this order: the album as a whole reaches the loudness, and the quiet song stays
    /// the quiet song. --report then tells of all tracks, and --json prints one object.
    #[arg(long, requires = "out_dir", conflicts_with_all = ["output", "save_plan", "plan", "watch", "jobs"])]
    pub(crate) album: bool,
    /// End every track of the album with this much silence, in s, 0 to 30; by default each ends as its mix does. What is
    /// below -80 dBFS at the end of a mix is silence.
    #[arg(long, value_name = "SECONDS", requires = "album", value_parser = gap)]
    pub(crate) gap: Option<f64>,
    /// How much of what sets the bass or treble of a track apart from the album's, beyond variety, is evened out, in %, 0 to
    /// 100; less with less intensity, and by 3 dB at most. Not with the tone of a reference.
    #[arg(long, value_name = "PERCENT", requires = "album", default_value = "100", value_parser = alike)]
    pub(crate) alike: f64,
    /// Files that are worked on at once, 1 to 256; by default as many as the machine has cores and memory for.
    #[arg(long, value_name = "N", value_parser = jobs)]
    pub(crate) jobs: Option<usize>,
    /// Loudness to reach, whatever it costs, in LUFS; the report says what it cost.
    #[arg(long, value_name = "LUFS", allow_negative_numbers = true, value_parser = loudness)]
    pub(crate) loudness: Option<f64>,
    /// Where the master is going (see `balanced presets`): sets loudness and ceiling, stops where loudness would cost too
    /// much quality, and lowers the ceiling for the lossy codec that is known to be used there, as far as that costs no loudness.
    #[arg(long = "for", value_name = "PRESET", value_parser = preset)]
    pub(crate) preset: Option<&'static Preset>,
    /// True peak that no master exceeds, in dBTP.
    #[arg(long, value_name = "DBTP", allow_negative_numbers = true, value_parser = ceiling)]
    pub(crate) ceiling: Option<f64>,
    #[command(flatten)]
    pub(crate) sound: SoundArgs,
    #[command(flatten)]
    pub(crate) reference: ReferenceArgs,
    /// Kind of file; by default what the output's name says, else WAV. AAC needs an FFmpeg on the path, and so does MP3
    /// unless LAME was built in.
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<Format>,
    /// Bits a sample of a lossless file; 32f only as WAV or AIFF.
    #[arg(long, value_name = "BITS", default_value = "24")]
    pub(crate) bit_depth: Depth,
    /// Bitrate of a lossy file in kbit/s: MP3 64 to 320 (else 320), AAC 64 to 320 (else 256), Opus 48 to 510 (else 192),
    /// Vorbis 64 to 480 (else 256).
    #[arg(long, value_name = "KBPS")]
    pub(crate) bitrate: Option<u32>,
    /// Sample rate of the master in Hz, 8000 to 384000; by default that of the mix, where the format can have it.
    #[arg(long, value_name = "HZ", value_parser = clap::value_parser!(u32).range(8_000..=384_000))]
    pub(crate) rate: Option<u32>,
    /// Follow this plan exactly and decide nothing.
    #[arg(long, value_name = "FILE", conflicts_with_all = [
        "loudness", "preset", "ceiling", "save_plan", "style", "intensity", "low", "mid", "high", "width", "balance",
        "dynamics", "saturation", "reference",
    ])]
    pub(crate) plan: Option<PathBuf>,
    /// Keep the plan that was decided, to follow it again or to change it; only for a single input.
    #[arg(long, value_name = "FILE")]
    pub(crate) save_plan: Option<PathBuf>,
    /// Write a full report to this file, .html to read and print, .json for programs; only for a single input or
    /// an album.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<ReportFile>,
    /// Print one JSON object a file instead of text.
    #[arg(long)]
    pub(crate) json: bool,
    /// Overwrite outputs that exist.
    #[arg(long)]
    pub(crate) force: bool,
}

/// A track that the master shall sound like.
#[derive(Debug, Args)]
#[command(next_help_heading = "Reference")]
pub(crate) struct ReferenceArgs {
    /// Bring the mix toward this finished track, in place of what finished music usually sounds like; --intensity says
    /// how far. Its faults are left where they are.
    #[arg(long, value_name = "FILE")]
    pub(crate) reference: Option<PathBuf>,
    /// What of the reference is wanted. Its loudness gives way to --loudness and --for.
    #[arg(
        long = "match",
        value_name = "PARTS",
        requires = "reference",
        value_delimiter = ',',
        default_value = "tone,width,loudness"
    )]
    pub(crate) parts: Vec<Part>,
}

/// What a reference has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// Its tonal balance.
    Tone,
    /// The level of its sides against the middle, band by band.
    Width,
    /// How little the levels of its bands spread: where a mix spreads more, loud passages are held; never the reverse.
    Dynamics,
    /// Its loudness, as far as that is sound.
    Loudness,
}

impl ReferenceArgs {
    pub(crate) fn wants(&self, part: Part) -> bool {
        self.parts.contains(&part)
    }
}

/// What the master shall sound like.
#[derive(Debug, Args)]
#[command(next_help_heading = "Sound")]
pub(crate) struct SoundArgs {
    /// Leaning of the tone: balanced, warm, bright, punchy or open.
    #[arg(long, value_name = "STYLE", default_value = "balanced", value_parser = style)]
    pub(crate) style: Style,
    /// How much of what the mix needs, and of the style, is done, in %: 0 is loudness and safety alone.
    #[arg(long, value_name = "PERCENT", default_value = "80", value_parser = intensity)]
    pub(crate) intensity: f64,
    /// Bass by hand, in dB, -6 to 6.
    #[arg(long, value_name = "DB", default_value = "0", allow_negative_numbers = true, value_parser = tone)]
    pub(crate) low: f64,
    /// Mids by hand, in dB, -6 to 6.
    #[arg(long, value_name = "DB", default_value = "0", allow_negative_numbers = true, value_parser = tone)]
    pub(crate) mid: f64,
    /// Treble by hand, in dB, -6 to 6.
    #[arg(long, value_name = "DB", default_value = "0", allow_negative_numbers = true, value_parser = tone)]
    pub(crate) high: f64,
    /// Stereo width in %, 0 (mono) to 150; 100 leaves it. A mix that mono would hollow out is not made wider.
    #[arg(long, value_name = "PERCENT", default_value = "100", value_parser = width)]
    pub(crate) width: f64,
    /// Level of the right channel against the left, in dB, -6 to 6, beside what the mix has; each gets half of it.
    #[arg(long, value_name = "DB", default_value = "0", allow_negative_numbers = true, value_parser = balance)]
    pub(crate) balance: f64,
    /// How firmly bands that stand out for a while are held, in %, 0 (not at all) to 200; less with less intensity.
    #[arg(long, value_name = "PERCENT", default_value = "100", value_parser = dynamics)]
    pub(crate) dynamics: f64,
    /// How far down peaks are rounded off before the limiter, in %, 0 (not at all) to 100 (also what the loudest moments are
    /// made of). Adds overtones, and leaves the limiter less to do.
    #[arg(long, value_name = "PERCENT", default_value = "0", value_parser = saturation)]
    pub(crate) saturation: f64,
}

impl From<&SoundArgs> for Sound {
    fn from(args: &SoundArgs) -> Self {
        Self {
            style: args.style,
            intensity_percent: args.intensity,
            low_db: args.low,
            mid_db: args.mid,
            high_db: args.high,
            width_percent: args.width,
            balance_db: args.balance,
            dynamics_percent: args.dynamics,
            saturation_percent: args.saturation,
            ..Sound::DEFAULT
        }
    }
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
    /// Write a full report to this file, .html to read and print, .json for programs; only for a single input.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<ReportFile>,
    /// Overwrite a plot or a report that exists.
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

/// `--report`: a file whose ending says what goes into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ReportFile {
    /// One page to read and print.
    Html(PathBuf),
    /// Everything, for programs.
    Json(PathBuf),
}

impl ReportFile {
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Html(path) | Self::Json(path) => path,
        }
    }
}

impl FromStr for ReportFile {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let path = PathBuf::from(name);
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
        match ending.as_deref() {
            Some("html" | "htm") => Ok(Self::Html(path)),
            Some("json") => Ok(Self::Json(path)),
            _ => Err("expected a name that ends in .html or .json".to_owned()),
        }
    }
}

/// `--format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// WAV, or RF64 where that is too small.
    Wav,
    /// AIFF.
    Aiff,
    /// FLAC.
    Flac,
    /// MP3, at a constant bitrate.
    Mp3,
    /// AAC in M4A.
    #[value(alias = "m4a")]
    Aac,
    /// Opus in Ogg.
    Opus,
    /// Vorbis in Ogg.
    #[value(alias = "ogg")]
    Vorbis,
}

impl From<Format> for Container {
    fn from(format: Format) -> Self {
        match format {
            Format::Wav => Self::Wav,
            Format::Aiff => Self::Aiff,
            Format::Flac => Self::Flac,
            Format::Mp3 => Self::Lossy(LossyCodec::Mp3),
            Format::Aac => Self::Lossy(LossyCodec::Aac),
            Format::Opus => Self::Lossy(LossyCodec::Opus),
            Format::Vorbis => Self::Lossy(LossyCodec::Vorbis),
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

fn jobs(text: &str) -> Result<usize, String> {
    let count = text.parse::<usize>().ok().filter(|count| (1..=MOST_JOBS).contains(count));
    count.ok_or_else(|| format!("expected 1 to {MOST_JOBS}"))
}

fn within(text: &str, range: RangeInclusive<f64>, unit: &str) -> Result<f64, String> {
    let expected = || format!("expected {} to {} {unit}", range.start(), range.end());
    let value: f64 = text.parse().map_err(|_| expected())?;
    if range.contains(&value) { Ok(value) } else { Err(expected()) }
}

fn loudness(text: &str) -> Result<f64, String> {
    within(text, -40.0..=-5.0, "LUFS")
}

fn ceiling(text: &str) -> Result<f64, String> {
    within(text, -12.0..=0.0, "dBTP")
}

fn style(text: &str) -> Result<Style, UnknownStyle> {
    text.parse()
}

fn intensity(text: &str) -> Result<f64, String> {
    within(text, Sound::INTENSITY_PERCENT, "%")
}

fn tone(text: &str) -> Result<f64, String> {
    within(text, Sound::TONE_DB, "dB")
}

fn width(text: &str) -> Result<f64, String> {
    within(text, Sound::WIDTH_PERCENT, "%")
}

fn balance(text: &str) -> Result<f64, String> {
    within(text, Sound::BALANCE_DB, "dB")
}

fn dynamics(text: &str) -> Result<f64, String> {
    within(text, Sound::DYNAMICS_PERCENT, "%")
}

fn saturation(text: &str) -> Result<f64, String> {
    within(text, Sound::SATURATION_PERCENT, "%")
}

fn gap(text: &str) -> Result<f64, String> {
    within(text, 0.0..=30.0, "s")
}

fn alike(text: &str) -> Result<f64, String> {
    within(text, AlbumJob::ALIKE_PERCENT, "%")
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

    fn sound_of(flags: &[&str]) -> Sound {
        let parsed = Cli::try_parse_from(["balanced", "master", "a.wav"].iter().chain(flags)).expect("parsed");
        let Command::Master(args) = parsed.command else { panic!("the command is master") };
        Sound::from(&args.sound)
    }

    #[test]
    fn a_sound_is_the_engines_own_unless_a_flag_says_otherwise() {
        assert_eq!(sound_of(&[]), Sound::default());
        let flags = "--style warm --intensity 0 --high -1.5 --width 120 --dynamics 0 --saturation 30 --balance -1";
        let asked = sound_of(&flags.split(' ').collect::<Vec<_>>());
        assert_eq!((asked.style, asked.intensity_percent, asked.high_db), (Style::Warm, 0.0, -1.5));
        assert_eq!((asked.width_percent, asked.dynamics_percent, asked.saturation_percent), (120.0, 0.0, 30.0));
        assert_eq!(asked.balance_db, -1.0);
    }

    #[test]
    fn a_plan_and_a_wish_exclude_each_other() {
        let parsed = Cli::try_parse_from(["balanced", "master", "a.wav", "--plan", "p.json", "--loudness", "-9"]);
        assert!(parsed.is_err());
        let parsed = Cli::try_parse_from(["balanced", "master", "a.wav", "--plan", "p.json", "--style", "warm"]);
        assert!(parsed.is_err());
        assert!(Cli::try_parse_from(["balanced", "master", "a.wav", "--plan", "p.json"]).is_ok());
    }
}
