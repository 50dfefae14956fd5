//! `POST /api/containers/{containerId}/start`, `…/stop`, `…/restart`, and `DELETE /api/containers/{containerId}`

use axum::extract::State;
use axum::http::StatusCode;
use domain::access::Actor;
use domain::container::ContainerAct;
use domain::wire::ProblemKind;

use super::endpoint::Endpoint;
use super::environment_query::{ENVIRONMENT, EnvironmentQuery};
use super::extract::{Caller, Path, Query};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn start() -> Endpoint {
    let handle = async |state, caller, path, query| {
        act(state, caller, path, query, ContainerAct::Start).await
    };
    let endpoint = Endpoint::post("/containers/{containerId}/start", "start_container", handle);
    common(endpoint.says("Starts a container. No operation, and no status changes."))
}

pub(super) fn stop() -> Endpoint {
    let handle = async |state, caller, path, query| {
        act(state, caller, path, query, ContainerAct::Stop).await
    };
    let endpoint = Endpoint::post("/containers/{containerId}/stop", "stop_container", handle);
    common(
        endpoint.says("Stops a container with its own grace. No operation, and no status changes."),
    )
}

pub(super) fn restart() -> Endpoint {
    let handle = async |state, caller, path, query| {
        act(state, caller, path, query, ContainerAct::Restart).await
    };
    let endpoint = Endpoint::post(
        "/containers/{containerId}/restart",
        "restart_container",
        handle,
    );
    common(endpoint.says("Stops a container with its own grace and starts it again. No operation, and no status changes."))
}

pub(super) fn remove() -> Endpoint {
    let handle = async |state, caller, path, query| {
        act(state, caller, path, query, ContainerAct::Remove).await
    };
    let endpoint = Endpoint::delete("/containers/{containerId}", "remove_container", handle);
    common(endpoint.says("Removes a container and what it wrote outside of volumes. Volumes stay."))
        .query::<bool>(
            "force",
            "Also where it runs, or belongs to a product that is deployed.",
        )
}

/// An engine that takes long to stop something is waited for: its calls have limits of their own.
fn common(endpoint: Endpoint) -> Endpoint {
    endpoint
        .query::<String>("environment", ENVIRONMENT)
        .answers_nothing("It is done, or was so before.")
        .refuses(ProblemKind::BadRequest, "No environment is named.")
        .refuses(ProblemKind::NotFound, "There is no such container.")
        .refuses(
            ProblemKind::Conflict,
            "An operation works on its product, or the engine refuses. Nothing was done.",
        )
        .refuses(ProblemKind::Unavailable, "The engine does not answer.")
        .unlimited()
}

async fn act(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    Query(query): Query<EnvironmentQuery>,
    act: ContainerAct,
) -> Result<StatusCode, ApiError> {
    let actor: Actor = actor;
    let environment = query.environment();
    let done = state
        .containers
        .act_on_container(&actor, environment, &id, act, query.force());
    done.await?;
    Ok(StatusCode::NO_CONTENT)
}
