//! The doctor finds what was broken on purpose, in the record and on the engine, and nothing where all is well.

use serde_json::{Value, json};

use super::world::{World, step_is, wait_for};

const TWO: &str = "
services:
  web:
    image: windlass-demo/web:1.0.0
  store:
    image: windlass-demo/store:1.0.0
    volumes: [data:/data]
volumes: {data: {}}
";

/// A world with one product that runs; its answer.
fn deployed(name: &str) -> Option<(World, Value)> {
    let mut world = World::new(name)?;
    world.product("Shop", &[("one", TWO)]);
    world.start();
    let result = world
        .deploy(&world.request("test:Shop:1.0.0", &["one"]))
        .json();
    assert_eq!(result["status"], "Running", "{result:#}");
    world.must_be_sound();
    Some((world, result))
}

/// `rule subject` of everything that is found.
fn found(world: &World) -> Vec<String> {
    world
        .doctor()
        .iter()
        .map(|finding| format!("{} {}", finding.rule, finding.subject))
        .collect()
}

#[test]
fn a_broken_record_must_be_found() {
    let Some((world, result)) = deployed("doc-record") else {
        return;
    };
    let operation = result["operationId"].as_str().unwrap();
    let subject = format!("operation {operation}");

    world.sql(&format!(
        "UPDATE operations SET owner = 'nobody' WHERE id = '{operation}'"
    ));
    assert_eq!(found(&world), [format!("final_is_final {subject}")]);
    world.sql("UPDATE operations SET owner = NULL");

    world.sql("CREATE TABLE kept AS SELECT * FROM events WHERE seq = 3");
    world.sql("DELETE FROM events WHERE seq = 3");
    assert_eq!(found(&world), [format!("events_without_gaps {subject}")]);
    world.sql("INSERT INTO events SELECT * FROM kept");

    world.sql("UPDATE steps SET state = 'started' WHERE step_key = 'start one/web'");
    let findings = world.doctor();
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(
        findings[0].message.contains("'start one/web'"),
        "{findings:?}"
    );
    world.sql("UPDATE steps SET state = 'done'");

    world.sql("UPDATE product_deployments SET status = 'Deploying'");
    let rules = found(&world);
    assert_eq!(rules.len(), 2, "{rules:?}");
    assert!(rules.iter().all(|rule| rule.starts_with("final_is_final")));
    world.sql("UPDATE product_deployments SET status = 'Running'");

    // Two operations at work: the server must not run them, so it is stopped first.
    let mut world = world;
    world.kill();
    world.sql("DROP INDEX operations_active");
    for copy in ["a", "b"] {
        let id = format!("01900000-0000-7000-8000-00000000000{copy}");
        world.sql(&format!(
            "INSERT INTO operations (id, environment_id, group_id, deployment_id, kind, status, actor, session_id,
                 cancel_requested, event_seq, fence, created_at)
             SELECT '{id}', environment_id, group_id, deployment_id, kind, 'queued', actor, session_id, 0, 1, 0, created_at
             FROM operations WHERE id = '{operation}'"
        ));
        world.sql(&format!(
            "INSERT INTO events SELECT '{id}', seq, at, level, body FROM events WHERE seq = 1 AND operation_id = '{operation}'"
        ));
    }
    let (code, report) = world.examine(&[]);
    assert_eq!(code, 1, "{report:#}");
    let rules: Vec<_> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["rule"].as_str().unwrap())
        .collect();
    // Nor do they fit to a deployment that is at rest.
    assert_eq!(
        rules,
        ["one_active_operation", "final_is_final", "final_is_final"],
        "{report:#}"
    );
    assert_eq!(report["notLookedAt"][0]["reason"], "active");
}

#[test]
fn a_changed_engine_must_be_found() {
    let Some((world, _)) = deployed("doc-engine") else {
        return;
    };
    let project = &world.project;
    let web = format!("{project}-one_web");
    let inspected = world
        .engine
        .ask("GET", &format!("/containers/{web}/json"))
        .1;
    let labels = &inspected["Config"]["Labels"];
    let copy = json!({ "Image": inspected["Config"]["Image"], "Labels": labels });

    let (status, made) = world
        .engine
        .post(&format!("/containers/create?name={web}-copy"), &copy);
    assert_eq!(status, 201, "{made}");
    assert_eq!(
        found(&world),
        [
            "one_container service one/web of product test.Shop".to_owned(),
            format!("engine_matches_record container {web}"),
        ]
        .map(|line| line.replace("test.Shop", labels["windlass.product"].as_str().unwrap()))
    );
    world
        .engine
        .ask("DELETE", &format!("/containers/{web}-copy?force=true"));
    assert_eq!(found(&world), [""; 0]);

    world.engine.ask("POST", &format!("/containers/{web}/kill"));
    world.engine.ask("POST", &format!("/containers/{web}/wait"));
    assert_eq!(
        found(&world),
        [format!("engine_matches_record container {web}")]
    );
    world
        .engine
        .ask("DELETE", &format!("/containers/{web}?force=true"));
    let findings = world.doctor();
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(
        findings[0].message.starts_with("It is not there"),
        "{findings:?}"
    );

    let mut stray = labels.clone();
    stray["windlass.deployment"] = json!("01900000-0000-7000-8000-000000000000");
    let network = json!({ "Name": format!("{project}-stray"), "Labels": stray });
    let (status, made) = world.engine.post("/networks/create", &network);
    assert_eq!(status, 201, "{made}");
    assert_eq!(
        found(&world),
        [
            format!("engine_matches_record container {web}"),
            format!("nothing_unknown network {project}-stray"),
        ]
    );

    // What belongs to a store that is not this one is counted, and no finding.
    let before = world.examine(&[]).1["checked"]["ofAnotherWindlass"].clone();
    stray["windlass.environment"] = json!("01900000-0000-7000-8000-000000000000");
    let network = json!({ "Name": format!("{project}-stranger"), "Labels": stray });
    world.engine.post("/networks/create", &network);
    assert_eq!(found(&world).len(), 2);
    // Others run their tests on the same engine: that it was counted is all that can be said.
    assert!(before.is_u64());
    let after = &world.examine(&[]).1["checked"]["ofAnotherWindlass"];
    assert!(after.as_u64().unwrap() > 0);
}

#[test]
fn what_cannot_be_looked_at_must_be_said() {
    let Some((mut world, _)) = deployed("doc-blind") else {
        return;
    };
    let (code, report) = world.examine(&["--docker-host", "unix:///nonexistent/docker.sock"]);
    assert_eq!(code, 2, "{report:#}");
    assert_eq!(report["findings"], json!([]));
    assert_eq!(report["notLookedAt"][0]["reason"], "engine");
    assert_eq!(report["checked"]["engines"], 0);
    assert_eq!(report["checked"]["operations"], 1);

    // The text says the same, and how much was checked.
    let text = world.doctor_says(&[]);
    assert!(
        text.starts_with("Checked in the record: 1 operation (0 active) with "),
        "{text}"
    );
    assert!(text.trim_end().ends_with("Nothing was found."), "{text}");

    // A folder without a database stays as it is.
    let empty = tempfile::tempdir().unwrap();
    let folder = empty.path().join("data");
    let (code, _) = world.examine(&["--data-dir", folder.to_str().unwrap()]);
    assert_eq!(code, 2);
    assert!(!folder.exists());

    world.kill();
    world.must_be_sound();
    world.sql("UPDATE _sqlx_migrations SET version = 9999 WHERE version = 1");
    assert_eq!(world.examine(&[]).0, 2);
}

#[test]
fn a_product_at_work_must_be_left_out_and_named() {
    let Some(mut world) = World::new("doc-busy") else {
        return;
    };
    let never = TWO.replace(
        "    image: windlass-demo/web:1.0.0",
        "    image: windlass-demo/web:1.0.0
    environment: {NEVER_HEALTHY: '1'}
    healthcheck: {test: [CMD, /demo-service, check], interval: 1s, timeout: 1s, retries: 600}",
    );
    world.product("Shop", &[("one", &never)]);
    world.start();
    let operation = world.deploy_async(&world.request("test:Shop:1.0.0", &["one"]));
    world.until_event(&operation, |event| {
        step_is(event, "step_started", "healthy one/web")
    });
    // Every look at a busy server finds nothing, and says what it left out.
    for _ in 0..3 {
        let (code, report) = world.examine(&[]);
        assert_eq!(code, 0, "{report:#}");
        assert_eq!(report["notLookedAt"][0]["reason"], "active", "{report:#}");
    }
    world.server().ask(
        "POST",
        &format!("/api/operations/{operation}/cancel"),
        &[],
        "{}",
    );
    world.end_of(&operation);
    wait_for("an engine at rest", || {
        world.doctor().is_empty().then_some(())
    });
}
