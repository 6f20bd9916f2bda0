//! The part of a form in which a musician says what the master shall be: the same for the first version and any other.

use std::collections::BTreeSet;

use domain::{Extra, Style};

use crate::choices::{Card, Form, cards, elsewhere, style_words};
use crate::extras::{Offer, offers};

/// What `wishes.html` shows.
pub(crate) struct Wishes<'a> {
    pub(crate) cards: Vec<Card>,
    pub(crate) elsewhere: Vec<Card>,
    /// Each style: its id, its name and what it does.
    pub(crate) styles: [(&'static str, &'static str, &'static str); Style::ALL.len()],
    pub(crate) offers: Vec<Offer>,
    /// Where the finished track comes from that it shall sound like.
    pub(crate) reference: Reference,
    pub(crate) form: &'a Form,
}

/// Where a reference comes from.
pub(crate) enum Reference {
    /// It may be uploaded with the mix.
    Upload,
    /// It was, under this name.
    Kept(String),
    /// There is none, and it is too late for one.
    None,
}

impl Reference {
    pub(crate) fn is_possible(&self) -> bool {
        !matches!(self, Self::None)
    }
}

impl<'a> Wishes<'a> {
    /// The form as it is filled in, with what can be made here.
    pub(crate) fn of(form: &'a Form, makeable: &BTreeSet<Extra>, reference: Reference) -> Self {
        let style = |style: Style| {
            let (name, what) = style_words(style);
            (style.id(), name, what)
        };
        Self {
            cards: cards(),
            elsewhere: elsewhere(),
            styles: Style::ALL.map(style),
            offers: offers(makeable, &form.extras),
            reference,
            form,
        }
    }
}
