//! The name of a plan: what it was made from and what it does, in few characters.

use sha2::{Digest as _, Sha256};

use super::Plan;
use crate::operation::OperationKind;
use crate::spec::StackSpec;

/// Characters of a fingerprint.
const LENGTH: usize = 32;

/// Equal for two plans that do the same to the same containers and make the same ones. Holds no secret: only hashes of specifications
/// go into it.
#[must_use]
pub fn fingerprint(kind: OperationKind, plan: &Plan, specs: &[StackSpec]) -> String {
    let mut digest = Sha256::new();
    let mut add = |text: &str| {
        digest.update(text.as_bytes());
        digest.update([0]);
    };
    add(kind.as_str());
    add(&plan.to_string());
    for step in &plan.steps {
        // Ids of containers are no part of a plan's text.
        add(&serde_json::to_string(&step.action).unwrap_or_default());
    }
    for change in &plan.changes {
        let image = change.image.as_ref();
        add(image
            .and_then(|image| image.old_id.as_deref())
            .unwrap_or_default());
        add(image
            .and_then(|image| image.new_id.as_deref())
            .unwrap_or_default());
    }
    for spec in specs {
        for service in spec.services.values() {
            add(&service.hash());
        }
    }
    let digest = digest.finalize();
    let mut text: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    text.truncate(LENGTH);
    text
}
