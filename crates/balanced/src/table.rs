//! What people read: short, aligned, with units.

use std::fmt::Write as _;
use std::path::Path;

use anstream::println;
use pipeline::observations::{Observation, Weight};
use pipeline::presets::Preset;
use pipeline::{AlbumReport, AnalysisReport, FIGURES, Report};

use crate::commands::doctor::{Finding, Health};
use crate::outcome::one_line;

const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const GOOD: &str = "\x1b[32m";
const WARN: &str = "\x1b[33m";
const BAD: &str = "\x1b[31m";
const PLAIN: &str = "\x1b[0m";

/// A finished master.
pub(crate) fn master(report: &Report) {
    println!("{}", master_text(report));
}

fn master_text(report: &Report) -> String {
    let source = &report.source;
    let mut text = format!("{BOLD}{}{PLAIN} → {BOLD}{}{PLAIN}\n", one_line(&source.input), one_line(&report.output));
    let _ = writeln!(text, "{DIM}{}{PLAIN}\n", what(source));
    let _ = writeln!(text, "  {DIM}{:24}{:>8}   {:>8}{PLAIN}", "", "mix", "master");
    for (name, unit, value) in FIGURES {
        let (before, after) = (number(value(&report.before)), number(value(&report.after)));
        let _ = writeln!(text, "  {name:24}{before:>8}   {BOLD}{after:>8}{PLAIN}  {DIM}{unit}{PLAIN}");
    }
    for heard in &report.heard_through {
        let (name, peak) = (format!("Peak as {}", heard.encoding), number(heard.true_peak_dbtp));
        let _ = writeln!(text, "  {name:24}{:>8}   {BOLD}{peak:>8}{PLAIN}  {DIM}dBTP{PLAIN}", "");
    }
    text.push('\n');
    for sentence in &report.explanation {
        let _ = writeln!(text, "  · {sentence}");
    }
    text.push_str(&notes(&report.observations));
    let (target, ceiling) = (number(report.target_lufs), number(report.ceiling_dbtp));
    let verdict = match &report.reason {
        None => format!("{GOOD}On target:{PLAIN} {target} LUFS, nowhere above {ceiling} dBTP."),
        Some(reason) => format!("{WARN}Not at {target} LUFS:{PLAIN} {reason}"),
    };
    let _ = writeln!(text, "\n  {verdict}");
    let seconds = report.timings_ms.total_ms() / 1000.0;
    let _ =
        writeln!(text, "  {DIM}{seconds:.1} s, {:.0} times as fast as listening to it.{PLAIN}", report.realtime_factor);
    text
}

/// One line of a summary.
#[derive(Debug)]
pub(crate) struct Row {
    name: String,
    before_lufs: f64,
    after_lufs: f64,
    true_peak_dbtp: f64,
    on_target: bool,
    notes: usize,
}

impl Row {
    pub(crate) fn of(report: &Report) -> Self {
        let name =
            Path::new(&report.output).file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        Self {
            name: one_line(&name),
            before_lufs: report.before.integrated_lufs,
            after_lufs: report.after.integrated_lufs,
            true_peak_dbtp: report.after.true_peak_dbtp,
            on_target: report.target_reached,
            notes: report.observations.len(),
        }
    }
}

/// Several masters of `asked` files.
pub(crate) fn summary(rows: &[Row], asked: usize) {
    println!("{}", summary_text(rows, asked));
}

/// An album.
pub(crate) fn album(report: &AlbumReport) {
    let rows: Vec<Row> = report.tracks.iter().map(Row::of).collect();
    let mut text = summary_text(&rows, rows.len());
    text.push_str("\n\n");
    for sentence in &report.explanation {
        let _ = writeln!(text, "  · {}", one_line(sentence));
    }
    let (colour, ceiling) = (if report.target_reached { GOOD } else { WARN }, number(report.ceiling_dbtp));
    let after = number(report.after_lufs);
    let _ = write!(text, "\n  {colour}The album has {after} LUFS{PLAIN}, no track above {ceiling} dBTP.");
    println!("{text}");
}

fn summary_text(rows: &[Row], asked: usize) -> String {
    let width = rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0).max(6);
    let mut text = format!("  {DIM}{:width$}{:>10}{:>10}{:>10}{PLAIN}\n", "master", "mix LUFS", "LUFS", "dBTP");
    for row in rows {
        let numbers =
            [row.before_lufs, row.after_lufs, row.true_peak_dbtp].map(|value| format!("{:>10}", number(value)));
        let verdict =
            if row.on_target { format!("{GOOD}on target{PLAIN}") } else { format!("{WARN}below target{PLAIN}") };
        let notes = match row.notes {
            0 => String::new(),
            1 => format!("  {DIM}1 note on the mix{PLAIN}"),
            more => format!("  {DIM}{more} notes on the mix{PLAIN}"),
        };
        let _ = writeln!(text, "  {BOLD}{:width$}{PLAIN}{}  {verdict}{notes}", row.name, numbers.concat());
    }
    let _ = write!(text, "\n  {} of {asked} files mastered.", rows.len());
    text
}

/// A track that was listened to.
pub(crate) fn analysis(report: &AnalysisReport) {
    let mut text = format!("{BOLD}{}{PLAIN}\n{DIM}{}{PLAIN}\n\n", one_line(&report.source.input), what(&report.source));
    for (name, unit, value) in FIGURES {
        let _ = writeln!(text, "  {name:24}{BOLD}{:>8}{PLAIN}  {DIM}{unit}{PLAIN}", number(value(&report.before)));
    }
    text.push_str(&notes(&report.observations));
    println!("{text}");
}

/// Notes on the mix; nothing when there are none.
fn notes(observations: &[Observation]) -> String {
    /// More places than this are not read on a terminal.
    const PLACES: usize = 4;
    let mut text = String::new();
    for note in observations {
        let colour = if note.weight == Weight::Warning { WARN } else { DIM };
        let _ = write!(
            text,
            "\n  {colour}{}{PLAIN} ({} {}): {}",
            note.kind.title(),
            number(note.measured),
            note.unit,
            note.words
        );
        let places: Vec<String> = note.places.iter().take(PLACES).map(|place| clock(place.from_s)).collect();
        if !places.is_empty() {
            let more = note.places_in_all.saturating_sub(places.len());
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let _ = write!(text, " {DIM}At {}{more}.{PLAIN}", places.join(", "));
        }
    }
    if !text.is_empty() {
        text = format!("\n  {BOLD}Notes on the mix{PLAIN}{text}\n");
    }
    text
}

/// A time as a player shows it.
fn clock(seconds: f64) -> String {
    let tenths = (seconds * 10.0) as u64;
    format!("{}:{:02}.{}", tenths / 600, tenths / 10 % 60, tenths % 10)
}

/// Where masters can go.
pub(crate) fn presets(presets: &[Preset]) {
    let width = presets.iter().map(|preset| preset.id.len()).max().unwrap_or(0);
    for preset in presets {
        let (loudness, ceiling) = (number(preset.loudness_lufs), number(preset.ceiling_dbtp));
        println!("{BOLD}{:width$}{PLAIN}  {loudness:>6} LUFS  {ceiling:>5} dBTP  {}", preset.id, preset.name);
        println!("{:width$}  {DIM}{} ({}){PLAIN}", "", preset.source, preset.as_of);
        if !preset.codecs.is_empty() {
            println!("{:width$}  {DIM}heard through {}{PLAIN}", "", preset.codecs.join(", "));
        }
    }
}

/// What this machine has and needs.
pub(crate) fn doctor(findings: &[Finding]) {
    let width = findings.iter().map(|finding| finding.name.len()).max().unwrap_or(0);
    for Finding { name, health, found, advice } in findings {
        let (colour, mark) = match health {
            Health::Ok => (GOOD, "ok     "),
            Health::Note => (WARN, "note   "),
            Health::Problem => (BAD, "PROBLEM"),
        };
        println!("{colour}{mark}{PLAIN}  {name:width$}  {}", one_line(found));
        if !advice.is_empty() {
            println!("{:9}{:width$}  {DIM}{}{PLAIN}", "", "", one_line(advice));
        }
    }
}

fn what(source: &pipeline::Input) -> String {
    let channels = if source.channels == 1 { "mono" } else { "stereo" };
    let rate_khz = f64::from(source.rate_hz) / 1000.0;
    let seconds = source.duration_s.round() as u64;
    format!("{} · {rate_khz} kHz · {channels} · {}:{:02}", source.format, seconds / 60, seconds % 60)
}

/// One decimal, and a real minus sign, which is as wide as a digit.
fn number(value: f64) -> String {
    // -0.04 is no negative nought.
    let rounded = (value * 10.0).round() / 10.0 + 0.0;
    format!("{rounded:.1}").replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        assert_eq!(number(-14.04), "−14.0");
        assert_eq!(number(-0.04), "0.0");
        assert_eq!(number(7.25), "7.3");
    }
}
