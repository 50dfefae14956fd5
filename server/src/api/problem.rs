//! Turns every error of the use cases into an answer: the only place that knows HTTP statuses of failures.
//!
//! What a caller may read is in the problem; what went wrong inside is logged here, once, within the span that carries the
//! request's id, and never sent. The pages are another door and use the same problems.

use std::collections::BTreeMap;
use std::error::Error;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::wire::{Problem, ProblemKind};
use serde_json::{Value, json};

use super::health::NotReady;
use crate::containers::ContainerError;
use crate::deployments::DeploymentError;
use crate::environments::EnvironmentError;
use crate::health::HealthError;
use crate::maintenance::ObserverError;
use crate::operations::OperationError;
use crate::orchestrator::PlanError;
use crate::products::ProductError;

/// What every slug stands behind.
const TYPE_PREFIX: &str = "urn:windlass:problem:";
/// The media type of RFC 9457.
const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");
/// Seconds after which asking again makes sense when the store or an engine does not answer.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");

/// A refusal on its way out.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiError(pub Problem);

impl<E: Into<Problem>> From<E> for ApiError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // A problem is made of strings and numbers: it always has a JSON form.
        let body = serde_json::to_vec(&self.0).unwrap_or_default();
        let mut response = (status, Body::from(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, MEDIA_TYPE);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, RETRY_AFTER);
        }
        response
    }
}

/// The HTTP status of a kind of problem.
pub(super) const fn status_of(kind: ProblemKind) -> StatusCode {
    match kind {
        ProblemKind::Validation | ProblemKind::BadRequest => StatusCode::BAD_REQUEST,
        ProblemKind::Forbidden => StatusCode::FORBIDDEN,
        ProblemKind::NotFound => StatusCode::NOT_FOUND,
        ProblemKind::Conflict => StatusCode::CONFLICT,
        ProblemKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ProblemKind::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ProblemKind::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        ProblemKind::Timeout => StatusCode::REQUEST_TIMEOUT,
        ProblemKind::Misdirected => StatusCode::MISDIRECTED_REQUEST,
        ProblemKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ProblemKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// A problem without fields.
pub(super) fn problem(
    kind: ProblemKind,
    slug: &str,
    title: &str,
    detail: impl Into<String>,
) -> Problem {
    let detail = detail.into();
    Problem {
        type_uri: format!("{TYPE_PREFIX}{slug}"),
        title: title.to_owned(),
        status: status_of(kind).as_u16(),
        success: false,
        message: detail.clone(),
        detail,
        errors: BTreeMap::new(),
        extensions: BTreeMap::new(),
    }
}

/// A request whose fields are wrong, each with its sentences.
pub(super) fn invalid(
    detail: impl Into<String>,
    fields: impl IntoIterator<Item = (String, String)>,
) -> Problem {
    let mut problem = problem(
        ProblemKind::Validation,
        "invalid-request",
        "The request is not valid",
        detail,
    );
    for (field, message) in fields {
        problem.errors.entry(field).or_default().push(message);
    }
    problem
}

/// Something that callers cannot do anything about; the cause is logged.
pub(super) fn internal(error: &(dyn Error + 'static)) -> Problem {
    tracing::error!(error, "a request failed inside");
    problem(
        ProblemKind::Internal,
        "internal",
        "Windlass failed",
        "Something went wrong inside Windlass. The log of the server says what, under this request's id.",
    )
}

/// The database does not answer, which may pass; the cause is logged.
fn store_unavailable(error: &(dyn Error + 'static), out_of_room: bool) -> Problem {
    if out_of_room {
        tracing::error!(error, "a request failed because the database has no room");
        return problem(
            ProblemKind::Unavailable,
            "store-full",
            "The database has no room",
            "The disk of the database is full. Make room on it; what is at work goes on by itself then.",
        );
    }
    tracing::warn!(
        error,
        "a request failed because the database does not answer"
    );
    problem(
        ProblemKind::Unavailable,
        "store-unavailable",
        "The database does not answer",
        "The database does not answer at the moment. Try again in a few seconds.",
    )
}

/// An engine does not answer, which may pass; the cause is logged.
fn engine_unavailable(error: &(dyn Error + 'static)) -> Problem {
    tracing::warn!(error, "a request failed because the engine does not answer");
    problem(
        ProblemKind::Unavailable,
        "engine-unavailable",
        "The engine does not answer",
        "The Docker engine of this environment does not answer. Check that it runs, then try again.",
    )
}

/// The same problem about one field.
fn about(mut problem: Problem, field: &str) -> Problem {
    problem
        .errors
        .insert(field.to_owned(), vec![problem.detail.clone()]);
    problem
}

/// The same problem with a further member.
fn with(mut problem: Problem, name: &str, value: Value) -> Problem {
    problem.extensions.insert(name.to_owned(), value);
    problem
}

impl From<EnvironmentError> for Problem {
    fn from(error: EnvironmentError) -> Self {
        use EnvironmentError as E;
        let detail = error.to_string();
        match error {
            E::NotFound(_) => problem(
                ProblemKind::NotFound,
                "environment-not-found",
                "No such environment",
                detail,
            ),
            E::Invalid { field, message } => invalid(detail, [(field.to_owned(), message)]),
            E::NameTaken(_) => {
                let taken = problem(
                    ProblemKind::BadRequest,
                    "environment-name-taken",
                    "The name is taken",
                    detail,
                );
                about(taken, "name")
            }
            E::Store(error) if error.is_transient() => {
                store_unavailable(&error, error.is_out_of_room())
            }
            E::Store(error) => internal(&error),
        }
    }
}

impl From<ProductError> for Problem {
    fn from(error: ProductError) -> Self {
        match &error {
            ProductError::NotFound(_) => problem(
                ProblemKind::NotFound,
                "product-not-found",
                "No such product",
                error.to_string(),
            ),
            ProductError::Interrupted(_) => internal(&error),
        }
    }
}

impl From<OperationError> for Problem {
    fn from(error: OperationError) -> Self {
        use OperationError as E;
        match &error {
            E::NotFound(_) => problem(
                ProblemKind::NotFound,
                "operation-not-found",
                "No such operation",
                error.to_string(),
            ),
            E::Ended(status) => with(
                problem(
                    ProblemKind::Conflict,
                    "operation-ended",
                    "The operation has ended",
                    error.to_string(),
                ),
                "operationStatus",
                json!(status),
            ),
            E::NothingToDecide => problem(
                ProblemKind::Conflict,
                "nothing-to-decide",
                "It does not wait for a decision",
                error.to_string(),
            ),
            E::Store(error) if error.is_transient() => {
                store_unavailable(error, error.is_out_of_room())
            }
            E::Store(error) => internal(error),
        }
    }
}

impl From<DeploymentError> for Problem {
    fn from(error: DeploymentError) -> Self {
        use DeploymentError as E;
        let detail = error.to_string();
        let bad = |slug, title| problem(ProblemKind::BadRequest, slug, title, detail.clone());
        let conflict = |slug, title| problem(ProblemKind::Conflict, slug, title, detail.clone());
        let missing = |slug, title| problem(ProblemKind::NotFound, slug, title, detail.clone());
        match error {
            E::Environment(error) => error.into(),
            E::ProductNotFound(_) => {
                about(bad("product-not-found", "No such product"), "productId")
            }
            E::StackNotFound { .. } => {
                about(bad("stack-not-found", "No such stack"), "stackConfigs")
            }
            E::NoStacks => about(bad("no-stacks", "No stack is named"), "stackConfigs"),
            E::Invalid(fields) => invalid(
                detail,
                fields.into_iter().map(|wrong| (wrong.field, wrong.message)),
            ),
            E::Unrenderable(problems) => {
                let fields = problems
                    .into_iter()
                    .map(|found| (found.field, found.problem.to_string()));
                let mut refused = bad("not-deployable", "The product cannot be deployed");
                for (field, message) in fields {
                    refused.errors.entry(field).or_default().push(message);
                }
                refused
            }
            E::InProgress { active, .. } => {
                let refused = bad("operation-in-progress", "An operation is in progress");
                let refused = with(refused, "operationId", json!(active.id));
                let refused = with(refused, "startedBy", json!(active.actor.to_string()));
                with(refused, "since", json!(active.since))
            }
            E::AlreadyDeployed { id, status, .. } => {
                let refused = bad("already-deployed", "The product is deployed already");
                let refused = with(refused, "productDeploymentId", json!(id));
                with(refused, "productStatus", json!(status))
            }
            E::Active { active, .. } => {
                let refused = conflict("operation-in-progress", "An operation is in progress");
                let refused = with(refused, "operationId", json!(active.id));
                let refused = with(refused, "startedBy", json!(active.actor.to_string()));
                with(refused, "since", json!(active.since))
            }
            E::StatusForbids { status, .. } | E::CannotStop(status) | E::CannotRestart(status) => {
                let refused = bad("status-forbids", "The status does not allow it");
                with(refused, "productStatus", json!(status))
            }
            E::InMaintenance { .. } => conflict("in-maintenance", "The product is in maintenance"),
            E::ModeForbidden(status) => {
                let refused = conflict("status-forbids", "The status does not allow it");
                with(refused, "productStatus", json!(status))
            }
            E::ModeUnchanged(_) => conflict("mode-unchanged", "The mode is that already"),
            E::HeldByTrigger(_) => {
                conflict("maintenance-held", "Somebody else controls the maintenance")
            }
            E::InvalidMode(_) => about(bad("invalid-mode", "No such operation mode"), "mode"),
            E::StackNotDeployed(_) => {
                about(missing("stack-not-found", "No such stack"), "stackNames")
            }
            E::UnknownStacks { .. } => about(bad("stack-not-found", "No such stack"), "stackNames"),
            E::TargetNotFound(_) => about(
                missing("product-not-found", "No such product"),
                "targetProductId",
            ),
            E::VersionRefused(_) => bad("version-refused", "The version cannot be rolled out"),
            E::NoEarlierRelease => conflict("no-earlier-release", "There is no earlier release"),
            E::ReleaseNotFound(_) => missing("release-not-found", "No such release"),
            E::CatalogStackNotFound(_) => about(bad("stack-not-found", "No such stack"), "stackId"),
            E::TargetStackNotFound(_) => {
                about(missing("stack-not-found", "No such stack"), "stackId")
            }
            E::StackDeploymentNotFound(_) => {
                missing("stack-deployment-not-found", "No such deployment")
            }
            E::StackAlreadyDeployed { id, status, .. } => {
                let refused = bad("already-deployed", "The stack is deployed already");
                let refused = with(refused, "deploymentId", json!(id));
                with(refused, "stackStatus", json!(status))
            }
            E::UnusableFile(problems) => {
                let mut refused = bad("file-not-usable", "The file cannot be used");
                let sentences = problems.iter().map(ToString::to_string).collect();
                refused.errors.insert("yamlContent".to_owned(), sentences);
                refused
            }
            E::NoStackRollback(_) => bad("no-earlier-release", "There is no earlier release"),
            E::NothingStuck { .. } => bad("nothing-stuck", "No operation stands still"),
            E::VersionRequired => about(bad("version-required", "No version is given"), "version"),
            E::NoReleaseNotes => missing("no-release-notes", "There are no release notes"),
            E::Changed => conflict("deployment-changed", "The product was changed meanwhile"),
            E::Unplannable(PlanError::Engine(error)) if error.may_pass() => {
                engine_unavailable(&error)
            }
            E::Unplannable(PlanError::Engine(error)) => internal(&error),
            E::Unplannable(PlanError::Stale) => {
                conflict("plan-stale", "The plan is not the present one")
            }
            E::Unplannable(PlanError::Unrenderable(_) | PlanError::Refused(_)) => {
                conflict("not-plannable", "It cannot be done as it is")
            }
            E::NotFound => problem(
                ProblemKind::NotFound,
                "deployment-not-found",
                "No such product deployment",
                detail,
            ),
            E::NotDeployed => problem(
                ProblemKind::NotFound,
                "product-not-deployed",
                "The product is not deployed",
                detail,
            ),
            E::Operation(error) => error.into(),
            E::Engine(error) if error.may_pass() => engine_unavailable(&error),
            E::Engine(error) => internal(&error),
            E::Store(error) if error.is_transient() => {
                store_unavailable(&error, error.is_out_of_room())
            }
            E::Store(error) => internal(&error),
        }
    }
}

impl From<HealthError> for Problem {
    fn from(error: HealthError) -> Self {
        use HealthError as E;
        let detail = error.to_string();
        match error {
            E::Environment(error) => error.into(),
            E::DeploymentNotFound(_) => problem(
                ProblemKind::NotFound,
                "deployment-not-found",
                "No such deployment",
                detail,
            ),
            E::ServiceNotFound { .. } => problem(
                ProblemKind::NotFound,
                "service-not-found",
                "No such service",
                detail,
            ),
            E::Store(error) if error.is_transient() => {
                store_unavailable(&error, error.is_out_of_room())
            }
            E::Store(error) => internal(&error),
        }
    }
}

impl From<ObserverError> for Problem {
    fn from(error: ObserverError) -> Self {
        use ObserverError as E;
        match &error {
            E::NotFound => problem(
                ProblemKind::NotFound,
                "deployment-not-found",
                "No such deployment",
                error.to_string(),
            ),
            E::NotConfigured => problem(
                ProblemKind::BadRequest,
                "no-observer",
                "There is no observer",
                error.to_string(),
            ),
            E::Store(error) if error.is_transient() => {
                store_unavailable(error, error.is_out_of_room())
            }
            E::Store(error) => internal(error),
        }
    }
}

impl From<ContainerError> for Problem {
    fn from(error: ContainerError) -> Self {
        use ContainerError as E;
        let detail = error.to_string();
        let missing = |slug, title| problem(ProblemKind::NotFound, slug, title, detail.clone());
        let conflict = |slug, title| problem(ProblemKind::Conflict, slug, title, detail.clone());
        match error {
            E::Environment(error) => error.into(),
            E::EnvironmentRequired => invalid(detail.clone(), [("environment".to_owned(), detail)]),
            E::ContainerNotFound(_) => missing("container-not-found", "No such container"),
            E::VolumeNotFound(_) => missing("volume-not-found", "No such volume"),
            E::StackNotFound(_) => missing("stack-not-found", "No such stack"),
            E::Busy { active, .. } => {
                let refused = conflict("operation-in-progress", "An operation is in progress");
                let refused = with(refused, "operationId", json!(active.id));
                let refused = with(refused, "startedBy", json!(active.actor.to_string()));
                with(refused, "since", json!(active.since))
            }
            E::StillRuns(_) => conflict("container-runs", "The container runs"),
            E::Owned { .. } => conflict("belongs-to-product", "It belongs to a product"),
            E::VolumeInUse { by, .. } => {
                let refused = conflict("volume-in-use", "The volume is in use");
                with(refused, "referencedByContainers", json!(by))
            }
            E::VolumeExists(_) => about(conflict("volume-exists", "The name is taken"), "name"),
            E::NotOrphaned(_) => conflict("stack-deployed", "The stack is deployed"),
            E::Invalid { field, message } => invalid(detail, [(field.to_owned(), message)]),
            E::Engine(error) if error.may_pass() => engine_unavailable(&error),
            // The engine's own sentence is the reason: a port that is taken, a program that is not in the image.
            E::Engine(_) => conflict("engine-refused", "The engine refused"),
            E::TooSlow(_) => engine_unavailable(&error),
            E::Store(error) if error.is_transient() => {
                store_unavailable(&error, error.is_out_of_room())
            }
            E::Store(error) => internal(&error),
        }
    }
}

impl From<NotReady> for Problem {
    fn from(error: NotReady) -> Self {
        tracing::warn!(error = &error as &dyn Error, "not ready");
        problem(
            ProblemKind::Unavailable,
            "not-ready",
            "Not ready",
            error.to_string(),
        )
    }
}
