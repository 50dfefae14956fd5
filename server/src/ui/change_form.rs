//! The forms that change a deployed product as browsers without scripts send them: each to the address of its page.
//!
//! Accepted, it leads to the operation. Everything else renders the same page with what was entered, but for secrets.

use app::{
    address,
    calls::{
        change::{SentChange, WantedChange, read, submit},
        deploy_form::{Act, read_asked},
        deploy_product::Unreadable,
    },
};
use axum::{
    Router,
    extract::{Request, State},
    response::Response,
    routing::post,
};
use domain::operation::OperationKind;
use domain::wire::Problem;

use super::Pages;
use super::plain_form::{answer, caller};

/// One address for each operation.
pub(super) fn routes() -> Router<Pages> {
    let kinds = OperationKind::ALL.iter().copied();
    let changes = kinds.filter(|kind| *kind != OperationKind::Deploy);
    changes.fold(Router::new(), |router, kind| {
        let path = format!("/{}/{{id}}", address::change_path(kind));
        router.route(&path, post(handle))
    })
}

async fn handle(State(pages): State<Pages>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    answer(pages, request, async |pages, body| {
        let form = read(&body).map_err(|error| refused(None, error.into()))?;
        let asked = read_asked(&body).map_err(|error| refused(None, error.into()))?;
        // A form that is not this page's was not made by it.
        if path != address::change(form.kind, &form.id) {
            return Err(refused(None, Unreadable.into()));
        }
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
        let sent = SentChange {
            form: Some(form),
            problem: None,
            env,
        };
        Err((200, sent))
    })
    .await
}

fn refused(form: Option<WantedChange>, problem: Problem) -> (u16, SentChange) {
    let status = problem.status;
    let sent = SentChange {
        form,
        problem: Some(problem),
        env: None,
    };
    (status, sent)
}
