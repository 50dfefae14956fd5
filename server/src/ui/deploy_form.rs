//! The deploy form as browsers without scripts send it: to be carried out, checked, or shown again.
//!
//! Accepted, it leads to the operation. Everything else renders a page with what was entered, but for secrets.

use app::{
    address,
    calls::{
        deploy_form::{Act, Sent, read_asked},
        deploy_product::{DeployProduct, read, submit},
    },
};
use axum::{
    Router,
    extract::{Request, State},
    response::Response,
    routing::post,
};
use domain::wire::Problem;

use super::Pages;
use super::plain_form::{answer, caller};

/// As the routes of the pages have them.
pub(super) fn routes() -> Router<Pages> {
    Router::new()
        .route("/deploy-product/{productId}", post(handle))
        .route("/deploy-product/{productId}/precheck", post(check))
}

async fn handle(State(pages): State<Pages>, request: Request) -> Response {
    answer(pages, request, async |pages, body| {
        let form = read(&body).map_err(|error| refused(None, error.into()))?;
        let asked = read_asked(&body).map_err(|error| refused(None, error.into()))?;
        let env = match asked.act {
            Act::Begin => {
                return match submit(&caller(pages), &form).await {
                    Ok(accepted) => Ok(address::operation(&accepted.operation_id)),
                    Err(problem) => Err(refused(Some(form), problem)),
                };
            }
            Act::Import => Some(asked.env),
            Act::Plan | Act::Edit => None,
        };
        Err(shown(form, env))
    })
    .await
}

/// The page of the precheck looks itself; it only has to be given what to look at.
async fn check(State(pages): State<Pages>, request: Request) -> Response {
    answer(pages, request, async |_, body| {
        let form = read(&body).map_err(|error| refused(None, error.into()))?;
        Err(shown(form, None))
    })
    .await
}

fn shown(form: DeployProduct, env: Option<String>) -> (u16, Sent) {
    let sent = Sent {
        form: Some(form),
        problem: None,
        env,
    };
    (200, sent)
}

fn refused(form: Option<DeployProduct>, problem: Problem) -> (u16, Sent) {
    let status = problem.status;
    let sent = Sent {
        form,
        problem: Some(problem),
        env: None,
    };
    (status, sent)
}
