//! Every error of the use cases as a problem: one line each, so that a changed status or sentence is seen.

use std::time::Duration;

use domain::access::Actor;
use domain::deployment::{OperationMode, ProductStatus, StackStatus};
use domain::id::{DeploymentId, OperationId, StackDeploymentId};
use domain::operation::{OperationKind, OperationStatus};
use domain::plan::Refusal;
use domain::product::{Problem as CatalogProblem, Severity};
use domain::timestamp::Timestamp;
use domain::wire::Problem;
use server::containers::ContainerError;
use server::deployments::{DeploymentError, InvalidField, StackProblem};
use server::engine::EngineError;
use server::environments::EnvironmentError;
use server::health::HealthError;
use server::maintenance::ObserverError;
use server::operations::OperationError;
use server::orchestrator::PlanError;
use server::products::ProductError;
use server::store::{ActiveOperation, StoreError};
use tokio::task::JoinSet;
use uuid::Uuid;

fn passing() -> StoreError {
    StoreError::Contended {
        act: "read the secret place",
    }
}

fn lasting() -> StoreError {
    let deployment = DeploymentId::from_uuid(Uuid::from_u128(7));
    StoreError::DeploymentUnknown { deployment }
}

fn engine(passes: bool) -> EngineError {
    let (act, message) = ("list".to_owned(), "a secret message".to_owned());
    if passes {
        EngineError::Failed { act, message }
    } else {
        EngineError::Refused { act, message }
    }
}

async fn interrupted() -> ProductError {
    let mut tasks = JoinSet::new();
    tasks.spawn(std::future::pending::<()>());
    tasks.abort_all();
    tasks.join_next().await.unwrap().unwrap_err().into()
}

fn environments() -> Vec<EnvironmentError> {
    use EnvironmentError as E;
    vec![
        E::NotFound("e".to_owned()),
        E::Invalid {
            field: "name",
            message: "Environment name is required".to_owned(),
        },
        E::NameTaken("Local".to_owned()),
        E::Store(passing()),
        E::Store(lasting()),
    ]
}

fn containers() -> Vec<ContainerError> {
    use ContainerError as E;
    vec![
        E::Environment(EnvironmentError::NotFound("e".to_owned())),
        E::EnvironmentRequired,
        E::ContainerNotFound("c".to_owned()),
        E::VolumeNotFound("v".to_owned()),
        E::StackNotFound("s".to_owned()),
        E::Busy {
            product: "P".to_owned(),
            active: ActiveOperation {
                id: OperationId::from_uuid(Uuid::from_u128(9)),
                kind: OperationKind::Upgrade,
                actor: Actor::LocalOperator,
                since: Timestamp::from_millis(0),
            },
        },
        E::StillRuns("c".to_owned()),
        E::Owned {
            what: "Container 'c'".to_owned(),
            product: "P".to_owned(),
        },
        E::VolumeInUse {
            volume: "v".to_owned(),
            by: vec!["a".to_owned(), "b".to_owned()],
        },
        E::VolumeExists("v".to_owned()),
        E::NotOrphaned("s".to_owned()),
        E::Invalid {
            field: "name",
            message: "Volume name is required".to_owned(),
        },
        E::Engine(engine(true)),
        // The engine's reason is what somebody who acts by hand has to know.
        E::Engine(EngineError::Conflict {
            what: "container c".to_owned(),
            message: "a published port is in use on the host".to_owned(),
        }),
        E::TooSlow(Duration::from_secs(10)),
        E::Store(passing()),
        E::Store(lasting()),
    ]
}

fn operations() -> Vec<OperationError> {
    use OperationError as E;
    vec![
        E::NotFound("o".to_owned()),
        E::Ended(OperationStatus::Cancelled),
        E::NothingToDecide,
        E::Store(passing()),
        E::Store(lasting()),
    ]
}

fn deployments() -> Vec<DeploymentError> {
    use DeploymentError as E;
    let field = |field: &str, message: &str| InvalidField {
        field: field.to_owned(),
        message: message.to_owned(),
    };
    let problem = CatalogProblem {
        severity: Severity::Error,
        file: "shop/product.yaml".to_owned(),
        line: Some(3),
        column: Some(5),
        field: "services.web".to_owned(),
        message: "The image is missing.".to_owned(),
        hint: None,
    };
    let active = |kind| ActiveOperation {
        id: OperationId::from_uuid(Uuid::from_u128(9)),
        kind,
        actor: Actor::LocalOperator,
        since: Timestamp::from_millis(0),
    };
    let status = ProductStatus::Stopped;
    let mut all = vec![
        E::ProductNotFound("p".to_owned()),
        E::StackNotFound {
            stack: "s".to_owned(),
            product: "P".to_owned(),
        },
        E::NoStacks,
        E::Invalid(vec![
            field("sharedVariables.A", "A is required."),
            field("sharedVariables.A", "A is too short."),
            field("deploymentName", "Not like that."),
        ]),
        E::Unrenderable(vec![StackProblem {
            field: "stackConfigs[0]".to_owned(),
            problem: problem.clone(),
        }]),
        E::InProgress {
            product: "P".to_owned(),
            active: active(OperationKind::Deploy),
        },
        E::Active {
            product: "P".to_owned(),
            active: active(OperationKind::Upgrade),
        },
        E::StatusForbids {
            what: "upgraded",
            status,
        },
        E::CannotStop(status),
        E::CannotRestart(status),
        E::InMaintenance { what: "upgraded" },
        E::ModeForbidden(status),
        E::ModeUnchanged(OperationMode::Normal),
        E::HeldByTrigger("Cannot exit maintenance mode: somebody else holds it.".to_owned()),
        E::InvalidMode("Sleep".to_owned()),
        E::StackNotDeployed("s".to_owned()),
        E::UnknownStacks {
            unknown: "x, y".to_owned(),
            available: "a, b".to_owned(),
        },
        E::TargetNotFound("p".to_owned()),
        E::VersionRefused("Product is already running version 1.0.0.".to_owned()),
        E::NoEarlierRelease,
        E::ReleaseNotFound(7),
        E::CatalogStackNotFound("s".to_owned()),
        E::TargetStackNotFound("s".to_owned()),
        E::StackDeploymentNotFound("mine".to_owned()),
        E::StackAlreadyDeployed {
            stack: "s".to_owned(),
            id: StackDeploymentId::from_uuid(Uuid::from_u128(5)),
            status: StackStatus::Running,
        },
        E::UnusableFile(vec![problem.clone()]),
        E::NoStackRollback("mine".to_owned()),
        E::NothingStuck { status: "Running" },
        E::VersionRequired,
        E::NoReleaseNotes,
        E::Changed,
        E::Unplannable(PlanError::Engine(engine(true))),
        E::Unplannable(PlanError::Engine(engine(false))),
        E::Unplannable(PlanError::Unrenderable(vec![problem])),
        E::Unplannable(PlanError::Refused(vec![Refusal::VolumeMissing {
            stack: "s".to_owned(),
            name: "v".to_owned(),
        }])),
        E::Unplannable(PlanError::Stale),
        E::AlreadyDeployed {
            product: "P".to_owned(),
            id: DeploymentId::from_uuid(Uuid::from_u128(7)),
            status: ProductStatus::Running,
        },
        E::NotFound,
        E::NotDeployed,
        E::Engine(engine(true)),
        E::Engine(engine(false)),
        E::Store(passing()),
        E::Store(lasting()),
    ];
    all.extend(environments().into_iter().map(E::Environment));
    all.extend(operations().into_iter().map(E::Operation));
    all
}

fn health() -> Vec<HealthError> {
    use HealthError as E;
    let all = vec![
        E::Environment(EnvironmentError::NotFound("e".to_owned())),
        E::DeploymentNotFound("d".to_owned()),
        E::ServiceNotFound {
            service: "s".to_owned(),
            deployment: "d".to_owned(),
        },
        E::Store(passing()),
        E::Store(lasting()),
    ];
    for error in &all {
        // Does not compile any more when a variant comes, so that it is not forgotten above.
        match error {
            E::Environment(_)
            | E::DeploymentNotFound(_)
            | E::ServiceNotFound { .. }
            | E::Store(_) => {}
        }
    }
    all
}

/// Does not compile any more when a variant comes, so that it is not forgotten above.
fn every_variant(deployment: &DeploymentError) {
    use DeploymentError as D;
    match deployment {
        D::Environment(
            EnvironmentError::NotFound(_)
            | EnvironmentError::Invalid { .. }
            | EnvironmentError::NameTaken(_)
            | EnvironmentError::Store(_),
        )
        | D::Operation(
            OperationError::NotFound(_)
            | OperationError::Ended(_)
            | OperationError::NothingToDecide
            | OperationError::Store(_),
        )
        | D::Unplannable(
            PlanError::Engine(_)
            | PlanError::Unrenderable(_)
            | PlanError::Refused(_)
            | PlanError::Stale,
        )
        | D::Active { .. }
        | D::StatusForbids { .. }
        | D::CannotStop(_)
        | D::CannotRestart(_)
        | D::InMaintenance { .. }
        | D::ModeForbidden(_)
        | D::ModeUnchanged(_)
        | D::HeldByTrigger(_)
        | D::InvalidMode(_)
        | D::StackNotDeployed(_)
        | D::UnknownStacks { .. }
        | D::TargetNotFound(_)
        | D::VersionRefused(_)
        | D::NoEarlierRelease
        | D::ReleaseNotFound(_)
        | D::CatalogStackNotFound(_)
        | D::TargetStackNotFound(_)
        | D::StackDeploymentNotFound(_)
        | D::StackAlreadyDeployed { .. }
        | D::UnusableFile(_)
        | D::NoStackRollback(_)
        | D::NothingStuck { .. }
        | D::VersionRequired
        | D::NoReleaseNotes
        | D::Changed
        | D::ProductNotFound(_)
        | D::StackNotFound { .. }
        | D::NoStacks
        | D::Invalid(_)
        | D::Unrenderable(_)
        | D::InProgress { .. }
        | D::AlreadyDeployed { .. }
        | D::NotFound
        | D::NotDeployed
        | D::Engine(_)
        | D::Store(_) => {}
    }
}

#[tokio::test]
async fn every_error_has_its_problem() {
    let mut problems: Vec<Problem> = Vec::new();
    for error in deployments() {
        every_variant(&error);
        problems.push(error.into());
    }
    for error in [
        ObserverError::NotFound,
        ObserverError::NotConfigured,
        ObserverError::Store(passing()),
        ObserverError::Store(lasting()),
    ] {
        problems.push(error.into());
    }
    problems.push(ProductError::NotFound("p".to_owned()).into());
    problems.push(interrupted().await.into());
    problems.extend(health().into_iter().map(Problem::from));
    problems.extend(containers().into_iter().map(Problem::from));
    for problem in &problems {
        let text = serde_json::to_string(problem).unwrap();
        assert!(!text.contains("secret"), "{text}");
        assert_eq!(problem.message, problem.detail);
    }
    let lines: Vec<_> = problems
        .iter()
        .map(|problem| {
            let slug = problem
                .type_uri
                .strip_prefix("urn:windlass:problem:")
                .unwrap();
            let more = match (problem.errors.is_empty(), problem.extensions.is_empty()) {
                (true, true) => String::new(),
                (false, _) => format!("\n    {}", serde_json::to_string(&problem.errors).unwrap()),
                (true, false) => format!(
                    "\n    {}",
                    serde_json::to_string(&problem.extensions).unwrap()
                ),
            };
            format!(
                "{} {slug} [{}] {}{more}",
                problem.status, problem.title, problem.detail
            )
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}
