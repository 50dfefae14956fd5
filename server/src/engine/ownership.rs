//! Ownership as labels, written and read in one place for every engine.

use std::collections::{BTreeMap, HashMap};

use domain::plan::Ownership;

use super::labels;

/// Label of the original product's tools: prefix of the stack's names.
const RSGO_STACK: &str = "rsgo.stack";
/// Service name.
const RSGO_CONTEXT: &str = "rsgo.context";
/// `service` or `init`.
const RSGO_LIFECYCLE: &str = "rsgo.lifecycle";
/// Stack name in the product.
const RSGO_STACK_NAME: &str = "rsgo.stack.name";
/// Group id of the product.
const RSGO_PRODUCT: &str = "rsgo.product";

/// The author's labels with ours over them; the author cannot claim another owner.
pub(super) fn with_labels(
    author: &BTreeMap<String, String>,
    owner: &Ownership,
) -> HashMap<String, String> {
    let mut all: HashMap<String, String> = author
        .iter()
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let lifecycle = if owner.init { "init" } else { "service" };
    let mut set = |key: &str, value: &str| all.insert(key.to_owned(), value.to_owned());
    set(labels::PRODUCT, &owner.product);
    set(labels::DEPLOYMENT, &owner.deployment.to_string());
    set(labels::ENVIRONMENT, &owner.environment.to_string());
    set(labels::STACK, &owner.stack);
    set(labels::PROJECT, &owner.project);
    set(labels::OPERATION, &owner.operation.to_string());
    set(RSGO_STACK, &owner.project);
    set(RSGO_STACK_NAME, &owner.stack);
    set(RSGO_PRODUCT, &owner.product);
    if !owner.service.is_empty() {
        set(labels::SERVICE, &owner.service);
        set(labels::REPLICA, &owner.replica.to_string());
        set(labels::LIFECYCLE, lifecycle);
        set(labels::GENERATION, &owner.generation.to_string());
        set(labels::SPEC_HASH, &owner.spec_hash);
        set(RSGO_CONTEXT, &owner.service);
        set(RSGO_LIFECYCLE, lifecycle);
    }
    all
}

/// Whose it is; none where our labels are missing or were tampered with, so that it counts as somebody else's.
pub(super) fn from_labels(all: &HashMap<String, String>) -> Option<Ownership> {
    let text = |key: &str| all.get(key).map(String::as_str);
    let number = |key: &str| match text(key) {
        Some(value) => value.parse().ok(),
        None => Some(0),
    };
    Some(Ownership {
        product: text(labels::PRODUCT)?.to_owned(),
        environment: text(labels::ENVIRONMENT)?.parse().ok()?,
        deployment: text(labels::DEPLOYMENT)?.parse().ok()?,
        stack: text(labels::STACK)?.to_owned(),
        project: text(labels::PROJECT)?.to_owned(),
        service: text(labels::SERVICE).unwrap_or_default().to_owned(),
        replica: number(labels::REPLICA)?,
        init: text(labels::LIFECYCLE) == Some("init"),
        operation: text(labels::OPERATION)?.parse().ok()?,
        generation: number(labels::GENERATION)?,
        spec_hash: text(labels::SPEC_HASH).unwrap_or_default().to_owned(),
    })
}

/// Whether an existing container is the very one that is wanted. The operation and the deployment may differ: an earlier run made it.
pub(super) fn is_same_container(existing: &Ownership, wanted: &Ownership) -> bool {
    existing.product == wanted.product
        && existing.environment == wanted.environment
        && existing.stack == wanted.stack
        && existing.service == wanted.service
        && existing.replica == wanted.replica
        && existing.generation == wanted.generation
        && existing.spec_hash == wanted.spec_hash
}

/// Whether an existing network belongs to the same product in the same environment.
pub(super) fn is_same_product(existing: &Ownership, wanted: &Ownership) -> bool {
    existing.product == wanted.product && existing.environment == wanted.environment
}

/// Why a name that is taken cannot be used, for people.
pub(super) fn describe_holder(existing: Option<&Ownership>, wanted: &Ownership) -> String {
    match existing {
        None => "the name belongs to something that Windlass did not make; rename or remove it, or choose another name"
            .to_owned(),
        Some(other) if !is_same_product(other, wanted) => format!(
            "the name belongs to stack '{}' of product '{}' in environment {}; choose another deployment name",
            other.stack, other.product, other.environment
        ),
        Some(other) => format!(
            "the name belongs to service '{}' of stack '{}', generation {}, with another specification",
            other.service, other.stack, other.generation
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner() -> Ownership {
        Ownership {
            product: "shop".to_owned(),
            environment: "018f0000-0000-7000-8000-000000000001".parse().unwrap(),
            deployment: "018f0000-0000-7000-8000-000000000002".parse().unwrap(),
            stack: "web".to_owned(),
            project: "shop-web".to_owned(),
            service: "app".to_owned(),
            replica: 2,
            init: false,
            operation: "018f0000-0000-7000-8000-000000000003".parse().unwrap(),
            generation: 3,
            spec_hash: "abc".to_owned(),
        }
    }

    #[test]
    fn ownership_reads_back_what_it_wrote() {
        let network = Ownership {
            service: String::new(),
            replica: 0,
            generation: 0,
            spec_hash: String::new(),
            ..owner()
        };
        let init = Ownership {
            init: true,
            ..owner()
        };
        for expect in [owner(), network, init] {
            let labels = with_labels(&BTreeMap::new(), &expect);
            assert_eq!(from_labels(&labels), Some(expect));
        }
    }

    #[test]
    fn the_author_cannot_claim_another_owner() {
        let author = BTreeMap::from([
            (labels::PRODUCT.to_owned(), "other".to_owned()),
            ("tier".to_owned(), "front".to_owned()),
        ]);
        let labels = with_labels(&author, &owner());
        assert_eq!(labels[labels::PRODUCT], "shop");
        assert_eq!(labels["tier"], "front");
        assert_eq!(labels["rsgo.stack"], "shop-web");
        assert_eq!(labels["rsgo.stack.name"], "web");
    }

    #[test]
    fn broken_labels_are_not_ours() {
        for (key, value) in [
            (labels::ENVIRONMENT, "nonsense"),
            (labels::REPLICA, "first"),
        ] {
            let mut labels = with_labels(&BTreeMap::new(), &owner());
            labels.insert(key.to_owned(), value.to_owned());
            assert_eq!(from_labels(&labels), None, "{key}");
        }
        assert_eq!(from_labels(&HashMap::new()), None);
    }

    #[test]
    fn only_the_very_same_container_is_adopted() {
        let wanted = owner();
        let later_run = Ownership {
            operation: "018f0000-0000-7000-8000-000000000009".parse().unwrap(),
            ..owner()
        };
        assert!(is_same_container(&later_run, &wanted));
        let generation = Ownership {
            generation: 4,
            ..owner()
        };
        let hash = Ownership {
            spec_hash: "def".to_owned(),
            ..owner()
        };
        let replica = Ownership {
            replica: 1,
            ..owner()
        };
        let product = Ownership {
            product: "other".to_owned(),
            ..owner()
        };
        for other in [generation, hash, replica, product] {
            assert!(!is_same_container(&other, &wanted), "{other:?}");
        }
    }
}
