//! `POST /api/environments/{environmentId}/product-deployments`
//!
//! Answers when the operation has ended, or with 202 when the caller prefers so. The operation belongs to nobody's request:
//! a caller that goes away changes nothing.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use domain::access::Actor;
use domain::wire::{AcceptedOperation, DeployProductRequest, DeployProductResponse, ProblemKind};
use tokio_util::sync::CancellationToken;

use super::endpoint::Endpoint;
use super::extract::{Caller, Json, Path};
use super::prefer::Prefer;
use super::problem::ApiError;
use crate::deployments::Accepted;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::post(
        "/environments/{environmentId}/product-deployments",
        "deploy_product",
        deploy,
    )
    .says("Deploys a product: all its stacks as one operation.")
    .header("Prefer", "`respond-async` answers 202 at once, `respond-async, wait=10` after ten seconds at the latest.")
    .takes::<DeployProductRequest>()
    .answers::<DeployProductResponse>("The operation has ended; `success` says whether the product runs.")
    .answers_with::<AcceptedOperation>(
        StatusCode::ACCEPTED,
        "application/json",
        "The operation goes on: the caller prefers not to wait, or the server is stopping.",
        &[
            ("Location", "The operation."),
            ("Preference-Applied", "What was heeded of `Prefer`."),
        ],
    )
    .refuses(
        ProblemKind::BadRequest,
        "The product or a stack is unknown, a field is wrong, or the product is deployed already. Nothing was started.",
    )
    .refuses(ProblemKind::NotFound, "There is no such environment.")
    .unlimited()
}

async fn deploy(
    State(state): State<AppState>,
    State(shutdown): State<CancellationToken>,
    Caller(actor): Caller,
    Path(environment): Path<String>,
    prefer: Prefer,
    Json(request): Json<DeployProductRequest>,
) -> Result<Response, ApiError> {
    let accepted = state
        .deployments
        .deploy_product(&actor, &environment, &request)
        .await?;
    if prefer.respond_async && prefer.wait.is_none() {
        return Ok(follow(&accepted, prefer));
    }
    tokio::select! {
        biased;
        ended = ended(&state, &actor, &environment, &accepted) => Ok(Json(ended?).into_response()),
        () = patience(prefer) => Ok(follow(&accepted, prefer)),
        () = shutdown.cancelled() => Ok(follow(&accepted, Prefer::default())),
    }
}

async fn ended(
    state: &AppState,
    actor: &Actor,
    environment: &str,
    accepted: &Accepted,
) -> Result<DeployProductResponse, ApiError> {
    Ok(state
        .deployments
        .wait_for_result(actor, environment, accepted)
        .await?)
}

/// Ends when the caller wants to wait no longer.
async fn patience(prefer: Prefer) {
    match prefer.wait.filter(|_| prefer.respond_async) {
        Some(wait) => tokio::time::sleep(wait).await,
        None => std::future::pending().await,
    }
}

/// 202: where to follow what was accepted.
fn follow(accepted: &Accepted, prefer: Prefer) -> Response {
    let message = match prefer.respond_async {
        true => format!("The deployment of '{}' has begun.", accepted.product),
        false => format!(
            "Windlass is stopping; the deployment of '{}' goes on when it runs again.",
            accepted.product
        ),
    };
    let location = format!("/api/operations/{}", accepted.operation);
    let body = AcceptedOperation {
        success: true,
        message,
        operation_id: accepted.operation.to_string(),
        product_deployment_id: accepted.deployment.to_string(),
        session_id: accepted.session_id.clone(),
    };
    let mut response = (StatusCode::ACCEPTED, Json(body)).into_response();
    let headers = response.headers_mut();
    // Ids and numbers are characters that a header may hold.
    if let Ok(location) = HeaderValue::try_from(location) {
        headers.insert(header::LOCATION, location);
    }
    if prefer.respond_async
        && let Ok(applied) = HeaderValue::try_from(prefer.applied())
    {
        headers.insert("preference-applied", applied);
    }
    response
}
