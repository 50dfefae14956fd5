//! The deploy form as browsers without scripts send it.
//!
//! Accepted, it leads to the operation. Refused, the same page is rendered with what was entered and what is wrong.

use app::{
    address,
    calls::{
        deploy_form::Refused,
        deploy_product::{DeployProduct, read, submit},
    },
};
use axum::{
    extract::{Request, State},
    response::Response,
};
use domain::wire::Problem;

use super::Pages;
use super::plain_form::{answer, caller};

/// As the page's route has it.
pub(super) const ADDRESS: &str = "/deploy-product/{productId}";

/// `POST` of the form.
pub(super) async fn post(State(pages): State<Pages>, request: Request) -> Response {
    answer(pages, request, async |pages, body| {
        let form = read(&body).map_err(|error| refused(None, error.into()))?;
        match submit(&caller(pages), &form).await {
            Ok(accepted) => Ok(address::operation(&accepted.operation_id)),
            Err(problem) => Err(refused(Some(form), problem)),
        }
    })
    .await
}

fn refused(form: Option<DeployProduct>, problem: Problem) -> (u16, Refused) {
    (problem.status, Refused { form, problem })
}
