//! Who asks. Every use case takes an [`Actor`]; what each may do is decided in one place once accounts exist.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Who started something. Recorded with every operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Actor {
    /// Whoever reaches the loopback address while no accounts exist.
    LocalOperator,
    /// Windlass itself: recovery, reconciling.
    System,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LocalOperator => "local operator",
            Self::System => "Windlass",
        })
    }
}
