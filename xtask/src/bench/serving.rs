//! Serving people: pages out of a full database, live events for many, a restart, memory, and what a browser has to load.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;

use super::{
    catalog::{self, CHECKED, Chatter},
    engine::Engine,
    load,
    report::{Figure, Target, Unit},
    samples::Samples,
    windlass::{Setup, Windlass},
};
use crate::web;

const LIST: &str = "/deployments";
const FEW: u32 = 100;
const MANY: u32 = 10_000;
/// Products whose health is watched.
const WATCHED: &str = "200";
/// Requests of each run.
const PAGES: &str = "300";
/// Runs of what takes a minute each.
const LONG_RUNS: u32 = 3;
/// Events after which a deployment is in the middle.
const IN_THE_MIDDLE: i64 = 60;
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(5);
const LOOK_AT_MEMORY: Duration = Duration::from_millis(200);

/// What is measured on.
pub(super) struct Site<'a> {
    pub(super) engine: &'a Engine,
    /// Each server gets a folder below it.
    pub(super) folder: PathBuf,
    /// Built for release.
    pub(super) site: PathBuf,
    pub(super) runs: u32,
}

pub(super) fn measure(site: &Site<'_>) -> anyhow::Result<Vec<Figure>> {
    raise_limit_of_files()?;
    catalog::write(&site.catalog())?;
    site.engine.clear()?;
    let mut figures = site.list_page()?;
    for chatter in [&catalog::SLOW_CHATTER, &catalog::FAST_CHATTER] {
        figures.extend(site.live_events(chatter)?);
    }
    figures.extend(site.health()?);
    figures.push(site.restart()?);
    figures.extend(site.first_load()?);
    Ok(figures)
}

/// Thousands of connections need as many files, in the server and in its readers; both inherit the limit from here.
fn raise_limit_of_files() -> anyhow::Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    setrlimit(Resource::Nofile, raised).context("cannot raise the limit of open files")
}

impl Site<'_> {
    pub(super) fn catalog(&self) -> PathBuf {
        self.folder.join("catalog")
    }

    pub(super) fn start(&self, data: &Path) -> anyhow::Result<Windlass> {
        Windlass::start(&Setup {
            data: data.to_owned(),
            catalog: self.catalog(),
            site: self.site.clone(),
            docker_host: self.engine.host().to_owned(),
        })
    }

    /// Two servers side by side, asked in turn.
    fn list_page(&self) -> anyhow::Result<Vec<Figure>> {
        let servers = [FEW, MANY].map(|count| self.seeded(count));
        let [few, many] = servers;
        let (few, many) = (few?, many?);
        let mut times: [Vec<(f64, f64)>; 2] = [Vec::new(), Vec::new()];
        for round in 1..=self.runs {
            for (server, times) in [&few, &many].into_iter().zip(&mut times) {
                let mut ask = Command::new(load::program());
                ask.args(["ask", server.address(), LIST, PAGES]);
                let answer = load::run(&mut ask, |_| Ok(()))?;
                times.push((
                    load::number(&answer, "/millis/median")?,
                    load::number(&answer, "/millis/p99")?,
                ));
            }
            println!("  list page {round}/{}: {times:?}", self.runs);
        }
        let [few, many] = times.map(|times| {
            let medians = Samples::of(times.iter().map(|(median, _)| *median));
            (medians, Samples::of(times.iter().map(|(_, p99)| *p99)))
        });
        let figure = |stored: u32, what: &str, samples: &Samples| {
            let what = format!("List page with {stored} deployments stored, {what}");
            Figure::new(&what, Unit::Millis, samples.clone())
        };
        Ok(vec![
            figure(FEW, "median", &few.0).target(Target::AtMost(5.0)),
            figure(FEW, "99th percentile", &few.1),
            figure(MANY, "median", &many.0).target(Target::AtMost(5.0)),
            figure(MANY, "99th percentile", &many.1),
            figure(MANY, "median", &many.0)
                .against(&format!("with {FEW}"), &few.0)
                .target(Target::Ratio(1.5)),
        ])
    }

    /// A server on a database with so many deployments.
    fn seeded(&self, count: u32) -> anyhow::Result<Windlass> {
        let data = self.folder.join(format!("seeded-{count}"));
        fs::create_dir_all(&data)?;
        let began = Instant::now();
        let url = format!("sqlite://{}/windlass.db", data.display());
        let mut seed = Command::new(load::program());
        seed.args(["seed", &url, &count.to_string(), self.engine.host()]);
        load::run(&mut seed, |_| Ok(()))?;
        println!(
            "  {count} deployments stored in {:.1} s",
            began.elapsed().as_secs_f64()
        );
        let server = self.start(&data)?;
        let list = format!("{}?pageSize=1", server.deployments()?);
        wait_for("the first look at the engine", || {
            let list = server.get(&list)?;
            let seen = &list["productDeployments"][0]["health"]["observedAt"];
            Ok((!seen.is_null()).then_some(()))
        })?;
        Ok(server)
    }

    /// Many readers of one deployment whose one-shots write a lot.
    fn live_events(&self, chatter: &Chatter) -> anyhow::Result<Vec<Figure>> {
        let mut runs = Vec::new();
        for round in 1..=self.runs.min(LONG_RUNS) {
            let data = self.folder.join(format!("{}-{round}", chatter.name));
            let server = self.start(&data)?;
            let seen = listen(&server, chatter)?;
            println!("  {} {round}: {seen:?}", chatter.name);
            runs.push(seen);
            drop(server);
            self.engine.clear()?;
        }
        let name = format!(
            "{} readers of one deployment at {} events a second",
            chatter.readers, chatter.events_a_second
        );
        let figure = |what: &str, unit: Unit, value: fn(&Seen) -> f64| {
            Figure::new(
                &format!("{name}: {what}"),
                unit,
                Samples::of(runs.iter().map(value)),
            )
        };
        Ok(vec![
            figure("events a second that came", Unit::Rate, |seen| seen.rate),
            figure("events that some reader missed", Unit::Count, |seen| {
                seen.missing
            })
            .target(Target::AtMost(0.0)),
            figure("from event to reader, median", Unit::Millis, |seen| {
                seen.median
            }),
            figure(
                "from event to reader, 99th percentile",
                Unit::Millis,
                |seen| seen.p99,
            )
            .target(Target::AtMost(250.0)),
            figure("resident memory a reader", Unit::Kibibytes, |seen| {
                seen.kibibytes
            })
            .target(Target::AtMost(50.0)),
        ])
    }

    /// What it costs to know how everything is; on an engine in memory, so that only our part is measured.
    fn health(&self) -> anyhow::Result<Vec<Figure>> {
        let mut runs = Vec::new();
        for round in 1..=self.runs.min(LONG_RUNS) {
            let data = self.folder.join(format!("health-{round}"));
            fs::create_dir_all(&data)?;
            let url = format!("sqlite://{}/windlass.db", data.display());
            let mut watch = Command::new(load::program());
            watch.args(["watch", &url, WATCHED]);
            let answer = load::run(&mut watch, |_| Ok(()))?;
            println!("  health {round}: {answer}");
            runs.push(answer);
        }
        let figure = |what: &str, unit: Unit, pointer: &str| {
            let values: anyhow::Result<Vec<f64>> = runs
                .iter()
                .map(|answer| load::number(answer, pointer))
                .collect();
            let what = format!("Health of {WATCHED} products of six services, {what}");
            anyhow::Ok(Figure::new(&what, unit, Samples::of(values?)))
        };
        Ok(vec![
            figure("one look, median", Unit::Millis, "/look/median")?.target(Target::AtMost(50.0)),
            figure(
                "from a container's end to its state, 99th percentile",
                Unit::Millis,
                "/event/p99",
            )?
            .target(Target::AtMost(2_000.0)),
            figure("list of all, median", Unit::Millis, "/list/median")?
                .target(Target::AtMost(10.0)),
            figure("resident memory", Unit::Kibibytes, "/kibibytes")?,
        ])
    }

    /// From the start of the program to the first step that the interrupted deployment goes on with.
    fn restart(&self) -> anyhow::Result<Figure> {
        let mut times = Vec::new();
        for round in 1..=self.runs {
            let data = self.folder.join(format!("restart-{round}"));
            let server = self.start(&data)?;
            let operation = server.begin(&CHECKED.id(), &CHECKED.stack_names())?;
            let last = wait_for("the middle of the deployment", || {
                let last = server.get(&format!("/api/operations/{operation}"))?["lastEventId"]
                    .as_i64()
                    .unwrap_or_default();
                Ok((last >= IN_THE_MIDDLE).then_some(last))
            })?;
            // Between this look and the end of the process more may have been written.
            server.kill()?;
            let began = Instant::now();
            let server = self.start(&data)?;
            wait_for("the deployment to go on", || {
                let events = format!("/api/operations/{operation}/events?after={last}");
                Ok(goes_on(&server.get(&events)?).then_some(()))
            })?;
            times.push(began.elapsed().as_secs_f64());
            println!("  restart {round}/{}: {:?} s", self.runs, times.last());
            drop(server);
            self.engine.clear()?;
        }
        let what = "Killed in the middle of a deployment: from the new start to its next step";
        Ok(Figure::new(what, Unit::Seconds, Samples::of(times)).target(Target::AtMost(1.0)))
    }

    /// What a browser loads that was never here, as it is sent: for the list, and for the page that needs most.
    fn first_load(&self) -> anyhow::Result<Vec<Figure>> {
        let server = self.start(&self.folder.join(format!("seeded-{FEW}")))?;
        let accept = [("Accept-Encoding", "br".to_owned())];
        let page = server.call("GET", LIST, &accept, None)?.body.len();
        let package = fs::read_to_string(self.site.join("pkg.txt"))?;
        let folder = self.site.join(package);
        let size = |name: &str| -> anyhow::Result<u64> {
            let path = folder.join(format!("{name}.br"));
            let facts = fs::metadata(&path);
            Ok(facts
                .with_context(|| format!("no {}", path.display()))?
                .len())
        };
        let needs: BTreeMap<String, Vec<String>> =
            serde_json::from_slice(&fs::read(folder.join(web::MANIFEST))?)?;
        let mut pages = Vec::new();
        for (page, parts) in needs {
            let mut wasm = size("windlass.wasm")?;
            for part in parts {
                wasm += size(&format!("{part}.wasm"))?;
            }
            pages.push((wasm, page));
        }
        pages.sort();
        let page_of = |route: &str| pages.iter().find(|(_, page)| page.starts_with(route));
        let (Some((start, _)), Some((list, _)), Some((most, largest))) = (
            page_of("__dashboard_"),
            page_of("__deployments_"),
            pages.last(),
        ) else {
            bail!("the pages' files have no WASM for the start and the list");
        };
        let fixed = ["windlass.js", "windlass.css", web::LOADER].map(size);
        let fixed = fixed.into_iter().sum::<anyhow::Result<u64>>()?;
        let total = list + fixed + u64::try_from(page)?;
        let kibibytes = |what: &str, bytes: u64| -> anyhow::Result<Figure> {
            let value = f64::from(u32::try_from(bytes)?) / 1024.0;
            Ok(Figure::new(what, Unit::Kibibytes, Samples::one(value)))
        };
        let largest = largest.trim_start_matches('_').split("_route").next();
        let largest = largest.unwrap_or_default().replace('_', " ");
        Ok(vec![
            kibibytes("WASM of the start page, brotli", *start)?.target(Target::AtMost(350.0)),
            kibibytes("WASM of the list page, brotli", *list)?.target(Target::AtMost(350.0)),
            kibibytes(
                &format!("WASM of the largest page ({largest}), brotli"),
                *most,
            )?
            .target(Target::AtMost(350.0)),
            kibibytes(
                "First load of the list: page, style, scripts and WASM",
                total,
            )?,
        ])
    }
}

/// What the readers of one deployment saw.
#[derive(Debug)]
struct Seen {
    rate: f64,
    missing: f64,
    median: f64,
    p99: f64,
    kibibytes: f64,
}

fn listen(server: &Windlass, chatter: &Chatter) -> anyhow::Result<Seen> {
    let operation = server.begin(&chatter.id(), &[catalog::CHATTER_STACK.to_owned()])?;
    let path = format!("/api/operations/{operation}/events");
    wait_for("the first output", || {
        let events = server.get(&path)?;
        Ok(events.to_string().contains("step_output").then_some(()))
    })?;
    let before = server.resident()?;
    let (greatest, over) = (AtomicU64::new(before), AtomicBool::new(false));
    let answer = thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Acquire) {
                if let Ok(now) = server.resident() {
                    greatest.fetch_max(now, Ordering::AcqRel);
                }
                thread::sleep(LOOK_AT_MEMORY);
            }
        });
        let mut listen = Command::new(load::program());
        listen.args([
            "listen",
            server.address(),
            &path,
            &chatter.readers.to_string(),
        ]);
        let answer = load::run(&mut listen, |_| Ok(()));
        over.store(true, Ordering::Release);
        answer
    })?;
    let unfinished = load::number(&answer, "/unfinished")?;
    ensure!(unfinished == 0.0, "{unfinished} readers never saw the end");
    let grown = greatest.load(Ordering::Acquire) - before;
    let readers = f64::from(chatter.readers);
    let seconds = load::number(&answer, "/seconds")?;
    Ok(Seen {
        rate: load::number(&answer, "/deliveries")? / readers / seconds,
        missing: load::number(&answer, "/missing")?,
        median: load::number(&answer, "/millis/median")?,
        p99: load::number(&answer, "/millis/p99")?,
        kibibytes: f64::from(u32::try_from(grown / 1024)?) / readers,
    })
}

/// Whether a step was begun after the operation was claimed once more.
fn goes_on(page: &Value) -> bool {
    let events = page["events"].as_array().into_iter().flatten();
    let mut resumed = events.skip_while(|event| event["resumed"] != true);
    resumed.any(|event| event["type"] == "step_started")
}

pub(super) fn wait_for<T>(
    what: &str,
    mut look: impl FnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        ensure!(Instant::now() < deadline, "waited in vain for {what}");
        thread::sleep(LOOK);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::goes_on;

    #[test]
    fn an_operation_goes_on_with_a_step_after_its_claim() {
        let check = |events: serde_json::Value, expected: bool| {
            assert_eq!(goes_on(&json!({ "events": events })), expected, "{events}");
        };
        let claimed = json!({ "type": "claimed", "resumed": true });
        let step = json!({ "type": "step_started" });
        check(json!([]), false);
        check(json!([step]), false);
        check(json!([step, claimed]), false);
        check(json!([claimed, step]), true);
    }
}
