//! Holding the ceiling through lossy codecs, which raise peaks: listen to what they make of a master, and master again
//! with a lower ceiling until what is decoded is below the one that was asked for.
//!
//! The ceiling is lowered, rather than the gain, because that keeps the loudness; only what a limiter should not be asked
//! for any more is turned down. Both end up in the plan, so that it renders to the same bits again.
//! Not here: which codecs stand for which service (that is `mastering::presets`).

use std::fmt::Write as _;

use codec::{Lossy, Tags};
use mastering::presets::Preset;
use mastering::{Analysis, Audio, Master, TOLERANCE_LU};

use crate::decode::{at_rate, decode_for};
use crate::deliver::{Checked, Place, attempt};
use crate::run::make;
use crate::watch::Watch;
use crate::{Decoded, Delivery, Encoding, Error, Failure, Instructions, Job, SavedPlan};

/// So often a master is rendered anew for its codecs.
const MOST_RENDERINGS: u32 = 3;
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

/// A master that holds the ceiling in every codec, and the deliveries that show it.
pub(crate) struct Held {
    pub(crate) made: Master,
    /// One for each delivery, in their order: there for those of a lossy codec.
    pub(crate) ready: Vec<Option<Checked>>,
    /// What the codecs that nothing is delivered in make of it.
    pub(crate) heard: Vec<Decoded>,
}

/// Renders the master of a job anew until every codec that it goes through holds the ceiling.
pub(crate) fn hold(
    job: &Job,
    before: &Analysis,
    first: Master,
    tags: &Tags,
    watch: &mut Watch<'_>,
) -> Result<Held, Error> {
    let asked_dbtp = job.instructions.ceiling_dbtp();
    let (stand_ins, missing) = stand_ins(job);
    let mut made = first;
    let (mut renderings, mut trims, mut probes) = (0_u32, 0_u32, 0_u32);
    // The gains at which the ceiling was held and was not.
    let (mut held_db, mut refused_db) = (None, 0.0);
    let mut raised: Option<(String, f64)> = None;
    loop {
        let Ears { ready, heard, worst } = listen(job, &made.audio, &stand_ins, tags, watch)?;
        let excess_db = worst.as_ref().map_or(f64::NEG_INFINITY, |(_, dbtp)| dbtp - asked_dbtp);
        let too_far = trims > 0 && probes < MOST_PROBES && excess_db < -WORTH_DB;
        if excess_db <= 0.0 && !too_far {
            explain(&mut made, asked_dbtp, raised, missing);
            return Ok(Held { made, ready, heard });
        }
        raised = raised.or_else(|| worst.map(|(codec, _)| (codec, excess_db)));
        // Only what is decided is needed on; the samples are read again, so that no more of them are in memory at once.
        drop(ready);
        let Master { audio, mut plan, target_lufs, not_reached, explanation } = made;
        drop(audio);
        let floor_dbtp = asked_dbtp - MOST_LOWERED_DB;
        if excess_db <= 0.0 {
            held_db = Some(plan.trim_db);
        } else {
            refused_db = plan.trim_db;
        }
        let instructions = if let Some(held_db) = held_db
            && probes <= MOST_PROBES
        {
            plan.trim_db = if probes < MOST_PROBES { f64::midpoint(held_db, refused_db) } else { held_db };
            probes += 1;
            Instructions::Render(SavedPlan::new(target_lufs, plan))
        } else if renderings < MOST_RENDERINGS && plan.ceiling_dbtp > floor_dbtp + MARGIN_DB {
            renderings += 1;
            let lower_dbtp = (plan.ceiling_dbtp - excess_db - MARGIN_DB * f64::from(renderings)).max(floor_dbtp);
            job.instructions.clone().below(lower_dbtp)
        } else if trims < MOST_TRIMS {
            trims += 1;
            plan.trim_db -= excess_db + MARGIN_DB * f64::from(trims);
            Instructions::Render(SavedPlan::new(target_lufs, plan))
        } else {
            let path = job.deliveries.first().map(|delivery| delivery.path.clone()).unwrap_or_default();
            return Err(Failure::AboveCeiling { path, ceiling_dbtp: asked_dbtp }.into());
        };
        let mix = decode_for(job, watch)?.audio;
        made = make(mix, before, &instructions, watch)?;
        if trims > 0 {
            // What was decided stays as it was; only the gain is another.
            (made.not_reached, made.explanation) = (not_reached, explanation);
        }
        watch.still_wanted()?;
    }
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

/// What the codecs make of a master.
struct Ears {
    ready: Vec<Option<Checked>>,
    heard: Vec<Decoded>,
    /// The codec with the highest true peak, and that, dBTP.
    worst: Option<(String, f64)>,
}

fn listen(job: &Job, audio: &Audio, stand_ins: &[Lossy], tags: &Tags, watch: &mut Watch<'_>) -> Result<Ears, Error> {
    let lossy = |delivery: &&Delivery| delivery.encoding.lossy().is_some();
    let place = |index| Place { index, count: job.deliveries.iter().filter(lossy).count() + stand_ins.len() };
    let mut ears = Ears { ready: Vec::new(), heard: Vec::new(), worst: None };
    let mut index = 0;
    for delivery in &job.deliveries {
        let Some(lossy) = delivery.encoding.lossy() else {
            ears.ready.push(None);
            continue;
        };
        let checked = attempt(audio, 0.0, delivery, tags, place(index), watch)?;
        ears.hear(lossy, checked.after.true_peak_dbtp);
        ears.ready.push(Some(checked));
        index += 1;
    }
    for lossy in stand_ins {
        let encoding = Encoding::Lossy(*lossy);
        let Some(path) = job.deliveries.first().map(|delivery| delivery.path.clone()) else { break };
        let rate_hz = lossy.codec().rate_for(audio.rate_hz());
        let copy = (rate_hz != audio.rate_hz()).then(|| at_rate(audio.clone(), rate_hz, &job.limits, watch));
        let copy = copy.transpose()?;
        // Beside the outputs, without a name, and gone at the end of this round.
        let heard = attempt(
            copy.as_ref().unwrap_or(audio),
            0.0,
            &Delivery { path, encoding },
            &Tags::default(),
            place(index),
            watch,
        );
        index += 1;
        let heard = match heard {
            // All of it is too high for this codec; then it has no peaks either.
            Err(Error::Failed(Failure::Silenced { .. })) => continue,
            other => other?,
        };
        ears.hear(*lossy, heard.after.true_peak_dbtp);
        ears.heard.push(Decoded { encoding, true_peak_dbtp: heard.after.true_peak_dbtp });
    }
    Ok(ears)
}

impl Ears {
    fn hear(&mut self, lossy: Lossy, dbtp: f64) {
        if self.worst.as_ref().is_none_or(|(_, highest)| dbtp > *highest) {
            self.worst = Some((spoken(lossy), dbtp));
        }
    }
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

fn spoken(lossy: Lossy) -> String {
    format!("{} at {} kbit/s", lossy.codec().name(), lossy.kbps())
}

fn explain(made: &mut Master, asked_dbtp: f64, raised: Option<(String, f64)>, missing: Vec<String>) {
    let level = |db: f64| format!("{db:.1}").replace('-', "\u{2212}");
    if let Some((codec, by_db)) = raised {
        if made.plan.trim_db < -TOLERANCE_LU {
            made.not_reached = Some(format!(
                "{codec} raises this track's peaks further than a limiter should make up for, so it was turned down"
            ));
        }
        let mut sentence = format!(
            "{codec} brought peaks {by_db:.1} dB above the ceiling, so the master was limited to {} dBTP",
            level(made.plan.ceiling_dbtp)
        );
        if made.plan.trim_db < -0.05 {
            let _ = write!(sentence, " and turned down by {:.1} dB", -made.plan.trim_db);
        }
        let _ = write!(sentence, "; what listeners decode stays at {} dBTP.", level(asked_dbtp));
        made.explanation.push(sentence);
    }
    made.explanation.extend(missing);
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
