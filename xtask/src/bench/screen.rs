//! Pages at work in a real browser: how soon an event is seen, how soon a click is answered, what is held on to.

use std::process::Command;

use anyhow::Context as _;
use serde_json::Value;

use super::{
    catalog::{self, CROWD, LONG_STORY, ORDERED},
    load,
    report::{Figure, Target, Unit},
    samples::Samples,
    serving::{Site, wait_for},
    windlass::Windlass,
};
use crate::browser::{self, Browser};

/// Seconds that a deployment of thirty containers is watched.
const BRIEF: &str = "6";
/// Seconds that the crowd is watched: until it has made ten thousand events.
const LONG: &str = "200";

pub(super) fn measure(site: &Site<'_>) -> anyhow::Result<Vec<Figure>> {
    catalog::write(&site.catalog())?;
    site.engine.clear()?;
    let browser = browser::provide()?;
    let mut figures = events(site, &browser)?;
    figures.extend(crowd(site, &browser)?);
    figures.extend(log(site, &browser)?);
    site.engine.clear()?;
    Ok(figures)
}

/// One page, and what the browser says of it.
fn watch(browser: &Browser, what: &[&str]) -> anyhow::Result<Value> {
    let mut watch = Command::new("node");
    watch
        .arg("screen.mjs")
        .args(what)
        .current_dir(&browser.folder)
        .env("WINDLASS_TEST_BROWSER", &browser.chromium);
    let seen = load::run(&mut watch, |_| Ok(()))?;
    println!("  {}: {seen}", what[0]);
    Ok(seen)
}

fn start(site: &Site<'_>, name: &str) -> anyhow::Result<Windlass> {
    let data = site.folder.join(name);
    std::fs::create_dir_all(&data)?;
    site.start(&data)
}

/// From the time in an event to the frame in which its line is on the page.
fn events(site: &Site<'_>, browser: &Browser) -> anyhow::Result<Vec<Figure>> {
    let (mut medians, mut p99) = (Vec::new(), Vec::new());
    for round in 1..=site.runs {
        let server = start(site, &format!("events-{round}"))?;
        let operation = server.begin(&ORDERED.id(), &ORDERED.stack_names())?;
        let page = format!("http://{}/operations/{operation}", server.address());
        let seen = watch(browser, &["operation", &page, BRIEF])?;
        medians.push(load::number(&seen, "/lag_median")?);
        p99.push(load::number(&seen, "/lag_p99")?);
        drop(server);
        site.engine.clear()?;
    }
    let figure = |what: &str, times: Vec<f64>| {
        let what = format!("From an event to its line on the page, {what}");
        Figure::new(&what, Unit::Millis, Samples::of(times))
    };
    Ok(vec![
        figure("median", medians),
        figure("99th percentile", p99).target(Target::AtMost(100.0)),
    ])
}

/// The page of an operation with fifty stacks, while somebody picks one stack after the other.
fn crowd(site: &Site<'_>, browser: &Browser) -> anyhow::Result<Vec<Figure>> {
    let server = start(site, "crowd")?;
    let operation = server.begin(CROWD.id, &CROWD.stack_names())?;
    let path = format!("/api/operations/{operation}");
    let first = newest(&server, &path)?;
    let page = format!("http://{}/operations/{operation}", server.address());
    let seen = watch(browser, &["operation", &page, LONG])?;
    let told = newest(&server, &path)? - first;
    drop(server);
    site.engine.clear()?;
    let one = |what: &str, unit: Unit, value: f64| {
        let name = format!(
            "An operation of {} stacks on the screen: {what}",
            CROWD.stacks
        );
        Figure::new(&name, unit, Samples::one(value))
    };
    let of = |pointer: &str| load::number(&seen, pointer);
    let seconds: f64 = LONG.parse()?;
    Ok(vec![
        one("events", Unit::Count, told),
        one("events a second", Unit::Rate, told / seconds),
        one(
            "from a click to the next paint, 98th percentile",
            Unit::Millis,
            of("/interaction")?,
        )
        .target(Target::AtMost(100.0)),
        one(
            "longest task of the main thread",
            Unit::Millis,
            of("/longest_task")?,
        ),
        one(
            "layout shift, in thousandths",
            Unit::Count,
            of("/shift")? * 1000.0,
        )
        .target(Target::AtMost(50.0)),
        one(
            "growth of the page's memory",
            Unit::Mebibytes,
            of("/heap_after")? - of("/heap_before")?,
        )
        .target(Target::AtMost(10.0)),
    ])
}

fn newest(server: &Windlass, operation: &str) -> anyhow::Result<f64> {
    let view = server.get(operation)?;
    view["lastEventId"]
        .as_f64()
        .context("no number of an event")
}

/// The output of one container with a hundred thousand lines.
fn log(site: &Site<'_>, browser: &Browser) -> anyhow::Result<Vec<Figure>> {
    let server = start(site, "log")?;
    server.begin(LONG_STORY.id, &LONG_STORY.stack_names())?;
    let deployments = server.deployments()?;
    let environment = deployments.split('/').nth(3).context("no environment")?;
    let list = format!("/api/containers?environment={environment}");
    let id = wait_for("the end of a long story", || {
        let all = server.get(&list)?;
        let mut all = all.as_array().into_iter().flatten();
        let told =
            all.find(|it| it["state"] == "exited" && it["image"] == "windlass-demo/migrate:1.0.0");
        Ok(told.and_then(|it| it["id"].as_str().map(str::to_owned)))
    })?;
    let page = format!("http://{}/containers/{id}/logs", server.address());
    let seen = watch(browser, &["log", &page])?;
    let one = |what: &str, value: f64| {
        let name = format!("A log of 100000 lines, scrolled from end to end: {what}");
        Figure::new(&name, Unit::Millis, Samples::one(value))
    };
    Ok(vec![
        one(
            "longest task of the main thread",
            load::number(&seen, "/longest_task")?,
        )
        .target(Target::AtMost(50.0)),
    ])
}
