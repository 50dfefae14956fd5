//! What the pages of settings show: the server, the sources of the catalog, the environments.

use domain::wire::{ConnectionTest, EnvironmentView, SourceProblem, StackSourceView, SystemInfo};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::CallError;

/// What the server is and what it is set to.
#[server(endpoint = "system", input = server_fn::codec::GetUrl, output = crate::json::Answer)]
pub async fn load_system() -> Result<SystemInfo, CallError> {
    use super::caller::{Caller, refuse};

    let Caller { backend, actor } = Caller::of_request()?;
    backend.system_info(&actor).await.map_err(refuse)
}

/// The sources, and what is wrong in them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sources {
    pub sources: Vec<StackSourceView>,
    pub problems: Vec<SourceProblem>,
}

/// Every source with what is wrong in it.
#[server(endpoint = "sources", input = server_fn::codec::GetUrl, output = crate::json::Answer)]
pub async fn load_sources() -> Result<Sources, CallError> {
    use super::caller::{Caller, refuse};

    let Caller { backend, actor } = Caller::of_request()?;
    let sources = backend.sources(&actor).await.map_err(refuse)?;
    let catalog = backend.catalog(&actor).await.map_err(refuse)?;
    Ok(Sources {
        sources,
        problems: catalog.problems,
    })
}

/// The environments, and how the engine of one of them answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environments {
    pub environments: Vec<EnvironmentView>,
    /// Id of the environment whose engine was asked, and its answer.
    pub tested: Option<(String, ConnectionTest)>,
}

/// Every environment, the default one first. The engine of `test` is asked who it is.
#[server(endpoint = "environments", input = server_fn::codec::GetUrl, output = crate::json::Answer)]
pub async fn load_environments(
    #[server(default)] test: Option<String>,
) -> Result<Environments, CallError> {
    use super::caller::{Caller, refuse};

    let Caller { backend, actor } = Caller::of_request()?;
    let environments = backend.environments(&actor).await.map_err(refuse)?;
    let tested = match test {
        Some(id) => {
            let tested = backend.test_environment(&actor, &id).await;
            Some((id, tested.map_err(refuse)?))
        }
        None => None,
    };
    Ok(Environments {
        environments,
        tested,
    })
}
