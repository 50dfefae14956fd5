//! From files to products, problems and specifications.

use domain::product::{Product, StackOrder};
use domain::spec::{Condition, Lifecycle, MountSpec, RestartPolicy, StackSpec};
use domain::variable::{Values, effective, resolve};

use super::super::render_stack;
use super::super::source::memory::Memory;
use super::*;

fn read(files: &[(&str, &str)]) -> Found {
    scan("local", &Memory::new(files))
}

fn texts(found: &Found) -> Vec<String> {
    found.problems.iter().map(ToString::to_string).collect()
}

/// The only product, and no problem.
fn one(files: &[(&str, &str)]) -> Product {
    let mut found = read(files);
    assert_eq!(texts(&found), Vec::<String>::new());
    assert_eq!(found.products.len(), 1);
    found.products.remove(0)
}

/// All problems of a product that is refused.
fn refused(files: &[(&str, &str)], expect: &[&str]) {
    let found = read(files);
    assert_eq!(
        found.products.iter().map(|p| &p.id).collect::<Vec<_>>(),
        Vec::<&String>::new()
    );
    assert_eq!(texts(&found), expect);
}

fn render(product: &Product, stack: &str, values: &[(&str, &str)]) -> StackSpec {
    let template = product.stack(stack).unwrap();
    let mut given = Values::default();
    for (name, value) in values {
        given.set(name, value);
    }
    let variables = effective(&product.shared_variables, &template.variables);
    let values = resolve(&variables, &Values::default(), &given);
    render_stack(template, "shop-x", &values).unwrap_or_else(|problems| {
        panic!(
            "{:?}",
            problems.iter().map(ToString::to_string).collect::<Vec<_>>()
        )
    })
}

const SHOP: &str = r#"
metadata:
  name: Shop
  productId: org.example.shop
  productVersion: 2.10
  category: Web
  tags: [shop, demo]
sharedVariables:
  DB_URL: {type: PostgresConnectionString, required: true, group: Database, order: 1}
  LOG: {type: Select, default: info, options: [{value: info, label: Info}, {value: debug}]}
stacks:
  infra: {include: parts/infra.yaml}
  web:
    metadata: {name: Web, description: UI}
    variables:
      WEB_PORT: {label: Port, type: Port, default: "8080"}
      LOG: {default: warn}
    services:
      migrate: {image: "org/migrate:2.4", lifecycle: init, initTimeoutSeconds: 60, environment: {DB: "${DB_URL}"}}
      app:
        image: "org/app:${TAG:-2.4}"
        containerName: shop-app
        ports: ["${WEB_PORT}:80"]
        volumes: ["data:/var/lib/app"]
        networks: [net, shared]
        dependsOn: [migrate]
        environment: {LOG: "${LOG}", COST: "$5"}
        command: "run --now 'a b'"
        labels: {rsgo.maintenance: ignore}
        healthCheck: {type: http, path: /hc, port: 80, interval: 30s, retries: 5}
    volumes: {data: {driver: local, external: false, driverOpts: {}}}
    networks: {net: {external: false, driver: bridge, driverOpts: {a: b}}}
networks: {shared: {external: true}}
"#;

const INFRA: &str = r#"
variables:
  DB_NAME: {default: shop}
services:
  db:
    image: postgres:17
    environment: {POSTGRES_DB: "${DB_NAME}"}
    volumes: ["db:/var/lib/postgresql/data"]
    healthCheck: {type: docker, test: [CMD, pg_isready], interval: 5}
  cache:
    image: redis:7
    dependsOn: [db]
    healthCheck: {type: none}
volumes: {db: {}}
"#;

#[test]
fn a_manifest_of_several_stacks() {
    let product = one(&[
        ("shop/product.yaml", SHOP),
        ("shop/parts/infra.yaml", INFRA),
        ("shop/CHANGELOG.md", "# 2.10"),
    ]);
    assert_eq!(product.id, "local:Shop:2.10");
    assert_eq!(product.group_id, "org.example.shop");
    assert_eq!(product.changelog.as_deref(), Some("# 2.10"));
    assert_eq!(product.order, StackOrder::Sequential);
    assert_eq!(product.path, "shop/product.yaml");
    let ids: Vec<&str> = product
        .stacks
        .iter()
        .map(|stack| stack.id.as_str())
        .collect();
    assert_eq!(
        ids,
        [
            "local:org.example.shop:infra:2.10",
            "local:org.example.shop:Web:2.10"
        ]
    );
    assert_eq!(product.service_count(), 4);
    assert!(product.stacks[1].services[0].init);

    let spec = render(
        &product,
        "Web",
        &[("DB_URL", "Host=db"), ("web_port", "9000")],
    );
    let app = &spec.services["app"];
    assert_eq!(app.container_name, "shop-app");
    assert_eq!(app.image.to_string(), "org/app:2.4");
    assert_eq!(app.ports[0].published.as_deref(), Some("9000"));
    assert_eq!(app.environment["LOG"].as_deref(), Some("warn"));
    assert_eq!(app.environment["COST"].as_deref(), Some("$5"));
    assert_eq!(
        app.command.as_deref(),
        Some(["run", "--now", "a b"].map(str::to_owned).as_slice())
    );
    assert_eq!(app.restart, RestartPolicy::UnlessStopped);
    assert_eq!(app.labels["rsgo.maintenance"], "ignore");
    assert_eq!(
        app.depends_on[0].condition,
        Condition::ServiceCompletedSuccessfully
    );
    let probe = app.probe.as_ref().unwrap();
    assert_eq!((probe.interval.as_secs(), probe.retries), (30, 5));
    let migrate = &spec.services["migrate"];
    assert_eq!(migrate.container_name, "shop-x_migrate");
    assert_eq!(migrate.restart, RestartPolicy::No);
    assert_eq!(
        migrate.lifecycle,
        Lifecycle::Init {
            timeout: std::time::Duration::from_secs(60)
        }
    );
    assert_eq!(migrate.environment["DB"].as_deref(), Some("Host=db"));
    assert_eq!(spec.networks["net"].name, "shop-x_net");
    assert_eq!(spec.networks["net"].driver_opts["a"], "b");
    assert_eq!(
        (
            spec.networks["shared"].name.as_str(),
            spec.networks["shared"].external
        ),
        ("shared", true)
    );
    assert_eq!(spec.volumes["data"].name, "shop-x_data");
    assert!(
        matches!(&app.mounts[0], MountSpec::Volume { source: Some(source), .. } if source == "data")
    );

    let spec = render(&product, "infra", &[]);
    assert_eq!(
        spec.services["db"].environment["POSTGRES_DB"].as_deref(),
        Some("shop")
    );
    assert_eq!(
        spec.services["db"]
            .healthcheck
            .as_ref()
            .unwrap()
            .interval
            .unwrap()
            .as_secs(),
        5
    );
    assert_eq!(
        spec.services["cache"].depends_on[0].condition,
        Condition::ServiceHealthy
    );
    assert_eq!(spec.networks.keys().collect::<Vec<_>>(), ["default"]);
    assert_eq!(spec.networks["default"].name, "shop-x_default");
}
