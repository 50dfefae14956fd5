//! Another version: only what differs from what runs is replaced.

use domain::plan::Extent;

use super::name_of;
use super::rollout::Words;

pub(super) const EXTENT: Extent = Extent::Changed;

pub(super) const WORDS: Words = Words {
    done: |material, total| {
        let product = material.target.as_ref().map(|target| &target.product);
        let version = product.and_then(|product| product.version.as_deref());
        let to = version.map(|version| format!(" to v{version}"));
        let (name, to) = (name_of(material), to.unwrap_or_default());
        format!("Product '{name}' upgraded{to} successfully ({total} stacks).")
    },
    partially: "partially upgraded",
    failed: |name| format!("Failed to upgrade product '{name}'"),
    noun: "upgrade",
};
