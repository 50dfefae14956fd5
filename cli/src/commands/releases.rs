//! `windlass releases DEPLOYMENT`

use crate::args::ReleasesArgs;
use crate::client::Client;
use crate::failure::Failure;
use crate::printer::{Format, Printer};

/// Lists the releases of a deployed product.
pub(super) fn list_releases(
    args: &ReleasesArgs,
    client: &Client,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let deployment = super::deployment(&args.target, client)?;
    let (environment, id) = (
        &deployment.environment_id,
        &deployment.product_deployment_id,
    );
    let list = client.releases(environment, id, args.page)?;
    match printer.format() {
        Format::Json => return printer.json(&list),
        Format::JsonLines => {
            return list.releases.iter().try_for_each(|one| printer.json(one));
        }
        Format::Text => {}
    }
    let shown = list.releases.len();
    let rows: Vec<_> = list
        .releases
        .into_iter()
        .map(|one| {
            let way_back = one.rollback_of.map(|number| format!(" (as {number})"));
            let mark = if one.is_current { " *" } else { "" };
            [
                format!("{}{mark}", one.number),
                format!(
                    "{}{}",
                    one.version.unwrap_or_default(),
                    way_back.unwrap_or_default()
                ),
                one.result.to_string(),
                one.created_at.to_string(),
                one.created_by,
            ]
        })
        .collect();
    if shown > 0 {
        printer.table(["RELEASE", "VERSION", "RESULT", "CREATED", "BY"], &rows)?;
    }
    if list.total != shown as u64 {
        printer.note(&format!("{shown} of {}, page {}", list.total, list.page));
    }
    Ok(())
}
