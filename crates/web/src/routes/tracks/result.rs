//! The page of a finished master.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{Access, Extra, OutputKind, Owner, Settings, Track, TrackId};
use tokio::io::AsyncReadExt as _;

use crate::app::AppState;
use crate::choices::{self, Form};
use crate::consent::Back;
use crate::csrf;
use crate::extras;
use crate::page::{Here, Problem, Shell, page};
use crate::preferences::Format;
use crate::report::{Overview, Report};
use crate::routes::payments::{Offers, leads_to_payment};
use crate::visit::Visit;
use crate::wishes::{Reference, Wishes};
use crate::{waveform, words};

/// A report is some tens of kilobytes; more than this is not one.
const MAX_REPORT_BYTES: u64 = 4 << 20;

#[derive(Template)]
#[template(path = "result.html")]
struct ResultPage<'a> {
    shell: Shell,
    csrf: String,
    id: TrackId,
    name: String,
    verdict: String,
    asked: String,
    /// What it was matched to, and in what.
    matched: Option<String>,
    reason: Option<String>,
    duration_s: f64,
    duration: String,
    louder_db: f64,
    lanes: [Lane; 2],
    files: Vec<File>,
    /// What is to be said of single files: made otherwise, or not at all.
    notes: Vec<String>,
    /// For another version.
    wishes: Wishes<'a>,
    figures: [Figure; 3],
    explanation: Vec<String>,
    rows: Vec<Row>,
    source: String,
    /// Tracks from before there was such a page have none.
    has_report_page: bool,
    /// What is offered instead of the files, where they are to be paid for.
    pay: Option<Offers>,
    /// Whether there is something to listen to: a track from before anything was sold has no listening copy.
    can_hear: bool,
}

struct Lane {
    side: &'static str,
    name: &'static str,
    numbers: String,
    width: usize,
    path: String,
    ceiling: String,
}

struct File {
    kind: &'static str,
    name: &'static str,
    hint: String,
}

struct Figure {
    name: &'static str,
    value: String,
    unit: &'static str,
    note: String,
}

struct Row {
    name: &'static str,
    hint: &'static str,
    before: String,
    after: String,
    unit: &'static str,
}

pub(super) async fn show(
    state: &AppState,
    visit: &Visit,
    owner: Owner,
    track: &Track,
    settings: &Settings,
) -> Result<Response, Problem> {
    let outputs = state.store.jobs.outputs(owner, track.id).await?;
    let bytes_of = |kind| outputs.iter().find(|output| output.kind == kind).map_or(0, |output| output.blob.bytes);
    let report = outputs.iter().find(|output| output.kind == OutputKind::Report).ok_or_else(Problem::not_found)?;
    let reader = state.store.blobs.read(report.blob.id, None).await?.ok_or_else(Problem::not_found)?;
    let mut json = Vec::new();
    reader.take(MAX_REPORT_BYTES).read_to_end(&mut json).await.map_err(|error| Problem::internal(&error))?;
    let report: Report = serde_json::from_slice(&json).map_err(|error| Problem::internal(&error))?;
    let file = |format: Format, what: &str| File {
        kind: format.word(),
        name: format.name(),
        hint: format!("{what}, {}", words::size(bytes_of(format.output()))),
    };
    let mut files = vec![
        file(Format::Wav24, "for distributors and archives"),
        file(Format::Wav16, "for CD, dithered"),
        file(Format::Flac, "the same in less space"),
    ];
    let first = visit.preferences.format.word();
    files.sort_by_key(|file| file.kind != first);
    files.extend(Extra::ALL.into_iter().filter_map(|extra| {
        let output = outputs.iter().find(|output| output.kind == extra.into())?;
        let (name, why) = extras::words(extra);
        Some(File { kind: extra.id(), name, hint: format!("{why}, {}", words::size(output.blob.bytes)) })
    }));
    let form = Form::of(settings);
    let kept = track.reference.as_ref().map(|file| Reference::Kept(file.file_name.to_string()));
    let wishes = Wishes::of(&form, &state.site.extras, kept.unwrap_or(Reference::None));
    let csrf = csrf::field(&visit.jar, &*state.entropy)?;
    let pay = match &state.till {
        Some(till) => {
            let access = till.access(visit.member.as_ref().map(|member| member.account.id), track.id).await?;
            let back = Back::of(&format!("/tracks/{}", track.id));
            let offered = || Offers::new(state, till, visit, access, Some(track.id), &back);
            (access != Access::Open).then(offered).transpose()?
        }
        None => None,
    };
    let can_hear = pay.is_none() || outputs.iter().any(|output| output.kind == OutputKind::ListeningCopy);
    let has_report_page = outputs.iter().any(|output| output.kind == OutputKind::ReportPage);
    let shell = state.shell(visit, Here::Tracks);
    let view = ResultPage {
        has_report_page,
        pay,
        can_hear,
        ..ResultPage::new(shell, csrf, track, settings, report, files, wishes)
    };
    let response = page(StatusCode::OK, &view);
    Ok(match &state.till {
        Some(till) if view.pay.is_some() => leads_to_payment(till, response),
        _ => response,
    })
}

impl<'a> ResultPage<'a> {
    fn new(
        shell: Shell,
        csrf: String,
        track: &Track,
        settings: &Settings,
        report: Report,
        files: Vec<File>,
        wishes: Wishes<'a>,
    ) -> Self {
        let (before, after) = (report.before, report.after);
        let lane = |side, name, measured: &mastering::Measurement, overview: &Overview| {
            let width = overview.max.len().saturating_sub(1).max(1);
            Lane {
                side,
                name,
                numbers: format!(
                    "{} LUFS, peak {} dBTP",
                    words::tenth(measured.integrated_lufs),
                    words::tenth(measured.true_peak_dbtp)
                ),
                width,
                path: waveform::outline(overview),
                ceiling: waveform::ceiling(report.ceiling_dbtp, width),
            }
        };
        let lanes = [
            lane("mix", "Mix", &before, &report.waveforms.before),
            lane("master", "Master", &after, &report.waveforms.after),
        ];
        let figures = [
            Figure {
                name: "Loudness",
                value: words::tenth(after.integrated_lufs),
                unit: "LUFS",
                note: format!("{} was asked for", words::tenth(report.target_lufs)),
            },
            Figure {
                name: "True peak",
                value: words::tenth(after.true_peak_dbtp),
                unit: "dBTP",
                note: format!("the ceiling is {}", words::tenth(report.ceiling_dbtp)),
            },
            Figure {
                name: "Loudness range",
                value: words::tenth(after.loudness_range_lu),
                unit: "LU",
                note: format!("the mix had {}", words::tenth(before.loudness_range_lu)),
            },
        ];
        Self {
            shell,
            csrf,
            id: track.id,
            name: track.file_name.to_string(),
            verdict: format!(
                "Your master is at {} LUFS, {}.",
                words::tenth(after.integrated_lufs),
                words::louder_or_quieter(before.integrated_lufs, after.integrated_lufs)
            ),
            notes: report.notes(),
            asked: choices::asked(settings),
            matched: choices::matched(track, settings),
            reason: report.reason,
            duration_s: report.duration_s,
            duration: words::duration(report.duration_s),
            louder_db: after.integrated_lufs - before.integrated_lufs,
            lanes,
            files,
            wishes,
            figures,
            explanation: report.explanation,
            rows: rows(&before, &after),
            source: format!(
                "{}, {} kHz, {}, {}",
                report.format,
                f64::from(report.rate_hz) / 1000.0,
                if report.channels == 1 { "mono" } else { "stereo" },
                words::duration(report.duration_s)
            ),
            has_report_page: false,
            pay: None,
            can_hear: true,
        }
    }
}

fn rows(before: &mastering::Measurement, after: &mastering::Measurement) -> Vec<Row> {
    let row = |name, hint, unit, number: fn(&mastering::Measurement) -> String| Row {
        name,
        hint,
        before: number(before),
        after: number(after),
        unit,
    };
    vec![
        row("Integrated loudness", "the whole track, as services measure it", "LUFS", |m| {
            words::tenth(m.integrated_lufs)
        }),
        row("Loudest 3 seconds", "short-term", "LUFS", |m| words::tenth(m.max_short_term_lufs)),
        row("Loudest moment", "momentary, 400 ms", "LUFS", |m| words::tenth(m.max_momentary_lufs)),
        row("Loudness range", "from the quiet parts to the loud ones", "LU", |m| words::tenth(m.loudness_range_lu)),
        row("True peak", "between the samples, too", "dBTP", |m| words::tenth(m.true_peak_dbtp)),
        row("Sample peak", "", "dBFS", |m| words::tenth(m.sample_peak_dbfs)),
        row("Crest factor", "peaks above the average level", "dB", |m| words::tenth(m.crest_db)),
        row("Stereo correlation", "1 is mono, below 0 cancels in mono", "", |m| words::hundredth(m.correlation)),
    ]
}
