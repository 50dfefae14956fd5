//! The form that deploys a pasted Compose file, as browsers without scripts send it.
//!
//! Accepted, it leads to the operation. Everything else renders the page again with the file and what it asks for.

use app::{
    address,
    calls::{
        deploy_custom::{CustomForm, SentCustom, read_form, submit},
        deploy_form::{Act, read_asked},
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
pub(super) const ADDRESS: &str = "/deploy-custom";

/// `POST` of the form.
pub(super) async fn post(State(pages): State<Pages>, request: Request) -> Response {
    answer(pages, request, async |pages, body| {
        let unread = CustomForm::default;
        let form = read_form(&body).map_err(|error| refused(unread(), error.into()))?;
        let asked = read_asked(&body).map_err(|error| refused(unread(), error.into()))?;
        if asked.act != Act::Begin {
            let sent = SentCustom {
                form,
                problem: None,
            };
            return Err((200, sent));
        }
        match submit(&caller(pages), &form).await {
            Ok(accepted) => Ok(address::operation(&accepted.operation_id)),
            Err(problem) => Err(refused(form, problem)),
        }
    })
    .await
}

fn refused(form: CustomForm, problem: Problem) -> (u16, SentCustom) {
    let status = problem.status;
    let sent = SentCustom {
        form,
        problem: Some(problem),
    };
    (status, sent)
}
