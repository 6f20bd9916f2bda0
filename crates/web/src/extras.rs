//! Files beside those that are always made of a master: what is offered, and in which words.
//!
//! Not here: what can be made on this machine (the site is told that), and how (that is `worker`).

use std::collections::BTreeSet;

use domain::{Extra, OutputKind};

/// One kind of file on the form.
pub(crate) struct Offer {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) why: &'static str,
    pub(crate) chosen: bool,
}

/// What can be made here, each with whether it was chosen.
pub(crate) fn offers(makeable: &BTreeSet<Extra>, chosen: &BTreeSet<Extra>) -> Vec<Offer> {
    let offer = |extra: &Extra| {
        let (name, why) = words(*extra);
        Offer { id: extra.id(), name, why, chosen: chosen.contains(extra) }
    };
    makeable.iter().map(offer).collect()
}

/// Its name, and what it is good for.
pub(crate) fn words(extra: Extra) -> (&'static str, &'static str) {
    match extra {
        Extra::Aiff => ("AIFF 24 bit", "as good as WAV, with tags that players read"),
        Extra::Mp3 => ("MP3 320", "plays everywhere: for promos, blogs and DJs"),
        Extra::Aac => ("AAC 256", "what Apple devices sell and play"),
        Extra::Opus => ("Opus 192", "small and good: for the web and messengers"),
        Extra::Vorbis => ("Ogg Vorbis 256", "for games and open players"),
    }
}

/// The kind of file as a report names its encoding: `opus-192`.
pub(crate) fn of_encoding(encoding: &str) -> Option<Extra> {
    Extra::of_id(encoding.split('-').next().unwrap_or_default())
}

/// As what browsers are to take it.
pub(crate) fn media_type(kind: OutputKind) -> &'static str {
    match kind {
        OutputKind::Wav16 | OutputKind::Wav24 => "audio/wav",
        OutputKind::Flac24 | OutputKind::Preview | OutputKind::ListeningCopy => "audio/flac",
        OutputKind::Aiff24 => "audio/aiff",
        OutputKind::Mp3 => "audio/mpeg",
        OutputKind::Aac => "audio/mp4",
        OutputKind::Opus | OutputKind::Vorbis => "audio/ogg",
        OutputKind::Report => "application/json",
        OutputKind::ReportPage => "text/html; charset=utf-8",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_made_is_offered_and_what_was_chosen_stays_so() {
        let offered = offers(&[Extra::Opus, Extra::Aiff].into(), &[Extra::Opus, Extra::Aac].into());
        let told: Vec<_> = offered.iter().map(|offer| (offer.id, offer.chosen)).collect();
        assert_eq!(told, [("aiff", false), ("opus", true)]);
    }

    #[test]
    fn a_report_and_a_form_speak_of_the_same_files() {
        assert_eq!(of_encoding("mp3-320"), Some(Extra::Mp3));
        assert_eq!(of_encoding("aiff-24"), Some(Extra::Aiff));
        assert_eq!(of_encoding("wav-24"), None);
    }
}
