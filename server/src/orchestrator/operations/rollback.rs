//! An earlier release again, with the images that it ran: only what differs from what runs is replaced.

use domain::plan::Extent;

use super::name_of;
use super::rollout::Words;

pub(super) const EXTENT: Extent = Extent::Changed;

pub(super) const WORDS: Words = Words {
    done: |material, total| {
        let target = material.target.as_ref();
        let version = target.and_then(|target| target.product.version.as_deref());
        let version = version.map(|version| format!(" to v{version}"));
        let release = target.and_then(|target| target.rollback_of);
        let release = release.map(|release| format!(" (release {release})"));
        format!(
            "Product '{}' rolled back{}{} successfully ({total} stacks).",
            name_of(material),
            version.unwrap_or_default(),
            release.unwrap_or_default()
        )
    },
    partially: "partially rolled back",
    failed: |name| format!("Failed to roll back product '{name}'"),
    noun: "rollback",
};
