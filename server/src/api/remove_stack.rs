//! `DELETE /api/environments/{environmentId}/deployments/{deploymentId}`, and `DELETE /api/deployments/{deploymentId}` for scripts that
//! know no environments; that one also takes the id of a product deployment.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use domain::access::Actor;
use domain::wire::{ProblemKind, RemoveRequest, RemoveStackRequest, StackOperationResult};
use tokio_util::sync::CancellationToken;

use super::endpoint::Endpoint;
use super::extract::{Caller, Json, MaybeJson, Path, Query};
use super::operate::answer;
use super::prefer::Prefer;
use super::problem::ApiError;
use crate::deployments::{Located, StackRemoval};
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    described(Endpoint::delete(
        "/environments/{environmentId}/deployments/{deploymentId}",
        "remove_stack",
        handle,
    ))
    .says("Removes one stack; the last one takes its product along. Volumes stay.")
}

/// The address that some scripts know it by.
pub(super) fn alias() -> Endpoint {
    described(Endpoint::delete(
        "/deployments/{deploymentId}",
        "remove_deployment_alias",
        handle_alias,
    ))
    .says("Removes a stack, or a product with the answer that its own endpoint gives, whichever has the id.")
}

fn described(endpoint: Endpoint) -> Endpoint {
    endpoint
        .query::<Option<String>>(
            "sessionId",
            "The client's own id for following the operation; the body's wins.",
        )
        .takes::<RemoveStackRequest>()
        .answers::<StackOperationResult>(
            "The operation has ended, or it was removed before; `success` says whether it is gone.",
        )
        .operates()
        .refuses(
            ProblemKind::BadRequest,
            "The status does not allow it. Nothing was started.",
        )
        .refuses(ProblemKind::NotFound, "There is no such deployment.")
        .refuses(
            ProblemKind::Conflict,
            "An operation works on the product, or it is in maintenance. Nothing was started.",
        )
}

async fn handle(
    State(state): State<AppState>,
    State(shutdown): State<CancellationToken>,
    Caller(actor): Caller,
    Path((environment, id)): Path<(String, String)>,
    Query(query): Query<RemoveStackRequest>,
    prefer: Prefer,
    MaybeJson(body): MaybeJson<RemoveStackRequest>,
) -> Result<Response, ApiError> {
    let request = RemoveStackRequest {
        session_id: body.session_id.or(query.session_id),
    };
    remove(
        &state,
        &shutdown,
        &actor,
        (&environment, &id),
        &request,
        prefer,
    )
    .await
}

async fn handle_alias(
    State(state): State<AppState>,
    State(shutdown): State<CancellationToken>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    Query(query): Query<RemoveStackRequest>,
    prefer: Prefer,
    MaybeJson(body): MaybeJson<RemoveStackRequest>,
) -> Result<Response, ApiError> {
    let session_id = body.session_id.or(query.session_id);
    let deployments = &state.deployments;
    let environment = match deployments.locate(&id).await? {
        Located::Stack { environment } => {
            let request = RemoveStackRequest { session_id };
            return remove(
                &state,
                &shutdown,
                &actor,
                (&environment, &id),
                &request,
                prefer,
            )
            .await;
        }
        Located::Product { environment } => environment,
    };
    let request = RemoveRequest {
        session_id,
        ..RemoveRequest::default()
    };
    let accepted = deployments
        .remove_product(&actor, &environment, &id, &request)
        .await?;
    let ended = async {
        let result = deployments
            .wait_for_operation(&actor, &environment, &accepted)
            .await?;
        Ok(result)
    };
    answer(&accepted, prefer, &shutdown, ended).await
}

async fn remove(
    state: &AppState,
    shutdown: &CancellationToken,
    actor: &Actor,
    (environment, id): (&str, &str),
    request: &RemoveStackRequest,
    prefer: Prefer,
) -> Result<Response, ApiError> {
    let deployments = &state.deployments;
    let accepted = match deployments
        .remove_stack(actor, environment, id, request)
        .await?
    {
        StackRemoval::AlreadyGone(result) => return Ok(Json(*result).into_response()),
        StackRemoval::Accepted(accepted) => accepted,
    };
    let ended = async {
        let result = deployments
            .wait_for_stack(actor, environment, &accepted)
            .await?;
        Ok(result)
    };
    answer(&accepted.accepted, prefer, shutdown, ended).await
}
