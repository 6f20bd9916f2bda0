//! The policy for machines: `/.well-known/cookie-policy.json`, described by the committed JSON schema.

use serde::{Deserialize, Serialize};

use crate::declare::{
    Access, BROWSER_CAP_S, Category, Declaration, Kind, Life, MEMORY_DAYS, Party, Registry, SameSite,
};

/// The JSON schema (draft 2020-12) of [`PolicyDocument`].
pub const SCHEMA: &str = include_str!("../../schema/cookie-policy.schema.json");

/// The policy at one version. Kept by the site for each version, so that [`diff`](super::diff) can tell what changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyDocument {
    /// The format's version: 1.
    pub format: u16,
    /// The policy's version.
    pub version: u16,
    /// The day on which it took effect, `YYYY-MM-DD`.
    pub date: String,
    /// [`Registry::hash`].
    pub hash: String,
    /// How long a decision is remembered, in days.
    pub memory_days: u16,
    /// The request headers that mean no to analytics.
    pub signals: Vec<String>,
    /// The items, in the registry's order.
    pub items: Vec<DocumentItem>,
}

/// One cookie or web-storage item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentItem {
    /// The literal name.
    pub name: String,
    /// Where it is kept.
    pub kind: Kind,
    /// Its category.
    pub category: Category,
    /// The keys of its purposes.
    pub purposes: Vec<String>,
    /// How long it stays.
    pub life: Life,
    /// The longest stay that browsers grant, in seconds, where it is shorter than declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub browser_cap_seconds: Option<u32>,
    /// Who stores it, and for whom.
    pub party: DocumentParty,
    /// Whether scripts can read it.
    pub access: Access,
    /// The `SameSite` attribute; cookies only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_site: Option<SameSite>,
    /// The `Path` attribute; cookies only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The policy version in which it became what it is.
    pub since: u16,
}

/// Who stores an item, and for whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
pub enum DocumentParty {
    /// The site, for itself.
    First {},
    /// The site, for a processor.
    Processor {
        /// The processor's name.
        name: String,
    },
    /// Another origin.
    Third {
        /// Its name.
        name: String,
    },
}

impl PolicyDocument {
    /// The document of a registry.
    pub fn of(registry: &Registry) -> Self {
        Self {
            format: 1,
            version: registry.version(),
            date: registry.date().to_owned(),
            hash: registry.hash(),
            memory_days: MEMORY_DAYS,
            signals: vec!["DNT".to_owned(), "Sec-GPC".to_owned()],
            items: registry.items().iter().map(DocumentItem::of).collect(),
        }
    }

    /// The document as JSON text, indented for people.
    ///
    /// # Errors
    /// None that this document can cause; `serde_json` has it in its signature.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self)
    }
}

impl DocumentItem {
    fn of(item: &Declaration) -> Self {
        let Declaration { name, kind, category, spec } = item;
        let cookie = *kind == Kind::Cookie;
        Self {
            name: (*name).to_owned(),
            kind: *kind,
            category: *category,
            purposes: spec.purposes.iter().map(|&purpose| purpose.to_owned()).collect(),
            life: spec.life,
            browser_cap_seconds: spec.life.longest_s().filter(|&s| cookie && s > BROWSER_CAP_S).map(|_| BROWSER_CAP_S),
            party: match spec.party {
                Party::First => DocumentParty::First {},
                Party::Processor(name) => DocumentParty::Processor { name: name.to_owned() },
                Party::Third(name) => DocumentParty::Third { name: name.to_owned() },
            },
            access: spec.access,
            same_site: cookie.then_some(spec.same_site),
            path: cookie.then(|| spec.path.to_owned()),
            since: spec.since,
        }
    }
}
