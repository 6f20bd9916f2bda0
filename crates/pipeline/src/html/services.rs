//! What each destination does to a track of that loudness and peak.

use mastering::Measurement;
use mastering::presets::{PRESETS, Preset};

use super::text::{escape, number, signed};

/// Those that set the playback volume themselves; the others ask for a level and get what they are sent.
const PLAYERS: &[&str] = &["spotify", "apple-music", "youtube", "tidal", "amazon-music", "deezer", "soundcloud"];
/// Nearer than this is as loud, LU.
const SAME_LU: f64 = 0.15;

pub(super) fn table(measured: &Measurement) -> String {
    let rows: String = PRESETS.iter().map(|preset| row(preset, measured)).collect();
    format!(
        "<div class=\"wide\" tabindex=\"0\" role=\"group\" aria-label=\"Services\"><table>\n<thead><tr><th scope=\"col\">Where</th><th scope=\"col\" class=\"n\">Plays at, LUFS</th>\
         <th scope=\"col\" class=\"n\">Gain, dB</th><th scope=\"col\" class=\"n\">Peak then, dBTP</th>\
         <th scope=\"col\">In words</th></tr></thead>\n<tbody>\n{rows}</tbody></table></div>\n\
         <p class=\"soft\">A playback level is no requirement: louder masters are turned down, quieter ones may be turned up. \
         Listeners can switch this off.</p>\n"
    )
}

fn row(preset: &Preset, measured: &Measurement) -> String {
    let gain_db = preset.loudness_lufs - measured.integrated_lufs;
    let peak_dbtp = measured.true_peak_dbtp + gain_db;
    format!(
        "<tr><th scope=\"row\">{}</th><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td>{}</td></tr>\n",
        escape(preset.name),
        number(preset.loudness_lufs, 1),
        signed(gain_db, 1),
        number(peak_dbtp, 1),
        escape(&words(preset, gain_db, peak_dbtp))
    )
}

fn words(preset: &Preset, gain_db: f64, peak_dbtp: f64) -> String {
    let plays = PLAYERS.contains(&preset.id);
    let by = number(gain_db.abs(), 1);
    match (plays, gain_db) {
        (_, gain) if gain.abs() <= SAME_LU && peak_dbtp - gain_db <= preset.ceiling_dbtp + 0.05 => {
            "As it is.".to_owned()
        }
        (_, gain) if gain.abs() <= SAME_LU => {
            format!("As loud as it is, with peaks above the {} dBTP that it asks for.", number(preset.ceiling_dbtp, 1))
        }
        (true, gain) if gain < 0.0 => format!("Turned down by {by} dB."),
        (true, _) if peak_dbtp > preset.ceiling_dbtp => {
            let room_db = (preset.ceiling_dbtp - (peak_dbtp - gain_db)).max(0.0);
            format!("Quieter than others by {by} dB; its peaks leave {} dB for turning it up.", number(room_db, 1))
        }
        (true, _) => format!("Turned up by {by} dB where that is done, else quieter than others by as much."),
        (false, gain) if gain < 0.0 => {
            format!("{by} dB louder than it asks for: make a master for it (--for {}).", preset.id)
        }
        (false, _) => format!("{by} dB quieter than it asks for: make a master for it (--for {}).", preset.id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(id: &str, integrated_lufs: f64, true_peak_dbtp: f64) -> String {
        let preset = Preset { id: "spotify", name: "Spotify", loudness_lufs: -14.0, ceiling_dbtp: -1.0, ..PRESETS[0] };
        let preset = Preset { id: if id == "spotify" { "spotify" } else { "ebu-r128" }, ..preset };
        let gain_db = preset.loudness_lufs - integrated_lufs;
        words(&preset, gain_db, true_peak_dbtp + gain_db)
    }

    #[test]
    fn louder_is_turned_down_and_quieter_turned_up_as_far_as_peaks_allow() {
        assert_eq!(said("spotify", -14.0, -1.0), "As it is.");
        assert_eq!(said("spotify", -12.0, -1.0), "Turned down by 2.0 dB.");
        assert!(said("spotify", -18.0, -6.0).starts_with("Turned up by 4.0 dB"));
        assert!(said("spotify", -18.0, -2.0).contains("leave 1.0 dB"));
        assert!(said("spotify", -14.0, 0.5).contains("peaks above"));
        assert!(said("broadcast", -10.0, -1.0).contains("4.0 dB louder than it asks for"));
    }
}
