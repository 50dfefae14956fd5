//! `windlass redeploy`, `retry`, `upgrade`, `rollback`, `stop`, `restart`, `maintenance` and `remove`: one way for all of them.

use std::collections::BTreeMap;

use domain::operation::OperationKind;
use domain::wire::{
    AcceptedOperation, ContainersRequest, OperationModeRequest, ProductDeploymentDetail,
    RedeployRequest, RemoveRequest, RetryRequest, RollbackRequest, StackConfig, UpgradeRequest,
};
use serde_json::Value;

use super::values::{given, note_unused, read_file};
use crate::change_args::{Change, RemoveArgs, Turn, UpgradeArgs};
use crate::client::{Begun, Client, Verb};
use crate::failure::Failure;
use crate::follow::follow;
use crate::interrupt::Interrupt;
use crate::printer::{Format, Printer};

/// What is asked of the server.
pub(super) struct Asked {
    pub(super) kind: OperationKind,
    verb: Verb,
    /// What follows the deployment in the address.
    path: &'static str,
    /// The operation's own request.
    pub(super) body: Value,
}

/// Changes a deployed product, and follows that to its end.
pub(super) fn change_product(
    change: &Change,
    client: &Client,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let options = change.options();
    let deployment = super::deployment(&options.target, client)?;
    let mut asked = asked(change, &deployment, client, printer)?;
    if let Change::Remove(args) = change {
        confirm(args, &deployment, &mut asked, client, printer)?;
    }
    let interrupt = Interrupt::listen()?;
    let (environment, id) = (
        &deployment.environment_id,
        &deployment.product_deployment_id,
    );
    let begun = client.change(environment, id, asked.verb, asked.path, &asked.body)?;
    let noun = asked.kind.noun().to_lowercase();
    match begun {
        Begun::Operation(accepted) => follow_or_tell(
            &noun,
            &accepted,
            options.detach,
            &interrupt,
            client,
            printer,
        ),
        // It is in that mode already.
        Begun::Nothing(result) => match printer.format() {
            Format::Text => printer.line(&result.message),
            Format::Json | Format::JsonLines => printer.json(&result),
        },
    }
}

/// Follows what has begun, or says how to.
pub(super) fn follow_or_tell(
    noun: &str,
    accepted: &AcceptedOperation,
    detach: bool,
    interrupt: &Interrupt,
    client: &Client,
    printer: &mut Printer,
) -> Result<(), Failure> {
    if !detach {
        return follow(client, printer, noun, &accepted.operation_id, interrupt);
    }
    match printer.format() {
        Format::Text => {
            printer.line(&accepted.message)?;
            printer.line(&format!(
                "Follow it with `windlass attach {}`.",
                accepted.operation_id
            ))
        }
        Format::Json | Format::JsonLines => printer.json(accepted),
    }
}

/// The request of a change.
pub(super) fn asked(
    change: &Change,
    deployment: &ProductDeploymentDetail,
    client: &Client,
    printer: &mut Printer,
) -> Result<Asked, Failure> {
    use OperationKind as K;
    let plan_id = change.options().plan_id.clone();
    let post = |kind, path, body| Asked {
        kind,
        verb: Verb::Post,
        path,
        body,
    };
    Ok(match change {
        Change::Redeploy(args) => {
            let values = args.values.iter();
            let variables = values.map(|one| (one.name.clone(), one.value.clone()));
            let request = RedeployRequest {
                stack_names: args.stacks.clone(),
                variables: variables.collect(),
                stack_configs: None,
                session_id: None,
                continue_on_error: !args.failure.stop_on_error,
                on_failure: args.failure.on_failure.map(Into::into),
                plan_id,
            };
            post(K::Redeploy, "/redeploy", json(&request)?)
        }
        Change::Retry(args) => {
            let request = RetryRequest {
                session_id: None,
                continue_on_error: !args.stop_on_error,
                plan_id,
            };
            post(K::Retry, "/retry", json(&request)?)
        }
        Change::Upgrade(args) => {
            let mut request = upgrade(args, deployment, client, printer)?;
            request.plan_id = plan_id;
            post(K::Upgrade, "/upgrade", json(&request)?)
        }
        Change::Rollback(args) => {
            let request = RollbackRequest {
                release: args.release,
                session_id: None,
                continue_on_error: !args.failure.stop_on_error,
                on_failure: args.failure.on_failure.map(Into::into),
                plan_id,
            };
            post(K::Rollback, "/rollback", json(&request)?)
        }
        Change::Stop(args) | Change::Restart(args) => {
            let request = ContainersRequest {
                stack_names: args.stacks.clone(),
                session_id: None,
                plan_id,
            };
            match change {
                Change::Stop(_) => post(K::Stop, "/stop-containers", json(&request)?),
                _ => post(K::Restart, "/restart-containers", json(&request)?),
            }
        }
        Change::Maintenance(args) => {
            let (kind, mode) = match args.turn {
                Turn::Enter => (K::EnterMaintenance, "Maintenance"),
                Turn::Exit => (K::ExitMaintenance, "Normal"),
            };
            let request = OperationModeRequest {
                mode: mode.to_owned(),
                reason: args.reason.clone(),
                source: None,
                session_id: None,
                plan_id,
            };
            Asked {
                kind,
                verb: Verb::Put,
                path: "/operation-mode",
                body: json(&request)?,
            }
        }
        Change::Remove(args) => {
            let request = RemoveRequest {
                session_id: None,
                volumes: args.volumes.clone(),
                plan_id,
            };
            Asked {
                kind: K::Remove,
                verb: Verb::Delete,
                path: "",
                body: json(&request)?,
            }
        }
    })
}

/// A request is made of strings and lists: it always has a JSON form.
fn json(request: &impl serde::Serialize) -> Result<Value, Failure> {
    serde_json::to_value(request).map_err(|error| Failure::Output(error.into()))
}

fn upgrade(
    args: &UpgradeArgs,
    deployment: &ProductDeploymentDetail,
    client: &Client,
    printer: &mut Printer,
) -> Result<UpgradeRequest, Failure> {
    let target = target(args.to.as_deref(), deployment, client)?;
    let from_file = read_file(args.env_file.as_deref())?;
    let mut shared = BTreeMap::new();
    let mut configs = None;
    if !args.values.is_empty() || !from_file.is_empty() {
        let stacks = client.product(&target)?.summary.stacks;
        note_unused(&stacks, &from_file, printer);
        let given = given(&stacks, &args.values, from_file)?;
        shared = given.shared;
        let own = stacks.iter().zip(given.own);
        let named: Vec<StackConfig> = own
            .filter(|(_, variables)| !variables.is_empty())
            .map(|(stack, variables)| StackConfig {
                stack_id: stack.id.clone(),
                deployment_stack_name: None,
                variables,
            })
            .collect();
        configs = (!named.is_empty()).then_some(named);
    }
    Ok(UpgradeRequest {
        target_product_id: target,
        stack_configs: configs,
        shared_variables: shared,
        session_id: None,
        continue_on_error: !args.failure.stop_on_error,
        on_failure: args.failure.on_failure.map(Into::into),
        plan_id: None,
    })
}

/// The id of the version that is meant.
fn target(
    to: Option<&str>,
    deployment: &ProductDeploymentDetail,
    client: &Client,
) -> Result<String, Failure> {
    if let Some(id) = to.filter(|to| to.contains(':')) {
        return Ok(id.to_owned());
    }
    let check = client.check_upgrade(
        &deployment.environment_id,
        &deployment.product_deployment_id,
    )?;
    let offered = check.available_versions.unwrap_or_default();
    let Some(wanted) = to else {
        return check.latest_product_id.ok_or(Failure::NothingNewer {
            version: check.current_version.unwrap_or_default(),
        });
    };
    let mut versions = offered.iter();
    let found = versions.find(|one| one.version.as_deref() == Some(wanted));
    match found {
        Some(version) => Ok(version.product_id.clone()),
        None => Err(Failure::NoSuchVersion {
            wanted: wanted.to_owned(),
            known: offered.into_iter().filter_map(|one| one.version).collect(),
        }),
    }
}

/// Names what is lost. Where data is, somebody must say so: with `--yes`, or by the deployment's name.
fn confirm(
    args: &RemoveArgs,
    deployment: &ProductDeploymentDetail,
    asked: &mut Asked,
    client: &Client,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let (environment, id) = (
        &deployment.environment_id,
        &deployment.product_deployment_id,
    );
    let mut body = asked.body.clone();
    body["planId"] = Value::Null;
    let plan = client.plan(environment, id, asked.kind, &body)?;
    printer.note(&plan.summary);
    for risk in &plan.data_at_risk {
        printer.note(&format!("{}: {}", risk.volume, risk.why));
    }
    if args.volumes.is_empty() || args.options.yes {
        return Ok(());
    }
    let name = &deployment.deployment_name;
    printer.note(&format!(
        "The data of {} volume(s) is lost for good. Type the deployment's name, {name}, to go on:",
        args.volumes.len()
    ));
    let mut typed = String::new();
    std::io::stdin()
        .read_line(&mut typed)
        .map_err(Failure::Input)?;
    if typed.trim() != name {
        return Err(Failure::NotConfirmed { name: name.clone() });
    }
    // What was read is what is carried out.
    if asked.body["planId"].is_null() {
        asked.body["planId"] = Value::String(plan.plan_id);
    }
    Ok(())
}
