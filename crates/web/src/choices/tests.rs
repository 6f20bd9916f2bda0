//! What the form offers is what it understands, and it says what is wrong.

use super::*;

fn form(loudness: &str, lufs: &str, ceiling: &str) -> Form {
    let mut form = Form { loudness: loudness.into(), lufs: lufs.into(), ..Form::default() };
    form.set("ceiling", ceiling.to_owned());
    form
}

#[test]
fn a_number_is_reached_exactly_however_it_is_typed() {
    for text in ["-9.5", " -9,5 ", "\u{2212}9.5"] {
        let settings = form(NUMBER, text, "").parse().expect("a loudness");
        assert_eq!(settings.loudness, Loudness::Exact(TargetLufs::try_from(-9.5).expect("in range")));
        assert_eq!(settings.ceiling_dbtp, None);
    }
}

#[test]
fn what_is_wrong_with_a_field_is_said_with_the_range_that_would_do() {
    let wrong = |loudness, lufs, ceiling| form(loudness, lufs, ceiling).parse().expect_err("wrong");
    assert!(wrong(NUMBER, "loud", "").contains("loud"));
    assert!(wrong(NUMBER, "3", "").contains("\u{2212}40 to \u{2212}4 LUFS"));
    assert!(wrong(NUMBER, "-14", "1").contains("\u{2212}12 to 0 dBTP"));
    assert!(wrong(NUMBER, "NaN", "").contains("NaN"));
    assert!(wrong("no-such-place", "-14", "").contains("Choose where"));
}

#[test]
fn what_the_sound_controls_say_is_what_the_engine_is_asked_for() {
    let mut sent = Form::default();
    assert_eq!(sent.parse().expect("as it comes").sound, Sound::default());
    assert!(!sent.more_open());
    for (name, value) in
        [("style", "warm"), ("intensity", "50"), ("low", "\u{2212}1,5"), ("high", "2"), ("width", ""), ("mid", " ")]
    {
        sent.set(name, value.to_owned());
    }
    assert!(sent.more_open());
    let settings = sent.parse().expect("a sound");
    let wanted =
        SoundWish { style: Style::Warm, intensity_percent: 50.0, low_db: -1.5, high_db: 2.0, ..SoundWish::default() };
    assert_eq!(*settings.sound.controls(), wanted);
    assert!(asked(&settings).ends_with("Warm."));
    for (name, value, said) in [
        ("style", "loud", "Choose one of the styles"),
        ("intensity", "101", "intensity: choose a number from 0 to 100 %"),
        ("low", "much", "\u{201c}much\u{201d} will not do for bass"),
        ("mid", "-7", "mids: choose a number from \u{2212}6 to 6 dB"),
        ("width", "200", "from 0 to 150 %"),
        ("balance", "7", "from \u{2212}6 to 6 dB"),
        ("dynamics", "-1", "from 0 to 200 %"),
        ("saturation", "101", "from 0 to 100 %"),
    ] {
        let mut wrong = Form::default();
        wrong.set(name, value.to_owned());
        let told = wrong.parse().expect_err("wrong");
        assert!(told.contains(said), "{told}");
    }
}

#[test]
fn another_version_starts_from_what_the_last_one_was_asked_for() {
    for (loudness, destination) in [("club", ""), (ELSEWHERE, "ebu-r128"), (NUMBER, "")] {
        let mut sent = form(loudness, "-9.5", "-2");
        for (name, value) in [
            ("destination", destination),
            ("style", "open"),
            ("low", "1.5"),
            ("width", "90"),
            ("extra", "opus"),
            ("extra", "mp3"),
            ("extra", "opus"),
        ] {
            sent.set(name, value.to_owned());
        }
        let settings = sent.parse().expect("a wish");
        assert_eq!(settings.extras, [Extra::Mp3, Extra::Opus].into());
        assert!(asked(&settings).ends_with("Open. Also as MP3 320, Opus 192."), "{}", asked(&settings));
        assert_eq!(Form::of(&settings).parse().expect("the same wish"), settings);
    }
    let mut wrong = Form::default();
    wrong.set("extra", "midi".to_owned());
    assert!(wrong.parse().expect_err("no such file").contains("\u{201c}midi\u{201d}"));
}

#[test]
fn what_is_taken_from_a_reference_is_what_is_ticked_and_no_loudness_is_asked_for_twice() {
    let ticked = |values: &[&str], loudness: &str| {
        let mut sent = form(loudness, "-9", "");
        for value in values {
            sent.set("match", (*value).to_owned());
        }
        sent
    };
    let usual = ticked(&[], "club").parse_matching().expect("a wish").matching;
    assert_eq!(usual, Some(Matching { tone: true, width: true, ..Matching::default() }));
    let some = ticked(&["", "loudness"], "club").parse_matching().expect("a wish");
    assert_eq!(some.matching, Some(Matching { loudness: true, ..Matching::default() }));
    assert_eq!(Form::of(&some).parse_matching().expect("the same wish"), some);
    assert_eq!(ticked(&[""], "club").parse_matching().expect("a wish").matching, None);
    assert!(ticked(&["", "loudness"], NUMBER).parse_matching().expect_err("twice").contains("choose one"));
    assert_eq!(
        ticked(&["tone"], "club").parse().expect("a wish").matching,
        None,
        "without a reference there is nothing to take"
    );
}

#[test]
fn the_form_starts_where_the_visitor_set_it_to() {
    let warm = Preferences { style: Style::Warm, ..Preferences::default() };
    assert_eq!(Form::starting(&warm).parse().expect("sendable").sound.controls().style, Style::Warm);
    for word in ["apple-music", "ebu-r128", "-11.5"] {
        let preferences = Preferences { start: Start::of_word(word), ..Preferences::default() };
        let settings = Form::starting(&preferences).parse().expect("a form that can be sent");
        let starts = match settings.loudness {
            Loudness::Preset(preset) => preset.as_str().to_owned(),
            Loudness::Exact(target) => target.lufs().to_string(),
            Loudness::Automatic => String::new(),
        };
        assert_eq!(starts, word);
    }
}

#[test]
fn untouched_controls_stand_where_the_engine_stands() {
    let untouched = Form::default().parse().expect("a form that can be sent");
    let emptied = Form { controls: CONTROLS.map(|_| String::new()), ..Form::default() };
    assert_eq!(untouched, emptied.parse().expect("a form that can be sent"));
}

#[test]
fn the_form_as_first_shown_is_a_form_that_can_be_sent() {
    assert!(Form::default().parse().is_ok());
}

#[test]
fn every_destination_that_is_offered_is_understood() {
    assert_eq!(cards().len(), CARDS.len());
    assert_eq!(cards().len() + elsewhere().len(), PRESETS.len());
    for card in cards() {
        let settings = form(card.id, "", "-2").parse().expect("offered");
        assert!(asked(&settings).contains(card.name));
    }
    for card in elsewhere() {
        let mut form = form(ELSEWHERE, "", "");
        form.set("destination", card.id.to_owned());
        assert!(asked(&form.parse().expect("offered")).contains(card.name));
    }
}
