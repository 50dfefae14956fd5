//! One file a kind of operation: what it is planned from, and what its end means. Carrying out is the runner's business.

pub mod deploy;

use domain::deployment::{ProductDeployment, ProductStatus, StackStatus};
use domain::operation::{OperationKind, OperationStatus};
use domain::plan::{Plan, Refusal};
use domain::product::Problem;

use super::Shared;
use crate::engine::{Engine, EngineError};

/// Why an operation cannot be planned.
#[derive(Debug, thiserror::Error)]
pub(super) enum PlanError {
    /// The engine could not be looked at; it may work another time.
    #[error("the engine could not be looked at")]
    Engine(#[from] EngineError),
    /// The recorded product does not fit its recorded values.
    #[error("the recorded product cannot be rendered: {}", sentences(.0))]
    Unrenderable(Vec<Problem>),
    /// The plan would do something that it must not.
    #[error("{}", sentences(.0))]
    Refused(Vec<Refusal>),
}

fn sentences(items: &[impl ToString]) -> String {
    items
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("; ")
}

/// Plans an operation from what was recorded and what the engine has.
pub(super) async fn plan(
    kind: OperationKind,
    deployment: &ProductDeployment,
    engine: &dyn Engine,
) -> Result<Plan, PlanError> {
    match kind {
        OperationKind::Deploy => deploy::plan(deployment, engine).await,
    }
}

/// How an operation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct End {
    pub(super) status: OperationStatus,
    pub(super) product_status: ProductStatus,
    /// For people.
    pub(super) message: String,
    /// For the product's record, where something went wrong.
    pub(super) error: Option<String>,
}

impl End {
    /// Adds what went wrong besides.
    pub(super) fn add(&mut self, sentence: &str) {
        self.message = format!("{} {sentence}", self.message);
        self.error = Some(match self.error.take() {
            Some(error) => format!("{error} {sentence}"),
            None => sentence.to_owned(),
        });
    }
}

/// What the end of an operation means for the product.
pub(super) fn end(
    kind: OperationKind,
    deployment: &ProductDeployment,
    stacks: &[StackStatus],
    cancelled: bool,
) -> End {
    match kind {
        OperationKind::Deploy => deploy::end(deployment, stacks, cancelled),
    }
}

/// The recorded product rendered with its recorded values, by stack name.
pub(super) fn render(
    deployment: &ProductDeployment,
) -> Result<Vec<domain::spec::StackSpec>, PlanError> {
    let mut specs = Vec::new();
    let mut problems = Vec::new();
    for stack in &deployment.stacks {
        let Some(template) = deployment.product.stack(&stack.stack_name) else {
            continue;
        };
        match crate::catalog::render_stack(template, &stack.deployment_stack_name, &stack.values) {
            Ok(spec) => specs.push(spec),
            Err(mut found) => problems.append(&mut found),
        }
    }
    if problems.is_empty() {
        Ok(specs)
    } else {
        Err(PlanError::Unrenderable(problems))
    }
}

impl Shared {
    /// First pause `base`, doubled with every attempt, at most `retry_max`.
    pub(super) fn backoff(&self, attempt: u32) -> std::time::Duration {
        let factor = 2_u32.saturating_pow(attempt.saturating_sub(1).min(16));
        self.settings
            .retry_base
            .saturating_mul(factor)
            .min(self.settings.retry_max)
    }
}
