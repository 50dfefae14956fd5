//! Who calls, and whom: taken from the context that the server provides for every request.

use std::sync::Arc;

use domain::access::Actor;
use domain::wire::{EnvironmentView, Problem};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

use super::CallError;
use super::environments::{COOKIE, Choice};
use crate::backend::Backend;

/// The use cases and the one who asks for them.
pub struct Caller {
    pub backend: Arc<dyn Backend>,
    pub actor: Actor,
}

impl Caller {
    /// Of the request that is being answered.
    ///
    /// # Errors
    /// While the table of routes is collected: there is no request then.
    pub fn of_request() -> Result<Self, NoRequest> {
        match (use_context::<Arc<dyn Backend>>(), use_context::<Actor>()) {
            (Some(backend), Some(actor)) => Ok(Self { backend, actor }),
            _ => Err(NoRequest),
        }
    }

    /// The environment that the pages work on.
    ///
    /// # Errors
    /// When there is none, or the store does not answer.
    pub async fn environment(&self) -> Result<EnvironmentView, CallError> {
        Ok(self.environments().await?.current)
    }

    /// The same with all others. The one that the reader chose, as long as it is there; else the default one.
    ///
    /// # Errors
    /// When there is none, or the store does not answer.
    pub async fn environments(&self) -> Result<Choice, CallError> {
        let all = self
            .backend
            .environments(&self.actor)
            .await
            .map_err(refuse)?;
        let wanted = chosen();
        let of_choice = all
            .iter()
            .find(|known| Some(&known.id) == wanted.as_ref())
            .or(all.first());
        if let Some(current) = of_choice.cloned() {
            return Ok(Choice { current, all });
        }
        Err({
            refuse(
                CallError::new(
                    "no-environment",
                    404,
                    "There is no environment",
                    "Windlass knows no engine to deploy to. Restart it with --docker-host.",
                )
                .0,
            )
        })
    }
}

/// Id of the environment that the reader chose.
fn chosen() -> Option<String> {
    let request = use_context::<http::request::Parts>()?;
    let cookies = request.headers.get_all(http::header::COOKIE);
    cookies
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .find_map(|pair| match pair.trim().split_once('=')? {
            (COOKIE, id) => Some(id.to_owned()),
            _ => None,
        })
}

/// This was called outside of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoRequest;

impl From<NoRequest> for CallError {
    fn from(_: NoRequest) -> Self {
        Self::new(
            "no-request",
            500,
            "Nobody to ask",
            "This was called outside of a request.",
        )
    }
}

/// A problem becomes the error of the call, and its status that of the response: a page about something that is not there
/// is a 404. Only a form sent without scripts keeps its own: the browser is led back to the page, which shows the problem.
#[must_use]
pub fn refuse(problem: Problem) -> CallError {
    if let (Some(response), Ok(status), false) = (
        use_context::<ResponseOptions>(),
        http::StatusCode::from_u16(problem.status),
        is_plain_form(),
    ) {
        response.set_status(status);
    }
    CallError(problem)
}

fn is_plain_form() -> bool {
    use_context::<http::request::Parts>().is_some_and(|request| {
        let accept = request.headers.get(http::header::ACCEPT);
        let html = accept.and_then(|accept| accept.to_str().ok());
        request.method == http::Method::POST
            && html.is_some_and(|accept| accept.contains("text/html"))
    })
}
