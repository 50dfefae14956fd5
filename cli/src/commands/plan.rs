//! `windlass plan CHANGE …`

use domain::plan::{Change as ContainerChange, Downtime};
use domain::wire::PlanView;

use super::change::asked;
use crate::change_args::Change;
use crate::client::Client;
use crate::failure::Failure;
use crate::printer::{Format, Printer};

/// Shows what a change would do.
pub(super) fn plan_operation(
    change: &Change,
    client: &Client,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let deployment = super::deployment(&change.options().target, client)?;
    let asked = asked(change, &deployment, client, printer)?;
    let plan = client.plan(
        &deployment.environment_id,
        &deployment.product_deployment_id,
        asked.kind,
        &asked.body,
    )?;
    match printer.format() {
        Format::Json | Format::JsonLines => printer.json(&plan),
        Format::Text => describe(&plan)
            .iter()
            .try_for_each(|line| printer.line(line)),
    }
}

fn describe(plan: &PlanView) -> Vec<String> {
    let version = |version: &Option<String>| version.clone().unwrap_or_default();
    let (from, to) = (version(&plan.from_version), version(&plan.to_version));
    let versions = match from == to {
        true => from,
        false => format!("{from} -> {to}"),
    };
    let noun = plan.operation.noun();
    let head = format!("{noun} of {} {versions}", plan.product_name);
    let mut lines = vec![head.trim_end().to_owned(), format!("  {}", plan.summary)];
    lines.extend(plan.containers.iter().map(container));
    lines.extend(plan.pulls.iter().map(|image| format!("  pull: {image}")));
    let risks = plan.data_at_risk.iter();
    lines.extend(risks.map(|risk| format!("  data: {}: {}", risk.volume, risk.why)));
    let drifts = plan.drift.iter();
    lines.extend(drifts.map(|drift| {
        format!(
            "  changed from outside: {}: {}",
            drift.container, drift.what
        )
    }));
    lines.push(format!(
        "Carry out exactly this with --plan-id {}",
        plan.plan_id
    ));
    lines
}

fn container(change: &ContainerChange) -> String {
    let away = match &change.downtime {
        Downtime::WhileReplaced { because } => format!("; away meanwhile: {because}"),
        Downtime::None | Downtime::UntilStarted | Downtime::ForGood => String::new(),
    };
    format!(
        "  {} {}: {}{away}",
        change.kind.sign(),
        change.container,
        change.cause
    )
}
