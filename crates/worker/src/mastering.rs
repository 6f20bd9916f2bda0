//! The engine that the service runs: the pipeline.

use crate::attempt::stage;
use crate::engine::{Engine, Made, Order};
use domain::{Extra, Matching, OutputKind, UploadLimits};
use pipeline::{
    Delivery, Encoding, Error, Existing, Instructions, Job, Limits, Lossy, LossyCodec, Loudness, Observer, Progress,
    Report, Request, Sound, Style, Toward,
    presets::{self, Preset},
};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The files of the master that are always made.
const DELIVERED: [(OutputKind, Encoding); 3] = [
    (OutputKind::Wav24, Encoding::Wav24),
    (OutputKind::Wav16, Encoding::Wav16),
    (OutputKind::Flac24, Encoding::Flac24),
];

/// What is made for an extra that is asked for: lossy ones at the bitrate where listening tests stop finding differences.
fn encoding(extra: Extra) -> Encoding {
    let codec = match extra {
        Extra::Aiff => return Encoding::Aiff24,
        Extra::Mp3 => LossyCodec::Mp3,
        Extra::Aac => LossyCodec::Aac,
        Extra::Opus => LossyCodec::Opus,
        Extra::Vorbis => LossyCodec::Vorbis,
    };
    Encoding::Lossy(Lossy::new(codec, None).expect("every codec has its usual bitrate"))
}

/// The extras that can be made on this machine: nothing else is to be offered.
pub fn makeable() -> BTreeSet<Extra> {
    let can = |extra: &Extra| encoding(*extra).lossy().is_none_or(|lossy| pipeline::can_encode(lossy.codec()).is_ok());
    Extra::ALL.into_iter().filter(can).collect()
}

/// Sends tracks down the pipeline.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mastering {
    /// What is refused, however small the file that it unpacks from.
    pub limits: UploadLimits,
    /// Most memory that the decoded samples of one job may take, bytes; `None`: the codec's own limit.
    pub max_decoded_bytes: Option<u64>,
    /// Whether masters are sold: then a listening copy is made of each, for whoever has not paid yet.
    pub sells: bool,
}

impl Engine for Mastering {
    fn master(&self, order: &Order, observer: Observer<'_>) -> Result<Made, Error> {
        let path = |kind: OutputKind| order.folder.join(format!("{kind}.{}", kind.extension()));
        let defaults = Limits::default();
        let delivery = |(kind, encoding): (OutputKind, Encoding)| Delivery { path: path(kind), encoding };
        let extras = order.settings.extras.iter().map(|extra| (OutputKind::from(*extra), encoding(*extra)));
        let (copies, lossless): (Vec<_>, Vec<_>) = extras.partition(|(_, encoding)| encoding.lossy().is_some());
        let deliveries: Vec<_> = DELIVERED.into_iter().chain(lossless).collect();
        let preset = preset(&order.settings.loudness)?;
        let limits = Limits {
            max_duration_s: self.limits.max_duration.as_secs_f64(),
            max_decoded_bytes: self.max_decoded_bytes.unwrap_or(defaults.max_decoded_bytes),
            ..defaults
        };
        let mut wishes = request(&order.settings, preset);
        let toward = toward(order, &limits, &mut *observer)?;
        let has_reference = toward.is_some();
        if let Some((toward, loudness)) = toward {
            wishes.loudness = loudness.unwrap_or(wishes.loudness);
            wishes.toward = Some(toward);
        }
        let job = Job {
            input: order.source.clone(),
            instructions: Instructions::Decide(wishes),
            deliveries: deliveries.iter().copied().map(delivery).collect(),
            copies: copies.iter().copied().map(delivery).collect(),
            preview: Some(path(OutputKind::Preview)),
            listening_copy: self.sells.then(|| path(OutputKind::ListeningCopy)),
            rate_hz: None,
            silence_at_end_s: None,
            heard_through: preset.map_or_else(Vec::new, pipeline::codecs_of),
            drawn: true,
            existing: Existing::Keep,
            limits,
        };
        // Of two files, the one at fault is named.
        let report = pipeline::run(&job, observer).map_err(|error| match error {
            Error::Refused(why) if has_reference => Error::Refused(format!("the mix cannot be mastered: {why}")),
            other => other,
        });
        let report = renamed(report?, order);
        let json = serde_json::to_vec(&report).expect("a report has nothing that JSON does not");
        write(path(OutputKind::Report), &json)?;
        write(path(OutputKind::ReportPage), pipeline::report_page(&report).as_bytes())?;
        let missing = |encoding| report.not_made.iter().any(|not_made| not_made.encoding == encoding);
        let made = deliveries.into_iter().chain(copies).filter(|(_, encoding)| !missing(*encoding));
        let kinds = made.map(|(kind, _)| kind);
        let beside = [OutputKind::Preview, OutputKind::Report, OutputKind::ReportPage];
        let copy = self.sells.then_some(OutputKind::ListeningCopy);
        let files = kinds.chain(beside).chain(copy).map(|kind| (kind, path(kind))).collect();
        let stages = pipeline::Stage::ALL.into_iter().filter_map(|passed| {
            let ms = report.timings_ms.stage_ms(passed)?;
            Some((stage(passed), Duration::from_secs_f64(ms / 1e3)))
        });
        Ok(Made { files, stages: stages.collect() })
    }
}

/// The folder is this job's alone and goes with it, so nothing has to be whole before it is kept.
fn write(path: PathBuf, contents: &[u8]) -> Result<(), Error> {
    std::fs::write(&path, contents).map_err(|source| pipeline::Failure::Write { path, source }.into())
}

/// What the reference lends, and the loudness where that is among it; `None` where nothing is taken from one. A number
/// that was asked for in so many words stands.
fn toward(order: &Order, limits: &Limits, observer: Observer<'_>) -> Result<Option<(Toward, Option<Loudness>)>, Error> {
    let Some(((path, name), matching)) = order.reference.as_ref().zip(order.settings.matching) else {
        return Ok(None);
    };
    // It is read before the mix, whose progress is shown.
    let mut quiet = |progress: Progress| observer(Progress { fraction: 0.0, ..progress });
    let reference = pipeline::reference(path, limits, &mut quiet).map_err(|error| match error {
        Error::Refused(why) => Error::Refused(format!("the reference \u{201c}{name}\u{201d} cannot be used: {why}")),
        other => other,
    })?;
    let is_exact = matches!(order.settings.loudness, domain::Loudness::Exact(_));
    let loudness = (matching.loudness && !is_exact).then(|| reference.loudness());
    let Matching { tone, width, dynamics, .. } = matching;
    let toward = Toward { reference: Arc::new(reference), tone, width, dynamics };
    Ok(Some((toward, loudness)))
}

/// The place that a visitor chose, if it is one.
fn preset(loudness: &domain::Loudness) -> Result<Option<&'static Preset>, Error> {
    let domain::Loudness::Preset(id) = loudness else { return Ok(None) };
    let unknown = || Error::Refused(format!("there is no preset `{}` (any more): choose another", id.as_str()));
    presets::find(id.as_str()).ok_or_else(unknown).map(Some)
}

/// What the pipeline calls the visitor's wishes.
fn request(settings: &domain::Settings, preset: Option<&Preset>) -> Request {
    let preset = preset.unwrap_or(presets::DEFAULT);
    let loudness = match &settings.loudness {
        domain::Loudness::Exact(target) => Loudness::Exact(target.lufs()),
        domain::Loudness::Automatic | domain::Loudness::Preset(_) => Loudness::Chosen(preset.loudness_lufs),
    };
    let ceiling_dbtp = settings.ceiling_dbtp.map_or(preset.ceiling_dbtp, domain::CeilingDbtp::dbtp);
    Request { loudness, ceiling_dbtp, sound: sound(settings.sound.controls()), toward: None }
}

fn sound(wish: &domain::SoundWish) -> Sound {
    Sound {
        style: match wish.style {
            domain::Style::Balanced => Style::Balanced,
            domain::Style::Warm => Style::Warm,
            domain::Style::Bright => Style::Bright,
            domain::Style::Punchy => Style::Punchy,
            domain::Style::Open => Style::Open,
        },
        intensity_percent: wish.intensity_percent,
        low_db: wish.low_db,
        mid_db: wish.mid_db,
        high_db: wish.high_db,
        width_percent: wish.width_percent,
        balance_db: wish.balance_db,
        dynamics_percent: wish.dynamics_percent,
        saturation_percent: wish.saturation_percent,
        ..Sound::DEFAULT
    }
}

/// Names files as their owner knows them: paths of the data folder are nobody's business.
fn renamed(mut report: Report, order: &Order) -> Report {
    order.file_name.as_str().clone_into(&mut report.source.input);
    for delivered in &mut report.outputs {
        let name = order.file_name.download_name(" (master)", delivered.encoding.container().extension());
        name.as_str().clone_into(&mut delivered.path);
    }
    if let Some(first) = report.outputs.first() {
        report.output.clone_from(&first.path);
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visitor_who_asks_for_nothing_gets_the_engines_own_sound() {
        assert_eq!(sound(&domain::SoundWish::default()), Sound::default());
    }
}
