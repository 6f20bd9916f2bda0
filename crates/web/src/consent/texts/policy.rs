//! What the policy page says, as a structure: the eight sections of the founding text, its note and its contact.
//!
//! Not here: names, lives and purposes of cookies, which the page takes from the registry.

use crate::consent::purposes::Area;

/// The policy page in one language.
pub(crate) struct Policy {
    pub(crate) title: &'static str,
    pub(crate) lead: &'static str,
    /// With version and date.
    pub(crate) version: &'static str,
    pub(crate) contents: &'static str,
    /// 1. What cookies are.
    pub(crate) what: Section,
    /// 2. The tables.
    pub(crate) types: Section,
    pub(crate) columns: Columns,
    /// 3. The purposes.
    pub(crate) purposes: Section,
    pub(crate) groups: [Group; 3],
    /// Before the items that serve a purpose.
    pub(crate) kept_in: &'static str,
    /// Where nothing does.
    pub(crate) nothing_stored: &'static str,
    /// 4. Third parties.
    pub(crate) parties: Section,
    pub(crate) facts: Facts,
    pub(crate) stripe: Card,
    pub(crate) supabase: Card,
    /// What is true of Supabase where it is configured.
    pub(crate) supabase_configured: &'static str,
    pub(crate) google: Card,
    /// What is true of Stripe where something is sold.
    pub(crate) stripe_configured: &'static str,
    /// What is true of Google Analytics where it is configured.
    pub(crate) google_configured: &'static str,
    /// 5. Managing cookies.
    pub(crate) managing: Section,
    pub(crate) browsers_heading: &'static str,
    pub(crate) browsers: &'static [Point],
    pub(crate) controls_heading: &'static str,
    pub(crate) controls: &'static [Point],
    pub(crate) controls_place: &'static str,
    /// 6. Opting out.
    pub(crate) opt_out: Section,
    pub(crate) analytics_heading: &'static str,
    pub(crate) analytics: &'static [Point],
    pub(crate) advertising_heading: &'static str,
    pub(crate) advertising_about: &'static str,
    pub(crate) advertising: &'static [Point],
    /// 7. Retention.
    pub(crate) retention: Section,
    pub(crate) retained: &'static [Point],
    /// 8. Updates.
    pub(crate) updates: Section,
    pub(crate) promises: &'static [&'static str],
    pub(crate) note_heading: &'static str,
    pub(crate) note: &'static str,
    pub(crate) contact_heading: &'static str,
    pub(crate) contact: &'static str,
    /// Where the operator set no address.
    pub(crate) no_contact: &'static str,
    /// With the date.
    pub(crate) last_updated: &'static str,
    pub(crate) machine_readable: &'static str,
}

/// A heading and what stands under it first.
pub(crate) struct Section {
    pub(crate) heading: &'static str,
    pub(crate) text: &'static [&'static str],
}

/// The columns of the tables.
pub(crate) struct Columns {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) life: &'static str,
    pub(crate) whose: &'static str,
    pub(crate) state: &'static str,
}

/// A term, what is said of it, and where to read more.
pub(crate) struct Point {
    pub(crate) term: &'static str,
    pub(crate) text: &'static str,
    pub(crate) link: Option<(&'static str, &'static str)>,
}

impl Point {
    pub(super) const fn new(term: &'static str, text: &'static str) -> Self {
        Self { term, text, link: None }
    }

    /// With an address and its words.
    pub(super) const fn linked(
        term: &'static str,
        text: &'static str,
        href: &'static str,
        words: &'static str,
    ) -> Self {
        Self { term, text, link: Some((href, words)) }
    }
}

/// What each purpose of an area means.
pub(crate) struct Group {
    pub(crate) area: Area,
    pub(crate) heading: &'static str,
    /// In the order of [`Area::purposes`].
    pub(crate) promises: [&'static str; 4],
}

/// The four facts that are told of each third party, and what is true on this site.
pub(crate) struct Facts {
    pub(crate) purpose: &'static str,
    pub(crate) data: &'static str,
    pub(crate) control: &'static str,
    pub(crate) duration: &'static str,
    pub(crate) here: &'static str,
}

/// A third party.
pub(crate) struct Card {
    pub(crate) name: &'static str,
    pub(crate) role: &'static str,
    pub(crate) purpose: &'static str,
    pub(crate) data: &'static str,
    pub(crate) control: &'static str,
    pub(crate) duration: &'static str,
    /// What is true on this site where the operator has not configured it.
    pub(crate) here: &'static str,
    pub(crate) link: (&'static str, &'static str),
}
