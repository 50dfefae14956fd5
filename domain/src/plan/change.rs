//! What an operation does to each container, in the words that people decide by: the plan before it is applied.

use serde::{Deserialize, Serialize};

/// What happens to one container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Change {
    pub stack: String,
    pub service: String,
    /// Its name on the engine.
    pub container: String,
    pub kind: ChangeKind,
    /// Why, as a clause: `its image changed`.
    pub cause: String,
    /// How a replacement takes its place; none where nothing is replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<ReplaceOrder>,
    pub downtime: Downtime,
    /// The image before and after; none where no container is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageChange>,
}

/// The kinds of [`Change`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum ChangeKind {
    Create,
    Replace,
    Keep,
    Remove,
    Stop,
    Start,
    Restart,
}

impl ChangeKind {
    /// As in a plan that is read in a terminal.
    #[must_use]
    pub const fn sign(self) -> char {
        match self {
            Self::Create | Self::Start => '+',
            Self::Replace | Self::Restart => '~',
            Self::Keep => '=',
            Self::Remove | Self::Stop => '-',
        }
    }
}

/// How a replacement takes its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ReplaceOrder {
    /// The new one is healthy before the old one is stopped.
    StartFirst,
    /// The old one is stopped, and kept until the new one is healthy.
    StopFirst,
}

/// Whether a service is away for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Downtime {
    None,
    /// From the stop of the old container until the new one is healthy.
    WhileReplaced {
        /// What forbids to start the new one first, as a clause.
        because: String,
    },
    /// Until somebody starts it again.
    UntilStarted,
    /// For good.
    ForGood,
}

/// The image of a container that is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ImageChange {
    /// The reference that is run.
    pub reference: String,
    /// The reference of the container that is replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_reference: Option<String>,
    /// `sha256:…` of the image's configuration that the old container runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_id: Option<String>,
    /// The same of the new one; none where the engine does not have the image yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_id: Option<String>,
    /// `sha256:…` that the registry has for the reference; none where it was not asked or did not answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registry_digest: Option<String>,
    /// Whether the registry is asked before the container is made.
    pub pulled: bool,
}
