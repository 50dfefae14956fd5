//! The demo product becomes running containers, and the engine has what the manifest says.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::world::{World, root};

#[test]
fn the_demo_product_must_run_as_its_manifest_says() {
    let Some(mut world) = World::new("demo") else {
        return;
    };
    let source = format!("demo={}", root().join("demo/catalog").display());
    world.start_with(&["--source", &source]);
    let network = format!("{}-net", world.project);
    let stacks = ["infrastructure", "identity", "business"];
    let mut request = world.request("demo:Windlass Demo:1.0.0", &stacks);
    request["sharedVariables"] = json!({
        "NETWORK_NAME": network, "API_KEY": "a-secret-of-the-test", "START_DELAY_SECONDS": "0",
    });
    request["stackConfigs"][2]["variables"] = json!({ "WEB_PORT": "18980" });
    request["sessionId"] = json!("my-session");

    let answer = world.deploy(&request);
    assert_eq!(answer.status, 200, "{answer:?}");
    let result = answer.json();
    assert_eq!(result["success"], true, "{result:#}");
    assert_eq!(result["status"], "Running");
    assert_eq!(result["sessionId"], "my-session");
    assert_eq!(
        result["message"],
        "Product 'Windlass Demo' v1.0.0 deployed successfully (3 stacks)."
    );
    let names: Vec<_> = result["stackResults"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| &s["stackName"])
        .collect();
    assert_eq!(names, stacks);

    let project = &world.project;
    let containers = world.engine.containers(project);
    let states: Vec<String> = world
        .engine
        .states(project)
        .iter()
        .map(|line| {
            line.strip_prefix(&format!("{project}-"))
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(
        states,
        [
            "business_catalog-api running",
            "business_web running",
            "business_worker running",
            "identity_identity-api running",
            "identity_migrate exited",
            "infrastructure_cache running",
            "infrastructure_store running",
        ]
    );
    let by_name: BTreeMap<&str, &Value> = containers
        .iter()
        .map(|container| {
            (
                container["Name"].as_str().unwrap().trim_start_matches('/'),
                container,
            )
        })
        .collect();
    let of = |name: &str| by_name[format!("{project}-{name}").as_str()];

    // Networks: one, made by the first stack, on which every service has its name.
    for container in &containers {
        let networks = container["NetworkSettings"]["Networks"]
            .as_object()
            .unwrap();
        assert_eq!(networks.keys().collect::<Vec<_>>(), [&network]);
        let aliases = networks[&network]["Aliases"].as_array().unwrap();
        let service = &container["Config"]["Labels"]["windlass.service"];
        assert!(aliases.contains(service), "{aliases:?} has {service}");
    }
    assert_eq!(world.engine.networks(project).len(), 1);

    // The volume holds the store's state.
    let store = of("infrastructure_store");
    let mount = &store["Mounts"][0];
    assert_eq!(mount["Type"], "volume");
    assert_eq!(
        mount["Name"],
        format!("{project}-infrastructure_store-data")
    );
    assert_eq!(mount["Destination"], "/data");
    assert_eq!(mount["RW"], true);

    // Environment, image, health check, restart policy, ports.
    let web = of("business_web");
    let environment: Vec<&str> = web["Config"]["Env"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line.as_str().unwrap())
        .collect();
    for line in [
        "DEMO_NAME=web",
        "CONTACT=nobody",
        "LOG_LEVEL=info",
        "START_DELAY=0s",
    ] {
        assert!(environment.contains(&line), "{environment:?} has {line}");
    }
    assert_eq!(web["Config"]["Image"], "windlass-demo/web:1.0.0");
    assert_eq!(web["HostConfig"]["RestartPolicy"]["Name"], "unless-stopped");
    assert_eq!(
        web["HostConfig"]["PortBindings"]["8080/tcp"],
        json!([{ "HostIp": "127.0.0.1", "HostPort": "18980" }])
    );
    let check = &web["Config"]["Healthcheck"];
    assert_eq!(
        check["Test"],
        json!([
            "CMD",
            "/demo-service",
            "check",
            "http://127.0.0.1:8080/health"
        ])
    );
    let seconds = |name: &str| check[name].as_i64().unwrap() / 1_000_000_000;
    assert_eq!((seconds("Interval"), seconds("Timeout")), (2, 6));
    assert_eq!(check["Retries"], 12);
    assert_eq!(web["State"]["Health"]["Status"], "healthy");

    // The one-shot ran to its end before the service that needs it.
    let migrate = of("identity_migrate");
    assert_eq!(migrate["State"]["ExitCode"], 0);
    assert_eq!(migrate["HostConfig"]["RestartPolicy"]["Name"], "no");
    let moment =
        |container: &Value, name: &str| container["State"][name].as_str().unwrap().to_owned();
    assert!(moment(migrate, "FinishedAt") < moment(of("identity_identity-api"), "StartedAt"));

    // Labels: ours and the compatible ones.
    let labels = web["Config"]["Labels"].as_object().unwrap();
    for (name, value) in [
        ("windlass.product", "demo.shop"),
        ("windlass.stack", "business"),
        ("windlass.service", "web"),
        ("windlass.generation", "1"),
        ("rsgo.product", "demo.shop"),
        ("rsgo.context", "web"),
        ("rsgo.lifecycle", "service"),
    ] {
        assert_eq!(labels[name], value, "{name}");
    }
    assert_eq!(labels["windlass.deployment"], result["productDeploymentId"]);

    the_record_must_tell_the_same(&world, &result);
    nobody_must_see_the_secret(&world, &result);
    world.must_be_sound();
    assert!(!world.doctor_says(&[]).contains("a-secret-of-the-test"));
}

fn the_record_must_tell_the_same(world: &World, result: &Value) {
    let path = world.deployments_path();
    let id = result["productDeploymentId"].as_str().unwrap();
    let detail = world.server().get_json(&format!("{path}/{id}"));
    assert_eq!(detail["status"], "Running");
    assert_eq!(detail["productGroupId"], "demo.shop");
    assert_eq!(
        (&detail["totalStacks"], &detail["completedStacks"]),
        (&json!(3), &json!(3))
    );
    assert_eq!(detail["canUpgrade"], true);
    for (position, stack) in detail["stacks"].as_array().unwrap().iter().enumerate() {
        assert_eq!(stack["order"], position);
        assert_eq!(stack["status"], "Running");
        for service in stack["services"].as_array().unwrap() {
            let expected = if service["init"] == true {
                "exited"
            } else {
                "running"
            };
            assert_eq!(service["state"], expected, "{service:#}");
        }
    }
    let by_product = world
        .server()
        .get_json(&format!("{path}/by-product/demo.shop"));
    assert_eq!(by_product["productDeploymentId"], id);
    let list = world.server().get_json(&path);
    assert_eq!(list["productDeployments"][0]["productDeploymentId"], id);
    assert_eq!(list["total"], 1);
}

fn nobody_must_see_the_secret(world: &World, result: &Value) {
    let secret = "a-secret-of-the-test";
    let operation = result["operationId"].as_str().unwrap();
    let id = result["productDeploymentId"].as_str().unwrap();
    let detail = world
        .server()
        .get(&format!("{}/{id}", world.deployments_path()));
    assert!(
        detail.contains("API_KEY") && !detail.contains(secret),
        "{detail}"
    );
    let events = world
        .server()
        .get(&format!("/api/operations/{operation}/events"));
    assert!(!events.contains(secret));
    let page = world.server().get(&format!("/product-deployments/{id}"));
    assert!(!page.contains(secret));
}
