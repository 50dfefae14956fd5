//! `windlass deployments`

use crate::args::DeploymentsArgs;
use crate::client::{Client, DeploymentFilter};
use crate::failure::Failure;
use crate::printer::{Format, Printer};

/// Lists what is deployed in an environment.
pub(super) fn list_product_deployments(
    args: &DeploymentsArgs,
    client: &Client,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let environment = super::environment(&args.environment, client)?;
    let filter = DeploymentFilter {
        status: args.status,
        search: args.search.as_deref(),
        page: args.page,
    };
    let list = client.deployments(&environment.id, &filter)?;
    match printer.format() {
        Format::Json => return printer.json(&list),
        Format::JsonLines => {
            let mut all = list.product_deployments.iter();
            return all.try_for_each(|one| printer.json(one));
        }
        Format::Text => {}
    }
    let shown = list.product_deployments.len();
    let rows: Vec<_> = list
        .product_deployments
        .into_iter()
        .map(|one| {
            [
                one.deployment_name,
                one.product_display_name,
                one.product_version.unwrap_or_default(),
                one.status.to_string(),
                format!("{}/{}", one.completed_stacks, one.total_stacks),
                one.created_at.to_string(),
                one.product_deployment_id,
            ]
        })
        .collect();
    let heading = [
        "NAME", "PRODUCT", "VERSION", "STATUS", "STACKS", "CREATED", "ID",
    ];
    if shown > 0 {
        printer.table(heading, &rows)?;
    }
    if list.total != shown as u64 || shown == 0 {
        printer.note(&format!(
            "{shown} of {} in '{}', page {}",
            list.total, environment.name, list.page
        ));
    }
    Ok(())
}
