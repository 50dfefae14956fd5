//! Deploying: Windlass, Compose and bare engine calls take turns on one engine, each time from nothing.

use std::{path::PathBuf, thread, time::Duration};

use anyhow::{Context as _, ensure};

use super::{
    catalog::{self, CHECKED, INDEPENDENT, ORDERED, Product},
    compose::Compose,
    engine::Engine,
    report::{Figure, Target, Unit},
    samples::Samples,
    windlass::{Setup, Windlass},
};

const IN_TURN: &str = "compose up --wait, a stack after the other";
const AT_ONCE: &str = "compose up --wait, all stacks at once";
const RAW_ORDERED: &str = "bare engine calls, same order";
const RAW: &str = "bare engine calls, all at once";

/// Before a look at a server's memory.
const SETTLE: Duration = Duration::from_secs(1);
/// Most memory of a server that has nothing to do, in MB.
const IDLE: f64 = 40.0;

/// What the contenders share.
pub(super) struct Arena<'a> {
    pub(super) engine: &'a Engine,
    pub(super) compose: &'a Compose,
    /// Each run makes a folder below it.
    pub(super) folder: PathBuf,
    pub(super) site: PathBuf,
    pub(super) runs: u32,
}

/// Times of a product that was deployed from nothing.
#[derive(Debug, Default)]
struct Times {
    windlass: Vec<f64>,
    windlass_again: Vec<f64>,
    compose: Vec<f64>,
    compose_again: Vec<f64>,
    compose_at_once: Vec<f64>,
    raw: Vec<f64>,
    /// Of Windlass's deployments with health checks, in seconds.
    health_waits: Vec<f64>,
    /// Of the server, in bytes: before its first deployment and after it.
    idle: Vec<f64>,
    idle_after: Vec<f64>,
}

/// One of those who take turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Contender {
    Windlass,
    /// Deploys what runs already.
    WindlassAgain,
    Compose,
    ComposeAtOnce,
    Raw,
}

pub(super) fn measure(arena: &Arena<'_>) -> anyhow::Result<Vec<Figure>> {
    use Contender::{Compose, ComposeAtOnce, Raw, Windlass, WindlassAgain};
    catalog::write(&arena.catalog())?;
    arena.engine.clear()?;
    // The first containers of an engine take longer than all others.
    arena.engine.start_raw(&INDEPENDENT, "warm")?;
    arena.engine.clear()?;
    let ordered = arena.compete(&ORDERED, &[Windlass, Compose, Raw, WindlassAgain])?;
    let independent = arena.compete(&INDEPENDENT, &[Windlass, Compose, ComposeAtOnce, Raw])?;
    let checked = arena.compete(&CHECKED, &[Windlass, Compose])?;

    let seconds = |what: &str, values: &[f64]| Figure::new(what, Unit::Seconds, samples(values));
    let memory = |what: &str, values: &[f64]| Figure::new(what, Unit::Mebibytes, samples(values));
    let deploy = "Deploy 10 stacks of 3 services, stacks in order";
    let side_by_side = "Deploy 10 stacks of 3 services, stacks independent";
    let slow = "Deploy 5 stacks of 3 services in order, health checks pass after 3 s";
    Ok(vec![
        seconds(deploy, &ordered.windlass)
            .against(IN_TURN, &samples(&ordered.compose))
            .target(Target::Ratio(0.85)),
        seconds(deploy, &ordered.windlass)
            .against(RAW_ORDERED, &samples(&ordered.raw))
            .target(Target::Ratio(1.1)),
        seconds(side_by_side, &independent.windlass)
            .against(IN_TURN, &samples(&independent.compose))
            .target(Target::Ratio(0.67)),
        seconds(side_by_side, &independent.windlass)
            .against(RAW, &samples(&independent.raw))
            .target(Target::Ratio(1.1)),
        seconds(side_by_side, &independent.windlass)
            .against(AT_ONCE, &samples(&independent.compose_at_once)),
        unchanged(&ordered),
        seconds(slow, &checked.windlass)
            .against(
                "the sum of the health waits as the engine recorded them",
                &samples(&checked.health_waits),
            )
            .target(Target::Ratio(1.1)),
        seconds(slow, &checked.windlass).against(IN_TURN, &samples(&checked.compose)),
        memory("Server after its start, resident", &ordered.idle).target(Target::AtMost(IDLE)),
        memory(
            "Server after that deployment of 30 containers, resident",
            &ordered.idle_after,
        )
        .target(Target::AtMost(IDLE)),
    ])
}

fn mebibytes(bytes: u64) -> anyhow::Result<f64> {
    Ok(f64::from(u32::try_from(bytes / 1024)?) / 1024.0)
}

fn samples(values: &[f64]) -> Samples {
    Samples::of(values.iter().copied())
}

fn unchanged(times: &Times) -> Figure {
    let what = "Deploy those 30 containers again, nothing changed";
    Figure::new(what, Unit::Seconds, samples(&times.windlass_again))
        .against(
            "compose up for each of the stacks",
            &samples(&times.compose_again),
        )
        .target(Target::Ratio(0.15))
}

impl Arena<'_> {
    pub(super) fn catalog(&self) -> PathBuf {
        self.folder.join("catalog")
    }

    /// Everybody in each round, from an empty engine; who begins changes from round to round.
    fn compete(&self, product: &Product, contenders: &[Contender]) -> anyhow::Result<Times> {
        let mut times = Times::default();
        let mut order = contenders.to_vec();
        for round in 1..=self.runs {
            for &contender in &order {
                self.one(product, contender, round, &mut times)
                    .with_context(|| format!("{contender:?} and the product {}", product.name))?;
            }
            order.rotate_left(1);
        }
        Ok(times)
    }

    fn one(
        &self,
        product: &Product,
        contender: Contender,
        round: u32,
        times: &mut Times,
    ) -> anyhow::Result<()> {
        let (engine, catalog) = (self.engine, self.catalog());
        let took = match contender {
            Contender::Windlass => self.windlass(product, round, times)?,
            Contender::WindlassAgain => self.windlass_again(product, round, times)?,
            Contender::Compose => {
                let took = self.compose.up_in_turn(engine, &catalog, product)?;
                engine.must_run(product.containers())?;
                times.compose.push(took.as_secs_f64());
                if *product == ORDERED {
                    let again = self.compose.up_again(engine, &catalog, product)?;
                    times.compose_again.push(again.as_secs_f64());
                }
                took
            }
            Contender::ComposeAtOnce => {
                let took = self.compose.up_at_once(engine, &catalog, product)?;
                times.compose_at_once.push(took.as_secs_f64());
                took
            }
            Contender::Raw => {
                let took = engine.start_raw(product, &format!("raw{round}"))?;
                times.raw.push(took.as_secs_f64());
                took
            }
        };
        println!(
            "  {} {round}/{} {contender:?}: {:.2} s",
            product.name,
            self.runs,
            took.as_secs_f64()
        );
        engine.must_run(product.containers())?;
        engine.clear()
    }

    pub(super) fn server(&self, data: &str) -> anyhow::Result<Windlass> {
        Windlass::start(&Setup {
            data: self.folder.join(data),
            catalog: self.catalog(),
            site: self.site.clone(),
            docker_host: self.engine.host().to_owned(),
        })
    }

    fn windlass(
        &self,
        product: &Product,
        round: u32,
        times: &mut Times,
    ) -> anyhow::Result<Duration> {
        let server = self.server(&format!("{}-{round}", product.name))?;
        thread::sleep(SETTLE);
        times.idle.push(mebibytes(server.resident()?)?);
        let took = server.deploy(product)?;
        times.windlass.push(took.as_secs_f64());
        if product.checked {
            times.health_waits.push(self.engine.health_waits()?);
        }
        thread::sleep(SETTLE);
        times.idle_after.push(mebibytes(server.resident()?)?);
        Ok(took)
    }

    /// A product that runs cannot be deployed again; one that failed can. So all of its stacks run, and one more failed.
    fn windlass_again(
        &self,
        product: &Product,
        round: u32,
        times: &mut Times,
    ) -> anyhow::Result<Duration> {
        let server = self.server(&format!("{}-again-{round}", product.name))?;
        server.deploy_blocked(product)?;
        let before = self.engine.running()?;
        let took = server.deploy(product)?;
        ensure!(
            before == self.engine.running()?,
            "a deployment without a change replaced containers"
        );
        times.windlass_again.push(took.as_secs_f64());
        Ok(took)
    }
}
