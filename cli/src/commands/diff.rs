//! `windlass diff DEPLOYMENT FROM TO`

use domain::wire::Difference;

use crate::args::DiffArgs;
use crate::client::Client;
use crate::failure::Failure;
use crate::printer::{Format, Printer};

/// Shows what differs between two releases.
pub(super) fn diff_releases(
    args: &DiffArgs,
    client: &Client,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let deployment = super::deployment(&args.target, client)?;
    let (environment, id) = (
        &deployment.environment_id,
        &deployment.product_deployment_id,
    );
    let diff = client.diff(environment, id, args.from, args.to)?;
    match printer.format() {
        Format::Json => return printer.json(&diff),
        Format::JsonLines => {
            return diff
                .differences
                .iter()
                .try_for_each(|one| printer.json(one));
        }
        Format::Text => {}
    }
    if diff.differences.is_empty() {
        printer.note("Nothing differs but what the images' tags mean.");
    }
    diff.differences
        .iter()
        .try_for_each(|one| printer.line(&line(one)))
}

/// `Web/page image: page:1 -> page:2`
fn line(one: &Difference) -> String {
    let service = one.service.as_ref().map(|name| format!("/{name}"));
    let field = match one.field.as_str() {
        "" => String::new(),
        field => format!(" {field}"),
    };
    let word = |value: &Option<String>| value.clone().unwrap_or_else(|| "(none)".to_owned());
    format!(
        "{}{}{field}: {} -> {}",
        one.stack,
        service.unwrap_or_default(),
        word(&one.from),
        word(&one.to)
    )
}
