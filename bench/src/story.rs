//! Deployments as people have them: three stacks, values, an operation.

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
use domain::variable::Values;
use server::store::{Claim, NewOperation, Store};
use uuid::Uuid;

use crate::LoadError;

pub(crate) const LEASE: Duration = Duration::from_secs(60);
const NODE: &str = "bench";
const STACKS: [&str; 3] = ["infrastructure", "identity", "business"];
const MINUTE: i64 = 60_000;

/// The moment of deployment `number`, and a little later.
pub(crate) fn at(number: u32, seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_767_225_600_000 + i64::from(number) * MINUTE + seconds * 1_000)
}

/// The environment that a server started on this database takes for its first one.
pub(crate) fn environment(docker_host: &str) -> Environment {
    Environment {
        id: EnvironmentId::from_uuid(Uuid::from_u128(1)),
        name: "Local Docker".to_owned(),
        connection: Connection::DockerSocket {
            socket_path: docker_host.to_owned(),
        },
        is_default: true,
        created_at: at(0, 0),
    }
}

/// Records deployment `number` and claims its operation.
pub(crate) async fn begin(
    store: &Store,
    environment: &Environment,
    number: u32,
) -> Result<Claim, LoadError> {
    let deployment = deployment(environment, number);
    let operation = operation(&deployment, number);
    let accepted = EventBody::Accepted {
        kind: OperationKind::Deploy,
        actor: Actor::LocalOperator,
        product_name: deployment.product.display_name.clone(),
        product_version: deployment.product.version.clone(),
        previous_version: None,
        environment_name: environment.name.clone(),
        stacks: Vec::new(),
    };
    store
        .accept_operation(&NewOperation {
            operation: &operation,
            deployment: Some(&deployment),
            change: None,
            supersede: None,
            first_event: (Level::Info, &accepted),
        })
        .await?;
    let claim = store.claim(NODE, at(number, 1), LEASE).await?;
    claim.ok_or_else(|| LoadError::Unexpected("nothing to claim".to_owned()))
}

fn id(kind: u128, number: u32) -> Uuid {
    Uuid::from_u128((kind << 64) + u128::from(number))
}

fn deployment(environment: &Environment, number: u32) -> ProductDeployment {
    let name = format!("shop-{number:05}");
    let stacks = (0_u32..).zip(STACKS).map(|(order, stack)| StackDeployment {
        id: StackDeploymentId::from_uuid(id(4, number * 8 + order)),
        stack_name: stack.to_owned(),
        deployment_stack_name: format!("{name}-{stack}"),
        status: StackStatus::Pending,
        order,
        started_at: None,
        completed_at: None,
        error_message: None,
        is_new_in_upgrade: false,
        release: 1,
        values: values(),
    });
    ProductDeployment {
        id: DeploymentId::from_uuid(id(2, number)),
        environment_id: environment.id,
        deployment_name: name.clone(),
        status: ProductStatus::Deploying,
        operation_mode: OperationMode::Normal,
        deployed_by: Actor::LocalOperator,
        created_at: at(number, 0),
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
        shared_values: values(),
        stacks: stacks.collect(),
        product: product(&name),
    }
}

fn values() -> Values {
    let pairs = [
        ("LOG_LEVEL", "info"),
        ("PUBLIC_URL", "https://shop.example"),
    ];
    Values(
        pairs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
    )
}

fn product(name: &str) -> Product {
    Product {
        id: format!("bench:{name}:1.0.0"),
        group_id: format!("bench:{name}"),
        source_id: "bench".to_owned(),
        name: name.to_owned(),
        display_name: format!("The shop {name}"),
        description: "Sells things, and has three stacks".to_owned(),
        version: Some("1.0.0".to_owned()),
        category: Some("Shops".to_owned()),
        tags: vec!["shop".to_owned()],
        icon: None,
        documentation: None,
        release_notes_url: None,
        changelog: None,
        shared_variables: Vec::new(),
        stacks: STACKS.map(|stack| template(name, stack)).into(),
        order: StackOrder::Sequential,
        on_failure: OnFailure::Keep,
        maintenance: None,
        path: format!("{name}/windlass.yaml"),
        warnings: Vec::new(),
    }
}

fn template(product: &str, stack: &str) -> StackTemplate {
    let service = serde_json::json!({
        "image": "windlass-demo/web:1.0.0",
        "environment": { "LOG_LEVEL": "${LOG_LEVEL}" },
        "restart": "unless-stopped",
    });
    StackTemplate {
        id: format!("bench:{product}:{stack}:1.0.0"),
        name: stack.to_owned(),
        display_name: stack.to_owned(),
        description: String::new(),
        depends_on: Vec::new(),
        variables: Vec::new(),
        compose: serde_json::json!({ "services": { "api": service, "worker": service } }),
        files: BTreeMap::new(),
        profiles: Vec::new(),
        services: Vec::new(),
    }
}

fn operation(deployment: &ProductDeployment, number: u32) -> Operation {
    Operation {
        id: OperationId::from_uuid(id(3, number)),
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
        created_at: at(number, 0),
        started_at: None,
        finished_at: None,
        not_before: None,
    }
}
