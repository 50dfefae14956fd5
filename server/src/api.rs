//! The door for programs: REST under `/api`, problems as `application/problem+json`, progress as server-sent events.
//!
//! Handlers take a request apart, call one use case and show what it gave; they hold no rules. One endpoint a file, named
//! after its use case. What is not in [`endpoints`] is not reachable.

mod act_on_container;
mod cancel_operation;
mod check_observer;
mod check_stack_upgrade;
mod check_upgrade;
mod create_environment;
mod create_volume;
mod decide_operation;
mod deploy_compose;
mod deploy_product;
mod deploy_stack;
mod diff_releases;
mod endpoint;
mod environment_query;
mod extract;
mod follow_environment;
mod follow_health;
mod get_configuration;
mod get_container;
mod get_dashboard_stats;
mod get_deployment_by_product;
mod get_deployment_health;
mod get_environment;
mod get_environment_health;
mod get_health_timeline;
mod get_observer;
mod get_operation;
mod get_previous_run;
mod get_product;
mod get_product_deployment;
mod get_release;
mod get_release_notes;
mod get_service_health;
mod get_stack_deployment;
mod get_stack_rollback;
mod get_system_info;
mod get_volume;
mod guard;
mod health;
mod list_all_deployments;
mod list_container_context;
mod list_containers;
mod list_environment_catalog;
mod list_environments;
mod list_events;
mod list_health_history;
mod list_health_transitions;
mod list_operations;
mod list_product_deployments;
mod list_products;
mod list_releases;
mod list_source_problems;
mod list_sources;
mod list_stack_deployments;
mod list_volumes;
mod live;
mod mark_stack_failed;
mod openapi;
mod operate;
mod parse_compose;
mod plan_operation;
mod precheck_product;
mod precheck_stack;
mod prefer;
mod problem;
mod read_container_logs;
mod redeploy_product;
mod remove_orphaned_stack;
mod remove_product;
mod remove_stack;
mod remove_volume;
mod restart_containers;
mod retry_product;
mod roll_back_product;
mod roll_back_stack;
mod set_operation_mode;
mod stop_containers;
mod sync_sources;
mod test_connection;
mod trace;
mod upgrade_product;
mod upgrade_stack;

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get};
use domain::wire::ProblemKind;
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;

use crate::state::AppState;
use endpoint::Endpoint;
use extract::Json;
pub use extract::MAX_BODY;
use guard::Hosts;
pub use problem::ApiError;
use problem::problem;

/// Every endpoint below `/api`, in the order of the document.
fn endpoints() -> Vec<Endpoint> {
    vec![
        list_environments::endpoint(),
        create_environment::endpoint(),
        get_environment::endpoint(),
        test_connection::endpoint(),
        list_products::endpoint(),
        get_product::endpoint(),
        list_source_problems::endpoint(),
        list_sources::endpoint(),
        sync_sources::endpoint(),
        deploy_product::endpoint(),
        precheck_product::endpoint(),
        list_product_deployments::endpoint(),
        get_product_deployment::endpoint(),
        get_deployment_by_product::endpoint(),
        plan_operation::endpoint(),
        redeploy_product::endpoint(),
        retry_product::endpoint(),
        upgrade_product::endpoint(),
        check_upgrade::endpoint(),
        get_configuration::endpoint(),
        get_release_notes::endpoint(),
        roll_back_product::endpoint(),
        list_releases::endpoint(),
        get_release::endpoint(),
        diff_releases::endpoint(),
        stop_containers::endpoint(),
        restart_containers::endpoint(),
        restart_containers::alias(),
        set_operation_mode::endpoint(),
        remove_product::endpoint(),
        get_observer::endpoint(),
        check_observer::endpoint(),
        deploy_stack::endpoint(),
        precheck_stack::endpoint(),
        deploy_compose::endpoint(),
        parse_compose::endpoint(),
        list_stack_deployments::endpoint(),
        get_stack_deployment::endpoint(),
        get_stack_rollback::endpoint(),
        roll_back_stack::endpoint(),
        check_stack_upgrade::endpoint(),
        upgrade_stack::endpoint(),
        mark_stack_failed::endpoint(),
        remove_stack::endpoint(),
        list_all_deployments::endpoint(),
        remove_stack::alias(),
        list_environment_catalog::endpoint(),
        list_operations::endpoint(),
        get_operation::endpoint(),
        get_previous_run::endpoint(),
        cancel_operation::endpoint(),
        decide_operation::endpoint(),
        list_events::endpoint(),
        get_environment_health::endpoint(),
        get_deployment_health::endpoint(),
        get_service_health::endpoint(),
        list_health_history::endpoint(),
        list_health_transitions::endpoint(),
        get_health_timeline::endpoint(),
        follow_health::endpoint(),
        follow_environment::endpoint(),
        list_containers::endpoint(),
        list_container_context::endpoint(),
        remove_orphaned_stack::endpoint(),
        get_container::endpoint(),
        act_on_container::start(),
        act_on_container::stop(),
        act_on_container::restart(),
        act_on_container::remove(),
        read_container_logs::endpoint(),
        list_volumes::endpoint(),
        create_volume::endpoint(),
        get_volume::endpoint(),
        remove_volume::endpoint(),
        get_dashboard_stats::endpoint(),
        get_system_info::endpoint(),
    ]
}

/// Everything under `/api`, and `/health`. Answers that would go on for long end when `shutdown` is cancelled.
pub fn router(state: AppState, shutdown: CancellationToken) -> Router {
    let door = Door { state, shutdown };
    let document = Arc::new(openapi());
    let about_itself = move || std::future::ready(Json(Arc::clone(&document)));
    let mut api = Router::new().route("/openapi.json", get(about_itself));
    for endpoint in endpoints() {
        api = api.route(endpoint.path, endpoint.into_route());
    }
    let api = api
        .fallback(async || no_endpoint())
        .method_not_allowed_fallback(async || wrong_method());
    Router::new()
        .nest("/api", api)
        .route("/api/", any(async || no_endpoint()))
        .merge(health::routes())
        .with_state(door)
}

/// What handlers get.
#[derive(Clone)]
struct Door {
    state: AppState,
    shutdown: CancellationToken,
}

impl FromRef<Door> for AppState {
    fn from_ref(door: &Door) -> Self {
        door.state.clone()
    }
}

impl FromRef<Door> for CancellationToken {
    fn from_ref(door: &Door) -> Self {
        door.shutdown.clone()
    }
}

/// The OpenAPI 3.1 document of [`router`].
#[must_use]
pub fn openapi() -> Value {
    openapi::document(&endpoints())
}

/// Method and path of every documented operation, for tests that every one is guarded and routed.
#[must_use]
pub fn operations() -> Vec<(String, String)> {
    let each = |endpoint: Endpoint| {
        (
            endpoint.method.to_string(),
            format!("/api{}", endpoint.path),
        )
    };
    endpoints().into_iter().map(each).collect()
}

/// Puts what every request passes around all doors, pages included: its id and its span, who may ask, and an answer even
/// where a handler panics.
pub fn guard(doors: Router, insecure_no_auth: bool) -> Router {
    let hosts = if insecure_no_auth {
        Hosts::Any
    } else {
        Hosts::ThisMachine
    };
    doors
        .layer(from_fn_with_state(hosts, guard::guard))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(trace::trace))
}

fn no_endpoint() -> ApiError {
    problem(
        ProblemKind::NotFound,
        "no-such-endpoint",
        "There is nothing here",
        "There is no such endpoint. GET /api/openapi.json lists all of them.",
    )
    .into()
}

fn wrong_method() -> ApiError {
    problem(
        ProblemKind::MethodNotAllowed,
        "method-not-allowed",
        "The method does not fit",
        "This endpoint does not take that method; the header Allow says which ones it takes.",
    )
    .into()
}

fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let said = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    ApiError(problem::internal(&Panicked(said))).into_response()
}

/// A handler panicked, which is a mistake of ours.
#[derive(Debug, thiserror::Error)]
#[error("a handler panicked: {0}")]
struct Panicked(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_pinned() {
        insta::assert_json_snapshot!(openapi());
    }

    #[test]
    fn operations_have_a_name_a_summary_and_an_answer_of_their_own() {
        let mut ids = std::collections::BTreeSet::new();
        for endpoint in endpoints() {
            assert!(ids.insert(endpoint.id), "{} is used twice", endpoint.id);
            assert!(
                endpoint.summary.ends_with('.'),
                "{} has no summary",
                endpoint.id
            );
            assert!(
                endpoint
                    .answers
                    .iter()
                    .any(|answer| answer.status.is_success()),
                "{} has no answer",
                endpoint.id
            );
        }
    }
}
