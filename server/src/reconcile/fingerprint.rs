//! One number for all that is seen of a product: while it stays, nothing has to be judged again.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use domain::plan::ObservedContainer;

/// By group id, over the containers of all environments of the engine. The order in which the engine lists them does not matter.
pub(super) fn fingerprints<'a>(
    observed: &'a [ObservedContainer],
    ends: &HashMap<String, u32>,
) -> HashMap<&'a str, u64> {
    let mut all: HashMap<&str, u64> = HashMap::new();
    for container in observed {
        let Some(owner) = &container.ownership else {
            continue;
        };
        let mut hasher = DefaultHasher::new();
        container.id.hash(&mut hasher);
        container.name.hash(&mut hasher);
        (container.state as u8).hash(&mut hasher);
        (container.health as u8).hash(&mut hasher);
        container.exit_code.hash(&mut hasher);
        ends.get(&container.name).hash(&mut hasher);
        let sum = all.entry(&owner.product).or_insert(1);
        *sum = sum.wrapping_add(hasher.finish());
    }
    all
}
