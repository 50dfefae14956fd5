//! The same version again: every container of the named stacks is made anew, from images that were just pulled.

use domain::plan::Extent;

use super::rollout::Words;

pub(super) const EXTENT: Extent = Extent::All;

pub(super) const WORDS: Words = Words {
    done: |_, _| "Product redeployed successfully".to_owned(),
    partially: "partially running after redeploy",
    failed: |name| format!("Redeploy failed for product '{name}'"),
    noun: "redeploy",
};
