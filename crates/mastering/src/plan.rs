//! A plan: every parameter of every stage, as a person can read it, change it and keep it.

use serde::{Deserialize, Serialize};

/// Everything that `render` does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Version of this schema.
    pub version: u32,
    /// Never above this, dBTP.
    pub ceiling_dbtp: f64,
}
