//! Making room for lossy codecs, which raise peaks: listen to what they make of a master, and master again with a lower
//! ceiling until what is decoded is below the one that was asked for.
//!
//! The ceiling is lowered, rather than the gain, because that keeps the loudness. Two kinds of codec are told apart:
//! - *One that is delivered in* has to hold the ceiling: what a limiter should not be asked for any more is turned down
//!   ([`Search`]).
//! - *One that stands for a service* is advice, since the service's own encoder and what it is fed with are not known: the
//!   ceiling is lowered as far as the loudness stays, nothing is turned down, and what remains above it is told.
//!
//! What was done ends up in the plan, so that it renders to the same bits again; a plan that is given is followed.
//! Not here: which codecs stand for which service (that is `mastering::presets`), and files in codecs beside the master's
//! own (`copies`).

use std::fmt::Write as _;

use codec::{Lossy, Tags};
use mastering::presets::Preset;
use mastering::{Analysis, Audio, Master, Plan, TOLERANCE_LU};

use crate::at_once::at_once;
use crate::decode::{at_rate, decode_for};
use crate::deliver::{Checked, attempt};
use crate::run::make;
use crate::watch::Watch;
use crate::{Decoded, Delivery, Encoding, Error, Failure, Instructions, Job, SavedPlan};

/// So often a master is rendered anew for its codecs.
const MOST_RENDERINGS: u32 = 3;
/// And so often for those that stand for a service: all of the way that costs no loudness is gone, in growing steps.
const MOST_ADVISED: u32 = 6;
/// And so often it is turned down after that; what still reads above the ceiling then is a fault.
const MOST_TRIMS: u32 = 8;
/// A codec may answer a small change with a large one. What was turned down too far is turned up again so often.
const MOST_PROBES: u32 = 3;
/// From so much room on, dB.
const WORTH_DB: f64 = 0.3;
/// So far the ceiling is lowered for a codec: more would be limited harder than the codec is audible, dB.
const MOST_LOWERED_DB: f64 = 3.0;
/// Taken off beyond the excess, since a codec does not do the same twice, dB; each round takes more.
const MARGIN_DB: f64 = 0.05;

/// A master that holds the ceiling in every codec that it is delivered in, and the deliveries that show it.
pub(crate) struct Held {
    pub(crate) made: Master,
    /// One for each delivery, in their order: there for those of a lossy codec.
    pub(crate) ready: Vec<Option<Checked>>,
    /// What the codecs that nothing is delivered in make of it.
    pub(crate) heard: Vec<Decoded>,
}

/// The way to a plan that holds the ceiling in a codec: lower ceilings first, then lower gains, then gains between.
#[derive(Debug)]
pub(crate) struct Search {
    asked_dbtp: f64,
    renderings: u32,
    trims: u32,
    probes: u32,
    /// The gains at which the ceiling was held and was not.
    held_db: Option<f64>,
    refused_db: f64,
}

impl Search {
    pub(crate) fn new(asked_dbtp: f64) -> Self {
        Self { asked_dbtp, renderings: 0, trims: 0, probes: 0, held_db: None, refused_db: 0.0 }
    }

    /// Whether it ends with a master whose decoded peaks are so far above the ceiling, dB.
    pub(crate) fn is_over(&self, excess_db: f64) -> bool {
        let too_far = self.trims > 0 && self.probes < MOST_PROBES && excess_db < -WORTH_DB;
        excess_db <= 0.0 && !too_far
    }

    /// Whether nothing is decided any more, and only the gain is another.
    pub(crate) fn is_trimming(&self) -> bool {
        self.trims > 0
    }

    /// What to try after `plan`, which is so far above the ceiling, dB; `None` when all was tried.
    pub(crate) fn next(
        &mut self,
        instructions: &Instructions,
        mut plan: Plan,
        target_lufs: f64,
        excess_db: f64,
    ) -> Option<Instructions> {
        let floor_dbtp = self.asked_dbtp - MOST_LOWERED_DB;
        if excess_db <= 0.0 {
            self.held_db = Some(plan.trim_db);
        } else {
            self.refused_db = plan.trim_db;
        }
        if let Some(held_db) = self.held_db
            && self.probes <= MOST_PROBES
        {
            let between_db = f64::midpoint(held_db, self.refused_db);
            plan.trim_db = if self.probes < MOST_PROBES { between_db } else { held_db };
            self.probes += 1;
            Some(Instructions::Render(SavedPlan::new(target_lufs, plan)))
        } else if self.renderings < MOST_RENDERINGS && plan.ceiling_dbtp > floor_dbtp + MARGIN_DB {
            self.renderings += 1;
            let lower_dbtp = plan.ceiling_dbtp - excess_db - MARGIN_DB * f64::from(self.renderings);
            Some(instructions.clone().below(lower_dbtp.max(floor_dbtp)))
        } else if self.trims < MOST_TRIMS {
            self.trims += 1;
            plan.trim_db -= excess_db + MARGIN_DB * f64::from(self.trims);
            Some(Instructions::Render(SavedPlan::new(target_lufs, plan)))
        } else {
            None
        }
    }
}

/// Renders the master of a job anew until every codec that it is delivered in holds the ceiling, and with as much room as
/// costs no loudness for those that stand for a service.
pub(crate) fn hold(
    job: &Job,
    before: &Analysis,
    first: Master,
    tags: &Tags,
    watch: &mut Watch<'_>,
) -> Result<Held, Error> {
    let asked_dbtp = job.instructions.ceiling_dbtp();
    let (stand_ins, missing) = stand_ins(job);
    let Heeded { mut made, heard, raised: advised } = heed(job, before, first, &stand_ins, watch)?;
    let mut heard = Some(heard);
    let mut search = Search::new(asked_dbtp);
    let mut raised: Option<(String, f64)> = None;
    loop {
        let (ready, worst) = listen(job, &made.audio, tags, watch)?;
        let excess_db = worst.as_ref().map_or(f64::NEG_INFINITY, |(_, dbtp)| dbtp - asked_dbtp);
        if search.is_over(excess_db) {
            let heard = match heard {
                Some(heard) => heard,
                None => listen_elsewhere(job, &made.audio, &stand_ins, watch)?,
            };
            explain(&mut made, asked_dbtp, raised.as_ref(), advised.as_ref(), &heard);
            made.explanation.extend(missing);
            return Ok(Held { made, ready, heard });
        }
        raised = raised.or_else(|| worst.map(|(codec, _)| (codec, excess_db)));
        // Only what is decided is needed on; the samples are read again, so that no more of them are in memory at once.
        drop(ready);
        heard = None;
        let Master { audio, plan, target_lufs, not_reached, explanation } = made;
        drop(audio);
        let Some(instructions) = search.next(&job.instructions, plan, target_lufs, excess_db) else {
            let path = job.deliveries.first().map(|delivery| delivery.path.clone()).unwrap_or_default();
            return Err(Failure::AboveCeiling { path, ceiling_dbtp: asked_dbtp }.into());
        };
        let mix = decode_for(job, watch)?.audio;
        made = make(job, mix, before, &instructions, watch)?;
        if search.is_trimming() {
            // What was decided stays as it was; only the gain is another.
            (made.not_reached, made.explanation) = (not_reached, explanation);
        }
        watch.still_wanted()?;
    }
}

/// A master with room for the codecs that stand for a service, as far as that costs no loudness.
struct Heeded {
    made: Master,
    heard: Vec<Decoded>,
    /// The codec with the highest peaks, and how far it brought them above the ceiling before there was room for it, dB.
    raised: Option<(String, f64)>,
}

/// Lowers the ceiling for stand-ins by [`MOST_LOWERED_DB`] at most, and only as far as the master stays as loud as it was.
fn heed(
    job: &Job,
    before: &Analysis,
    first: Master,
    stand_ins: &[Lossy],
    watch: &mut Watch<'_>,
) -> Result<Heeded, Error> {
    let asked_dbtp = job.instructions.ceiling_dbtp();
    let floor_dbtp = asked_dbtp - MOST_LOWERED_DB;
    let mut made = first;
    let mut heard = listen_elsewhere(job, &made.audio, stand_ins, watch)?;
    let raised =
        worst(&heard).map(|(codec, dbtp)| (codec, dbtp - asked_dbtp)).filter(|(_, excess_db)| *excess_db > 0.0);
    if raised.is_none() || matches!(job.instructions, Instructions::Render(_)) {
        return Ok(Heeded { made, heard, raised });
    }
    let loudness_lufs = made.audio.integrated_lufs();
    // The lowest ceiling at which the loudness stayed, and the highest at which it did not.
    let (mut kept_dbtp, mut lost_dbtp) = (made.plan.ceiling_dbtp, f64::NEG_INFINITY);
    for rendering in 0..MOST_ADVISED {
        let excess_db = worst(&heard).map_or(0.0, |(_, dbtp)| dbtp - asked_dbtp);
        let enough_dbtp = (kept_dbtp - excess_db - MARGIN_DB * f64::from(1 << rendering)).max(floor_dbtp);
        let lower_dbtp = enough_dbtp.max(f64::midpoint(kept_dbtp, lost_dbtp));
        if excess_db <= 0.0 || lower_dbtp > kept_dbtp - MARGIN_DB {
            break;
        }
        drop(made);
        made = remake(job, before, lower_dbtp, watch)?;
        if made.audio.integrated_lufs() < loudness_lufs - TOLERANCE_LU {
            lost_dbtp = lower_dbtp;
        } else {
            kept_dbtp = lower_dbtp;
            heard = listen_elsewhere(job, &made.audio, stand_ins, watch)?;
        }
    }
    if made.plan.ceiling_dbtp != kept_dbtp {
        drop(made);
        made = remake(job, before, kept_dbtp, watch)?;
    }
    Ok(Heeded { made, heard, raised })
}

fn remake(job: &Job, before: &Analysis, ceiling_dbtp: f64, watch: &mut Watch<'_>) -> Result<Master, Error> {
    let mix = decode_for(job, watch)?.audio;
    let made = make(job, mix, before, &job.instructions.clone().below(ceiling_dbtp), watch)?;
    watch.still_wanted()?;
    Ok(made)
}

/// The lossy codecs that are known to be used where a preset sends its masters.
pub fn codecs_of(preset: &Preset) -> Vec<Lossy> {
    preset.codecs.iter().filter_map(|name| name.parse().ok()).collect()
}

/// Whether there is a codec to listen to.
pub(crate) fn concerns(job: &Job) -> bool {
    !job.heard_through.is_empty() || job.deliveries.iter().any(|delivery| delivery.encoding.lossy().is_some())
}

/// The codecs that stand for a service and are not delivered themselves; and why some of them cannot be tried here.
fn stand_ins(job: &Job) -> (Vec<Lossy>, Vec<String>) {
    let delivered = |lossy: &Lossy| job.deliveries.iter().any(|delivery| delivery.encoding.lossy() == Some(*lossy));
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for lossy in job.heard_through.iter().copied().filter(|lossy| !delivered(lossy)) {
        match codec::can_encode(lossy.codec()) {
            Ok(()) => found.push(lossy),
            Err(error) => missing.push(format!("What {} makes of the peaks was not tried: {error}.", spoken(lossy))),
        }
    }
    (found, missing)
}

/// The codec with the highest true peak, and that, dBTP.
type Worst = Option<(String, f64)>;

/// What the codecs that are delivered in make of a master.
fn listen(
    job: &Job,
    audio: &Audio,
    tags: &Tags,
    watch: &mut Watch<'_>,
) -> Result<(Vec<Option<Checked>>, Worst), Error> {
    let ready = at_once(&job.deliveries, watch, |delivery, watch| {
        delivery.encoding.lossy().map(|_| attempt(audio, 0.0, delivery, tags, watch)).transpose()
    })?;
    let peaks = job.deliveries.iter().zip(&ready);
    let peaks = peaks.filter_map(|(of, ready)| Some((of.encoding.lossy()?, ready.as_ref()?.after.true_peak_dbtp)));
    let worst = peaks.fold(None, |worst, (lossy, dbtp)| higher(worst, lossy, dbtp));
    Ok((ready, worst))
}

/// What the codecs that stand for a service make of a master.
fn listen_elsewhere(
    job: &Job,
    audio: &Audio,
    stand_ins: &[Lossy],
    watch: &mut Watch<'_>,
) -> Result<Vec<Decoded>, Error> {
    let Some(path) = job.deliveries.first().map(|delivery| delivery.path.clone()) else { return Ok(Vec::new()) };
    let heard = at_once(stand_ins, watch, |lossy, watch| {
        let encoding = Encoding::Lossy(*lossy);
        // Beside the outputs, without a name, and gone at the end of this round.
        let delivery = Delivery { path: path.clone(), encoding };
        match attempt_at_its_rate(job, audio, &delivery, &Tags::default(), watch) {
            // All of it is too high for this codec; then it has no peaks either.
            Err(Error::Failed(Failure::Silenced { .. })) => Ok(None),
            other => Ok(Some(Decoded { encoding, true_peak_dbtp: other?.0.after.true_peak_dbtp })),
        }
    })?;
    Ok(heard.into_iter().flatten().collect())
}

/// Encodes a master, converted to a rate that the codec can have, and measures what comes of it; with that rate, Hz.
pub(crate) fn attempt_at_its_rate(
    job: &Job,
    audio: &Audio,
    delivery: &Delivery,
    tags: &Tags,
    watch: &mut Watch<'_>,
) -> Result<(Checked, u32), Error> {
    let rate_hz = delivery.encoding.lossy().map_or(audio.rate_hz(), |lossy| lossy.codec().rate_for(audio.rate_hz()));
    let copy = (rate_hz != audio.rate_hz()).then(|| at_rate(audio.clone(), rate_hz, &job.limits, watch)).transpose()?;
    Ok((attempt(copy.as_ref().unwrap_or(audio), 0.0, delivery, tags, watch)?, rate_hz))
}

fn higher(worst: Worst, lossy: Lossy, dbtp: f64) -> Worst {
    match worst {
        Some((_, highest)) if highest >= dbtp => worst,
        _ => Some((spoken(lossy), dbtp)),
    }
}

fn worst(heard: &[Decoded]) -> Worst {
    let lossy = heard.iter().filter_map(|heard| Some((heard.encoding.lossy()?, heard.true_peak_dbtp)));
    lossy.fold(None, |worst, (lossy, dbtp)| higher(worst, lossy, dbtp))
}

impl Instructions {
    /// The same with a lower ceiling for the master itself.
    fn below(self, lower_dbtp: f64) -> Self {
        match self {
            Self::Decide(mut request) => {
                request.ceiling_dbtp = lower_dbtp;
                Self::Decide(request)
            }
            Self::Render(mut saved) => {
                saved.plan.ceiling_dbtp = lower_dbtp;
                Self::Render(saved)
            }
        }
    }
}

pub(crate) fn spoken(lossy: Lossy) -> String {
    format!("{} at {} kbit/s", lossy.codec().name(), lossy.kbps())
}

fn level(db: f64) -> String {
    format!("{db:.1}").replace('-', "\u{2212}")
}

/// What was done about a codec that brought peaks so far above the ceiling, dB; `what` was done it to.
pub(crate) fn done_about(codec: &str, by_db: f64, what: &str, plan: &Plan) -> String {
    let mut sentence = format!(
        "{codec} brought peaks {by_db:.1} dB above the ceiling, so {what} was limited to {} dBTP",
        level(plan.ceiling_dbtp)
    );
    if plan.trim_db < -0.05 {
        let _ = write!(sentence, " and turned down by {:.1} dB", -plan.trim_db);
    }
    sentence
}

fn explain(
    made: &mut Master,
    asked_dbtp: f64,
    raised: Option<&(String, f64)>,
    advised: Option<&(String, f64)>,
    heard: &[Decoded],
) {
    let stays = format!("what listeners decode stays at {} dBTP.", level(asked_dbtp));
    if let Some((codec, by_db)) = raised {
        if made.plan.trim_db < -TOLERANCE_LU {
            made.not_reached = Some(format!(
                "{codec} raises this track's peaks further than a limiter should make up for, so it was turned down"
            ));
        }
        made.explanation.push(format!("{}; {stays}", done_about(codec, *by_db, "the master", &made.plan)));
    } else if let Some((codec, by_db)) = advised {
        let left = worst(heard).filter(|(_, dbtp)| *dbtp > asked_dbtp);
        let is_lower = made.plan.ceiling_dbtp < asked_dbtp;
        made.explanation.push(match left {
            None => format!("{}; {stays}", done_about(codec, *by_db, "the master", &made.plan)),
            Some((left, dbtp)) if is_lower => format!(
                "{}, and no further, which would have cost loudness or punch: listeners of {left} may decode peaks of up \
                 to {} dBTP.",
                done_about(codec, *by_db, "the master", &made.plan),
                level(dbtp)
            ),
            Some((left, dbtp)) => format!(
                "{codec} brings peaks {by_db:.1} dB above the ceiling: listeners of {left} may decode peaks of up to {} \
                 dBTP. Room for it would have cost loudness.",
                level(dbtp)
            ),
        });
    }
}

#[cfg(test)]
mod tests {
    use mastering::presets::PRESETS;

    use super::*;

    #[test]
    fn every_codec_that_a_preset_names_exists() {
        for preset in PRESETS {
            assert_eq!(codecs_of(preset).len(), preset.codecs.len(), "{}", preset.id);
        }
    }
}
