//! What was done and what it cost, in words for musicians.

use crate::analysis::Analysis;
use crate::drive::GENTLE_TIP_DB;
use crate::dynamics::{self, Held};
use crate::plan::{BandGain, Equaliser, Plan};
use crate::solve::Cost;
use crate::{Loudness, Request, width};

/// Why a loudness was not reached.
pub(crate) fn not_reached(request: &Request, lufs: f64, range_stands_in_the_way: bool) -> String {
    let (target, reached) = (level(request.loudness.lufs()), level(lufs));
    if matches!(request.loudness, Loudness::Exact(_)) {
        return format!(
            "{target} LUFS was not reached: {reached} LUFS is the most that limiting makes of this mix below its ceiling. Ask \
             for less loudness"
        );
    }
    let limit = if range_stands_in_the_way {
        "its loud and quiet passages would be drawn together"
    } else {
        "limiting would start to be heard"
    };
    format!(
        "{target} LUFS was not reached: this mix gets to {reached} LUFS before {limit}. Ask for {target} LUFS as a number \
         of your own (on the command line: --loudness) to have it anyway"
    )
}

/// A level with a true minus, which no line break parts from its number.
fn level(db: f64) -> String {
    format!("{db:.1}").replace('-', "\u{2212}")
}

/// One sentence for everything that was done.
pub(crate) fn explanation(analysis: &Analysis, plan: &Plan, request: &Request, lufs: f64, cost: &Cost) -> Vec<String> {
    let mut sentences = Vec::new();
    let change = lufs - analysis.measurement.integrated_lufs;
    let now = level(lufs);
    sentences.push(match change {
        change if change > 0.05 => format!("{change:.1} LU louder than the mix: {now} LUFS."),
        change if change < -0.05 => format!("{:.1} LU quieter than the mix: {now} LUFS.", -change),
        _ => format!("As loud as the mix: {now} LUFS."),
    });
    sentences.extend(held_bands(analysis, plan));
    sentences.extend(
        plan.equaliser.as_ref().map_or_else(|| vec![tone_left_alone(analysis, request).to_owned()], tonal_moves),
    );
    sentences.extend(stereo(analysis, plan, request));
    sentences.extend(bass_to_the_middle(plan, request));
    sentences.extend(balance(plan));
    sentences.extend(saturation(plan));
    sentences.push(limiting(plan, cost));
    if matches!(request.loudness, Loudness::Exact(_)) && (cost.often_db > 6.0 || plan.limiter.tip_db > GENTLE_TIP_DB) {
        sentences.push(
            "This loudness costs punch: louder passages are squeezed hard. Compare it with a quieter target at matched \
             loudness before you release it."
                .to_owned(),
        );
    }
    sentences
}

/// That a reference was followed less far than it was asked for, as a share of that, 0 to 1.
pub(crate) fn held_back_for_range(share: f64) -> String {
    format!(
        "The tone and width of the reference were followed {:.0} % of the way: more would change how far the loud and the \
         quiet passages of your mix are apart.",
        100.0 * share
    )
}

fn held_bands(analysis: &Analysis, plan: &Plan) -> impl Iterator<Item = String> {
    let held = dynamics::held(plan.dynamics.as_ref(), &analysis.levels);
    held.into_iter().map(|Held { band, most_db, share, toward }| {
        let (name, percent) = (band.name(), (100.0 * share).max(1.0));
        if toward {
            format!("Loud and quiet passages of the {name} were drawn together as in the reference, by up to {most_db:.1} dB.")
        } else {
            format!(
                "The {name} stood out over the rest for {percent:.0} % of the time and {} held there, by up to \
                 {most_db:.1} dB.",
                if band.is_plural() { "were" } else { "was" }
            )
        }
    })
}

fn tone_left_alone(analysis: &Analysis, request: &Request) -> &'static str {
    if let Some(toward) = &request.toward {
        return if toward.tone {
            "The tonal balance is the reference's, as far as anyone would hear, and was left alone."
        } else {
            "The tonal balance was left alone: of the reference it was not asked for."
        };
    }
    if request.sound.strength() == 0.0 {
        "The tonal balance was left alone, since no intensity was asked for."
    } else if analysis.measurement.looks_finished() {
        "This is a master already (loud, with its peaks close under full scale), so its tonal balance was left alone."
    } else {
        "The tonal balance is within the usual range and was left alone."
    }
}

fn stereo(analysis: &Analysis, plan: &Plan, request: &Request) -> Option<String> {
    let side_equaliser = plan.stereo.as_ref().and_then(|stereo| stereo.side_equaliser.as_ref());
    if let Some(bands) = side_equaliser.filter(|_| request.toward.is_some()) {
        let moves = || bands.bands.iter().map(|band| band.gain_db);
        let (least, most) = (moves().fold(f64::INFINITY, f64::min), moves().fold(f64::NEG_INFINITY, f64::max));
        return Some(format!(
            "The sides were moved toward the reference's, by {} to {} dB against the middle.",
            level(least),
            level(most)
        ));
    }
    match plan.stereo.as_ref().map(|stereo| stereo.side_gain) {
        Some(1.0) => None,
        Some(0.0) if request.sound.width_percent > 0.0 => {
            let told = "Your mix is one channel on both sides, but for the noise of rounding: so that this is not raised, \
                        the master is exactly one.";
            Some(told.to_owned())
        }
        Some(0.0) => Some("Folded down to mono.".to_owned()),
        Some(gain) => {
            let change_db = dsp::db_from_amplitude(gain);
            let (way, change_db) = if change_db > 0.0 { ("wider", change_db) } else { ("narrower", -change_db) };
            Some(format!("The stereo image is {way}: its sides moved by {change_db:.1} dB."))
        }
        None if width::refused(&analysis.measurement, &request.sound) => Some(format!(
            "The mix was not made wider: left and right have so little in common (correlation {}) that it would lose \
             too much in mono.",
            level(analysis.measurement.correlation)
        )),
        None => None,
    }
}

fn balance(plan: &Plan) -> Option<String> {
    let balance_db = plan.stereo.as_ref()?.balance_db;
    let louder = if balance_db > 0.0 { "right" } else { "left" };
    (balance_db != 0.0)
        .then(|| format!("The {louder} side was made {:.1} dB louder against the other, as asked.", balance_db.abs()))
}

fn saturation(plan: &Plan) -> Option<String> {
    let threshold_dbfs = level(plan.saturation?.threshold_dbfs);
    Some(format!(
        "Peaks above {threshold_dbfs} dBFS of the mix were rounded off before the limiter, as asked: that adds overtones."
    ))
}

fn bass_to_the_middle(plan: &Plan, request: &Request) -> Option<String> {
    let moved = plan.stereo.as_ref()?.side_equaliser.is_some() && request.toward.is_none();
    moved.then(|| {
        "Left and right differed in the bass, which costs level and is lost on one loudspeaker: below 120 Hz it was \
         brought to the middle."
            .to_owned()
    })
}

fn limiting(plan: &Plan, cost: &Cost) -> String {
    let ceiling = level(plan.ceiling_dbtp);
    match cost.most_db {
        most if most < 0.05 => format!("No peak had to be limited: nothing exceeds {ceiling} dBTP."),
        most if cost.often_db < 0.5 => {
            format!("Only the loudest peaks were limited, by {most:.1} dB at most; nothing exceeds {ceiling} dBTP.")
        }
        most => format!(
            "Peaks were limited by up to {most:.1} dB, by less than {:.1} dB for all but a twentieth of the time; nothing \
             exceeds {ceiling} dBTP.",
            cost.often_db
        ),
    }
}

/// Neighbouring bands that move the same way are one sentence.
fn tonal_moves(equaliser: &Equaliser) -> Vec<String> {
    let audible = |band: &&BandGain| band.gain_db.abs() >= 0.25;
    let mut moves: Vec<Vec<BandGain>> = Vec::new();
    for band in equaliser.bands.iter().filter(audible) {
        let same = |last: &Vec<BandGain>| {
            last.last().is_some_and(|end| {
                end.gain_db.signum() == band.gain_db.signum() && band.frequency_hz / end.frequency_hz < 1.4
            })
        };
        match moves.last_mut() {
            Some(last) if same(last) => last.push(*band),
            _ => moves.push(vec![*band]),
        }
    }
    moves.iter().map(|bands| tonal_move(bands)).collect()
}

fn tonal_move(bands: &[BandGain]) -> String {
    let strongest =
        bands.iter().fold(bands[0], |best, band| if band.gain_db.abs() > best.gain_db.abs() { *band } else { best });
    let (verb, amount) =
        if strongest.gain_db > 0.0 { ("raised", strongest.gain_db) } else { ("lowered", -strongest.gain_db) };
    let (first, last) = (bands[0].frequency_hz, bands[bands.len() - 1].frequency_hz);
    let place = if bands.len() == 1 {
        format!("around {}", hertz(first))
    } else {
        format!("{} to {}, most at {}", hertz(first), hertz(last), hertz(strongest.frequency_hz))
    };
    format!("{} {verb} by up to {amount:.1} dB ({place}).", region(strongest.frequency_hz))
}

fn region(frequency_hz: f64) -> &'static str {
    match frequency_hz {
        hz if hz < 60.0 => "Sub-bass",
        hz if hz < 150.0 => "Bass",
        hz if hz < 500.0 => "Low mids (warmth, mud)",
        hz if hz < 2_000.0 => "Mids (body)",
        hz if hz < 5_000.0 => "Presence (bite, speech)",
        hz if hz < 10_000.0 => "Brilliance (cymbals, sibilance)",
        _ => "Air",
    }
}

fn hertz(frequency_hz: f64) -> String {
    if frequency_hz >= 1_000.0 { format!("{} kHz", frequency_hz / 1_000.0) } else { format!("{frequency_hz} Hz") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_bands_are_one_move() {
        let mut gains = [0.0; dsp::spectrum::BANDS];
        gains[7..10].copy_from_slice(&[-1.0, -2.5, -1.0]);
        gains[25..27].copy_from_slice(&[1.0, 1.5]);
        let sentences = tonal_moves(&Equaliser::from_gains(&gains));
        assert_eq!(
            sentences,
            [
                "Low mids (warmth, mud) lowered by up to 2.5 dB (125 Hz to 200 Hz, most at 160 Hz).",
                "Air raised by up to 1.5 dB (8 kHz to 10 kHz, most at 10 kHz).",
            ]
        );
    }
}
