//! `windlass show DEPLOYMENT`

use domain::plan::Health;
use domain::wire::{ProductDeploymentDetail, ServiceState, StackDetail};

use crate::args::ShowArgs;
use crate::client::Client;
use crate::failure::Failure;
use crate::printer::{Format, Printer};

/// Shows one deployed product.
pub(super) fn get_product_deployment(
    args: &ShowArgs,
    client: &Client,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let deployment = super::deployment(&args.target, client)?;
    match printer.format() {
        Format::Json | Format::JsonLines => printer.json(&deployment),
        Format::Text => describe(&deployment)
            .iter()
            .try_for_each(|line| printer.line(line)),
    }
}

fn describe(deployment: &ProductDeploymentDetail) -> Vec<String> {
    let version = deployment.product_version.as_ref();
    let version = version.map(|version| format!(" {version}"));
    let mut lines = vec![
        format!(
            "{}: {}{} is {}",
            deployment.deployment_name,
            deployment.product_display_name,
            version.unwrap_or_default(),
            deployment.status
        ),
        format!("  id: {}", deployment.product_deployment_id),
        format!(
            "  created: {} by {}",
            deployment.created_at, deployment.deployed_by
        ),
    ];
    lines.extend(
        deployment
            .error_message
            .iter()
            .map(|why| format!("  why: {why}")),
    );
    if let Some(operation) = &deployment.active_operation_id {
        lines.push(format!("  at work: `windlass attach {operation}`"));
    } else if let Some(operation) = &deployment.last_operation_id {
        lines.push(format!("  last operation: {operation}"));
    }
    deployment
        .stacks
        .iter()
        .for_each(|stack| describe_stack(stack, &mut lines));
    lines
}

fn describe_stack(stack: &StackDetail, lines: &mut Vec<String>) {
    lines.push(format!(
        "{} ({}): {}",
        stack.stack_name, stack.deployment_stack_name, stack.status
    ));
    lines.extend(
        stack
            .error_message
            .iter()
            .map(|why| format!("  why: {why}")),
    );
    match &stack.services {
        None => lines.push("  the engine does not answer".to_owned()),
        Some(services) => lines.extend(services.iter().map(describe_service)),
    }
}

fn describe_service(service: &ServiceState) -> String {
    let state = match service.state {
        None => "no container".to_owned(),
        Some(state) => format!("{state:?}").to_lowercase(),
    };
    let health = match service.health {
        Health::None => String::new(),
        health => format!(", {}", format!("{health:?}").to_lowercase()),
    };
    let code = match service.exit_code {
        Some(code) => format!(", exit code {code}"),
        None => String::new(),
    };
    format!(
        "  {}: {state}{health}{code}  {}",
        service.name, service.image
    )
}
