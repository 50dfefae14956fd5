//! `windlass deploy PRODUCT`

use domain::wire::{DeployProductRequest, ProductDetail, StackConfig};

use super::change::follow_or_tell;
use super::values::{given, note_unused, read_file};
use crate::args::DeployArgs;
use crate::client::Client;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::printer::Printer;

/// Deploys all stacks of a product as one operation.
pub(super) fn deploy_product(
    args: &DeployArgs,
    client: &Client,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let from_file = read_file(args.env_file.as_deref())?;
    let environment = super::environment(&args.environment, client)?;
    let product = client.product(&args.product)?;
    note_unused(&product.summary.stacks, &from_file, printer);
    let request = request(&product, args, from_file)?;
    let interrupt = Interrupt::listen()?;
    let accepted = client.deploy(&environment.id, &request)?;
    follow_or_tell(
        "deployment",
        &accepted,
        args.detach,
        &interrupt,
        client,
        printer,
    )
}

/// The request for all stacks.
fn request(
    product: &ProductDetail,
    args: &DeployArgs,
    from_file: Vec<(String, String)>,
) -> Result<DeployProductRequest, Failure> {
    let stacks = &product.summary.stacks;
    let given = given(stacks, &args.values, from_file)?;
    Ok(DeployProductRequest {
        product_id: product.summary.id.clone(),
        deployment_name: args.name.clone(),
        stack_configs: stacks
            .iter()
            .zip(given.own)
            .map(|(stack, variables)| StackConfig {
                stack_id: stack.id.clone(),
                deployment_stack_name: None,
                variables,
            })
            .collect(),
        shared_variables: given.shared,
        session_id: None,
        continue_on_error: !args.stop_on_error,
    })
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
