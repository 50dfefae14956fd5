//! What follows the first deployment: redeploy, upgrade and removal, against Compose in turn, and a service that is asked all the
//! while it is replaced.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::json;

use super::{
    catalog::{FRONT, INDEPENDENT, ORDERED, ORDERED_CHANGED, ORDERED_SAME, Product, SINGLE},
    deploying::Arena,
    report::{Figure, Target, Unit},
    samples::Samples,
    windlass::Windlass,
};

/// How long the client of the service that is replaced goes on.
const LOAD_FOR: &str = "12s";
/// Requests a second.
const LOAD_RATE: &str = "200";
/// How much longer than for a product of one service the one of thirty may take.
const ONE_OF_THIRTY: f64 = 1.5;

/// Seconds of everything, by round.
#[derive(Debug, Default)]
struct Times {
    redeploy: Vec<f64>,
    recreate: Vec<f64>,
    unchanged: Vec<f64>,
    up_again: Vec<f64>,
    one: Vec<f64>,
    single: Vec<f64>,
    remove: Vec<f64>,
    down: Vec<f64>,
    remove_independent: Vec<f64>,
    down_independent: Vec<f64>,
    answered: Vec<f64>,
    repeated: Vec<f64>,
    failed: Vec<f64>,
}

/// One side of the comparison, in one round.
type Side = fn(&Arena<'_>, u32, &mut Times) -> anyhow::Result<()>;

pub(super) fn measure(arena: &Arena<'_>) -> anyhow::Result<Vec<Figure>> {
    super::catalog::write(&arena.catalog())?;
    arena.engine.clear()?;
    let mut times = Times::default();
    for round in 1..=arena.runs {
        // Who begins changes from round to round.
        let parts: [Side; 2] = [windlass, compose];
        for turn in 0..parts.len() {
            let part = (turn + round as usize) % parts.len();
            parts[part](arena, round, &mut times)?;
            arena.engine.clear()?;
        }
        under_load(arena, round, &mut times)?;
        arena.engine.clear()?;
        println!("  round {round}/{} done", arena.runs);
    }
    Ok(figures(&times))
}

fn windlass(arena: &Arena<'_>, round: u32, times: &mut Times) -> anyhow::Result<()> {
    let server = arena.server(&format!("changing-{round}"))?;
    let ids = || arena.engine.running();
    server.deploy(&ORDERED)?;
    let first = ids()?;
    times
        .redeploy
        .push(server.redeploy(&ORDERED)?.as_secs_f64());
    let second = ids()?;
    ensure!(
        second.len() == ORDERED.containers() && second.iter().all(|id| !first.contains(id)),
        "a redeploy replaces every container"
    );
    times
        .unchanged
        .push(server.upgrade(&ORDERED, &ORDERED_SAME)?.as_secs_f64());
    ensure!(
        ids()? == second,
        "an upgrade without a change touched containers"
    );
    times
        .one
        .push(server.upgrade(&ORDERED, &ORDERED_CHANGED)?.as_secs_f64());
    let kept = ids()?.iter().filter(|id| second.contains(id)).count();
    ensure!(
        kept + 1 == ORDERED.containers(),
        "an upgrade that changes one service replaced {} containers",
        ORDERED.containers() - kept
    );
    times.remove.push(server.remove(&ORDERED)?.as_secs_f64());
    arena.engine.must_run(0)?;
    server.deploy(&INDEPENDENT)?;
    let took = server.remove(&INDEPENDENT)?;
    times.remove_independent.push(took.as_secs_f64());
    arena.engine.must_run(0)?;
    server.deploy(&SINGLE)?;
    times.single.push(server.redeploy(&SINGLE)?.as_secs_f64());
    Ok(())
}

fn compose(arena: &Arena<'_>, _: u32, times: &mut Times) -> anyhow::Result<()> {
    let (compose, engine, catalog) = (arena.compose, arena.engine, arena.catalog());
    compose.up_in_turn(engine, &catalog, &ORDERED)?;
    let took = compose.recreate(engine, &catalog, &ORDERED)?;
    times.recreate.push(took.as_secs_f64());
    let took = compose.up_again(engine, &catalog, &ORDERED)?;
    times.up_again.push(took.as_secs_f64());
    let took = compose.down(engine, &catalog, &ORDERED)?;
    times.down.push(took.as_secs_f64());
    compose.up_at_once(engine, &catalog, &INDEPENDENT)?;
    let took = compose.down(engine, &catalog, &INDEPENDENT)?;
    times.down_independent.push(took.as_secs_f64());
    engine.must_run(0)
}

/// Replaces a service while a client asks it by its name.
fn under_load(arena: &Arena<'_>, round: u32, times: &mut Times) -> anyhow::Result<()> {
    let server = arena.server(&format!("front-{round}"))?;
    server.deploy(&FRONT)?;
    let network = format!("bench-{}_default", FRONT.stack_names()[0]);
    let client = arena.engine.start_client(&json!({
        "Image": FRONT.image(),
        "Cmd": ["load"],
        "Env": [
            "NEIGHBOURS=http://service1:8080/",
            format!("LOAD_RATE={LOAD_RATE}"),
            format!("LOAD_FOR={LOAD_FOR}"),
        ],
        "HostConfig": { "NetworkMode": network },
    }))?;
    // In the middle of the client's time: twice, there and back.
    std::thread::sleep(Duration::from_secs(2));
    server.redeploy(&FRONT)?;
    server.redeploy(&FRONT)?;
    let said = arena.engine.last_words(&client)?;
    let count = |name: &str| -> anyhow::Result<f64> {
        let word = said
            .split_whitespace()
            .find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
            .with_context(|| format!("the client says nothing of {name}: {said}"))?;
        Ok(word.parse()?)
    };
    times.answered.push(count("answered")?);
    times.repeated.push(count("repeated")?);
    if count("failed")? > 0.0 {
        println!("  the client said: {said}");
    }
    times.failed.push(count("failed")?);
    Ok(())
}

fn figures(times: &Times) -> Vec<Figure> {
    let samples = |values: &[f64]| Samples::of(values.iter().copied());
    let seconds = |what: &str, values: &[f64]| Figure::new(what, Unit::Seconds, samples(values));
    let count = |what: &str, values: &[f64]| Figure::new(what, Unit::Count, samples(values));
    let service = "A service asked 200 times a second by its name while it is replaced twice";
    vec![
        seconds(
            "Redeploy 10 stacks of 3 services, in order",
            &times.redeploy,
        )
        .against(
            "compose up --force-recreate --wait, a stack after the other",
            &samples(&times.recreate),
        )
        .target(Target::Ratio(0.75)),
        seconds(
            "Upgrade of those to a version in which nothing changed",
            &times.unchanged,
        )
        .against(
            "compose up for each of the stacks",
            &samples(&times.up_again),
        )
        .target(Target::Ratio(0.15)),
        seconds("Upgrade that changes 1 of 30 services", &times.one)
            .against(
                "redeploy of a product of one service",
                &samples(&times.single),
            )
            .target(Target::Ratio(ONE_OF_THIRTY)),
        seconds("Upgrade that changes 1 of 30 services", &times.one)
            .against("redeploy of all 30", &samples(&times.redeploy)),
        seconds("Remove 10 stacks of 3 services, in order", &times.remove)
            .against(
                "compose down, a stack after the other",
                &samples(&times.down),
            )
            .target(Target::Ratio(0.95)),
        seconds(
            "Remove 10 stacks of 3 services, independent",
            &times.remove_independent,
        )
        .against(
            "compose down, a stack after the other",
            &samples(&times.down_independent),
        )
        .target(Target::Ratio(0.85)),
        count(&format!("{service}: answered"), &times.answered),
        count(&format!("{service}: repeated once"), &times.repeated),
        count(&format!("{service}: failed"), &times.failed).target(Target::AtMost(0.0)),
    ]
}

impl Windlass {
    fn redeploy(&self, product: &Product) -> anyhow::Result<Duration> {
        self.change("POST", product, "/redeploy", &json!({}))
    }

    fn upgrade(&self, product: &Product, to: &Product) -> anyhow::Result<Duration> {
        let body = json!({ "targetProductId": to.id() });
        self.change("POST", product, "/upgrade", &body)
    }

    fn remove(&self, product: &Product) -> anyhow::Result<Duration> {
        self.change("DELETE", product, "", &json!({}))
    }
}
