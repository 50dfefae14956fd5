//! Releases: what a product was at each version that was deployed or attempted. A release never changes once its operation has ended.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::access::Actor;
use crate::deployment::ProductDeployment;
use crate::id::{DeploymentId, OperationId};
use crate::product::Product;
use crate::timestamp::Timestamp;
use crate::variable::Values;

/// Counts the releases of one deployment, from 1.
pub type ReleaseNumber = u32;

/// Everything that is needed to run the product again as it was.
#[derive(Debug, Clone, PartialEq)]
pub struct Release {
    pub deployment: DeploymentId,
    pub number: ReleaseNumber,
    /// The operation that made it; none where it was made before operations were recorded with their releases.
    pub operation: Option<OperationId>,
    /// The product as the source had it.
    pub product: Product,
    /// As given by the caller; secrets included.
    pub shared_values: Values,
    /// In manifest order.
    pub stacks: Vec<ReleaseStack>,
    /// What the references of images meant, by reference.
    pub images: BTreeMap<String, ReleaseImage>,
    pub result: ReleaseResult,
    /// The operation's one sentence, once it ended.
    pub message: Option<String>,
    /// The release whose contents this one has, where it is a way back.
    pub rollback_of: Option<ReleaseNumber>,
    pub created_by: Actor,
    pub created_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

impl Release {
    /// The release that a new deployment begins with.
    #[must_use]
    pub fn first(deployment: &ProductDeployment, operation: OperationId) -> Self {
        Self {
            deployment: deployment.id,
            number: deployment.release,
            operation: Some(operation),
            product: deployment.product.clone(),
            shared_values: deployment.shared_values.clone(),
            stacks: deployment
                .stacks
                .iter()
                .map(|stack| ReleaseStack {
                    stack_name: stack.stack_name.clone(),
                    deployment_stack_name: stack.deployment_stack_name.clone(),
                    values: stack.values.clone(),
                })
                .collect(),
            images: BTreeMap::new(),
            result: ReleaseResult::Pending,
            message: None,
            rollback_of: None,
            created_by: deployment.deployed_by.clone(),
            created_at: deployment.created_at,
            ended_at: None,
        }
    }

    /// References to what is run instead of them.
    #[must_use]
    pub fn pins(&self) -> BTreeMap<String, String> {
        self.images
            .iter()
            .filter_map(|(reference, image)| Some((reference.clone(), image.pinned.clone()?)))
            .collect()
    }
}

/// One stack of a release.
#[derive(Debug, Clone, PartialEq)]
pub struct ReleaseStack {
    pub stack_name: String,
    /// Prefix of the stack's names on the engine.
    pub deployment_stack_name: String,
    /// The three tiers resolved at the time of the request; secrets included.
    pub values: Values,
}

/// What the reference of an image meant when it was run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReleaseImage {
    /// `sha256:…` of the image's configuration.
    pub id: String,
    /// `repository@sha256:…`, where it came from a registry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// What is run instead of the reference, because that means another image by now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned: Option<String>,
}

/// What came of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum ReleaseResult {
    /// Its operation has not ended.
    Pending,
    /// All of it runs, or ran.
    Succeeded,
    /// Some of it was not done; what was done is there.
    Failed,
    /// It was taken back, and the one before runs again.
    RolledBack,
}

impl ReleaseResult {
    /// Every result, for tables.
    pub const ALL: &[Self] = &[
        Self::Pending,
        Self::Succeeded,
        Self::Failed,
        Self::RolledBack,
    ];

    /// The wire and stored form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::RolledBack => "rolledBack",
        }
    }

    /// Reads the stored form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|result| result.as_str() == text)
    }
}

impl fmt::Display for ReleaseResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Numbers of the releases that may be forgotten, where `keep` are wanted: never one that something runs from (`in_use`), nor the newest
/// that succeeded before the present one. `known` is in any order.
#[must_use]
pub fn forgettable(
    known: &[(ReleaseNumber, ReleaseResult)],
    in_use: &[ReleaseNumber],
    present: ReleaseNumber,
    keep: usize,
) -> Vec<ReleaseNumber> {
    let mut newest_first = known.to_vec();
    newest_first.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
    let previous = newest_first
        .iter()
        .find(|(number, result)| *number < present && *result == ReleaseResult::Succeeded)
        .map(|(number, _)| *number);
    newest_first
        .into_iter()
        .skip(keep)
        .filter(|(number, result)| {
            *result != ReleaseResult::Pending
                && *number != present
                && Some(*number) != previous
                && !in_use.contains(number)
        })
        .map(|(number, _)| number)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_forms_read_back() {
        for result in ReleaseResult::ALL {
            assert_eq!(ReleaseResult::parse(result.as_str()), Some(*result));
            assert_eq!(serde_json::to_value(result).unwrap(), result.as_str());
        }
    }

    #[test]
    fn the_running_and_the_previous_release_are_never_forgotten() {
        use ReleaseResult::{Failed, Pending, Succeeded};
        let check =
            |known: &[(u32, ReleaseResult)], in_use: &[u32], present, keep, expected: &[u32]| {
                assert_eq!(forgettable(known, in_use, present, keep), expected);
            };
        let known = [
            (1, Succeeded),
            (2, Succeeded),
            (3, Failed),
            (4, Failed),
            (5, Succeeded),
        ];
        check(&known, &[5], 5, 10, &[]);
        check(&known, &[5], 5, 2, &[3, 1]);
        check(&known, &[5, 1], 5, 1, &[4, 3]);
        check(&[(1, Succeeded), (2, Pending)], &[1], 1, 0, &[]);
    }
}
