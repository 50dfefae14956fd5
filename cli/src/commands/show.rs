//! `windlass show DEPLOYMENT`

use domain::plan::Health;
use domain::wire::{EnvironmentView, ProductDeploymentDetail, ServiceState, StackDetail};

use crate::args::ShowArgs;
use crate::client::{Client, DeploymentFilter};
use crate::failure::Failure;
use crate::printer::{Format, Printer};

/// Shows one deployed product.
pub(super) fn get_product_deployment(
    args: &ShowArgs,
    client: &Client,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let environment = super::environment(&args.environment, client)?;
    let deployment = match client.deployment(&environment.id, &args.deployment) {
        Err(Failure::Refused(problem)) if problem.status == 404 => {
            let id = id_of(&args.deployment, &environment, client)?;
            client.deployment(&environment.id, &id)?
        }
        found => found?,
    };
    match printer.format() {
        Format::Json | Format::JsonLines => printer.json(&deployment),
        Format::Text => describe(&deployment)
            .iter()
            .try_for_each(|line| printer.line(line)),
    }
}

/// The id of what goes by a name. Names are looked for on the server, which gives a page of those that hold the text.
fn id_of(name: &str, environment: &EnvironmentView, client: &Client) -> Result<String, Failure> {
    let mut ids = Vec::new();
    let (mut page, mut seen) = (1, 0);
    loop {
        let filter = DeploymentFilter {
            search: Some(name),
            page: Some(page),
            ..DeploymentFilter::default()
        };
        let list = client.deployments(&environment.id, &filter)?;
        seen += list.product_deployments.len() as u64;
        let more = !list.product_deployments.is_empty() && seen < list.total;
        let named = |one: &domain::wire::DeploymentListItem| one.deployment_name == name;
        let found = list.product_deployments.into_iter().filter(named);
        ids.extend(found.map(|one| one.product_deployment_id));
        if !more {
            break;
        }
        page += 1;
    }
    match ids.pop() {
        Some(only) if ids.is_empty() => Ok(only),
        Some(last) => {
            ids.push(last);
            Err(Failure::AmbiguousDeployment {
                wanted: name.to_owned(),
                ids,
            })
        }
        None => Err(Failure::NoSuchDeployment {
            wanted: name.to_owned(),
            environment: environment.name.clone(),
        }),
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
