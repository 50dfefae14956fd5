//! The deploy form as browsers without scripts send it: to its own address, so that reloading, going back and a page that
//! hydrates later all find themselves where they are.
//!
//! Accepted, it leads to the operation. Refused, the same page is rendered with what was entered and what is wrong.

use std::sync::Arc;

use app::{
    address,
    calls::{
        caller::Caller,
        deploy_form::Refused,
        deploy_product::{DeployProduct, read, submit},
    },
    shell,
};
use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    http::{StatusCode, request::Parts},
    response::{IntoResponse as _, Redirect, Response},
};
use domain::{access::Actor, wire::Problem};
use leptos::prelude::provide_context;

use super::{LARGEST_FORM, Pages};

/// As the page's route has it.
pub(super) const ADDRESS: &str = "/deploy-product/{productId}";

/// `POST` of the form.
pub(super) async fn post(State(pages): State<Pages>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = match axum::body::to_bytes(body, LARGEST_FORM).await {
        Ok(body) => body,
        Err(_) => return StatusCode::PAYLOAD_TOO_LARGE.into_response(),
    };
    let (form, problem) = match deploy(&pages, &body).await {
        Ok(operation) => return Redirect::to(&operation).into_response(),
        Err(refusal) => refusal,
    };
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::BAD_REQUEST);
    let mut page = render(pages, parts, Refused { form, problem }).await;
    *page.status_mut() = status;
    page
}

/// The address of the operation, or the form with what is wrong with it; no form where none could be read.
async fn deploy(pages: &Pages, body: &Bytes) -> Result<String, (Option<DeployProduct>, Problem)> {
    let form = read(body).map_err(|error| (None, error.into()))?;
    let caller = Caller {
        backend: Arc::clone(&pages.backend),
        actor: Actor::LocalOperator,
    };
    match submit(&caller, &form).await {
        Ok(accepted) => Ok(address::operation(&accepted.operation_id)),
        Err(error) => Err((Some(form), error)),
    }
}

async fn render(pages: Pages, parts: Parts, refused: Refused) -> Response {
    let context = pages.context();
    let with_form = move || {
        context();
        provide_context(refused.clone());
    };
    let options = pages.options;
    let render =
        leptos_axum::render_app_async_with_context(with_form, move || shell(options.clone()));
    render(Request::from_parts(parts, Body::empty()))
        .await
        .into_response()
}
