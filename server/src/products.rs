//! Use cases of the catalog: what can be deployed, as the API and the pages show it.

use std::collections::HashMap;
use std::sync::Arc;

use domain::access::Actor;
use domain::product::{Product, StackTemplate};
use domain::timestamp::Timestamp;
use domain::variable::{Variable, effective};
use domain::wire::{
    CatalogView, ProductDetail, ProductSummary, ProductVersion, ServiceView, SourceProblem,
    StackSourceDetails, StackSourceView, StackSummary, VariableView,
};

use crate::catalog::Catalog;
use crate::clock::Clock;

/// Why a product cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum ProductError {
    /// The catalog has none with this id.
    #[error("Product '{0}' not found in catalog.")]
    NotFound(String),
    /// Reading the sources broke off.
    #[error("the sources could not be read")]
    Interrupted(#[from] tokio::task::JoinError),
}

/// The catalog's use cases.
#[derive(Clone)]
pub struct Products {
    catalog: Arc<Catalog>,
    clock: Clock,
    synced_at: Arc<std::sync::atomic::AtomicI64>,
}

impl Products {
    /// Over a catalog that was just read.
    #[must_use]
    pub fn new(catalog: Arc<Catalog>, clock: Clock) -> Self {
        let synced_at = Arc::new(std::sync::atomic::AtomicI64::new(clock.now().millis()));
        Self {
            catalog,
            clock,
            synced_at,
        }
    }

    /// The catalog itself.
    #[must_use]
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// The newest version of every product, and what is wrong in the sources.
    #[must_use]
    pub fn list_products(&self, _actor: &Actor) -> CatalogView {
        let at = self.synced_at();
        CatalogView {
            products: self
                .catalog
                .products()
                .iter()
                .map(|product| summary(product, at))
                .collect(),
            problems: self
                .catalog
                .problems()
                .into_iter()
                .map(|found| SourceProblem {
                    source_id: found.source_id,
                    problem: found.problem,
                })
                .collect(),
            sources: self
                .catalog
                .sources()
                .iter()
                .map(|source| source.id.clone())
                .collect(),
        }
    }

    /// The sources, and what was found in each.
    #[must_use]
    pub fn list_sources(&self, _actor: &Actor) -> Vec<StackSourceView> {
        let at = self.synced_at();
        let problems = self.catalog.problems();
        let sources = self.catalog.sources().iter();
        sources
            .map(|source| StackSourceView {
                id: source.id.clone(),
                name: source.id.clone(),
                kind: "LocalDirectory".to_owned(),
                enabled: true,
                last_synced_at: at,
                details: StackSourceDetails {
                    path: source.path.display().to_string(),
                },
                products: self.catalog.count_of(&source.id),
                problems: problems
                    .iter()
                    .filter(|found| found.source_id == source.id)
                    .count(),
            })
            .collect()
    }

    /// Reads the sources again.
    ///
    /// # Errors
    /// Where reading broke off; the catalog stays as it was.
    pub async fn sync_sources(&self, actor: &Actor) -> Result<CatalogView, ProductError> {
        let catalog = Arc::clone(&self.catalog);
        tokio::task::spawn_blocking(move || catalog.refresh()).await?;
        self.synced_at.store(
            self.clock.now().millis(),
            std::sync::atomic::Ordering::Relaxed,
        );
        Ok(self.list_products(actor))
    }

    /// One product by id or group id.
    ///
    /// # Errors
    /// Where the catalog has none.
    pub fn get_product(&self, _actor: &Actor, id: &str) -> Result<ProductDetail, ProductError> {
        let product = self
            .catalog
            .product(id)
            .ok_or_else(|| ProductError::NotFound(id.to_owned()))?;
        let available_versions = self
            .catalog
            .versions(&product.group_id)
            .iter()
            .map(|version| ProductVersion {
                version: version.version.clone(),
                product_id: version.id.clone(),
                default_stack_id: version
                    .stacks
                    .first()
                    .map(|stack| stack.id.clone())
                    .unwrap_or_default(),
                is_current: version.id == product.id,
            })
            .collect();
        Ok(ProductDetail {
            summary: summary(&product, self.synced_at()),
            documentation: product.documentation.clone(),
            release_notes_url: product.release_notes_url.clone(),
            changelog: product.changelog.clone(),
            available_versions,
            warnings: product.warnings.clone(),
        })
    }

    fn synced_at(&self) -> Timestamp {
        Timestamp::from_millis(self.synced_at.load(std::sync::atomic::Ordering::Relaxed))
    }
}

fn summary(product: &Product, last_synced_at: Timestamp) -> ProductSummary {
    let stacks: Vec<_> = product
        .stacks
        .iter()
        .map(|stack| stack_summary(product, stack))
        .collect();
    let names: std::collections::BTreeSet<String> = stacks
        .iter()
        .flat_map(|stack| &stack.variables)
        .map(|view| view.variable.name.to_lowercase())
        .collect();
    ProductSummary {
        id: product.id.clone(),
        group_id: product.group_id.clone(),
        source_id: product.source_id.clone(),
        source_name: product.source_id.clone(),
        name: product.display_name.clone(),
        description: product.description.clone(),
        version: product.version.clone(),
        category: product.category.clone(),
        tags: product.tags.clone(),
        is_multi_stack: product.stacks.len() > 1,
        total_services: product.service_count(),
        total_variables: names.len(),
        stacks,
        last_synced_at,
    }
}

/// A stack as the catalog shows it.
pub(crate) fn stack_summary(product: &Product, stack: &StackTemplate) -> StackSummary {
    let declared_in: HashMap<String, usize> = product
        .stacks
        .iter()
        .flat_map(|stack| {
            stack
                .variables
                .iter()
                .map(|variable| variable.name.to_lowercase())
        })
        .fold(HashMap::new(), |mut counts, name| {
            *counts.entry(name).or_default() += 1;
            counts
        });
    let is_shared = |variable: &Variable| {
        product
            .shared_variables
            .iter()
            .any(|shared| shared.name.eq_ignore_ascii_case(&variable.name))
            || declared_in
                .get(&variable.name.to_lowercase())
                .is_some_and(|count| *count > 1)
    };
    StackSummary {
        id: stack.id.clone(),
        name: stack.name.clone(),
        display_name: stack.display_name.clone(),
        description: stack.description.clone(),
        depends_on: stack.depends_on.clone(),
        services: stack
            .services
            .iter()
            .map(|service| ServiceView {
                name: service.name.clone(),
                image: service.image.clone(),
                init: service.init,
                depends_on: service.depends_on.clone(),
                ports: service.ports.clone(),
            })
            .collect(),
        variables: effective(&product.shared_variables, &stack.variables)
            .iter()
            .map(|variable| VariableView::new(variable, is_shared(variable)))
            .collect(),
    }
}
