//! Files in other codecs beside the deliveries of a master, each mastered for its own codec.
//!
//! A codec raises peaks by what it likes, and the others are not to be quieter for it: a copy that holds the ceiling is
//! made of the master as it is, and one that does not, of the same mix with a lower ceiling, and with a lower gain where
//! that is not enough. One that cannot be made is told of and holds nobody up.

use codec::{EncodeError, Tags};
use mastering::{Analysis, Master, Plan};

use crate::at_once::at_once;
use crate::decode::decode_for;
use crate::deliver::Checked;
use crate::hold::{Search, attempt_at_its_rate, done_about, spoken};
use crate::run::make;
use crate::watch::Watch;
use crate::whole_file::Pending;
use crate::{Delivered, Delivery, Error, Failure, Job, NotMade};

/// What came of the copies.
#[derive(Debug, Default)]
pub(crate) struct Copies {
    pub(crate) finished: Vec<Pending>,
    pub(crate) delivered: Vec<Delivered>,
    pub(crate) not_made: Vec<NotMade>,
}

/// One copy: the file, its rate in Hz, and what was done for its sake alone.
type Made = (Checked, u32, Option<(String, Plan)>);

/// Makes the copies of a job, of its finished master where they hold the ceiling and of others where they do not.
pub(crate) fn copy(
    job: &Job,
    before: &Analysis,
    master: Master,
    tags: &Tags,
    watch: &mut Watch<'_>,
) -> Result<Copies, Error> {
    let asked_dbtp = job.instructions.ceiling_dbtp();
    let Master { audio, plan, target_lufs, .. } = master;
    let tried = at_once(&job.copies, watch, |delivery, watch| {
        told(delivery, asked_dbtp, attempt_at_its_rate(job, &audio, delivery, tags, watch))
    })?;
    // Those that are rendered anew need its memory.
    drop(audio);
    let mut copies = Copies::default();
    for (delivery, tried) in job.copies.iter().zip(tried) {
        let made = match tried {
            Ok((checked, _)) if checked.after.true_peak_dbtp > asked_dbtp => {
                let excess_db = checked.after.true_peak_dbtp - asked_dbtp;
                drop(checked);
                let start = (plan.clone(), target_lufs, excess_db);
                told(delivery, asked_dbtp, below(job, before, delivery, start, tags, watch))?
            }
            Ok((checked, rate_hz)) => Ok((checked, rate_hz, None)),
            Err(not_made) => Err(not_made),
        };
        match made {
            Ok(made) => copies.keep(delivery, made),
            Err(not_made) => copies.not_made.push(not_made),
        }
    }
    Ok(copies)
}

impl Copies {
    fn keep(&mut self, delivery: &Delivery, (checked, rate_hz, own): Made) {
        let Checked { pending, after, bytes, .. } = checked;
        self.finished.push(pending);
        let path = delivery.path.to_string_lossy().into_owned();
        let (note, plan) = own.unzip();
        self.delivered.push(Delivered { path, encoding: delivery.encoding, rate_hz, bytes, after, note, plan });
    }
}

/// Masters again for one codec, from a plan that does not hold the ceiling in it: its target, LUFS, and how far decoded
/// peaks are above the ceiling, dB.
fn below(
    job: &Job,
    before: &Analysis,
    delivery: &Delivery,
    (mut plan, target_lufs, raised_db): (Plan, f64, f64),
    tags: &Tags,
    watch: &mut Watch<'_>,
) -> Result<Made, Error> {
    let ceiling_dbtp = job.instructions.ceiling_dbtp();
    let mut search = Search::new(ceiling_dbtp);
    let mut excess_db = raised_db;
    loop {
        let Some(instructions) = search.next(&job.instructions, plan, target_lufs, excess_db) else {
            return Err(Failure::AboveCeiling { path: delivery.path.clone(), ceiling_dbtp }.into());
        };
        let mix = decode_for(job, watch)?.audio;
        let master = make(job, mix, before, &instructions, watch)?;
        watch.still_wanted()?;
        let (checked, rate_hz) = attempt_at_its_rate(job, &master.audio, delivery, tags, watch)?;
        plan = master.plan;
        excess_db = checked.after.true_peak_dbtp - ceiling_dbtp;
        if search.is_over(excess_db) {
            let codec = delivery.encoding.lossy().map_or_else(|| delivery.encoding.name(), spoken);
            let note = format!("{}.", done_about(&codec, raised_db, "this file", &plan));
            return Ok((checked, rate_hz, Some((note, plan))));
        }
    }
}

/// Tells what concerns one copy alone from what ends the job.
fn told<T>(delivery: &Delivery, ceiling_dbtp: f64, made: Result<T, Error>) -> Result<Result<T, NotMade>, Error> {
    let reason = match made {
        Ok(made) => return Ok(Ok(made)),
        Err(Error::Failed(Failure::Encode { source, .. })) if !matches!(source, EncodeError::Io(_)) => {
            source.to_string()
        }
        Err(Error::Failed(Failure::Unreadable { .. })) => "what was written does not read back".to_owned(),
        Err(Error::Failed(Failure::Silenced { .. })) => {
            "all of it is so high that this codec takes it for inaudible and leaves it out".to_owned()
        }
        Err(Error::Failed(Failure::AboveCeiling { .. })) => {
            format!("what it decodes to stays above {ceiling_dbtp} dBTP whatever is done")
        }
        Err(other) => return Err(other),
    };
    Ok(Err(NotMade { encoding: delivery.encoding, reason }))
}
