//! What a step costs in the journal, on both databases, with every write durable.

use std::process::Command;

use super::{
    load,
    report::{Figure, Target, Unit},
    samples::Samples,
};
use crate::ground::Ground;

/// Of each run.
const STEPS: &str = "500";
/// Median of a step, in milliseconds.
const MOST: f64 = 2.0;

pub(super) fn measure(ground: &Ground, runs: u32) -> anyhow::Result<Vec<Figure>> {
    let (mut sqlite, mut postgres) = (Vec::new(), Vec::new());
    for round in 1..=runs {
        let folder = ground.folder(&format!("journal-{round}"))?;
        let url = format!("sqlite://{}/windlass.db", folder.display());
        let mut on_sqlite = Command::new(load::program());
        sqlite.push(run(&mut on_sqlite, &url)?);
        // The database answers inside the network namespace only.
        let url = ground.new_database(&format!("journal_{round}"))?;
        postgres.push(run(&mut ground.command(load::program()), &url)?);
        println!(
            "  {round}/{runs}: SQLite {:?} ms, PostgreSQL {:?} ms",
            sqlite.last(),
            postgres.last()
        );
    }
    let on = |what: &str, times: &[(f64, f64)]| {
        let figure = |name: &str, values: Vec<f64>| {
            Figure::new(
                &format!("A step in the journal, {what}, {name}"),
                Unit::Millis,
                Samples::of(values),
            )
        };
        [
            figure("median", times.iter().map(|(median, _)| *median).collect())
                .target(Target::AtMost(MOST)),
            figure(
                "99th percentile",
                times.iter().map(|(_, p99)| *p99).collect(),
            ),
        ]
    };
    let mut figures = Vec::new();
    figures.extend(on("SQLite", &sqlite));
    figures.extend(on("PostgreSQL", &postgres));
    Ok(figures)
}

/// Median and 99th percentile.
fn run(command: &mut Command, url: &str) -> anyhow::Result<(f64, f64)> {
    let answer = load::run(command.args(["journal", url, STEPS]), |_| Ok(()))?;
    Ok((
        load::number(&answer, "/median")?,
        load::number(&answer, "/p99")?,
    ))
}
