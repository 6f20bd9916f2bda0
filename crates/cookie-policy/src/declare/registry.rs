//! The declared items of a site, checked while compiling, with a hash that changes when what is declared changes.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::{CONSENT_COOKIE, Declaration, Declared, InCategory, ItemId, Life, Party};

/// The most items that a registry holds, which bounds the length of the consent cookie.
pub const MAX_ITEMS: usize = 64;

/// All cookies and web-storage items of a site, at one version of its policy. Made by
/// [`registry!`](crate::registry!).
#[derive(Debug)]
pub struct Registry {
    version: u16,
    date: &'static str,
    items: &'static [Declaration],
    /// The items' ids in their order, so that no request has to work them out.
    ids: [ItemId; MAX_ITEMS],
}

impl Registry {
    /// What [`registry!`](crate::registry!) calls, in a constant.
    ///
    /// # Panics
    /// Where the items contradict each other. Inside a constant that is a compile error.
    #[doc(hidden)]
    #[must_use]
    pub const fn checked(version: u16, date: &'static str, items: &'static [Declaration]) -> Self {
        assert!(items.len() <= MAX_ITEMS, "a registry holds at most 64 items");
        assert!(is_date(date), "the policy's date is written YYYY-MM-DD");
        let consent = ItemId::of(CONSENT_COOKIE).0;
        let mut has_consent = false;
        let mut ids = [ItemId(0); MAX_ITEMS];
        let mut i = 0;
        while i < items.len() {
            let item = &items[i];
            assert!(is_token(item.name), "a name is 1 to 64 characters of a-z, A-Z, 0-9, '-', '_' and '.'");
            assert!(!item.spec.purposes.is_empty(), "an item needs a purpose");
            assert!(
                item.spec.since >= 1 && item.spec.since <= version,
                "`since` lies between 1 and the policy's version"
            );
            assert!(is_path(item.spec.path), "a path starts with '/' and has neither ';' nor control characters");
            if let Life::Persistent { seconds } | Life::SessionOr { seconds } = item.spec.life {
                assert!(seconds > 0, "a persistent item needs a life");
            }
            ids[i] = ItemId::of(item.name);
            let id = ids[i].0;
            if id == consent {
                has_consent = true;
            }
            let mut j = 0;
            while j < i {
                assert!(id != ids[j].0, "two items in the registry have one name");
                j += 1;
            }
            i += 1;
        }
        assert!(has_consent, "the registry lists `CookieConsent`, the cookie that remembers a refusal");
        Self { version, date, items, ids }
    }

    /// The policy's version; 1 is the first.
    pub const fn version(&self) -> u16 {
        self.version
    }

    /// The day on which this version took effect, `YYYY-MM-DD`.
    pub const fn date(&self) -> &'static str {
        self.date
    }

    /// The items in the order in which they were listed.
    pub const fn items(&self) -> &'static [Declaration] {
        self.items
    }

    /// The item of this name.
    pub fn find(&self, name: &str) -> Option<&'static Declaration> {
        self.position(name.as_bytes()).map(|i| &self.items[i])
    }

    pub(crate) fn position(&self, name: &[u8]) -> Option<usize> {
        self.items.iter().position(|item| item.name.as_bytes() == name)
    }

    pub(crate) fn by_id(&self, id: ItemId) -> Option<&'static Declaration> {
        self.ids.iter().zip(self.items).find_map(|(own, item)| (*own == id).then_some(item))
    }

    /// What is declared, as text: a line for each item, sorted by name, independent of the order of listing. Version,
    /// date and `since` are not in it, so that the same promises have the same hash.
    pub fn canonical(&self) -> String {
        let mut items: Vec<_> = self.items.iter().collect();
        items.sort_by_key(|item| item.name);
        let mut text = String::from("cookie-policy registry 1\n");
        for Declaration { name, kind, category, spec } in items {
            let life = spec.life;
            let party = match spec.party {
                Party::First => "first".to_owned(),
                Party::Processor(who) => format!("first for {who}"),
                Party::Third(who) => format!("third {who}"),
            };
            let (category, purposes) = (category.as_str(), spec.purposes.join(","));
            let (access, same_site, path) = (spec.access, spec.same_site.as_str(), spec.path);
            writeln!(
                text,
                "{name}\t{kind:?}\t{category}\t{purposes}\t{life}\t{party}\t{access:?}\t{same_site}\t{path}"
            )
            .expect("writing to a string does not fail");
        }
        text
    }

    /// SHA-256 of [`canonical`](Self::canonical), in lower-case hexadecimal digits. A site locks it to the version in a
    /// test, so that nobody changes a promise without a new version.
    pub fn hash(&self) -> String {
        hex(&Sha256::digest(self.canonical().as_bytes()))
    }
}

/// An item's declaration, for [`registry!`](crate::registry!).
///
/// # Panics
/// Where the declaration's category is not that of its type. Inside a constant that is a compile error.
#[doc(hidden)]
#[must_use]
pub const fn entry<D: Declared>() -> Declaration {
    let declaration = D::DECLARATION;
    let declared = declaration.category as u8;
    assert!(declared == <D::Category as InCategory>::CATEGORY as u8, "an item has the category of its type");
    declaration
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string does not fail");
        text
    })
}

const fn is_token(name: &str) -> bool {
    let bytes = name.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        if !(bytes[i].is_ascii_alphanumeric() || matches!(bytes[i], b'-' | b'_' | b'.')) {
            return false;
        }
        i += 1;
    }
    !bytes.is_empty() && bytes.len() <= 64
}

const fn is_path(path: &str) -> bool {
    let bytes = path.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        if !bytes[i].is_ascii_graphic() || bytes[i] == b';' {
            return false;
        }
        i += 1;
    }
    !bytes.is_empty() && bytes[0] == b'/'
}

const fn is_date(date: &str) -> bool {
    let bytes = date.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        let fits = if i == 4 || i == 7 { bytes[i] == b'-' } else { bytes[i].is_ascii_digit() };
        if !fits {
            return false;
        }
        i += 1;
    }
    bytes.len() == 10
}
