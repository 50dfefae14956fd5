//! What is wrong in sections of every kind, and what a deployment makes of them.

use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::access::Actor;
use crate::deployment::{OperationMode, ProductStatus, StackDeployment, StackStatus};
use crate::id::{DeploymentId, EnvironmentId, StackDeploymentId};
use crate::maintenance::{FileReading, HttpMethod, ObserverSource, SetterTarget};
use crate::product::{OnFailure, Product, StackOrder, StackTemplate};
use crate::timestamp::Timestamp;
use crate::variable::VariableType;

fn typed(name: &str, kind: VariableType) -> Variable {
    Variable {
        kind,
        ..Variable::named(name)
    }
}

fn variables() -> Vec<Variable> {
    vec![
        typed("URL", VariableType::Url),
        typed("PG", VariableType::PostgresConnectionString),
        typed("DB", VariableType::ConnectionString),
        typed("KEY", VariableType::Password),
    ]
}

fn deployment(maintenance: Value, stacks: &[&str], values: &[(&str, &str)]) -> ProductDeployment {
    let uuid = uuid::Uuid::from_u128;
    let given = |values: &[(&str, &str)]| {
        let mut all = Values::default();
        for (name, value) in values {
            all.set(name, value);
        }
        all
    };
    let template = |name: &&str| StackTemplate {
        id: format!("s:p:{name}"),
        name: (*name).to_owned(),
        display_name: (*name).to_owned(),
        description: String::new(),
        depends_on: Vec::new(),
        variables: vec![typed("OWN", VariableType::String)],
        compose: json!({}),
        files: [].into(),
        profiles: Vec::new(),
        services: Vec::new(),
    };
    ProductDeployment {
        id: DeploymentId::from_uuid(uuid(1)),
        environment_id: EnvironmentId::from_uuid(uuid(2)),
        deployment_name: "shop".to_owned(),
        status: ProductStatus::Running,
        operation_mode: OperationMode::Normal,
        deployed_by: Actor::LocalOperator,
        created_at: Timestamp::from_millis(0),
        completed_at: None,
        error_message: None,
        continue_on_error: true,
        previous_version: None,
        last_upgraded_at: None,
        upgrade_count: 0,
        maintenance: None,
        release: 1,
        shared_values: given(values),
        product: Product {
            id: "s:p".to_owned(),
            group_id: "s:p".to_owned(),
            source_id: "s".to_owned(),
            name: "p".to_owned(),
            display_name: "p".to_owned(),
            description: String::new(),
            version: None,
            category: None,
            tags: Vec::new(),
            icon: None,
            documentation: None,
            release_notes_url: None,
            changelog: None,
            shared_variables: variables(),
            stacks: stacks.iter().map(template).collect(),
            order: StackOrder::Sequential,
            on_failure: OnFailure::Keep,
            maintenance: Some(maintenance),
            path: "p.yaml".to_owned(),
            warnings: Vec::new(),
        },
        images: BTreeMap::new(),
        others: Vec::new(),
        stacks: stacks
            .iter()
            .enumerate()
            .map(|(at, name)| StackDeployment {
                id: StackDeploymentId::from_uuid(uuid(3)),
                stack_name: (*name).to_owned(),
                deployment_stack_name: format!("shop-{name}"),
                status: StackStatus::Running,
                order: u32::try_from(at).unwrap(),
                started_at: None,
                completed_at: None,
                error_message: None,
                is_new_in_upgrade: false,
                release: 1,
                values: given(&[("OWN", "own"), ("URL", "http://of-the-stack/")]),
            })
            .collect(),
    }
}

fn observer(section: Value, values: &[(&str, &str)]) -> Result<ObserverConfig, String> {
    let deployment = deployment(json!({ "observer": section }), &["a", "b"], values);
    ObserverConfig::of(&deployment)
        .map(|found| found.expect("it is declared"))
        .map_err(|problems| said(&problems))
}

fn said(problems: &[ConfigProblem]) -> String {
    let lines: Vec<String> = problems
        .iter()
        .map(|problem| format!("{:?}: {problem}", problem.severity))
        .collect();
    lines.join("\n")
}

#[test]
fn what_the_catalog_says() {
    let cases = [
        json!("on"),
        json!({ "observer": [], "setter": "x", "watcher": {} }),
        json!({ "observer": {} }),
        json!({ "observer": null, "setter": null }),
        json!({ "observer": { "type": "ftp", "maintenanceValue": "on" } }),
        json!({ "observer": { "type": "HTTP", "maintenanceValue": true, "url": "x", "method": "brew",
            "timeout": "10", "pollingInterval": "1s", "jsonPath": "a..b", "expectedStatusCodes": [200, "x"],
            "headers": { "Good": "1", "Bad Name": "2", "Split": "a\r\nb" }, "mode": "exists" } }),
        json!({ "observer": { "type": "http", "maintenanceValue": "on", "url": "${URL}/x", "pollingInterval": "soon",
            "timeout": "0s", "headers": ["a"] } }),
        json!({ "observer": { "type": "http", "maintenanceValue": "on", "url": "${MISSING}/x", "timeout": "3m" } }),
        json!({ "observer": { "type": "http", "maintenanceValue": "on", "url": "${URL" } }),
        json!({ "observer": { "type": "file", "maintenanceValue": "on", "path": "x", "mode": "glob" } }),
        json!({ "observer": { "type": "file", "maintenanceValue": "on", "path": "/x", "contentPattern": "(" } }),
        json!({ "observer": { "type": "sqlQuery", "maintenanceValue": "on" } }),
        json!({ "observer": { "type": "sqlQuery", "maintenanceValue": "on", "connectionString": "Server=db\\X",
            "query": "SELECT 1", "provider": "oracle" } }),
        json!({ "observer": { "type": "sqlQuery", "maintenanceValue": "on", "connectionString": "hunter2",
            "query": "  " } }),
        json!({ "observer": { "type": "sqlQuery", "maintenanceValue": "on", "connectionString": "${DB}",
            "connectionName": "DB", "query": "SELECT 1" } }),
        json!({ "observer": { "type": "sqlQuery", "maintenanceValue": "on", "connectionName": "NOBODY",
            "query": "SELECT 1" } }),
        json!({ "observer": { "type": "sqlExtendedProperty", "maintenanceValue": "on", "connectionName": "DB",
            "provider": "mysql" } }),
        json!({ "setter": { "type": "pigeon" } }),
        json!({ "setter": { "type": "webhook", "url": "https://x/", "retries": 11, "gracePeriod": "2h" } }),
        json!({ "setter": { "type": "sqlExtendedProperty", "connectionString": "postgres://u:hunter2@db/x" } }),
        // Nothing is wrong from here on.
        json!({ "observer": { "type": "http", "pollingInterval": "30s", "maintenanceValue": "on", "normalValue": "off",
            "url": "http://x/mode", "method": "GET", "headers": {}, "timeout": "10s", "jsonPath": "data.mode" },
            "setter": { "type": "webhook", "url": "http://x/hook", "secret": "${KEY}", "gracePeriod": "10s",
            "timeout": "10s", "retries": 2, "maintenanceValue": "", "normalValue": "" } }),
        json!({ "observer": { "type": "sqlQuery", "maintenanceValue": "on", "connectionName": "PG", "query": "SELECT 1" } }),
    ];
    let lines: Vec<String> = cases
        .iter()
        .map(|section| {
            let problems = MaintenanceConfig::examine(section, &variables());
            format!("{section}\n{}\n", said(&problems))
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn an_observer_of_each_type() {
    let http = json!({ "type": "http", "maintenanceValue": "on", "normalValue": "", "url": "${URL}/mode", "method": "post",
        "headers": { "X-Key": "${KEY}" }, "timeout": "1m", "jsonPath": "$.mode", "pollingInterval": "1s",
        "expectedStatusCodes": 503 });
    let found = observer(http, &[("url", "http://x"), ("KEY", "hunter2")]).unwrap();
    assert_eq!(found.polling_interval, Duration::from_secs(5));
    assert_eq!(found.normal_value, None);
    assert!(!format!("{found:?}").contains("hunter2"));
    let ObserverSource::Http(http) = found.source else {
        panic!("not http");
    };
    assert_eq!(http.url.expose(), "http://x/mode");
    assert_eq!(http.method, HttpMethod::Post);
    assert_eq!(http.headers[0].1.expose(), "hunter2");
    assert_eq!(http.timeout, Duration::from_secs(60));
    assert_eq!(http.json_path.unwrap().to_string(), "mode");
    assert_eq!(http.expected_statuses, [503]);

    let file = json!({ "type": "File", "maintenanceValue": true, "path": "/run/mode" });
    let found = observer(file, &[]).unwrap();
    assert_eq!(found.maintenance_value, "true");
    assert_eq!(found.polling_interval, DEFAULT_POLLING_INTERVAL);
    assert!(matches!(
        found.source,
        ObserverSource::File(file) if file.reading == FileReading::Exists
    ));

    let query = json!({ "type": "sqlquery", "maintenanceValue": "1", "connectionName": "pg", "query": "SELECT mode" });
    let found = observer(query, &[("PG", "Server=db;User Id=u;Password=p")]).unwrap();
    assert!(matches!(
        found.source,
        ObserverSource::SqlQuery { connection, .. } if connection.kind.as_str() == "PostgreSQL"
    ));

    let property = json!({ "type": "SQLEXTENDEDPROPERTY", "maintenanceValue": "1", "connectionString": "${DB}",
        "propertyName": "mode" });
    let found = observer(property, &[("DB", "Server=db;User Id=u;Password=p")]).unwrap();
    assert!(matches!(
        found.source,
        ObserverSource::SqlExtendedProperty { connection, .. } if connection.port == 1433
    ));
}

#[test]
fn what_a_deployment_lacks_is_said_without_values() {
    let http = json!({ "type": "http", "maintenanceValue": "on", "url": "${URL}", "pollingInterval": "2m",
        "headers": { "X-Key": "${KEY}" } });
    assert_eq!(
        observer(http.clone(), &[("URL", "hunter2")]).unwrap_err(),
        "Error: maintenance.observer.url: It is not an address of HTTP. Write http://host/path or https://host/path.\n\
         Error: maintenance.observer.headers.X-Key: The variable 'KEY' has no value. \
         Give it a value and deploy the product again."
    );
    let broken = deployment(json!({ "observer": http }), &["a", "b"], &[]);
    assert_eq!(
        ObserverConfig::polling_interval_of(&broken),
        Duration::from_secs(120)
    );
    let query = json!({ "type": "sqlQuery", "maintenanceValue": "1", "connectionName": "DB", "query": "SELECT 1" });
    assert_eq!(
        observer(query, &[("DB", " ")]).unwrap_err(),
        "Error: maintenance.observer.connectionName: The variable 'DB' has no value. \
         Give it a value and deploy the product again."
    );
}

#[test]
fn variables_of_an_only_stack_are_shared_by_all() {
    let section =
        json!({ "observer": { "type": "http", "maintenanceValue": "${OWN}", "url": "${URL}" } });
    let alone = deployment(section.clone(), &["a"], &[]);
    let found = ObserverConfig::of(&alone).unwrap().unwrap();
    assert_eq!(found.maintenance_value, "own");
    let among_others = deployment(section, &["a", "b"], &[("URL", "http://x/")]);
    assert!(
        said(&ObserverConfig::of(&among_others).unwrap_err()).contains("'OWN' has no value"),
        "a value of one stack is not everybody's"
    );
}

#[test]
fn a_setter_and_its_words() {
    let section = json!({ "observer": { "type": "broken" }, "setter": { "type": "Webhook", "url": "https://x/hook",
        "secret": "${KEY}", "normalValue": "open", "maintenanceValue": "" } });
    let deployment = deployment(section, &["a", "b"], &[("KEY", "hunter2")]);
    let setter = SetterConfig::of(&deployment).unwrap().unwrap();
    assert_eq!(setter.word(OperationMode::Maintenance), "maintenance");
    assert_eq!(setter.word(OperationMode::Normal), "open");
    assert_eq!(setter.grace_period, Duration::ZERO);
    assert!(!format!("{setter:?}").contains("hunter2"));
    let SetterTarget::Webhook(webhook) = setter.target else {
        panic!("not a webhook");
    };
    assert_eq!((webhook.timeout.as_secs(), webhook.retries), (10, 2));
    assert!(MaintenanceConfig::of(&deployment).is_err());
    assert!(ObserverConfig::is_declared(
        deployment.product.maintenance.as_ref()
    ));
    assert!(!ObserverConfig::is_declared(Some(
        &json!({ "observer": null })
    )));
    assert!(!ObserverConfig::is_declared(None));
}
