//! Every field of a specification, as the engine shows it afterwards.

use std::io::Read;
use std::time::Duration;

use domain::spec::{
    DeviceSpec, FileSpec, Healthcheck, IpamPool, IpamSpec, LoggingSpec, MountSpec, PortSpec,
    Resources, RestartPolicy, RuntimeOptions, ServiceSpec, StackSpec, Ulimit,
};
use serde_json::{Value, json};
use server::engine::EngineError;

use super::ground::{Ground, attachment, on_docker, on_each_docker};
use super::roles::{PROGRAM, Role};

pub(crate) fn file(target: &str, content: &str) -> FileSpec {
    FileSpec {
        target: target.to_owned(),
        content: content.to_owned(),
        uid: 7,
        gid: 8,
        mode: 0o440,
        secret: true,
    }
}

fn map(pairs: &[(&str, &str)]) -> std::collections::BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|word| (*word).to_owned()).collect()
}

/// `engine` is 1.44 or newer: what older ones refuse is left out for them.
fn full_service(ground: &Ground, modern: bool, folder: &str) -> ServiceSpec {
    let mut service = ground.service("app", Role::Serve);
    service.entrypoint = Some(words(&[PROGRAM]));
    service.command = Some(words(&["web"]));
    service
        .environment
        .insert("GREETING".to_owned(), Some("hello world=1".to_owned()));
    service.environment.insert("FROM_IMAGE".to_owned(), None);
    service.labels = map(&[("tier", "front"), ("windlass.product", "forged")]);
    service.ports = vec![
        PortSpec {
            target: 8080,
            published: Some("38300-38310".to_owned()),
            host_ip: Some("127.0.0.1".to_owned()),
            protocol: "tcp".to_owned(),
        },
        PortSpec {
            target: 53,
            published: None,
            host_ip: None,
            protocol: "udp".to_owned(),
        },
    ];
    service.expose = words(&["9000-9001", "9100/udp"]);
    service.mounts = vec![
        MountSpec::Bind {
            source: folder.to_owned(),
            target: "/bind".to_owned(),
            read_only: true,
            create_host_path: false,
            propagation: Some("rprivate".to_owned()),
            selinux: None,
        },
        MountSpec::Bind {
            source: format!("{folder}/made"),
            target: "/made".to_owned(),
            read_only: false,
            create_host_path: true,
            propagation: None,
            selinux: None,
        },
        MountSpec::Volume {
            source: Some("data".to_owned()),
            target: "/volume".to_owned(),
            read_only: false,
            nocopy: true,
            subpath: None,
        },
        MountSpec::Volume {
            source: None,
            target: "/anonymous".to_owned(),
            read_only: false,
            nocopy: false,
            subpath: None,
        },
        MountSpec::Tmpfs {
            target: "/scratch".to_owned(),
            size: Some(1_048_576),
            mode: Some(0o1770),
        },
    ];
    service.files = vec![
        file("/run/secrets/key", "pepper"),
        FileSpec {
            uid: 0,
            gid: 0,
            mode: 0o444,
            secret: false,
            ..file("/etc/app/conf.d/app.conf", "a = 1\n")
        },
    ];
    let mut back = attachment("back");
    back.aliases = words(&["database", "app"]);
    back.ipv4_address = Some("10.213.7.9".to_owned());
    let mut default = attachment("default");
    if modern {
        default.mac_address = Some("02:42:0a:d5:07:01".to_owned());
    }
    service.networks = vec![default, back];
    service.healthcheck = Some(Healthcheck {
        test: Some(words(&["CMD", PROGRAM, "check"])),
        interval: Some(Duration::from_millis(1500)),
        timeout: Some(Duration::from_secs(2)),
        retries: Some(4),
        start_period: Some(Duration::from_secs(5)),
        start_interval: modern.then_some(Duration::from_millis(700)),
    });
    service.restart = RestartPolicy::OnFailure {
        max_retries: Some(3),
    };
    service.stop_grace_period = Some(Duration::from_millis(1500));
    service.runtime = runtime(modern);
    service
}

fn runtime(modern: bool) -> RuntimeOptions {
    RuntimeOptions {
        annotations: if modern {
            map(&[("note", "one")])
        } else {
            map(&[])
        },
        cap_add: words(&["NET_ADMIN"]),
        cap_drop: words(&["MKNOD"]),
        cgroup: Some("private".to_owned()),
        devices: vec![DeviceSpec {
            source: "/dev/null".to_owned(),
            target: "/dev/nil".to_owned(),
            permissions: "rw".to_owned(),
        }],
        device_cgroup_rules: words(&["c 1:3 r"]),
        dns: words(&["10.213.7.53"]),
        dns_opt: words(&["ndots:2"]),
        dns_search: words(&["shop.test"]),
        domainname: Some("shop.test".to_owned()),
        extra_hosts: words(&["far:10.9.8.7"]),
        group_add: words(&["44"]),
        hostname: Some("front".to_owned()),
        init: Some(false),
        ipc: Some("private".to_owned()),
        logging: Some(LoggingSpec {
            driver: Some("json-file".to_owned()),
            options: map(&[("max-size", "1m")]),
        }),
        oom_score_adj: Some(100),
        resources: Resources {
            nano_cpus: Some(500_000_000),
            cpu_shares: Some(512),
            cpuset: Some("0".to_owned()),
            memory: Some(67_108_864),
            memory_reservation: Some(33_554_432),
            memory_swap: Some(134_217_728),
            pids_limit: Some(50),
            ..Resources::default()
        },
        security_opt: words(&["no-new-privileges"]),
        shm_size: Some(8_388_608),
        stdin_open: true,
        stop_signal: Some("SIGINT".to_owned()),
        sysctls: map(&[("net.ipv4.ip_unprivileged_port_start", "80")]),
        tty: true,
        ulimits: vec![Ulimit {
            name: "nofile".to_owned(),
            soft: 1000,
            hard: 2000,
        }],
        user: Some("0:0".to_owned()),
        working_dir: Some("/tmp".to_owned()),
        ..RuntimeOptions::default()
    }
}

async fn is_modern(ground: &Ground) -> bool {
    let api = ground.engine.info().await.unwrap().api_version;
    api.split_once('.').unwrap().1.parse::<u32>().unwrap() >= 44
}

fn full_stack(ground: &Ground, service: ServiceSpec) -> StackSpec {
    let mut stack = ground.stack([service]);
    let mut back = ground.network("back");
    back.internal = true;
    back.attachable = true;
    back.driver = Some("bridge".to_owned());
    back.driver_opts = map(&[("com.docker.network.bridge.enable_icc", "true")]);
    back.labels = map(&[("zone", "back")]);
    back.ipam = Some(IpamSpec {
        driver: None,
        options: map(&[]),
        config: vec![IpamPool {
            subnet: Some("10.213.7.0/24".to_owned()),
            gateway: Some("10.213.7.1".to_owned()),
            ip_range: Some("10.213.7.128/25".to_owned()),
            aux_addresses: map(&[("router", "10.213.7.5")]),
        }],
    });
    stack.networks.insert("back".to_owned(), back);
    stack.volumes["data"].labels = map(&[("kept", "yes")]);
    stack
}

/// Compares what the engine shows, path by path.
fn check(shown: &Value, expected: &[(&str, Value)]) {
    for (path, expect) in expected {
        assert_eq!(
            shown.pointer(path).unwrap_or(&Value::Null),
            expect,
            "{path}"
        );
    }
}

fn sorted(list: &Value) -> Vec<String> {
    let mut all: Vec<String> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|word| word.as_str().unwrap().to_owned())
        .collect();
    all.sort();
    all
}

#[tokio::test]
async fn the_engine_shows_what_the_specification_says() {
    on_docker(async |ground: &Ground| {
        let modern = is_modern(ground).await;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().display().to_string();
        let stack = full_stack(ground, full_service(ground, modern, &path));
        ground.lay(&stack).await;
        let id = ground.create(&stack, "app").await.unwrap();
        let api = ground.api.as_ref().unwrap();
        let shown = api.get(&format!("/containers/{id}/json")).await;
        check_config(&shown, ground, modern);
        check_host_config(&shown, modern);
        check_mounts(&shown, &stack, &path);
        check_files(ground, &id).await;
        ground.engine.start_container(&id).await.unwrap();
        let shown = api.get(&format!("/containers/{id}/json")).await;
        check_networks(&shown, ground, modern);
        assert!(!shown.to_string().contains("pepper"), "a secret is shown");
        check_objects(ground, &stack).await;
        let addresses = ground
            .engine
            .inspect_container(&id)
            .await
            .unwrap()
            .addresses;
        assert_eq!(addresses[&stack.networks["back"].name], "10.213.7.9");
        assert_eq!(addresses.len(), 2);
        ground.engine.remove_container(&id).await.unwrap();
    })
    .await;
}

fn check_config(shown: &Value, ground: &Ground, modern: bool) {
    check(
        shown,
        &[
            ("/Config/Image", json!(super::roles::image())),
            ("/Config/Entrypoint", json!([PROGRAM])),
            ("/Config/Cmd", json!(["web"])),
            ("/Config/Hostname", json!("front")),
            ("/Config/Domainname", json!("shop.test")),
            ("/Config/User", json!("0:0")),
            ("/Config/WorkingDir", json!("/tmp")),
            ("/Config/Tty", json!(true)),
            ("/Config/OpenStdin", json!(true)),
            ("/Config/StopSignal", json!("SIGINT")),
            ("/Config/StopTimeout", json!(2)),
            ("/Config/Healthcheck/Test", json!(["CMD", PROGRAM, "check"])),
            ("/Config/Healthcheck/Interval", json!(1_500_000_000)),
            ("/Config/Healthcheck/Timeout", json!(2_000_000_000)),
            ("/Config/Healthcheck/Retries", json!(4)),
            ("/Config/Healthcheck/StartPeriod", json!(5_000_000_000_u64)),
            (
                "/Config/Healthcheck/StartInterval",
                if modern {
                    json!(700_000_000)
                } else {
                    Value::Null
                },
            ),
            ("/Config/Labels/tier", json!("front")),
            ("/Config/Labels/windlass.product", json!(ground.project)),
            ("/Config/Labels/windlass.project", json!(ground.project)),
            ("/Config/Labels/windlass.stack", json!("web")),
            ("/Config/Labels/windlass.service", json!("app")),
            ("/Config/Labels/windlass.replica", json!("1")),
            ("/Config/Labels/windlass.lifecycle", json!("service")),
            ("/Config/Labels/windlass.generation", json!("1")),
            ("/Config/Labels/rsgo.stack", json!(ground.project)),
            ("/Config/Labels/rsgo.stack.name", json!("web")),
            ("/Config/Labels/rsgo.context", json!("app")),
            ("/Config/Labels/rsgo.lifecycle", json!("service")),
            ("/Config/Labels/rsgo.product", json!(ground.project)),
        ],
    );
    let environment = sorted(&shown["Config"]["Env"]);
    assert!(
        environment.contains(&"GREETING=hello world=1".to_owned()),
        "{environment:?}"
    );
    assert!(
        environment.contains(&"DEMO_NAME=demo".to_owned()),
        "{environment:?}"
    );
    assert!(
        !environment
            .iter()
            .any(|text| text.starts_with("FROM_IMAGE=")),
        "{environment:?}"
    );
    let mut exposed: Vec<&String> = shown["Config"]["ExposedPorts"]
        .as_object()
        .unwrap()
        .keys()
        .collect();
    exposed.sort();
    assert_eq!(
        exposed,
        ["53/udp", "8080/tcp", "9000/tcp", "9001/tcp", "9100/udp"]
    );
}

fn check_host_config(shown: &Value, modern: bool) {
    check(
        &shown["HostConfig"],
        &[
            (
                "/PortBindings/8080~1tcp",
                json!([{ "HostIp": "127.0.0.1", "HostPort": "38300-38310" }]),
            ),
            ("/PortBindings/53~1udp/0/HostPort", json!("")),
            (
                "/RestartPolicy",
                json!({ "Name": "on-failure", "MaximumRetryCount": 3 }),
            ),
            ("/CgroupnsMode", json!("private")),
            (
                "/Devices",
                json!([{ "PathOnHost": "/dev/null", "PathInContainer": "/dev/nil", "CgroupPermissions": "rw" }]),
            ),
            ("/DeviceCgroupRules", json!(["c 1:3 r"])),
            ("/Dns", json!(["10.213.7.53"])),
            ("/DnsOptions", json!(["ndots:2"])),
            ("/DnsSearch", json!(["shop.test"])),
            ("/ExtraHosts", json!(["far:10.9.8.7"])),
            ("/GroupAdd", json!(["44"])),
            ("/Init", json!(false)),
            ("/IpcMode", json!("private")),
            (
                "/LogConfig",
                json!({ "Type": "json-file", "Config": { "max-size": "1m" } }),
            ),
            ("/OomScoreAdj", json!(100)),
            ("/NanoCpus", json!(500_000_000)),
            ("/CpuShares", json!(512)),
            ("/CpusetCpus", json!("0")),
            ("/Memory", json!(67_108_864)),
            ("/MemoryReservation", json!(33_554_432)),
            ("/MemorySwap", json!(134_217_728)),
            ("/PidsLimit", json!(50)),
            ("/SecurityOpt", json!(["no-new-privileges"])),
            ("/ShmSize", json!(8_388_608)),
            (
                "/Sysctls",
                json!({ "net.ipv4.ip_unprivileged_port_start": "80" }),
            ),
            (
                "/Ulimits",
                json!([{ "Name": "nofile", "Soft": 1000, "Hard": 2000 }]),
            ),
            ("/Privileged", json!(false)),
            ("/ReadonlyRootfs", json!(false)),
            (
                "/Annotations",
                if modern {
                    json!({ "note": "one" })
                } else {
                    Value::Null
                },
            ),
        ],
    );
    for (path, name) in [("CapAdd", "NET_ADMIN"), ("CapDrop", "MKNOD")] {
        let shown = sorted(&shown["HostConfig"][path]);
        assert!(
            shown.len() == 1 && shown[0].ends_with(name),
            "{path}: {shown:?}"
        );
    }
}

fn check_mounts(shown: &Value, stack: &StackSpec, folder: &str) {
    let mounts = shown["Mounts"].as_array().unwrap();
    let at = |target: &str| {
        mounts
            .iter()
            .find(|mount| mount["Destination"] == target)
            .unwrap_or(&Value::Null)
    };
    check(
        at("/bind"),
        &[
            ("/Type", json!("bind")),
            ("/Source", json!(folder)),
            ("/RW", json!(false)),
            ("/Propagation", json!("rprivate")),
        ],
    );
    check(
        at("/made"),
        &[
            ("/Type", json!("bind")),
            ("/Source", json!(format!("{folder}/made"))),
            ("/RW", json!(true)),
        ],
    );
    check(
        at("/volume"),
        &[
            ("/Type", json!("volume")),
            ("/Name", json!(stack.volumes["data"].name)),
            ("/RW", json!(true)),
        ],
    );
    check(
        at("/anonymous"),
        &[("/Type", json!("volume")), ("/RW", json!(true))],
    );
    let long = shown["HostConfig"]["Mounts"].as_array().unwrap();
    let find = |target: &str| long.iter().find(|mount| mount["Target"] == target).unwrap();
    assert_eq!(find("/volume")["VolumeOptions"]["NoCopy"], json!(true));
    check(
        find("/scratch"),
        &[
            ("/Type", json!("tmpfs")),
            (
                "/TmpfsOptions",
                json!({ "SizeBytes": 1_048_576, "Mode": 0o1770 }),
            ),
        ],
    );
}

/// Mode, owner, group and content of a file in a container.
async fn file_in(ground: &Ground, id: &str, path: &str) -> (u32, u64, u64, String) {
    let api = ground.api.as_ref().unwrap();
    let (status, body) = api
        .request(
            "GET",
            &format!("/containers/{id}/archive?path={path}"),
            None,
        )
        .await;
    assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
    let mut archive = tar::Archive::new(body.as_slice());
    let mut entry = archive.entries().unwrap().next().unwrap().unwrap();
    let mut text = String::new();
    entry.read_to_string(&mut text).unwrap();
    let header = entry.header();
    (
        header.mode().unwrap() & 0o7777,
        header.uid().unwrap(),
        header.gid().unwrap(),
        text,
    )
}

async fn check_files(ground: &Ground, id: &str) {
    assert_eq!(
        file_in(ground, id, "/run/secrets/key").await,
        (0o440, 7, 8, "pepper".to_owned())
    );
    assert_eq!(
        file_in(ground, id, "/etc/app/conf.d/app.conf").await,
        (0o444, 0, 0, "a = 1\n".to_owned())
    );
    // Folders of the image keep their mode, made ones can be entered by everybody.
    assert_eq!(file_in(ground, id, "/tmp").await.0, 0o1777);
    assert_eq!(file_in(ground, id, "/etc/app/conf.d").await.0, 0o755);
}

fn check_networks(shown: &Value, ground: &Ground, modern: bool) {
    let networks = &shown["NetworkSettings"]["Networks"];
    let named = |key: &str| &networks[format!("{}_{key}", ground.project)];
    let container = format!("{}_app", ground.project);
    for (key, aliases) in [
        ("default", &["app"][..]),
        ("back", &["app", "database"][..]),
    ] {
        let shown = sorted(&named(key)["Aliases"]);
        for alias in aliases.iter().copied().chain([container.as_str()]) {
            assert!(
                shown.iter().any(|name| name == alias),
                "{key}: {shown:?} lacks {alias}"
            );
        }
    }
    assert_eq!(named("back")["IPAddress"], "10.213.7.9");
    if modern {
        assert_eq!(named("default")["MacAddress"], "02:42:0a:d5:07:01");
    }
    let published = &shown["NetworkSettings"]["Ports"]["8080/tcp"][0];
    assert_eq!(published["HostIp"], "127.0.0.1");
    let port: u16 = published["HostPort"].as_str().unwrap().parse().unwrap();
    assert!((38300..=38310).contains(&port));
}

async fn check_objects(ground: &Ground, stack: &StackSpec) {
    let api = ground.api.as_ref().unwrap();
    let network = api
        .get(&format!("/networks/{}", stack.networks["back"].name))
        .await;
    check(
        &network,
        &[
            ("/Driver", json!("bridge")),
            ("/Internal", json!(true)),
            ("/Attachable", json!(true)),
            ("/EnableIPv6", json!(false)),
            (
                "/Options",
                json!({ "com.docker.network.bridge.enable_icc": "true" }),
            ),
            ("/Labels/zone", json!("back")),
            ("/Labels/windlass.product", json!(ground.project)),
            ("/Labels/rsgo.stack", json!(ground.project)),
            ("/IPAM/Config/0/Subnet", json!("10.213.7.0/24")),
            ("/IPAM/Config/0/Gateway", json!("10.213.7.1")),
            ("/IPAM/Config/0/IPRange", json!("10.213.7.128/25")),
            (
                "/IPAM/Config/0/AuxiliaryAddresses",
                json!({ "router": "10.213.7.5" }),
            ),
        ],
    );
    let volume = api
        .get(&format!("/volumes/{}", stack.volumes["data"].name))
        .await;
    check(
        &volume,
        &[
            ("/Labels/kept", json!("yes")),
            ("/Labels/windlass.product", json!(ground.project)),
        ],
    );
}

#[tokio::test]
async fn a_read_only_service_gets_its_files_all_the_same() {
    on_docker(async |ground: &Ground| {
        let mut service = ground.service("app", Role::Serve);
        service.runtime.read_only = true;
        service.mounts = vec![MountSpec::Volume {
            source: Some("data".to_owned()),
            target: "/data".to_owned(),
            read_only: false,
            nocopy: false,
            subpath: None,
        }];
        service.files = vec![
            file("/run/secrets/key", "pepper"),
            file("/data/sub/conf", "salt"),
        ];
        let id = ground.one(service).await;
        ground.engine.start_container(&id).await.unwrap();
        for (path, text) in [("/run/secrets/key", "pepper"), ("/data/sub/conf", "salt")] {
            assert_eq!(
                file_in(ground, &id, path).await,
                (0o440, 7, 8, text.to_owned()),
                "{path}"
            );
        }
        let before = volumes(ground).await;
        ground.engine.remove_container(&id).await.unwrap();
        assert_eq!(
            volumes(ground).await,
            before - 1,
            "its anonymous volume is removed with it"
        );
    })
    .await;
}

/// Volumes in use by containers of this case, by their number among all that have no name of their own.
async fn volumes(ground: &Ground) -> usize {
    let api = ground.api.as_ref().unwrap();
    let project = &ground.project;
    let mut names = std::collections::BTreeSet::new();
    for container in api
        .get("/containers/json?all=true")
        .await
        .as_array()
        .unwrap()
    {
        if container["Labels"]["windlass.product"] == json!(project) {
            for mount in container["Mounts"].as_array().unwrap() {
                if let Some(name) = mount["Name"]
                    .as_str()
                    .filter(|name| !name.starts_with("wt-"))
                {
                    let (status, _) = api.request("GET", &format!("/volumes/{name}"), None).await;
                    assert_eq!(status, 200);
                    names.insert(name.to_owned());
                }
            }
        }
    }
    names.len()
}

#[tokio::test]
async fn what_an_old_engine_would_drop_is_refused() {
    on_docker(async |ground: &Ground| {
        if is_modern(ground).await {
            return;
        }
        let mut service = ground.service("app", Role::Serve);
        service.runtime.annotations = map(&[("note", "one")]);
        let stack = ground.stack([service]);
        ground.lay(&stack).await;
        let error = ground.create(&stack, "app").await.unwrap_err();
        assert!(matches!(error, EngineError::Refused { .. }), "{error:?}");
        assert!(error.to_string().contains("'annotations' needs"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn what_a_stack_does_not_declare_is_refused() {
    on_each_docker(async |ground: &Ground| {
        let mut service = ground.service("app", Role::Serve);
        service.networks = vec![attachment("nowhere")];
        let stack = ground.stack([service]);
        let error = ground.create(&stack, "app").await.unwrap_err();
        assert!(matches!(error, EngineError::Refused { .. }), "{error:?}");
        assert!(
            error
                .to_string()
                .contains("network 'nowhere' is not declared in stack 'web'"),
            "{error}"
        );
    })
    .await;
}
