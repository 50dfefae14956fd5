//! The answer to whoever starts an operation: its end, or 202 when the caller prefers so. The operation belongs to nobody's
//! request: a caller that goes away changes nothing.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use domain::wire::AcceptedOperation;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::endpoint::Endpoint;
use super::extract::Json;
use super::prefer::Prefer;
use super::problem::ApiError;
use crate::deployments::Accepted;

impl Endpoint {
    /// Starts an operation, and waits for its end unless the caller prefers not to.
    pub(super) fn operates(self) -> Self {
        self.header(
            "Prefer",
            "`respond-async` answers 202 at once, `respond-async, wait=10` after ten seconds at the latest.",
        )
        .answers_with::<AcceptedOperation>(
            StatusCode::ACCEPTED,
            "application/json",
            "The operation goes on: the caller prefers not to wait, or the server is stopping.",
            &[
                ("Location", "The operation."),
                ("Preference-Applied", "What was heeded of `Prefer`."),
            ],
        )
        .unlimited()
    }
}

/// What `ended` gives once it does, unless something else comes first.
pub(super) async fn answer<T: Serialize>(
    accepted: &Accepted,
    prefer: Prefer,
    shutdown: &CancellationToken,
    ended: impl Future<Output = Result<T, ApiError>>,
) -> Result<Response, ApiError> {
    if prefer.respond_async && prefer.wait.is_none() {
        return Ok(follow(accepted, prefer));
    }
    tokio::select! {
        biased;
        ended = ended => Ok(Json(ended?).into_response()),
        () = patience(prefer) => Ok(follow(accepted, prefer)),
        () = shutdown.cancelled() => Ok(follow(accepted, Prefer::default())),
    }
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
    let (noun, product) = (accepted.kind.noun(), &accepted.product);
    let message = match prefer.respond_async {
        true => format!("{noun} of '{product}' has begun."),
        false => format!(
            "Windlass is stopping; {} of '{product}' goes on when it runs again.",
            noun.to_lowercase()
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
