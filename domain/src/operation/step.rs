//! Steps as recorded, one row each: the journal's fold, kept beside it so that recovery reads one small table.

use serde::{Deserialize, Serialize};

use super::failure::Failure;
use super::status::StepState;
use crate::plan::StepKey;
use crate::timestamp::Timestamp;

/// One step of one operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepRecord {
    pub key: StepKey,
    pub state: StepState,
    /// Attempts begun.
    pub attempt: u32,
    /// Why it was given up, or why the last attempt did not work.
    pub failure: Option<Failure>,
    /// Before this time it is not tried again.
    pub next_at: Option<Timestamp>,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
}
