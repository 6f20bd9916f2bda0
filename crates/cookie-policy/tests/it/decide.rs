//! What counts as agreed to, and for how long.

use crate::common::{DNT, GPC, NOW, QUIET, SITE, agreed, day, key, visitor};
use cookie_policy::{
    Answer, Consent, CookieConsent, Decision, Ground, Life, MustAsk, Reason, Refused, Registry, Standing, Told,
    declare, registry,
};
use proptest::prelude::*;

const ESSENTIAL: [&str; 5] = ["cookie-consent", "session-id", "auth-token", "csrf-token", "__stripe_mid"];

fn standing(consent: &Consent, name: &str) -> Standing {
    consent.standing(SITE.find(name).expect("declared"))
}

#[test]
fn before_any_choice_only_essential_items_are_agreed_to() {
    let consent = visitor(None, QUIET);
    assert_eq!(agreed(&consent), ESSENTIAL);
    assert_eq!(consent.must_ask(), Some(MustAsk::NoDecision));
}

#[test]
fn block_all_leaves_nothing_but_its_own_memory() {
    let consent = visitor(None, QUIET);
    assert_eq!(agreed(&consent.with(Some(consent.block_all()))), ["cookie-consent"]);
}

#[test]
fn accept_all_covers_everything_that_is_listed() {
    let consent = visitor(None, QUIET);
    let after = consent.with(Some(consent.accept_all()));
    assert_eq!(agreed(&after).len(), SITE.items().len());
    assert_eq!(after.must_ask(), None);
}

#[test]
fn a_signal_beats_accept_all_whether_it_came_before_or_after() {
    for signal in [DNT, GPC] {
        let told = visitor(None, signal);
        let before = visitor(Some(told.accept_all()), QUIET);
        let after = visitor(Some(visitor(None, QUIET).accept_all()), signal);
        for consent in [before, after] {
            assert_eq!(standing(&consent, "_ga"), Standing::Withheld(Reason::Signal));
            assert_eq!(standing(&consent, "usage-stats"), Standing::Withheld(Reason::Signal));
            assert_eq!(standing(&consent, "theme-mode"), Standing::Agreed(Ground::AcceptedAll));
        }
    }
}

#[test]
fn a_later_yes_to_one_named_cookie_beats_the_signal_once_the_visitor_was_told() {
    let consent = visitor(Some(visitor(None, QUIET).accept_all()), GPC);
    let refused = consent.answer("usage-stats", Answer::Allow, Told::Nothing);
    assert_eq!(refused, Err(Refused::SignalNotTold("usage-stats")));

    let after = consent.with(consent.answer("usage-stats", Answer::Allow, Told::OfSignal).ok());
    assert_eq!(standing(&after, "usage-stats"), Standing::Agreed(Ground::NamedDespiteSignal));
    assert_eq!(standing(&after, "_ga"), Standing::Withheld(Reason::Signal));
}

#[test]
fn an_earlier_yes_does_not_beat_a_signal_that_came_later() {
    let quiet = visitor(None, QUIET);
    let decision = quiet.selective(["_ga"], Told::OfSignal).unwrap();
    assert_eq!(standing(&visitor(Some(decision.clone()), QUIET), "_ga"), Standing::Agreed(Ground::Named));
    assert_eq!(standing(&visitor(Some(decision), DNT), "_ga"), Standing::Withheld(Reason::Signal));
}

#[test]
fn selective_covers_what_is_named_and_the_essential_ones() {
    let consent = visitor(None, QUIET);
    let after = consent.with(consent.selective(["theme-mode", "session-id", "upload-draft"], Told::Nothing).ok());
    let mut expected = ESSENTIAL.to_vec();
    expected.extend(["theme-mode", "upload-draft"]);
    assert_eq!(agreed(&after).into_iter().collect::<std::collections::BTreeSet<_>>(), expected.into_iter().collect());
    let unknown = consent.selective(["tracker"], Told::Nothing);
    assert_eq!(unknown, Err(Refused::Undeclared("tracker".into())));
}

#[test]
fn whoever_wants_to_be_asked_is_asked_for_each_item_and_not_now_holds_for_a_week() {
    let consent = visitor(Some(visitor(None, QUIET).prompt()), QUIET);
    assert_eq!(standing(&consent, "theme-mode"), Standing::Withheld(Reason::Unanswered));
    for (answer, expected) in [
        (Answer::Allow, Standing::Agreed(Ground::Named)),
        (Answer::NotNow, Standing::Withheld(Reason::NotNow)),
        (Answer::Never, Standing::Withheld(Reason::Never)),
    ] {
        let decision = consent.answer("theme-mode", answer, Told::Nothing).unwrap();
        let after = consent.with(Some(decision.clone()));
        assert_eq!(standing(&after, "theme-mode"), expected);
        assert_eq!(standing(&after, "user-preferences"), Standing::Withheld(Reason::Unanswered));
        let next_week = Consent::new(&SITE, Some(decision), QUIET, day(7));
        let later = if answer == Answer::NotNow { Standing::Withheld(Reason::Unanswered) } else { expected };
        assert_eq!(standing(&next_week, "theme-mode"), later);
    }
}

#[test]
fn essential_items_are_not_asked_for_one_by_one() {
    let consent = visitor(None, QUIET);
    let refused = consent.answer("session-id", Answer::Never, Told::Nothing);
    assert_eq!(refused, Err(Refused::Essential("session-id")));
    assert!(consent.question("session-id").is_none());
}

#[test]
fn withdrawing_takes_one_decision_and_leaves_no_earlier_yes() {
    let consent = visitor(None, QUIET);
    let yes = consent.with(consent.selective(["_ga", "theme-mode"], Told::Nothing).ok());
    assert_eq!(agreed(&yes.with(Some(yes.essential_only()))), ESSENTIAL);
}

#[test]
fn a_decision_is_remembered_for_180_days() {
    let decision = visitor(None, QUIET).accept_all();
    let on = |offset| Consent::new(&SITE, Some(decision.clone()), QUIET, day(offset));
    assert_eq!(on(180).must_ask(), None);
    assert_eq!(on(181).must_ask(), Some(MustAsk::NoDecision));
    assert_eq!(agreed(&on(181)), ESSENTIAL);
    assert_eq!(on(-1).must_ask(), None, "clocks differ by a little");
    assert_eq!(on(-2).must_ask(), Some(MustAsk::NoDecision), "nobody decides in the future");
}

declare! {
    cookie Theme = "theme-mode" in Functional { purposes: &["preferences"], life: Life::days(90) }
    cookie ThemeLonger = "theme-mode" in Functional { purposes: &["preferences"], life: Life::days(120), since: 2 }
    cookie Preferences = "user-preferences" in Functional { purposes: &["preferences"], life: Life::days(30) }
    cookie Cart = "cart" in Essential { purposes: &["payment"], since: 3 }
}
static V1: Registry = registry! { version: 1, date: "2026-01-01", items: [CookieConsent, Theme, Preferences] };
static V2: Registry = registry! { version: 2, date: "2026-02-01", items: [Preferences, ThemeLonger, CookieConsent] };
static V3: Registry =
    registry! { version: 3, date: "2026-03-01", items: [Preferences, ThemeLonger, CookieConsent, Cart] };
static V4: Registry = registry! { version: 4, date: "2026-04-01", items: [Preferences, CookieConsent] };

#[test]
fn after_a_significant_change_the_visitor_is_asked_again_and_an_old_yes_covers_only_what_stayed() {
    let v1 = Consent::new(&V1, None, QUIET, day(0));
    for decision in [v1.accept_all(), v1.selective(["theme-mode", "user-preferences"], Told::Nothing).unwrap()] {
        let text = decision.to_cookie_value(&key());
        let decision = Decision::from_cookie_value(text.as_bytes(), &V2, &key());
        let v2 = Consent::new(&V2, decision, QUIET, day(1));
        assert_eq!(v2.must_ask(), Some(MustAsk::PolicyChanged { seen: 1 }));
        assert_eq!(agreed(&v2), ["user-preferences", "cookie-consent"]);
        let again = v2.with(Some(v2.accept_all()));
        assert_eq!(again.must_ask(), None);
        assert_eq!(agreed(&again), ["user-preferences", "theme-mode", "cookie-consent"]);
    }
}

#[test]
fn an_old_block_all_still_blocks_a_new_essential_cookie() {
    let decision = Consent::new(&V2, None, QUIET, day(0)).block_all();
    let v3 = Consent::new(&V3, Some(decision), QUIET, day(1));
    assert_eq!(agreed(&v3), ["cookie-consent"]);
    assert_eq!(v3.must_ask(), Some(MustAsk::PolicyChanged { seen: 2 }));
}

#[test]
fn an_item_that_was_removed_asks_nobody_anything() {
    let decision = Consent::new(&V2, None, QUIET, day(0)).selective(["theme-mode"], Told::Nothing).unwrap();
    let text = decision.to_cookie_value(&key());
    let decision = Decision::from_cookie_value(text.as_bytes(), &V4, &key());
    let v4 = Consent::new(&V4, decision, QUIET, day(1));
    assert_eq!((v4.must_ask(), agreed(&v4)), (None, vec!["cookie-consent"]));
}

#[test]
fn the_consent_cookie_holds_no_identifier() {
    let visitors = [NOW, NOW + time::Duration::hours(9)].map(|now| Consent::new(&SITE, None, GPC, now.date()));
    let [a, b] = visitors.map(|visitor| visitor.selective(["_ga"], Told::OfSignal).unwrap().to_cookie_value(&key()));
    assert_eq!(a, b, "two visitors who choose alike on one day hold the same bytes");
}

#[derive(Clone, Debug)]
enum Step {
    AcceptAll,
    BlockAll,
    Prompt,
    Selective(Vec<usize>, bool),
    Answer(usize, u8, bool),
}

fn steps() -> impl Strategy<Value = Vec<(Step, u8)>> {
    let step = prop_oneof![
        Just(Step::AcceptAll),
        Just(Step::BlockAll),
        Just(Step::Prompt),
        (proptest::collection::vec(0..11_usize, 0..6), any::<bool>()).prop_map(|(n, told)| Step::Selective(n, told)),
        (0..11_usize, 0..3_u8, any::<bool>()).prop_map(|(item, answer, told)| Step::Answer(item, answer, told)),
    ];
    proptest::collection::vec((step, 0..4_u8), 0..8)
}

fn signal(bits: u8) -> cookie_policy::Signal {
    cookie_policy::Signal { dnt: bits & 1 != 0, gpc: bits & 2 != 0 }
}

/// Lives through the steps; the last one's signal stays on. Also says for which items a yes was given after being told.
fn live(steps: &[(Step, u8)]) -> (Consent, Vec<&'static str>) {
    let mut consent = visitor(None, QUIET);
    let mut overridden = Vec::new();
    for (step, bits) in steps {
        consent = visitor(consent.decision().cloned(), signal(*bits));
        let told = |told: bool| if told { Told::OfSignal } else { Told::Nothing };
        let decision = match step {
            Step::AcceptAll => Ok(consent.accept_all()),
            Step::BlockAll => Ok(consent.block_all()),
            Step::Prompt => Ok(consent.prompt()),
            Step::Selective(items, t) => consent.selective(items.iter().map(|&i| SITE.items()[i].name), told(*t)),
            Step::Answer(item, answer, t) => {
                let answer = [Answer::Allow, Answer::NotNow, Answer::Never][usize::from(*answer)];
                consent.answer(SITE.items()[*item].name, answer, told(*t))
            }
        };
        let Ok(decision) = decision else { continue };
        let all = SITE.items().iter().map(|item| item.name);
        match step {
            Step::Answer(item, answer, t) => {
                overridden.retain(|&name| name != SITE.items()[*item].name);
                if *answer == 0 && *t && *bits != 0 {
                    overridden.push(SITE.items()[*item].name);
                }
            }
            Step::Selective(items, true) if *bits != 0 => {
                overridden = all.enumerate().filter(|(i, _)| items.contains(i)).map(|(_, name)| name).collect();
            }
            _ => overridden.clear(),
        }
        consent = consent.with(Some(decision));
    }
    (consent, overridden)
}

proptest! {
    #[test]
    fn no_analytics_under_a_signal_without_a_yes_given_after_being_told(steps in steps(), bits in 1..4_u8) {
        let (consent, overridden) = live(&steps);
        let consent = visitor(consent.decision().cloned(), signal(bits));
        for name in ["_ga", "usage-stats"] {
            prop_assert_eq!(standing(&consent, name).is_agreed(), overridden.contains(&name));
        }
    }

    #[test]
    fn no_decision_withholds_the_consent_cookie_and_none_splits_the_essential_ones(steps in steps()) {
        let (consent, _) = live(&steps);
        prop_assert!(standing(&consent, "cookie-consent").is_agreed());
        let essential = ESSENTIAL[1..].iter().filter(|name| standing(&consent, name).is_agreed()).count();
        prop_assert!(essential == 0 || essential == ESSENTIAL.len() - 1);
    }

    #[test]
    fn a_decision_survives_the_cookie(steps in steps()) {
        let (consent, _) = live(&steps);
        if let Some(decision) = consent.decision() {
            let text = decision.to_cookie_value(&key());
            prop_assert!(text.len() < 1024);
            let read = Decision::from_cookie_value(text.as_bytes(), &SITE, &key());
            prop_assert_eq!(read.as_ref(), Some(decision));
        }
    }

    #[test]
    fn a_forged_or_foreign_cookie_is_no_decision(steps in steps(), at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let (consent, _) = live(&steps);
        if let Some(decision) = consent.decision() {
            let mut text = decision.to_cookie_value(&key()).into_bytes();
            let foreign = cookie_policy::Key::new(&[8; 32]).unwrap();
            prop_assert_eq!(Decision::from_cookie_value(&text, &SITE, &foreign), None);
            let at = at.index(text.len());
            text[at] ^= 1 << bit;
            prop_assert_eq!(Decision::from_cookie_value(&text, &SITE, &key()), None);
        }
    }

    #[test]
    fn no_text_crashes_the_reader(text in proptest::collection::vec(any::<u8>(), 0..2000)) {
        prop_assert_eq!(Decision::from_cookie_value(&text, &SITE, &key()), None);
    }
}
