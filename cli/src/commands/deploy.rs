//! `windlass deploy PRODUCT`

use std::collections::BTreeMap;

use domain::wire::{DeployProductRequest, ProductDetail, StackConfig, StackSummary};

use crate::args::{Assignment, DeployArgs};
use crate::client::Client;
use crate::env_file;
use crate::failure::Failure;
use crate::follow::follow;
use crate::interrupt::Interrupt;
use crate::printer::{Format, Printer};

/// Deploys all stacks of a product as one operation.
pub(super) fn deploy_product(
    args: &DeployArgs,
    client: &Client,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let from_file = match &args.env_file {
        Some(path) => env_file::read(path).map_err(|source| Failure::EnvFile {
            path: path.clone(),
            source,
        })?,
        None => Vec::new(),
    };
    let environment = super::environment(&args.environment, client)?;
    let product = client.product(&args.product)?;
    for (name, _) in &from_file {
        // Such a file often serves other programs, too.
        if !product
            .summary
            .stacks
            .iter()
            .any(|stack| reads(stack, name))
        {
            printer.note(&format!("{name} of the file is not used by this product"));
        }
    }
    let request = request(&product, args, from_file)?;
    let interrupt = Interrupt::listen()?;
    let accepted = client.deploy(&environment.id, &request)?;
    if !args.detach {
        return follow(client, printer, &accepted.operation_id, &interrupt);
    }
    match printer.format() {
        Format::Text => {
            printer.line(&accepted.message)?;
            printer.line(&format!(
                "Follow it with `windlass attach {}`.",
                accepted.operation_id
            ))
        }
        Format::Json | Format::JsonLines => printer.json(&accepted),
    }
}

/// The request for all stacks. A value that nobody would read is a slip of the pen, and refused.
fn request(
    product: &ProductDetail,
    args: &DeployArgs,
    from_file: Vec<(String, String)>,
) -> Result<DeployProductRequest, Failure> {
    let stacks = &product.summary.stacks;
    let mut shared: BTreeMap<String, String> = from_file.into_iter().collect();
    let mut own: Vec<BTreeMap<String, String>> = vec![BTreeMap::new(); stacks.len()];
    for Assignment { stack, name, value } in &args.values {
        let (readers, values) = match stack {
            None => (stacks.as_slice(), &mut shared),
            Some(wanted) => {
                let position = position_of(stacks, wanted);
                let found = position.and_then(|position| {
                    let only = stacks.get(position..=position)?;
                    Some((only, own.get_mut(position)?))
                });
                found.ok_or_else(|| Failure::NoSuchStack {
                    wanted: wanted.clone(),
                    known: stacks.iter().map(|stack| stack.name.clone()).collect(),
                })?
            }
        };
        if !readers.iter().any(|stack| reads(stack, name)) {
            return Err(Failure::NoSuchVariable {
                wanted: name.clone(),
                known: names_of_variables(readers),
            });
        }
        // The last of several wins, whichever way it is written.
        values.retain(|known, _| !known.eq_ignore_ascii_case(name));
        values.insert(name.clone(), value.clone());
    }
    Ok(DeployProductRequest {
        product_id: product.summary.id.clone(),
        deployment_name: args.name.clone(),
        stack_configs: stacks
            .iter()
            .zip(own)
            .map(|(stack, variables)| StackConfig {
                stack_id: stack.id.clone(),
                deployment_stack_name: None,
                variables,
            })
            .collect(),
        shared_variables: shared,
        session_id: None,
        continue_on_error: !args.stop_on_error,
    })
}

fn position_of(stacks: &[StackSummary], wanted: &str) -> Option<usize> {
    let is = |stack: &StackSummary| stack.id == wanted || stack.name.eq_ignore_ascii_case(wanted);
    stacks.iter().position(is)
}

fn reads(stack: &StackSummary, name: &str) -> bool {
    let mut variables = stack.variables.iter();
    variables.any(|view| view.variable.name.eq_ignore_ascii_case(name))
}

fn names_of_variables(stacks: &[StackSummary]) -> Vec<String> {
    let variables = stacks.iter().flat_map(|stack| &stack.variables);
    let mut names: Vec<_> = variables.map(|view| view.variable.name.clone()).collect();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn product() -> ProductDetail {
        let variable = |name: &str| {
            json!({"name": name, "type": "String", "required": false, "options": [],
                  "defaultTransient": false, "isRequired": false, "shared": false})
        };
        let stack = |name: &str, variables: &[&str]| {
            let variables: Vec<_> = variables.iter().map(|name| variable(name)).collect();
            json!({"id": format!("demo:shop:{name}:1"), "name": name, "displayName": name,
                   "description": "", "dependsOn": [], "services": [], "variables": variables})
        };
        serde_json::from_value(json!({
            "id": "demo:shop:1", "groupId": "shop", "sourceId": "demo", "sourceName": "demo",
            "name": "Shop", "description": "", "version": "1", "tags": [], "isMultiStack": true,
            "totalServices": 0, "totalVariables": 0, "lastSyncedAt": "2026-01-01T00:00:00Z",
            "stacks": [stack("web", &["PORT", "HOST"]), stack("db", &["HOST"])],
            "availableVersions": [], "warnings": [],
        }))
        .unwrap()
    }

    fn asked(values: &[&str], file: &[(&str, &str)]) -> Result<DeployProductRequest, Failure> {
        let args = DeployArgs {
            product: "demo:shop:1".to_owned(),
            environment: crate::args::EnvironmentArg { environment: None },
            name: Some("n".to_owned()),
            values: values.iter().map(|text| text.parse().unwrap()).collect(),
            env_file: None,
            stop_on_error: true,
            detach: false,
        };
        let file = file
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        request(&product(), &args, file)
    }

    #[test]
    fn values_go_where_they_are_meant_to() {
        let values = ["host=b", "web:PORT=80", "demo:shop:db:1:HOST=c"];
        let request = asked(&values, &[("HOST", "a"), ("OTHER", "x")]).unwrap();
        assert_eq!(
            serde_json::to_value(request).unwrap(),
            json!({
                "productId": "demo:shop:1",
                "deploymentName": "n",
                "stackConfigs": [
                    {"stackId": "demo:shop:web:1", "variables": {"PORT": "80"}},
                    {"stackId": "demo:shop:db:1", "variables": {"HOST": "c"}},
                ],
                "sharedVariables": {"host": "b", "OTHER": "x"},
                "continueOnError": false,
            })
        );
    }

    #[test]
    fn what_nobody_reads_is_refused() {
        let refused = |value: &str| asked(&[value], &[]).unwrap_err().lines();
        assert_eq!(
            refused("x:HOST=1"),
            [
                "error: the product has no stack 'x'",
                "  hint: choose one of: web, db"
            ]
        );
        assert_eq!(
            refused("HOTS=1"),
            [
                "error: no stack that is meant has a variable 'HOTS'",
                "  hint: choose one of: HOST, PORT"
            ]
        );
        assert_eq!(
            refused("db:PORT=1"),
            [
                "error: no stack that is meant has a variable 'PORT'",
                "  hint: choose one of: HOST"
            ]
        );
    }
}
