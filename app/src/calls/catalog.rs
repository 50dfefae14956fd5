//! What the catalog page shows: a card a product, and what is wrong in the sources.

use domain::timestamp::Timestamp;
use domain::wire::SourceProblem;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::CallError;

/// The catalog, without what only the products' own pages show.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CatalogPage {
    pub products: Vec<ProductCard>,
    pub problems: Vec<SourceProblem>,
    pub sources: Vec<String>,
}

/// One product in the catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductCard {
    pub id: String,
    pub name: String,
    pub version: Option<String>,
    pub description: String,
    pub category: Option<String>,
    pub tags: Vec<String>,
    pub stacks: usize,
    pub services: usize,
    pub source: String,
    pub last_synced_at: Timestamp,
}

/// The newest version of every product.
#[server(endpoint = "catalog", input = server_fn::codec::GetUrl, output = crate::json::Answer)]
pub async fn catalog() -> Result<CatalogPage, CallError> {
    use super::caller::{Caller, refuse};

    let caller = Caller::of_request()?;
    let view = caller
        .backend
        .catalog(&caller.actor)
        .await
        .map_err(refuse)?;
    let products = view.products.into_iter().map(|product| ProductCard {
        stacks: product.stacks.len(),
        services: product.total_services,
        id: product.id,
        name: product.name,
        version: product.version,
        description: product.description,
        category: product.category,
        tags: product.tags,
        source: product.source_name,
        last_synced_at: product.last_synced_at,
    });
    Ok(CatalogPage {
        products: products.collect(),
        problems: view.problems,
        sources: view.sources,
    })
}
