//! The page of an album: the decision, all tracks side by side, then each by itself.

use super::pictures::{album_course, waveform};
use super::text::{clock, escape, file_name, number, signed};
use super::{Page, notes, numbers, sentences};
use crate::{AlbumReport, Report};

/// The page of a finished album.
pub fn album_page(album: &AlbumReport) -> String {
    let mut page = Page::new("Album: the masters", &album.version);
    let duration_s: f64 = album.tracks.iter().map(|track| track.source.duration_s).sum();
    let (after, ceiling) = (number(album.after_lufs, 1), number(album.ceiling_dbtp, 1));
    let class = if album.target_reached { "verdict" } else { "verdict missed" };
    page.add(&format!(
        "<header>\n<h1>Album</h1>\n<p class=\"soft\">{} tracks · {}</p>\n\
         <p class=\"{class}\">{after} LUFS as a whole, no track above {ceiling} dBTP.</p>\n</header>\n",
        album.tracks.len(),
        clock(duration_s)
    ));
    page.section("What was decided, and why", &sentences(&album.explanation));
    page.section("The tracks", &table(album));
    page.add(&album_course(&album.tracks));
    for (index, track) in album.tracks.iter().enumerate() {
        let heading = format!("{}. {}", index + 1, file_name(&track.source.input));
        page.section(&heading, &waveform(&track.waveforms, track.ceiling_dbtp, track.source.duration_s));
        page.add(&numbers(&[("Mix", &track.before), ("Master", &track.after)]));
        page.add(&sentences(&track.explanation));
        if !track.observations.is_empty() {
            page.add(&format!("<h3>Notes on this mix</h3>\n{}", notes(&track.observations)));
        }
    }
    page.finish()
}

fn table(album: &AlbumReport) -> String {
    let rows: String =
        album.tracks.iter().enumerate().map(|(index, track)| row(index, track, album.after_lufs)).collect();
    format!(
        "<div class=\"wide\" tabindex=\"0\" role=\"group\" aria-label=\"Tracks\"><table>\n<thead><tr><th scope=\"col\">Track</th><th scope=\"col\" class=\"n\">Length</th>\
         <th scope=\"col\" class=\"n\">Mix, LUFS</th><th scope=\"col\" class=\"n\">Master, LUFS</th>\
         <th scope=\"col\" class=\"n\">Against the album, LU</th><th scope=\"col\" class=\"n\">dBTP</th>\
         <th scope=\"col\" class=\"n\">Notes</th></tr></thead>\n<tbody>\n{rows}</tbody></table></div>\n"
    )
}

fn row(index: usize, track: &Report, album_lufs: f64) -> String {
    format!(
        "<tr><th scope=\"row\">{}. {}</th><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>\
         <td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>\n",
        index + 1,
        escape(file_name(&track.source.input)),
        clock(track.source.duration_s),
        number(track.before.integrated_lufs, 1),
        number(track.after.integrated_lufs, 1),
        signed(track.after.integrated_lufs - album_lufs, 1),
        number(track.after.true_peak_dbtp, 1),
        track.observations.len()
    )
}
