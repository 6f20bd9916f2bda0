//! What may be stored on a visitor's device: one type for each cookie and each web-storage item.
//!
//! A declaration is data and nothing else. Whether a visitor agreed is `decide`'s question, whether a response keeps to
//! it is `enforce`'s, and the words for a purpose are the site's, looked up by key.

mod macros;
mod registry;

pub(crate) use registry::hex;
pub use registry::{MAX_ITEMS, Registry, entry};

use serde::{Deserialize, Serialize};

/// Longest life that browsers grant, whatever a server asks for: 400 days (RFC 6265bis, section 5.5).
pub const BROWSER_CAP_S: u32 = 400 * DAY_S;

/// The consent cookie's memory, and the age at which a decision is asked for again (CNIL 2020: about six months).
pub const MEMORY_DAYS: u16 = 180;

/// The name of the cookie that holds the visitor's own decision.
pub const CONSENT_COOKIE: &str = "cookie-consent";

pub(crate) const DAY_S: u32 = 24 * 60 * 60;

/// Why an item exists, in the coarsest terms that the law uses.
///
/// There is none for advertising: what is not listed here cannot be declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// Needed for what the visitor asked for; set without a question, and only once the feature is used.
    Essential,
    /// Remembers what the visitor prefers.
    Functional,
    /// Counts and measures. Off while the browser sends `DNT: 1` or `Sec-GPC: 1`.
    Analytics,
}

impl Category {
    /// All categories, in the order in which a policy page lists them.
    pub const ALL: [Self; 3] = [Self::Essential, Self::Functional, Self::Analytics];

    /// The category's name in canonical text, JSON and text keys.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Essential => "essential",
            Self::Functional => "functional",
            Self::Analytics => "analytics",
        }
    }
}

mod sealed {
    pub trait Sealed {}
}

/// A [`Category`] as a type, so that the compiler can tell a witness of one category from that of another.
pub trait InCategory: sealed::Sealed + 'static {
    /// The category that the type stands for.
    const CATEGORY: Category;
}

macro_rules! category_types {
    ($($(#[$doc:meta])* $name:ident),*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub enum $name {}
        impl sealed::Sealed for $name {}
        impl InCategory for $name {
            const CATEGORY: Category = Category::$name;
        }
    )*};
}

category_types! {
    /// [`Category::Essential`] as a type.
    Essential,
    /// [`Category::Functional`] as a type.
    Functional,
    /// [`Category::Analytics`] as a type.
    Analytics
}

/// How long an item stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Life {
    /// Until the browser closes: neither `Max-Age` nor `Expires`.
    Session,
    /// At most so many seconds.
    Persistent {
        /// Seconds from the moment it is set.
        seconds: u32,
    },
    /// Until the browser closes or, where the visitor asked to be remembered, at most so many seconds.
    SessionOr {
        /// Seconds from the moment it is set, where it is kept.
        seconds: u32,
    },
}

impl Life {
    /// A life of whole days.
    pub const fn days(days: u32) -> Self {
        Self::Persistent { seconds: days * DAY_S }
    }

    /// A life of whole hours.
    pub const fn hours(hours: u32) -> Self {
        Self::Persistent { seconds: hours * 3600 }
    }

    /// The session or, where the visitor asks for it, whole days.
    pub const fn session_or_days(days: u32) -> Self {
        Self::SessionOr { seconds: days * DAY_S }
    }

    /// The longest stay in seconds; `None` ends with the session.
    pub const fn longest_s(self) -> Option<u32> {
        match self {
            Self::Session => None,
            Self::Persistent { seconds } | Self::SessionOr { seconds } => Some(seconds),
        }
    }

    /// Whether the item may end with the session.
    pub const fn may_be_session(self) -> bool {
        matches!(self, Self::Session | Self::SessionOr { .. })
    }
}

/// Who stores the item, and for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Party {
    /// The site itself, for itself.
    First,
    /// The site itself; what is measured with it is passed on to this processor.
    Processor(&'static str),
    /// Another origin. Listed for the visitor; the site can neither set nor delete it.
    Third(&'static str),
}

/// Whether scripts in the page can read the item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// A cookie with `HttpOnly`.
    HttpOnly,
    /// Scripts may read it; always so for web storage.
    Script,
}

/// The `SameSite` attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SameSite {
    /// Sent only with requests from the site itself.
    Strict,
    /// Sent, too, where the visitor follows a link to the site.
    Lax,
    /// Sent always; browsers demand `Secure` with it.
    None,
}

impl SameSite {
    /// The attribute's value as it stands in a header.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "Strict",
            Self::Lax => "Lax",
            Self::None => "None",
        }
    }
}

/// Where the item is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The browser's cookie jar.
    Cookie,
    /// `localStorage`. It has no expiry of its own: the page's script keeps and sweeps one.
    LocalStorage,
    /// `sessionStorage`.
    SessionStorage,
}

/// The part of a declaration that has defaults; [`declare!`](crate::declare!) fills it in.
///
/// Cookies are always host-only: there is no `Domain`, and a line with one does not leave the server. `Secure` is not
/// declared, because it follows from the transport (see [`PolicyLayer::secure`](crate::PolicyLayer::secure)).
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// Keys of the purposes, at least one. The words behind a key are the site's.
    pub purposes: &'static [&'static str],
    /// How long it stays.
    pub life: Life,
    /// Who stores it, and for whom.
    pub party: Party,
    /// Whether scripts can read it.
    pub access: Access,
    /// The `SameSite` attribute.
    pub same_site: SameSite,
    /// The `Path` attribute.
    pub path: &'static str,
    /// The policy version in which the item became what it is now. An agreement given to an older version does not
    /// cover it, and the visitor is asked again.
    pub since: u16,
}

impl Spec {
    /// A first-party session cookie, `HttpOnly; SameSite=Lax; Path=/`, there since version 1.
    pub const COOKIE: Self = Self {
        purposes: &[],
        life: Life::Session,
        party: Party::First,
        access: Access::HttpOnly,
        same_site: SameSite::Lax,
        path: "/",
        since: 1,
    };

    /// A web-storage item: readable by scripts, never sent.
    pub const STORAGE: Self = Self { access: Access::Script, ..Self::COOKIE };
}

/// One cookie or web-storage item as the policy declares it.
#[derive(Clone, Copy, Debug)]
pub struct Declaration {
    /// The literal name in the browser.
    pub name: &'static str,
    /// Where it is kept.
    pub kind: Kind,
    /// Its category.
    pub category: Category,
    /// Everything else.
    pub spec: Spec,
}

impl Declaration {
    /// Whether this is a cookie that the site's server may set and delete.
    pub fn is_own_cookie(&self) -> bool {
        self.kind == Kind::Cookie && !matches!(self.spec.party, Party::Third(_))
    }

    pub(crate) fn id(&self) -> ItemId {
        ItemId::of(self.name)
    }

    pub(crate) fn is_consent(&self) -> bool {
        self.name == CONSENT_COOKIE
    }
}

/// A name in four bytes (FNV-1a), so that a decision stays short and survives a reordered registry. A registry in which
/// two names share one does not compile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ItemId(pub(crate) u32);

impl ItemId {
    pub(crate) const fn of(name: &str) -> Self {
        let bytes = name.as_bytes();
        let mut hash = 0x811c_9dc5_u32;
        let mut i = 0;
        while i < bytes.len() {
            hash = (hash ^ bytes[i] as u32).wrapping_mul(0x0100_0193);
            i += 1;
        }
        Self(hash)
    }
}

/// A declared item as a type. Made by [`declare!`](crate::declare!).
pub trait Declared: 'static {
    /// The category that a visitor agrees to.
    type Category: InCategory;
    /// The declaration itself.
    const DECLARATION: Declaration;
}

/// A declared cookie, which a [`Jar`](crate::Jar) can set.
pub trait Cookie: Declared + Sized {
    /// A value for the cookie.
    ///
    /// # Errors
    /// [`BadValue`](crate::BadValue) where a browser could not store the text as it is.
    fn value(text: impl Into<String>) -> Result<crate::Value<Self>, crate::BadValue> {
        crate::Value::new(text.into())
    }
}

crate::declare! {
    /// The visitor's own decision: policy version, day, answers and a signature; nothing that tells two visitors apart.
    pub cookie CookieConsent = "cookie-consent" in Essential {
        purposes: &["consent"],
        life: Life::days(MEMORY_DAYS as u32),
    }
}
