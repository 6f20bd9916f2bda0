//! The report as one page: a single file without scripts or anything to load, that prints on paper.
//!
//! Everything on it comes from the report; nothing is measured here. Drawings are SVG paths written by hand: a plotting
//! library draws fixed colours and sizes, and these follow the reader's scheme, width and printer.
//!
//! Not here: the JSON (that is `report`), and the site's own result page.

mod album;
mod pictures;
mod plot;
mod services;
mod text;

use std::fmt::Write as _;

use mastering::Measurement;
use mastering::observations::{Observation, Weight};

pub use album::album_page;

use crate::hold::spoken;
use crate::{AnalysisReport, Encoding, FIGURES, Input, Report};
use pictures::{curve_of_equaliser, gain, holdings, loudness, spectrum, waveform, width};
use text::{clock, escape, file_name, number, signed};

const STYLE: &str = include_str!("style.css");

/// The page of a finished master.
pub fn report_page(report: &Report) -> String {
    let mut page = Page::new(&format!("{}: the master", file_name(&report.source.input)), &report.version);
    page.header(&report.source, &verdict(report));
    page.section("Before and after", &waveform(&report.waveforms, report.ceiling_dbtp, report.source.duration_s));
    page.add(&numbers(&[("Mix", &report.before), ("Master", &report.after)]));
    page.section("What was done, and why", &sentences(&report.explanation));
    page.section("Notes on the mix", &notes(&report.observations));
    let courses = &report.loudness_over_time;
    let both = [("Mix", "mix", &courses.before), ("Master", "master", &courses.after)];
    page.section("Loudness over time", &loudness(&both, Some(report.target_lufs), report.source.duration_s));
    page.add(&gain(courses, report.source.duration_s));
    if !report.held_bands.is_empty() {
        page.section("Bands that were held", &holdings(&report.held_bands, report.source.duration_s));
    }
    let spectra = [("Mix", "mix", &report.spectra.before), ("Master", "master", &report.spectra.after)];
    page.section("Tone", &spectrum(&spectra));
    page.add(&curve_of_equaliser(report.plan.equaliser.as_ref()));
    if report.source.channels == 2 {
        page.section("Stereo", &width(&spectra));
    }
    page.section("What services will do to it", &services::table(&report.after));
    page.section("The files", &files(report));
    page.finish()
}

/// The page of a track that was only listened to.
pub fn analysis_page(report: &AnalysisReport) -> String {
    let mut page = Page::new(&format!("{}: the mix", file_name(&report.source.input)), &report.version);
    let loudness_now = number(report.before.integrated_lufs, 1);
    page.header(&report.source, &format!("<p class=\"verdict\">{loudness_now} LUFS. Nothing was changed.</p>"));
    page.section("The mix", &pictures::one_waveform(&report.waveform, report.source.duration_s));
    page.add(&numbers(&[("Mix", &report.before)]));
    page.section("Notes on the mix", &notes(&report.observations));
    let course = [("Mix", "mix", &report.loudness_over_time)];
    page.section("Loudness over time", &loudness(&course, None, report.source.duration_s));
    let spectra = [("Mix", "mix", &report.spectrum)];
    page.section("Tone", &spectrum(&spectra));
    if report.source.channels == 2 {
        page.section("Stereo", &width(&spectra));
    }
    page.section("What services would do to it as it is", &services::table(&report.before));
    page.finish()
}

struct Page {
    html: String,
    version: String,
}

impl Page {
    fn new(title: &str, version: &str) -> Self {
        let title = escape(title);
        let html = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n"
        );
        Self { html, version: version.to_owned() }
    }

    fn header(&mut self, source: &Input, verdict: &str) {
        let channels = if source.channels == 1 { "mono" } else { "stereo" };
        let rate_khz = f64::from(source.rate_hz) / 1000.0;
        let what = format!("{} · {rate_khz} kHz · {channels} · {}", source.format, clock(source.duration_s));
        self.add(&format!(
            "<header>\n<h1>{}</h1>\n<p class=\"soft\">{}</p>\n{verdict}\n</header>\n",
            escape(file_name(&source.input)),
            escape(&what)
        ));
    }

    fn section(&mut self, heading: &str, body: &str) {
        self.add(&format!("<h2>{}</h2>\n{body}", escape(heading)));
    }

    fn add(&mut self, html: &str) {
        self.html.push_str(html);
    }

    fn finish(mut self) -> String {
        let how = "Loudness after ITU-R BS.1770-5 and EBU Tech 3341 and 3342, true peak by a panel of meters. A master is \
                   measured in the file that was written, decoded again.";
        let by = escape(&format!("Balanced Mastering {}", self.version));
        self.add(&format!("</main>\n<footer>\n<p>{how}</p>\n<p>{by}</p>\n</footer>\n</body>\n</html>\n"));
        self.html
    }
}

fn verdict(report: &Report) -> String {
    let (target, ceiling) = (number(report.target_lufs, 1), number(report.ceiling_dbtp, 1));
    match &report.reason {
        None => format!("<p class=\"verdict\">On target: {target} LUFS, nowhere above {ceiling} dBTP.</p>"),
        Some(reason) => {
            format!("<p class=\"verdict missed\">Not at {target} LUFS: {}.</p>", escape(reason.trim_end_matches('.')))
        }
    }
}

fn numbers(columns: &[(&str, &Measurement)]) -> String {
    let mut html = String::from(
        "<div class=\"wide\" tabindex=\"0\" role=\"group\" aria-label=\"Measurements\"><table>\n<thead><tr><th scope=\"col\">Measured</th>",
    );
    for (name, _) in columns {
        let _ = write!(html, "<th scope=\"col\" class=\"n\">{name}</th>");
    }
    if columns.len() == 2 {
        html.push_str("<th scope=\"col\" class=\"n\">Change</th>");
    }
    html.push_str("<th scope=\"col\">Unit</th></tr></thead>\n<tbody>\n");
    for (name, unit, value) in FIGURES {
        let decimals = if unit.is_empty() { 2 } else { 1 };
        let _ = write!(html, "<tr><th scope=\"row\">{name}</th>");
        for (_, measurement) in columns {
            let _ = write!(html, "<td class=\"n\">{}</td>", number(value(measurement), decimals));
        }
        if let [(_, before), (_, after)] = columns {
            let _ = write!(html, "<td class=\"n soft\">{}</td>", signed(value(after) - value(before), decimals));
        }
        let _ = writeln!(html, "<td class=\"soft\">{unit}</td></tr>");
    }
    html + "</tbody></table></div>\n"
}

fn sentences(sentences: &[String]) -> String {
    let mut html = String::from("<ul>\n");
    for sentence in sentences {
        let _ = writeln!(html, "<li>{}</li>", escape(sentence));
    }
    html + "</ul>\n"
}

fn notes(observations: &[Observation]) -> String {
    if observations.is_empty() {
        return "<p>Nothing was found that should be mended first: no clipping, hum, phase or source trouble.</p>\n"
            .to_owned();
    }
    let mut html = String::from("<dl class=\"notes\">\n");
    for note in observations {
        let (class, mark) = match note.weight {
            Weight::Warning => ("warning", "Worth mending"),
            Weight::Note => ("note", "Good to know"),
        };
        let title = escape(note.kind.title());
        let _ = writeln!(html, "<dt class=\"{class}\">{title} <span class=\"mark\">{mark}</span></dt>");
        let _ = writeln!(html, "<dd><p>{}</p>", escape(&note.words));
        if !note.places.is_empty() {
            let list: Vec<String> = note.places.iter().map(|place| stretch(place.from_s, place.to_s)).collect();
            let more = note.places_in_all.saturating_sub(note.places.len());
            let more = if more > 0 { format!(", and {more} more") } else { String::new() };
            let _ = writeln!(html, "<p class=\"places\">At {}{more}.</p>", list.join(", "));
        }
        let _ = writeln!(
            html,
            "<p class=\"soft\">Measured {}, noted from {} {}. {}.</p></dd>",
            number(note.measured, 1),
            number(note.threshold, 1),
            escape(&note.unit),
            escape(&note.source)
        );
    }
    html + "</dl>\n"
}

fn stretch(from_s: f64, to_s: f64) -> String {
    if to_s - from_s < 1.0 { clock(from_s) } else { format!("{} to {}", clock(from_s), clock(to_s)) }
}

fn files(report: &Report) -> String {
    let mut html = String::from(
        "<div class=\"wide\" tabindex=\"0\" role=\"group\" aria-label=\"Files\"><table>\n<thead><tr><th scope=\"col\">File</th><th scope=\"col\">As</th>\
         <th scope=\"col\" class=\"n\">LUFS</th><th scope=\"col\" class=\"n\">dBTP</th>\
         <th scope=\"col\" class=\"n\">MB</th></tr></thead>\n<tbody>\n",
    );
    for file in &report.outputs {
        let _ = writeln!(
            html,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
            escape(file_name(&file.path)),
            escape(&file.encoding.to_string()),
            number(file.after.integrated_lufs, 1),
            number(file.after.true_peak_dbtp, 1),
            number(file.bytes as f64 / 1e6, 1)
        );
    }
    html.push_str("</tbody></table></div>\n");
    let name = |encoding: Encoding| encoding.lossy().map_or_else(|| encoding.name(), spoken);
    let noted =
        report.outputs.iter().filter_map(|file| Some(format!("{}: {}", name(file.encoding), file.note.as_ref()?)));
    let missing = report.not_made.iter();
    let missing = missing.map(|file| format!("{} could not be made: {}.", name(file.encoding), file.reason));
    let told: Vec<String> = noted.chain(missing).collect();
    if told.is_empty() { html } else { html + &sentences(&told) }
}

#[cfg(test)]
mod tests;
