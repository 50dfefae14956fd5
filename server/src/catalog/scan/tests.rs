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

#[test]
fn a_compose_folder_is_a_product() {
    let files = [
        (
            "web/compose.yaml",
            r#"
name: shop
include: [{path: db/compose.yaml}]
x-common: &common
  restart: always
  labels: {team: a}
services:
  app:
    <<: *common
    extends: {file: base/base.yaml, service: base}
    image: "org/app:${TAG:-1}"
    ports:
      - "${PORT:?give a port}:80"
      - {target: 443, published: "8443", protocol: tcp, host_ip: 127.0.0.1}
    environment: [LEVEL, "MODE=${MODE-prod}"]
    env_file: [app.env, more.env]
    depends_on:
      db: {condition: service_healthy}
      job: {condition: service_completed_successfully, required: false}
    deploy: {resources: {limits: {cpus: "0.5", memory: 64m}}}
    configs: [{source: conf, target: /etc/app.conf, mode: 0440}]
    secrets: [token]
    ulimits: {nofile: {soft: 10, hard: 20}}
    sysctls: [net.core.somaxconn=1024]
    extra_hosts: ["a:1.2.3.4", "b=::1"]
    tmpfs: /run:size=1m
    shm_size: 1gb
    logging: {driver: json-file, options: {max-size: 10m}}
    stop_grace_period: 1m30s
    entrypoint: ["/x", "y"]
  job: {image: job, command: "sh -c 'echo $$HOME'"}
  debug: {image: debug, profiles: [debug]}
configs: {conf: {file: conf/app.conf}}
secrets: {token: {environment: API_TOKEN}}
networks: {default: {name: custom, ipam: {config: [{subnet: 10.9.0.0/24}]}}}
"#,
        ),
        (
            "web/compose.override.yaml",
            "services: {app: {environment: {EXTRA: 1}, ports: !override ['9:80']}}",
        ),
        ("web/.env", "TAG=2\nMODE=dev\nONLY_THERE=3\n"),
        (
            "web/app.env",
            "# c\nLEVEL=from-file\nA='x'\nLINE=$LEVEL/$ONLY_THERE\n",
        ),
        ("web/more.env", "MORE=${LINE}!\n"),
        ("web/conf/app.conf", "text $X\n"),
        (
            "web/base/base.yaml",
            "services: {base: {image: none, env_file: base.env, user: '1000', environment: {MODE: base, B: b}}}",
        ),
        ("web/base/base.env", "FROM_BASE=1\n"),
        (
            "web/db/compose.yaml",
            "services: {db: {image: 'postgres:17', volumes: ['data:/d:ro', './seed.sql:/seed.sql'], healthcheck: {test: pg_isready, interval: 5s}}}\nvolumes: {data: {external: true, name: shared-data}}",
        ),
    ];
    let mut found = read(&files);
    let problems = texts(&found);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(
        problems[0]
            .starts_with("web/db/compose.yaml:1:63: services.db.volumes[1]: './seed.sql' is bound"),
        "{problems:?}"
    );
    assert_eq!(found.products.len(), 1);
    let product = found.products.remove(0);
    assert_eq!(
        (product.id.as_str(), product.stacks[0].id.as_str()),
        ("local:shop", "local:shop:shop")
    );
    let variables: Vec<(&str, Option<&str>, bool, bool)> = product.stacks[0]
        .variables
        .iter()
        .map(|v| {
            (
                v.name.as_str(),
                v.default.as_deref(),
                v.required,
                v.kind.is_secret(),
            )
        })
        .collect();
    assert_eq!(
        variables,
        [
            ("TAG", Some("2"), false, false),
            ("MODE", Some("dev"), false, false),
            ("LEVEL", None, false, false),
            ("API_TOKEN", None, true, true),
            ("ONLY_THERE", Some("3"), false, false),
        ]
    );
    let init: Vec<bool> = product.stacks[0]
        .services
        .iter()
        .map(|service| service.init)
        .collect();
    assert_eq!(init, [false, true, false, false]);
    let spec = render(&product, "shop", &[("API_TOKEN", "s3cret")]);
    assert_eq!(
        spec.services.keys().collect::<Vec<_>>(),
        ["app", "job", "db"]
    );
    let app = &spec.services["app"];
    assert_eq!(app.image.to_string(), "org/app:2");
    assert_eq!(app.restart, RestartPolicy::Always);
    assert_eq!(app.runtime.user.as_deref(), Some("1000"));
    let environment: Vec<(&str, Option<&str>)> = app
        .environment
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_deref()))
        .collect();
    assert_eq!(
        environment,
        [
            ("A", Some("x")),
            ("B", Some("b")),
            ("EXTRA", Some("1")),
            ("FROM_BASE", Some("1")),
            ("LEVEL", None),
            ("LINE", Some("from-file/3")),
            ("MODE", Some("dev")),
            ("MORE", Some("from-file/3!")),
        ]
    );
    assert_eq!(app.ports.len(), 1);
    assert_eq!(app.ports[0].published.as_deref(), Some("9"));
    assert_eq!(app.files[0].target, "/etc/app.conf");
    assert_eq!(
        (app.files[0].mode, app.files[0].content.as_str()),
        (0o440, "text $X\n")
    );
    assert_eq!(
        (app.files[1].target.as_str(), app.files[1].secret),
        ("/run/secrets/token", true)
    );
    assert_eq!(app.files[1].content, "s3cret");
    assert_eq!(app.runtime.resources.nano_cpus, Some(500_000_000));
    assert_eq!(app.runtime.resources.memory, Some(64 << 20));
    assert_eq!(
        (app.runtime.ulimits[0].soft, app.runtime.ulimits[0].hard),
        (10, 20)
    );
    assert_eq!(app.runtime.sysctls["net.core.somaxconn"], "1024");
    assert_eq!(app.runtime.extra_hosts, ["a:1.2.3.4", "b:::1"]);
    assert_eq!(app.runtime.shm_size, Some(1 << 30));
    assert_eq!(app.stop_grace_period.unwrap().as_secs(), 90);
    assert!(matches!(
        app.mounts[0],
        MountSpec::Tmpfs {
            size: Some(1_048_576),
            ..
        }
    ));
    let job = &spec.services["job"];
    assert_eq!(job.command.as_ref().unwrap()[2], "echo $HOME");
    assert!(job.lifecycle.is_init());
    assert_eq!(job.restart, RestartPolicy::No);
    let db = &spec.services["db"];
    assert!(
        matches!(&db.mounts[1], MountSpec::Bind { source, .. } if source == "/srv/catalog/web/db/seed.sql")
    );
    assert_eq!(spec.volumes["data"].name, "shared-data");
    assert!(spec.volumes["data"].external);
    assert_eq!(spec.networks["default"].name, "custom");
    // What has no value is named with its field.
    let problems = render_stack(&product.stacks[0], "x", &Values::default()).unwrap_err();
    let fields: Vec<&str> = problems
        .iter()
        .map(|problem| problem.field.as_str())
        .collect();
    assert_eq!(fields, ["secrets.token.environment"], "{problems:?}");
}

#[test]
fn a_product_of_compose_files() {
    let files = [
        (
            "p/windlass.yaml",
            r#"
name: Shop
id: org.example.shop
version: "1.0.0"
onFailure: rollback
variables:
  DB_URL: {type: PostgresConnectionString, required: true}
stacks:
  infra: {compose: [infra/compose.yaml, infra/compose.prod.yaml]}
  web:
    compose: web/compose.yaml
    envFile: web/prod.env
    dependsOn: [infra]
    variables: {WEB_PORT: {type: Port, default: "8080"}}
    profiles: [prod]
"#,
        ),
        (
            "p/infra/compose.yaml",
            "services: {db: {image: 'db:1', ports: ['1:1']}}",
        ),
        (
            "p/infra/compose.prod.yaml",
            "services: {db: {image: 'db:2', ports: !reset null}}",
        ),
        (
            "p/web/compose.yaml",
            "services: {app: {image: 'app:${TAG}', ports: ['${WEB_PORT}:80'], environment: {DB: $DB_URL}, scale: 2, x-windlass: {probe: {type: tcp, port: 80}, maintenance: ignore}}, tool: {image: t, profiles: [prod]}, no: {image: n, profiles: [other]}}",
        ),
        ("p/web/prod.env", "TAG=7\nWEB_PORT=1\n"),
    ];
    let found = read(&files);
    // Two containers cannot share the fixed port, whatever the value is; but a value may be a range.
    let said: Vec<_> = found
        .problems
        .iter()
        .map(|problem| problem.message.as_str())
        .collect();
    assert_eq!(
        said,
        ["'rollback' has no effect on a first deployment: there is nothing to go back to."]
    );
    let product = &found.products[0];
    assert_eq!(product.id, "local:Shop:1.0.0");
    assert_eq!(product.order, StackOrder::Graph);
    assert_eq!(product.stacks[1].depends_on, ["infra"]);
    assert_eq!(product.on_failure, domain::product::OnFailure::Rollback);
    let infra = render(product, "infra", &[]);
    assert_eq!(infra.services["db"].image.to_string(), "db:2");
    assert!(infra.services["db"].ports.is_empty());
    let web = render(
        product,
        "web",
        &[("DB_URL", "x"), ("WEB_PORT", "8000-8001")],
    );
    assert_eq!(web.services.keys().collect::<Vec<_>>(), ["app", "tool"]);
    let app = &web.services["app"];
    assert_eq!((app.image.to_string().as_str(), app.replicas), ("app:7", 2));
    assert_eq!(app.labels["rsgo.maintenance"], "ignore");
    assert!(app.probe.is_some());
    let variables = effective(&product.shared_variables, &product.stacks[1].variables);
    let values = resolve(&variables, &Values::default(), &Values::default());
    let problems = render_stack(&product.stacks[1], "x", &values).unwrap_err();
    assert_eq!(problems[0].field, "services.app.ports");
}

#[test]
fn broken_files_never_hide_the_others() {
    let good = "metadata: {productVersion: 1.0.0}\nservices: {a: {image: x}}";
    let found = read(&[
        ("a/bad.yaml", "metadata: {productVersion: 1\nservices:"),
        ("a/good.yaml", good),
        (
            "b/compose.yaml",
            "services:\n  web:\n    image: Bad Image\n    volumes: ['v:/v']\n    wat: 1\n",
        ),
        ("c/compose.yaml", "- 1"),
        ("d/other.yaml", "kind: Deployment\n---\nkind: Service\n"),
        ("d/fragment.yaml", "services: {x: {image: y}}"),
        ("e/good.yaml", good),
    ]);
    let ids: Vec<&str> = found
        .products
        .iter()
        .map(|product| product.id.as_str())
        .collect();
    assert_eq!(ids, ["local:good:1.0.0"]);
    let texts = texts(&found);
    assert!(texts[0].starts_with("a/bad.yaml:"), "{texts:?}");
    assert_eq!(
        texts[1..],
        [
            "b/compose.yaml:3:12: services.web.image: 'Bad Image' is not a valid image reference: write [registry/]name[:tag] in lower case.",
            "b/compose.yaml:5:10: services.web.wat: 'wat' is not known here. Remove it, or check its spelling and indentation.",
            "c/compose.yaml:1:1: This must be a mapping, not a list.",
            "e/good.yaml:1:1: The product 'local:good:1.0.0' is also described by 'a/good.yaml', which is the one used. Change the name or the version in one of the two files.",
        ]
    );
}

#[test]
fn paths_out_of_the_source_are_refused_by_name() {
    refused(
        &[(
            "p.yaml",
            "metadata: {productVersion: 1}\nstacks:\n  a: {include: ../../etc/passwd}\n",
        )],
        &[
            "p.yaml:3:6: stacks.a: The stack has no services. Add at least one.",
            "p.yaml:3:16: stacks.a.include: The path '../../etc/passwd' leaves the source. Name a file below the source.",
        ],
    );
    for (compose, message) in [
        (
            "services: {a: {image: x, env_file: /etc/passwd}}",
            "compose.yaml:1:36: services.a.env_file: The path '/etc/passwd' leaves the source.",
        ),
        (
            "services: {a: {image: x, volumes: ['../x:/x']}}",
            "compose.yaml:1:36: services.a.volumes[0]: The path '../x' leaves the source.",
        ),
        (
            "include: [../x.yaml]\nservices: {a: {image: x}}",
            "compose.yaml:1:11: include[0]: The path '../x.yaml' leaves the source.",
        ),
        (
            "services: {a: {image: x, configs: [c]}}\nconfigs: {c: {file: ../../x}}",
            "compose.yaml:2:21: configs.c.file: The path '../../x' leaves the source.",
        ),
        (
            "services: {a: {extends: {file: ../x, service: y}}}",
            "compose.yaml:1:25: services.a.extends: The path '../x' leaves the source.",
        ),
    ] {
        let found = read(&[("compose.yaml", compose)]);
        assert!(found.products.is_empty(), "{compose}");
        let texts = texts(&found);
        assert!(
            texts.iter().any(|text| text.starts_with(message)),
            "{compose}: {texts:?}"
        );
    }
}

#[test]
fn what_cannot_run_is_refused_before_it_is_offered() {
    for (compose, message) in [
        ("services: {}", "services: The stack has no services."),
        ("x-a: 1", "The stack has no services."),
        (
            "services: {a: {command: x}}",
            "services.a: The image is missing.",
        ),
        (
            "services: {a: {build: .}}",
            "services.a.build: Images are not built here",
        ),
        (
            "services: {'a b': {image: x}}",
            "services.a b: 'a b' is not a valid name for a service.",
        ),
        (
            "services: {a: {image: x, container_name: 'a/b'}}",
            "services.a.container_name: 'a/b' is not a valid name",
        ),
        (
            "services: {a: {image: x, depends_on: [b]}}",
            "services.a.depends_on[0]: It depends on 'b', which is not a service",
        ),
        (
            "services: {a: {image: x, depends_on: [b]}, b: {image: x, profiles: [p]}}",
            "services.a.depends_on[0]: It depends on 'b', whose profile is not active.",
        ),
        (
            "services: {a: {image: x, depends_on: [b]}, b: {image: x, depends_on: [c]}, c: {image: x, depends_on: [b]}}",
            "services.b.depends_on[0]: The services depend on each other in a circle: b -> c -> b.",
        ),
        (
            "services: {a: {image: x, container_name: n}, b: {image: x, container_name: n}}",
            "services.b.container_name: The container name 'n' is also that of the service 'a'.",
        ),
        (
            "services: {a: {image: x, networks: [n]}}",
            "services.a.networks[0]: The network 'n' is not declared.",
        ),
        (
            "services: {a: {image: x, volumes: ['v:/v']}}",
            "services.a.volumes[0]: The volume 'v' is not declared.",
        ),
        (
            "services: {a: {image: x, secrets: [s]}}",
            "services.a.secrets[0]: 's' is not declared in secrets.",
        ),
        (
            "services: {a: {image: x, configs: [c]}}\nconfigs: {c: {external: true}}",
            "configs.c.external: External secrets and configs exist in a Swarm only.",
        ),
        (
            "services: {a: {image: x, ports: ['x:80']}}",
            "services.a.ports[0]: 'x:80' is not a port",
        ),
        (
            "services: {a: {image: x, scale: 2, container_name: n}}",
            "services.a: 2 containers cannot share one container_name.",
        ),
        (
            "services: {a: {image: x, deploy: {replicas: 2}, ports: ['80:80']}}",
            "services.a.ports: 2 containers cannot share the host's port 80.",
        ),
        (
            "services: {a: {image: x, ports: ['80:80']}, b: {image: x, ports: ['80:81']}}",
            "services.b.ports: The host's port 80/tcp is also published by the service 'a'.",
        ),
        (
            "services: {a: {image: x, gpus: all}}",
            "services.a.gpus: 'gpus' is not supported.",
        ),
        (
            "services: {a: {image: x, mem_limit: lots}}",
            "services.a.mem_limit: 'lots' is not a size.",
        ),
        (
            "services: {a: {image: x, healthcheck: {interval: 5}}}",
            "services.a.healthcheck.interval: '5' is not a duration.",
        ),
        (
            "services: {a: {image: x, healthcheck: {test: [curl, x]}}}",
            "services.a.healthcheck.test: A list starts with CMD",
        ),
        (
            "services: {a: {image: x, restart: sometimes}}",
            "services.a.restart: 'sometimes' is not a restart policy.",
        ),
        (
            "services: {a: {image: x, environment: {A: '$ x'}}}",
            "services.a.environment.A: In '$ x': '$ x' is not a variable.",
        ),
        (
            "services: {a: {image: x, env_file: none.env}}",
            "services.a.env_file: The file 'none.env' does not exist.",
        ),
        (
            "services: {a: {image: x, network_mode: host, networks: [default]}}",
            "services.a.networks: 'networks' and 'network_mode' exclude each other.",
        ),
        (
            "services: {a: {extends: {service: a}}}",
            "services.a.extends: The services extend each other in a circle: compose.yaml:a -> compose.yaml:a.",
        ),
        (
            "services: {a: {image: x, depends_on: {b: {condition: maybe}}}, b: {image: x}}",
            "services.a.depends_on.b.condition: 'maybe' is not a condition.",
        ),
        (
            "include: [compose.yaml]\nservices: {a: {image: x}}",
            "include[0]: The files include each other in a circle: compose.yaml -> compose.yaml.",
        ),
        (
            "services: {a: 1}",
            "services.a: A service must be a mapping.",
        ),
        (
            "services: [a]",
            "services: This must be a mapping, not a list.",
        ),
        (
            "services: {a: {image: x}}\nnetworks: {'n': {name: 'a b'}}",
            "networks.n: 'a b' is not a valid name for the engine.",
        ),
        (
            "services: {a: {image: x, volumes: ['~/x:/x']}}",
            "services.a.volumes[0]: '~/x': whose home is meant cannot be known.",
        ),
    ] {
        let found = read(&[("compose.yaml", compose)]);
        let texts = texts(&found);
        assert!(found.products.is_empty(), "{compose}: {texts:?}");
        let hit = texts.iter().any(|text| {
            let text = text.strip_prefix("compose.yaml:").unwrap_or_default();
            text.split_once(": ")
                .is_some_and(|(_, rest)| rest.starts_with(message))
        });
        assert!(hit, "{compose}: {texts:?}");
    }
}

#[test]
fn what_has_no_effect_is_a_warning() {
    for (compose, message) in [
        ("services: {a: {image: x, build: .}}", "'build' is not used"),
        (
            "services: {a: {image: x, deploy: {placement: {}}}}",
            "'placement' has no effect",
        ),
        (
            "services: {a: {image: x, deploy: {mode: global}}}",
            "'global' means one container",
        ),
        (
            "services: {a: {image: x, links: ['b:c']}, b: {image: x}}",
            "'c' becomes a name of 'b'",
        ),
        (
            "services: {a: {image: x, pull_policy: daily}}",
            "Taken as 'always'",
        ),
        (
            "x-windlass: {}\nservices: {a: {image: x}}",
            "'x-windlass' has an effect on services only.",
        ),
    ] {
        let found = read(&[("compose.yaml", compose)]);
        assert_eq!(found.products.len(), 1, "{compose}: {:?}", texts(&found));
        let warning = &found.products[0].warnings[0];
        assert_eq!(warning.severity, Severity::Warning);
        assert!(warning.message.contains(message), "{warning}");
        assert!(warning.line.is_some());
    }
}

#[test]
fn manifests_are_checked() {
    for (body, message) in [
        (
            "services: {a: {command: x}}",
            "services.a: The image is missing.",
        ),
        (
            "services: {a: {image: x, dependsOn: [b]}}",
            "services.a.dependsOn[0]: It depends on 'b'",
        ),
        (
            "services: {a: {image: x, dependsOn: [b]}, b: {image: x, dependsOn: [a]}}",
            "services.a.dependsOn[0]: The services depend on each other in a circle: a -> b -> a.",
        ),
        (
            "stacks: {s: {services: {}}}",
            "stacks.s: The stack has no services.",
        ),
        ("stacks: {}", "The product has no stacks."),
        (
            "variables: {A: {pattern: '('}}\nservices: {a: {image: x}}",
            "variables.A.pattern: '(' is not a regular expression.",
        ),
        (
            "variables: {A: {min: 5, max: 1}}\nservices: {a: {image: x}}",
            "variables.A.min: min (5) is greater than max (1).",
        ),
        (
            "variables: {A: {type: Wat}}\nservices: {a: {image: x}}",
            "variables.A.type: 'Wat' is not a type of variables.",
        ),
        (
            "variables: {A: {type: Select}}\nservices: {a: {image: x}}",
            "variables.A: A Select needs options.",
        ),
        (
            "variables: {A: 1, a: 2}\nservices: {a: {image: x}}",
            "variables.a: The variable 'a' is 'A' again",
        ),
        (
            "stacks: {s: {dependsOn: [t], services: {a: {image: x}}}, t: {dependsOn: [s], services: {a: {image: x}}}}",
            "stacks.s.dependsOn[0]: The stacks depend on each other in a circle: s -> t -> s.",
        ),
        (
            "stacks: {s: {dependsOn: [u], services: {a: {image: x}}}}",
            "stacks.s.dependsOn[0]: 'u' is not a stack of this product.",
        ),
        (
            "stacks: {s: {include: p.yaml}}",
            "stacks.s.include: The files include each other in a circle: p.yaml -> p.yaml.",
        ),
        (
            "stacks: {s: {include: none.yaml}}",
            "stacks.s.include: The file 'none.yaml' does not exist.",
        ),
        (
            "services: {a: {image: x, healthCheck: {type: dns}}}",
            "services.a.healthCheck.type: 'dns' is not a type of health checks.",
        ),
        (
            "services: {a: {image: x, lifecycle: twice}}",
            "services.a.lifecycle: 'twice' is not a lifecycle.",
        ),
        (
            "onFailure: cry\nservices: {a: {image: x}}",
            "onFailure: 'cry' is not known here.",
        ),
        (
            "services: {a: {image: x, lifecycle: init, restart: always}}",
            "services.a.restart: A service that runs to completion cannot restart for ever.",
        ),
    ] {
        let text = format!("metadata: {{name: P, productVersion: '1'}}\n{body}\n");
        let found = read(&[("p.yaml", &text)]);
        let texts = texts(&found);
        assert!(found.products.is_empty(), "{body}: {texts:?}");
        let hit = texts.iter().any(|text| {
            text.split_once(": ").is_some_and(|(place, rest)| {
                place.starts_with("p.yaml:") && rest.starts_with(message)
            })
        });
        assert!(hit, "{body}: {texts:?}");
    }
    for (body, message) in [
        (
            "wat: 1\nservices: {a: {image: x}}",
            "'wat' is not known here and has no effect.",
        ),
        (
            "services: {a: {image: x, waitFor: y}}",
            "'waitFor' is not known here and has no effect.",
        ),
        (
            "services: {a: {image: 'x:${TAG}'}}",
            "The variable 'TAG' is declared nowhere",
        ),
        (
            "services: {a: {image: x, volumes: ['v:/v']}}",
            "'v' is not declared in volumes",
        ),
        (
            "edge: {}\nservices: {a: {image: x}}",
            "'edge' is not acted upon yet.",
        ),
        (
            "variables: {P: {type: Port, default: x}}\nservices: {a: {image: x}}",
            "The default does not fit: P must be a valid number.",
        ),
    ] {
        let text = format!("metadata: {{name: P, productVersion: '1'}}\n{body}\n");
        let found = read(&[("p.yaml", &text)]);
        assert_eq!(found.products.len(), 1, "{body}: {:?}", texts(&found));
        assert!(
            found.products[0].warnings[0].message.contains(message),
            "{:?}",
            texts(&found)
        );
    }
}

#[test]
fn includes_of_services_and_of_whole_products() {
    let found = read(&[
        (
            "p.yaml",
            "metadata: {name: P, productVersion: '1'}\nstacks:\n  a: {include: whole.yaml}\n  b:\n    services:\n      include: [f1.yaml, f2.yaml]\n      x: {image: 'own:1'}\n",
        ),
        (
            "f1.yaml",
            "variables: {V: {default: '1'}}\nservices: {x: {image: 'f1:1'}, y: {image: 'f1:1', volumes: ['d:/d']}}\nvolumes: {d: {}}",
        ),
        (
            "f2.yaml",
            "services: {y: {image: 'f2:1'}, z: {image: 'f2:1'}}",
        ),
        (
            "whole.yaml",
            "metadata: {name: W, productVersion: '9'}\nsharedVariables: {S: {default: s}}\nstacks: {one: {services: {x: {image: 'one:1'}}}, two: {services: {y: {image: 'two:1', environment: {S: '${S}'}}}}}",
        ),
    ]);
    assert_eq!(texts(&found), Vec::<String>::new());
    let ids: Vec<&str> = found
        .products
        .iter()
        .map(|product| product.id.as_str())
        .collect();
    assert_eq!(ids, ["local:P:1", "local:W:9"]);
    let product = &found.products[0];
    assert_eq!(product.stacks[0].display_name, "W");
    let a = render(product, "a", &[]);
    assert_eq!(a.services.keys().collect::<Vec<_>>(), ["x", "y"]);
    assert_eq!(a.services["y"].environment["S"].as_deref(), Some("s"));
    let b = render(product, "b", &[]);
    let images: Vec<String> = b
        .services
        .values()
        .map(|service| service.image.to_string())
        .collect();
    assert_eq!(images, ["own:1", "f1:1", "f2:1"]);
    assert!(product.stack("b").unwrap().variables.is_empty());
}

#[test]
fn a_file_cut_off_anywhere_is_a_product_or_a_problem() {
    for end in (0..SHOP.len()).filter(|end| SHOP.is_char_boundary(*end)) {
        let text = &SHOP[..end];
        let found = read(&[("product.yaml", text), ("parts/infra.yaml", INFRA)]);
        if text.contains("productVersion: 2") {
            assert!(
                !found.products.is_empty() || !found.problems.is_empty(),
                "{text}"
            );
        }
    }
}

#[test]
fn nothing_goes_unmentioned() {
    let found = read(&[
        ("a/compose.yaml", "services: {x: {image: x}}"),
        ("a/compose.yml", "services: {y: {image: x}}"),
        ("a/docker-compose.yml", "services: {y: {image: x}}"),
        (
            "a/product.yaml",
            "metadata: {productVersion: 1}\nservices: {a: {image: x}}",
        ),
        ("b.yaml", "stacks: {s: {services: {a: {image: x}}}}"),
    ]);
    let files: Vec<&str> = found
        .problems
        .iter()
        .map(|problem| problem.file.as_str())
        .collect();
    assert_eq!(
        files,
        [
            "a/compose.yml",
            "a/docker-compose.yml",
            "a/product.yaml",
            "b.yaml"
        ]
    );
    assert_eq!(found.products.len(), 1);
}

#[test]
fn copies_are_bounded() {
    let many: String = (0..501)
        .map(|index| format!("  s{index}: {{image: x}}\n"))
        .collect();
    let found = read(&[("compose.yaml", &format!("services:\n{many}"))]);
    assert!(
        found.problems[0].message.contains("at most 500 services"),
        "{:?}",
        texts(&found)
    );

    // A large service that many others extend.
    let items = "x,".repeat(9_000);
    let others: String = (0..400)
        .map(|index| format!("  s{index}: {{extends: big}}\n"))
        .collect();
    let bomb = format!("services:\n  big: {{image: x, cap_add: [{items}]}}\n{others}");
    let found = read(&[("compose.yaml", &bomb)]);
    assert!(found.products.is_empty());
    assert!(
        found.problems[0].message.contains("unfolds to more than"),
        "{:?}",
        found.problems[0]
    );
}

#[test]
fn values_cannot_fill_the_memory() {
    let product = one(&[(
        "p.yaml",
        &format!(
            "metadata: {{name: P, productVersion: '1'}}\nvariables: {{V: {{default: x}}}}\nservices: {{a: {{image: x, cap_add: [{}]}}}}",
            "'${V}',".repeat(5_000)
        ),
    )]);
    let mut values = Values::default();
    values.set("V", &"x".repeat(100_000));
    let problems = render_stack(&product.stacks[0], "x", &values).unwrap_err();
    assert!(
        problems[0].message.contains("fill more than"),
        "{:?}",
        problems[0]
    );
}

#[test]
fn messages_never_hold_values() {
    let product = one(&[(
        "p.yaml",
        "metadata: {name: P, productVersion: '1'}\nvariables: {PW: {type: Password}}\nservices: {a.b: {image: 'x:${PW}', ports: ['${PW}:80'], memLimit: '${PW}', volumes: ['/a:/b:${PW}'], restart: 'on-failure:${PW}'}}",
    )]);
    let mut values = Values::default();
    values.set("PW", "hunter 22");
    let problems = render_stack(&product.stacks[0], "x", &values).unwrap_err();
    assert_eq!(problems.len(), 5, "{problems:?}");
    for problem in problems {
        assert!(!problem.to_string().contains("hunter"), "{problem}");
        assert!(problem.message.contains("${PW}"), "{problem}");
    }
}

#[test]
fn a_stack_file_is_a_product_without_a_version() {
    let product = one(&[("s/stack.yml", "services: {a: {image: x}}")]);
    assert_eq!(
        (product.id.as_str(), product.group_id.as_str()),
        ("local:s", "local:s")
    );
    assert_eq!(product.stacks[0].id, "local:s:s");
    let spec = render(&product, "s", &[]);
    assert_eq!(spec.services["a"].restart, RestartPolicy::UnlessStopped);
}

#[test]
fn what_is_included_is_no_product_of_its_own_but_what_is_extended_is() {
    let found = read(&[
        ("a/compose.yaml", "services: {x: {image: x}}"),
        ("b/compose.yaml", "services: {y: {image: y}}"),
        (
            "z/compose.yaml",
            "include: [../a/compose.yaml]\nservices: {w: {extends: {file: ../b/compose.yaml, service: y}}}",
        ),
    ]);
    assert_eq!(texts(&found), Vec::<String>::new());
    let ids: Vec<&str> = found
        .products
        .iter()
        .map(|product| product.id.as_str())
        .collect();
    assert_eq!(ids, ["local:b", "local:z"]);
    let spec = render(&found.products[1], "z", &[]);
    assert_eq!(spec.services.keys().collect::<Vec<_>>(), ["w", "x"]);
}

#[test]
fn a_stack_that_depends_on_none_makes_a_graph() {
    let order = |depends_on: &str| {
        let manifest = format!(
            "name: Shop\nversion: \"1.0.0\"\nstacks:\n  a: {{compose: a.yaml{depends_on}}}\n  b: {{compose: a.yaml}}\n"
        );
        let compose = "services: {app: {image: 'app:1'}}";
        let found = read(&[("p/windlass.yaml", &manifest), ("p/a.yaml", compose)]);
        found.products[0].order
    };
    assert_eq!(order(", dependsOn: []"), StackOrder::Graph);
    assert_eq!(order(""), StackOrder::Sequential);
}

#[test]
fn a_maintenance_section_is_checked_where_it_is_written() {
    let manifest = "metadata: {name: Shop, productVersion: '1'}\nsharedVariables:\n  URL: {type: Url}\n  PG: {type: PostgresConnectionString}\nmaintenance:\n  observer:\n    type: HTTP\n    pollingInterval: 30\n    maintenanceValue: on\n    url: ${URL}/mode\n    jsonPath: a..b\n    watch: x\n  setter: {type: webhook, url: '${HOOK}', secret: '${KEY:-}'}\nstacks:\n  web: {services: {app: {image: a}}}\n";
    refused(
        &[("shop/product.yaml", manifest)],
        &[
            "shop/product.yaml:8:22: maintenance.observer.pollingInterval: '30' is not a time. Write a whole number with s, m or h: 30s.",
            "shop/product.yaml:11:15: maintenance.observer.jsonPath: 'a..b' is not a path into JSON. Write it as a.b[0].c.",
            "shop/product.yaml:12:12: maintenance.observer.watch: 'watch' is not known here and has no effect. Check its spelling and indentation.",
            "shop/product.yaml:13:32: maintenance.setter.url: 'HOOK' is not a variable that is shared by the product's stacks. Declare it, or write ${NAME:-default}.",
        ],
    );
    refused(
        &[
            (
                "shop/windlass.yaml",
                "name: Shop\nmaintenance: {observer: {type: file, mode: content, contentPattern: '('}}\n",
            ),
            ("shop/compose.yaml", "services: {app: {image: a}}\n"),
        ],
        &[
            "shop/windlass.yaml:2:25: maintenance.observer: The key 'maintenanceValue' is missing. Add maintenanceValue: ….",
            "shop/windlass.yaml:2:25: maintenance.observer: The key 'path' is missing. Add path: ….",
            "shop/windlass.yaml:2:69: maintenance.observer.contentPattern: '(' is not a regular expression. Check brackets and backslashes.",
        ],
    );
    refused(
        &[(
            "shop/compose.yaml",
            "services: {app: {image: a}}\nx-windlass:\n  maintenance: {observer: {type: ftp, maintenanceValue: on}}\n",
        )],
        &[
            "shop/compose.yaml:3:34: x-windlass.maintenance.observer.type: 'ftp' is not known here. Write sqlExtendedProperty, sqlQuery, http or file.",
        ],
    );
}

#[test]
fn a_maintenance_section_is_kept_as_it_is_written() {
    let section = "{observer: {type: sqlQuery, maintenanceValue: '1', connectionName: DB, query: 'SELECT mode'}}";
    let single = one(&[(
        "shop/product.yaml",
        &format!(
            "metadata: {{name: Shop, productVersion: '1'}}\nvariables: {{DB: {{type: MySqlConnectionString}}}}\nservices: {{app: {{image: a}}}}\nmaintenance: {section}\n"
        ),
    )]);
    let expect = serde_json::json!({ "observer": {
        "type": "sqlQuery", "maintenanceValue": "1", "connectionName": "DB", "query": "SELECT mode",
    } });
    assert_eq!(single.maintenance, Some(expect.clone()));
    let product = one(&[
        (
            "shop/windlass.yaml",
            &format!(
                "name: Shop\nvariables: {{DB: {{type: MySqlConnectionString}}}}\nmaintenance: {section}\n"
            ),
        ),
        ("shop/compose.yaml", "services: {app: {image: a}}\n"),
    ]);
    assert_eq!(product.maintenance, Some(expect));
    let plain = one(&[(
        "shop/compose.yaml",
        "services: {app: {image: a}}\nx-windlass:\n  maintenance: {observer: {type: http, maintenanceValue: 'on', url: '${MODE_URL:?say where}'}}\n",
    )]);
    assert!(plain.maintenance.is_some());
    assert_eq!(plain.stacks[0].variables[0].name, "MODE_URL");
    let misplaced = read(&[
        ("shop/windlass.yaml", "name: Shop\n"),
        (
            "shop/compose.yaml",
            "services: {app: {image: a}}\nx-windlass: {maintenance: {}}\n",
        ),
    ]);
    assert_eq!(
        texts(&misplaced),
        [
            "shop/compose.yaml:2:14: x-windlass.maintenance: 'maintenance' of one stack has no effect. Move it to windlass.yaml."
        ]
    );
}
