//! Pages, products, deployments and what can be done to them, found by words: what the command palette shows.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::CallError;

/// A place to go to, or something to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    pub kind: FoundKind,
    /// `Redeploy Shop`.
    pub label: String,
    /// What distinguishes it: a version, a status.
    pub detail: String,
    /// The address of its page.
    pub href: String,
}

/// What kind of thing was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FoundKind {
    Page,
    Deployment,
    Product,
    Action,
}

impl FoundKind {
    /// For people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Page => "Page",
            Self::Deployment => "Deployment",
            Self::Product => "Product",
            Self::Action => "Action",
        }
    }
}

/// The best matches for the words of `query`, of which each must be met; for no words, pages, deployments and products.
#[server(endpoint = "find", input = server_fn::codec::GetUrl, output = crate::json::Answer)]
pub async fn find(query: String) -> Result<Vec<Found>, CallError> {
    search::find(&query).await
}

#[cfg(feature = "ssr")]
mod search {
    use domain::operation::OperationKind;
    use domain::wire::{DeploymentListItem, DeploymentQuery};

    use super::super::caller::{Caller, refuse};
    use super::{CallError, Found, FoundKind};
    use crate::address;

    /// Most matches that are given.
    const MOST: usize = 20;
    /// Most deployments that are looked through.
    const DEPLOYMENTS: u32 = 200;

    /// Pages that are always there: title, address, other words for it.
    const PAGES: &[(&str, &str, &str)] = &[
        ("Dashboard", "/", "home start overview"),
        ("Deployments", "/deployments", "products stacks"),
        ("Operations", "/operations", "activity history running"),
        ("Stack Catalog", "/catalog", "products deploy"),
        ("Deploy Custom", "/deploy-custom", "compose file paste"),
        ("Containers", "/containers", "engine logs docker"),
        ("Volumes", "/volumes", "engine data docker"),
        ("Health Dashboard", "/health", "status"),
        ("Docker Environments", "/environments", "engines"),
        ("Settings", "/settings", "configuration"),
        ("System", "/settings/system", "version build limits"),
        (
            "Stack Sources",
            "/settings/stack-sources",
            "catalog sync problems",
        ),
    ];

    pub(super) async fn find(query: &str) -> Result<Vec<Found>, CallError> {
        let caller = Caller::of_request()?;
        let environment = caller.environment().await?;
        let words: Vec<String> = query.split_whitespace().map(str::to_lowercase).collect();
        let mut all = Matches::of(&words);
        for (title, href, also) in PAGES {
            let page = found(FoundKind::Page, title, "", (*href).to_owned());
            all.offer(page, also);
        }
        let asked = DeploymentQuery {
            page_size: Some(DEPLOYMENTS),
            ..DeploymentQuery::default()
        };
        let Caller { backend, actor } = caller;
        let listed = backend.deployments(&actor, &environment.id, asked).await;
        for item in &listed.map_err(refuse)?.product_deployments {
            offer_deployment(&mut all, item);
        }
        for product in backend.catalog(&actor).await.map_err(refuse)?.products {
            let (name, id) = (&product.name, &product.group_id);
            let version = product.version.as_deref().unwrap_or_default();
            let page = found(FoundKind::Product, name, version, address::product(id));
            all.offer(page, "catalog");
            let label = format!("Deploy {name}");
            let form = address::deploy_product(id);
            all.offer(found(FoundKind::Action, &label, version, form), "");
        }
        Ok(all.best())
    }

    fn found(kind: FoundKind, label: &str, detail: &str, href: String) -> Found {
        Found {
            kind,
            label: label.to_owned(),
            detail: detail.to_owned(),
            href,
        }
    }

    fn offer_deployment(all: &mut Matches<'_>, item: &DeploymentListItem) {
        let (name, id) = (&item.product_display_name, &item.product_deployment_id);
        let version = item.product_version.as_deref().unwrap_or_default();
        let detail = format!("{version} {}", item.status.as_str());
        let page = address::product_deployment(id);
        let page = found(FoundKind::Deployment, name, detail.trim(), page);
        all.offer(page, &item.deployment_name);
        for (allowed, verb, kind) in [
            (item.can_redeploy, "Redeploy", OperationKind::Redeploy),
            (item.can_retry, "Retry", OperationKind::Retry),
            (item.can_upgrade, "Upgrade", OperationKind::Upgrade),
            (item.can_stop, "Stop", OperationKind::Stop),
            (item.can_restart, "Restart", OperationKind::Restart),
            (item.can_remove, "Remove", OperationKind::Remove),
        ] {
            if allowed {
                let label = format!("{verb} {name}");
                let page = address::change(kind, id);
                let action = found(FoundKind::Action, &label, version, page);
                all.offer(action, &item.deployment_name);
            }
        }
    }

    struct Matches<'w> {
        words: &'w [String],
        /// Each with how well it matches: less is better.
        found: Vec<(usize, Found)>,
    }

    impl<'w> Matches<'w> {
        const fn of(words: &'w [String]) -> Self {
            Self {
                words,
                found: Vec::new(),
            }
        }

        /// Takes it where every word is met by its label, its detail or the words that are `also` meant.
        fn offer(&mut self, found: Found, also: &str) {
            // Without words, what can be done would hide where one can go.
            if self.words.is_empty() && found.kind == FoundKind::Action {
                return;
            }
            let low = found.label.to_lowercase();
            let rest = format!("{} {}", found.detail.to_lowercase(), also.to_lowercase());
            let mut badness = 0;
            for word in self.words {
                badness += match low.find(word.as_str()) {
                    Some(0) => 0,
                    Some(at) if low.as_bytes().get(at - 1) == Some(&b' ') => 1,
                    Some(_) => 3,
                    None if rest.contains(word.as_str()) => 5,
                    None => return,
                };
            }
            self.found.push((badness, found));
        }

        fn best(mut self) -> Vec<Found> {
            // Stable: pages and deployments keep the order in which they were offered.
            self.found
                .sort_by_key(|(badness, found)| (*badness, found.kind));
            self.found.truncate(MOST);
            self.found.into_iter().map(|(_, found)| found).collect()
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        fn labels(query: &str) -> Vec<String> {
            let words: Vec<String> = query.split_whitespace().map(str::to_lowercase).collect();
            let mut all = Matches::of(&words);
            for (kind, label, detail) in [
                (FoundKind::Page, "Deployments", ""),
                (FoundKind::Deployment, "Shop", "1.0.0 Running"),
                (FoundKind::Deployment, "Workshop", "2.0.0 Stopped"),
                (FoundKind::Action, "Redeploy Shop", "1.0.0"),
                (FoundKind::Action, "Redeploy Workshop", "2.0.0"),
            ] {
                all.offer(found(kind, label, detail, String::new()), "");
            }
            all.best().into_iter().map(|found| found.label).collect()
        }

        #[test]
        fn every_word_must_be_met_and_the_best_comes_first() {
            assert_eq!(
                labels("shop"),
                ["Shop", "Redeploy Shop", "Workshop", "Redeploy Workshop"]
            );
            assert_eq!(
                labels("REDEPLOY shop"),
                ["Redeploy Shop", "Redeploy Workshop"]
            );
            assert_eq!(labels("stopped"), ["Workshop"]);
            assert_eq!(labels("nothing at all"), Vec::<String>::new());
        }

        #[test]
        fn without_words_there_is_nothing_to_do() {
            assert_eq!(labels(""), ["Deployments", "Shop", "Workshop"]);
        }
    }
}
