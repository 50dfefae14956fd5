//! The containers of one look at an engine, found by name: built once for all products of an environment.

use std::collections::HashMap;

use crate::id::EnvironmentId;
use crate::plan::ObservedContainer;

/// Containers of one environment, by the name that they have or will take.
#[derive(Debug, Default)]
pub struct Containers<'a> {
    by_name: HashMap<&'a str, Vec<&'a ObservedContainer>>,
}

impl<'a> Containers<'a> {
    /// Those that are ours in this environment; all others are as if they were not there.
    #[must_use]
    pub fn of(observed: &'a [ObservedContainer], environment: EnvironmentId) -> Self {
        let mut by_name: HashMap<&str, Vec<&ObservedContainer>> = HashMap::new();
        for container in observed {
            let owner = container.ownership.as_ref();
            if owner.is_some_and(|owner| owner.environment == environment) {
                let plain = plain_name(&container.name).unwrap_or(&container.name);
                by_name.entry(plain).or_default().push(container);
                if plain != container.name {
                    // A service may really be called so.
                    let own = by_name.entry(&container.name).or_default();
                    own.push(container);
                }
            }
        }
        Self { by_name }
    }

    /// The containers of one replica: the one with its name, and replacements on their way to it.
    pub(super) fn of_replica(
        &self,
        product: &str,
        stack: &str,
        service: &str,
        replica: u32,
        name: &str,
    ) -> Vec<&'a ObservedContainer> {
        let fits = |container: &&&ObservedContainer| {
            container.ownership.as_ref().is_some_and(|owner| {
                let same_replica =
                    owner.stack == stack && owner.service == service && owner.replica == replica;
                owner.product == product && (container.name == name || same_replica)
            })
        };
        let found = self.by_name.get(name).into_iter().flatten();
        found.filter(fits).copied().collect()
    }
}

/// `shop_api` of `shop_api.g3`, the name of a replacement until the old container is gone.
fn plain_name(name: &str) -> Option<&str> {
    let (plain, generation) = name.rsplit_once(".g")?;
    let digits = !generation.is_empty() && generation.bytes().all(|byte| byte.is_ascii_digit());
    digits.then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_replacements() {
        for (name, plain) in [
            ("shop_api.g3", Some("shop_api")),
            ("shop_api_2.g12", Some("shop_api_2")),
            ("shop_api.g", None),
            ("shop_api.gx", None),
            ("shop_api", None),
            ("shop.g1.g2", Some("shop.g1")),
        ] {
            assert_eq!(plain_name(name), plain, "{name}");
        }
    }
}
