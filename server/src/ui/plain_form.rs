//! Forms as browsers without scripts send them: to the address of their own page, so that reloading, going back and a page that
//! hydrates later all find themselves where they are.

use std::sync::Arc;

use app::{calls::caller::Caller, shell};
use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::{StatusCode, request::Parts},
    response::{IntoResponse as _, Redirect, Response},
};
use domain::access::Actor;
use leptos::prelude::provide_context;

use super::{LARGEST_FORM, Pages};

/// Reads the form and has it carried out. `act` gives the address to go on to, or the status and what the page reads from its context
/// to show the form again.
pub(super) async fn answer<R: Clone + Send + Sync + 'static>(
    pages: Pages,
    request: Request,
    act: impl AsyncFnOnce(&Pages, Bytes) -> Result<String, (u16, R)>,
) -> Response {
    let (parts, body) = request.into_parts();
    let body = match axum::body::to_bytes(body, LARGEST_FORM).await {
        Ok(body) => body,
        Err(_) => return StatusCode::PAYLOAD_TOO_LARGE.into_response(),
    };
    let (status, refused) = match act(&pages, body).await {
        Ok(next) => return Redirect::to(&next).into_response(),
        Err(refusal) => refusal,
    };
    let mut page = render(pages, parts, refused).await;
    *page.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    page
}

/// Whoever sends a form is the local operator.
pub(super) fn caller(pages: &Pages) -> Caller {
    Caller {
        backend: Arc::clone(&pages.backend),
        actor: Actor::LocalOperator,
    }
}

async fn render<R: Clone + Send + Sync + 'static>(
    pages: Pages,
    parts: Parts,
    refused: R,
) -> Response {
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
