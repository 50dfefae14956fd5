//! Addresses of pages about a thing. The only place that builds them.

use domain::operation::OperationKind;

/// The page of a product.
#[must_use]
pub fn product(id: &str) -> String {
    format!("/catalog/{}", segment(id))
}

/// The form that deploys a product.
#[must_use]
pub fn deploy_product(id: &str) -> String {
    format!("/deploy-product/{}", segment(id))
}

/// What would stand in the way of that.
#[must_use]
pub fn precheck(id: &str) -> String {
    format!("{}/precheck", deploy_product(id))
}

/// The page of a deployed product.
#[must_use]
pub fn product_deployment(id: &str) -> String {
    format!("/product-deployments/{}", segment(id))
}

/// The page of one stack of a deployed product.
#[must_use]
pub fn stack(deployment: &str, name: &str) -> String {
    format!(
        "{}/stacks/{}",
        product_deployment(deployment),
        segment(name)
    )
}

/// The page that asks whether an operation on a deployed product is meant; nothing for the first deployment.
#[must_use]
pub fn change(kind: OperationKind, id: &str) -> String {
    format!("/{}/{}", change_path(kind), segment(id))
}

/// The first segment of [`change`].
#[must_use]
pub const fn change_path(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Deploy => "deploy-product",
        OperationKind::Redeploy => "redeploy-product",
        OperationKind::Retry => "retry-product",
        OperationKind::Upgrade => "upgrade-product",
        OperationKind::Rollback => "rollback-product",
        OperationKind::Stop => "stop-product",
        OperationKind::Restart => "restart-product",
        OperationKind::EnterMaintenance => "enter-maintenance",
        OperationKind::ExitMaintenance => "exit-maintenance",
        OperationKind::Remove => "remove-product",
    }
}

/// The operation that an address of [`change`] is about.
#[must_use]
pub fn change_at(path: &str) -> Option<OperationKind> {
    let first = path.trim_start_matches('/').split('/').next()?;
    let mut all = OperationKind::ALL.iter().copied();
    all.find(|kind| *kind != OperationKind::Deploy && change_path(*kind) == first)
}

/// The page of an operation.
#[must_use]
pub fn operation(id: &str) -> String {
    format!("/operations/{}", segment(id))
}

/// The page of an operation with one of its stacks picked.
#[must_use]
pub fn stack_of_operation(id: &str, parameter: &str, stack: &str) -> String {
    format!("{}?{parameter}={}", operation(id), segment(stack))
}

/// The page of a container.
#[must_use]
pub fn container(id: &str) -> String {
    format!("/containers/{}", segment(id))
}

/// The page of what a container writes.
#[must_use]
pub fn container_logs(id: &str) -> String {
    format!("/containers/{}/logs", segment(id))
}

/// The page of a volume.
#[must_use]
pub fn volume(name: &str) -> String {
    format!("/volumes/{}", segment(name))
}

/// One segment of a path, or the value of a parameter: everything that is not plainly part of an id is escaped.
pub(crate) fn segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b':' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(id: &str, expected: &str) {
        assert_eq!(product(id), expected);
    }

    #[test]
    fn every_change_is_found_by_its_address() {
        for kind in OperationKind::ALL {
            let found = change_at(&change(*kind, "x"));
            assert_eq!(
                found,
                Some(*kind).filter(|kind| *kind != OperationKind::Deploy)
            );
        }
        assert_eq!(change_at("/catalog/x"), None);
    }

    #[test]
    fn ids_stay_one_segment() {
        check("demo:shop:1.1.0", "/catalog/demo:shop:1.1.0");
        check("local:My Shop:1", "/catalog/local:My%20Shop:1");
        check("a/b?c#d%", "/catalog/a%2Fb%3Fc%23d%25");
        check("größe", "/catalog/gr%C3%B6%C3%9Fe");
    }
}
