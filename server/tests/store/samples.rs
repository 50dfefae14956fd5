//! Things to store, complete and plausible; tests change what they are about.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::access::Actor;
use domain::deployment::{
    OperationMode, ProductDeployment, ProductStatus, StackDeployment, StackStatus,
};
use domain::environment::{Connection, Environment};
use domain::id::{DeploymentId, EnvironmentId, OperationId, StackDeploymentId};
use domain::operation::event::{EventBody, Level};
use domain::operation::{Operation, OperationInput, OperationKind, OperationStatus};
use domain::product::{OnFailure, Product, StackOrder, StackTemplate};
use domain::timestamp::Timestamp;
use domain::variable::{Values, Variable, VariableType};
use server::store::{Claim, Entry, NewOperation, Settlement, Store, StoreError};
use uuid::Uuid;

pub(crate) const NODE: &str = "node-a";
pub(crate) const LEASE: Duration = Duration::from_secs(60);

/// A moment; close to the real one is not needed anywhere.
pub(crate) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_771_329_600_000 + millis)
}

pub(crate) fn environment_id() -> EnvironmentId {
    EnvironmentId::from_uuid(Uuid::from_u128(1))
}

pub(crate) fn deployment_id(number: u32) -> DeploymentId {
    DeploymentId::from_uuid(Uuid::from_u128(0x2_0000_0000 + u128::from(number)))
}

pub(crate) fn operation_id(number: u32) -> OperationId {
    OperationId::from_uuid(Uuid::from_u128(0x3_0000_0000 + u128::from(number)))
}

pub(crate) fn environment() -> Environment {
    Environment {
        id: environment_id(),
        name: "local".to_owned(),
        connection: Connection::DockerSocket {
            socket_path: "unix:///var/run/docker.sock".to_owned(),
        },
        is_default: true,
        created_at: at(0),
    }
}

pub(crate) fn values<const N: usize>(pairs: [(&str, &str); N]) -> Values {
    Values(
        pairs
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
    )
}

/// A product of two stacks, `infra` and `web`.
pub(crate) fn product(name: &str) -> Product {
    Product {
        id: format!("stacks:{name}:1.0.0"),
        group_id: format!("stacks:{name}"),
        source_id: "stacks".to_owned(),
        name: name.to_owned(),
        display_name: format!("The {name}"),
        description: "Sells “things” – naïvely".to_owned(),
        version: Some("1.0.0".to_owned()),
        category: None,
        tags: vec!["demo".to_owned()],
        icon: None,
        documentation: None,
        release_notes_url: None,
        changelog: None,
        shared_variables: vec![Variable {
            name: "DB_PASSWORD".to_owned(),
            label: None,
            description: None,
            placeholder: None,
            group: None,
            order: Some(3),
            kind: VariableType::Password,
            default: None,
            required: true,
            pattern: None,
            pattern_error: None,
            min: Some(0.5),
            max: None,
            options: Vec::new(),
            default_transient: false,
        }],
        stacks: ["infra", "web"].map(|stack| template(name, stack)).into(),
        order: StackOrder::Sequential,
        on_failure: OnFailure::Keep,
        maintenance: None,
        path: format!("{name}/product.yaml"),
        warnings: Vec::new(),
    }
}

fn template(product: &str, stack: &str) -> StackTemplate {
    StackTemplate {
        id: format!("stacks:{product}:{stack}:1.0.0"),
        name: stack.to_owned(),
        display_name: stack.to_uppercase(),
        description: String::new(),
        depends_on: Vec::new(),
        variables: Vec::new(),
        compose: serde_json::json!({ "services": { "app": { "image": "app:${TAG:-1}" } } }),
        files: BTreeMap::new(),
        profiles: Vec::new(),
        services: Vec::new(),
    }
}

/// Deployment `number` of a product named after it, in the middle of its first roll-out.
pub(crate) fn deployment(number: u32) -> ProductDeployment {
    deployment_of(&format!("shop-{number}"), number)
}

pub(crate) fn deployment_of(name: &str, number: u32) -> ProductDeployment {
    let stack = |order: u32, stack: &str| StackDeployment {
        id: StackDeploymentId::from_uuid(Uuid::from_u128(
            0x4_0000_0000 + u128::from(number) * 16 + u128::from(order),
        )),
        stack_name: stack.to_owned(),
        deployment_stack_name: format!("{name}-{stack}"),
        status: StackStatus::Pending,
        order,
        started_at: None,
        completed_at: None,
        error_message: None,
        is_new_in_upgrade: false,
        release: 1,
        values: values([("DB_PASSWORD", "hunter2"), ("TAG", "2")]),
    };
    ProductDeployment {
        id: deployment_id(number),
        environment_id: environment_id(),
        deployment_name: name.to_owned(),
        status: ProductStatus::Deploying,
        operation_mode: OperationMode::Normal,
        deployed_by: Actor::LocalOperator,
        created_at: at(i64::from(number)),
        completed_at: None,
        error_message: None,
        continue_on_error: true,
        previous_version: None,
        last_upgraded_at: None,
        upgrade_count: 0,
        maintenance: None,
        release: 1,
        images: BTreeMap::new(),
        others: Vec::new(),
        shared_values: values([("DB_PASSWORD", "hunter2")]),
        product: product(name),
        stacks: vec![stack(0, "infra"), stack(1, "web")],
    }
}

/// Operation `number` that deploys `deployment`.
pub(crate) fn operation(number: u32, deployment: &ProductDeployment) -> Operation {
    Operation {
        id: operation_id(number),
        environment_id: deployment.environment_id,
        group_id: deployment.product.group_id.clone(),
        deployment_id: deployment.id,
        kind: OperationKind::Deploy,
        status: OperationStatus::Queued,
        actor: Actor::LocalOperator,
        session_id: format!("product-{number}"),
        input: OperationInput::default(),
        decision: None,
        plan: None,
        cancel_requested: false,
        message: None,
        event_seq: 1,
        created_at: at(i64::from(number)),
        started_at: None,
        finished_at: None,
        not_before: None,
    }
}

pub(crate) fn accepted() -> EventBody {
    EventBody::Accepted {
        kind: OperationKind::Deploy,
        actor: Actor::LocalOperator,
        product_name: "shop".to_owned(),
        product_version: None,
        previous_version: None,
        environment_name: "local".to_owned(),
        stacks: Vec::new(),
    }
}

pub(crate) fn note(text: &str) -> EventBody {
    EventBody::StatusChanged {
        status: OperationStatus::Running,
        message: text.to_owned(),
    }
}

pub(crate) async fn accept(
    store: &Store,
    operation: &Operation,
    deployment: &ProductDeployment,
) -> Result<(), StoreError> {
    store
        .accept_operation(&NewOperation {
            operation,
            deployment: Some(deployment),
            change: None,
            supersede: None,
            first_event: (Level::Info, &accepted()),
        })
        .await
}

/// Records the environment, and deployment and operation `number`.
pub(crate) async fn accepted_operation(store: &Store, number: u32) -> Operation {
    if store.environment(environment_id()).await.unwrap().is_none() {
        store.insert_environment(&environment()).await.unwrap();
    }
    let deployment = deployment(number);
    let operation = operation(number, &deployment);
    accept(store, &operation, &deployment).await.unwrap();
    operation
}

/// The same, and claims it.
pub(crate) async fn claimed_operation(store: &Store, number: u32) -> Claim {
    let operation = accepted_operation(store, number).await;
    let claim = store.claim(NODE, at(1_000), LEASE).await.unwrap().unwrap();
    assert_eq!(claim.operation.id, operation.id);
    claim
}

/// Ends deployment and operation `number` of [`claimed_operation`].
pub(crate) async fn finish(store: &Store, claim: &Claim, product_status: ProductStatus) {
    let status = match product_status {
        ProductStatus::Running => OperationStatus::Succeeded,
        _ => OperationStatus::Failed,
    };
    let end = Entry::Finish {
        status,
        deployment: claim.operation.deployment_id,
        product_status,
        message: "It ended.",
        error: None,
        settlement: Settlement::nothing(),
    };
    store
        .append(&claim.lease, at(2_000), LEASE, &[end])
        .await
        .unwrap();
}
