//! The forms that change a container or a volume by hand as browsers without scripts send them: each to the address of its page, with
//! the filter that it was seen with.
//!
//! Done, it leads on, or back to the same page. Refused, that is rendered with what is wrong.

use app::calls::containers::{RefusedDeed, WantedDeed, read, submit};
use axum::{
    Router,
    extract::{Request, State},
    response::Response,
    routing::post,
};
use domain::wire::Problem;

use super::Pages;
use super::plain_form::{answer, caller};

/// Pages that have such forms.
const ADDRESSES: [&str; 4] = [
    "/containers",
    "/containers/{id}",
    "/volumes",
    "/volumes/{name}",
];

pub(super) fn routes() -> Router<Pages> {
    let each = ADDRESSES.into_iter();
    each.fold(Router::new(), |router, path| {
        router.route(path, post(handle))
    })
}

async fn handle(State(pages): State<Pages>, request: Request) -> Response {
    let here = request.uri().path_and_query().map(ToString::to_string);
    let here = here.unwrap_or_else(|| "/containers".to_owned());
    answer(pages, request, async |pages, body| {
        let deed = read(&body).map_err(|error| refused(None, error.into()))?;
        match submit(&caller(pages), &deed).await {
            Ok(next) => Ok(next.unwrap_or(here)),
            Err(problem) => Err(refused(Some(deed), problem)),
        }
    })
    .await
}

fn refused(deed: Option<WantedDeed>, problem: Problem) -> (u16, RefusedDeed) {
    (problem.status, RefusedDeed { deed, problem })
}
