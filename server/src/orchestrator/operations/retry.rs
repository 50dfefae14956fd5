//! What failed is rolled out again; what runs is left alone.

use domain::plan::Extent;

use super::rollout::{Words, subject};

/// What does not run is no way back.
pub(super) const EXTENT: Extent = Extent::Repair;

pub(super) const WORDS: Words = Words {
    done: |material, total| format!("{} retry succeeded ({total} stacks).", subject(material)),
    partially: "partially running after retry",
    failed: |name| format!("Retry failed for product '{name}'"),
    noun: "retry",
};
