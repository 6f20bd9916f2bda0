//! What the browser says on its own, without a click: Do Not Track and Global Privacy Control.

use http::{HeaderMap, HeaderName, header};
use serde::{Deserialize, Serialize};

/// `Sec-GPC`, as the W3C's Global Privacy Control names it.
const SEC_GPC: HeaderName = HeaderName::from_static("sec-gpc");

/// The two signals of a request. Either one means no to analytics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Signal {
    /// `DNT: 1`.
    pub dnt: bool,
    /// `Sec-GPC: 1`.
    pub gpc: bool,
}

impl Signal {
    /// Reads the signals of a request. Only the value `1` is one, as both specifications say.
    pub fn of(headers: &HeaderMap) -> Self {
        let says_no = |name: HeaderName| headers.get_all(name).iter().any(|value| value.as_bytes() == b"1");
        Self { dnt: says_no(header::DNT), gpc: says_no(SEC_GPC) }
    }

    /// Whether the browser asks not to be measured.
    pub const fn is_on(self) -> bool {
        self.dnt || self.gpc
    }
}
