//! The engine under all contenders: asked directly, emptied between runs, and driven as fast as it goes for the floor.

use std::{
    collections::BTreeMap,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, anyhow, bail, ensure};
use serde_json::{Value, json};

use super::catalog::{Product, SERVICES};
use crate::{
    demo::http::{Endpoint, Request},
    interrupt,
};

/// How many things are removed at once.
const REMOVALS: usize = 8;
const SECONDS_OF_A_DAY: f64 = 86_400.0;

/// An engine that belongs to this run alone.
#[derive(Debug)]
pub(super) struct Engine {
    host: String,
    endpoint: Endpoint,
}

impl Engine {
    pub(super) fn at(host: &str) -> anyhow::Result<Self> {
        Ok(Self {
            host: host.to_owned(),
            endpoint: Endpoint::of_docker_host(host)?,
        })
    }

    /// Its address as Docker writes it.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn version(&self) -> anyhow::Result<String> {
        let version = self.ask("GET", "/version", None)?;
        let version = version["Version"].as_str();
        Ok(version.context("the engine has no version")?.to_owned())
    }

    /// Ids of everything that runs: what is made anew has another one.
    pub(super) fn running(&self) -> anyhow::Result<Vec<String>> {
        let listed = self.ask("GET", "/containers/json", None)?;
        let mut ids: Vec<String> = listed
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|container| container["Id"].as_str().map(str::to_owned))
            .collect();
        ids.sort();
        Ok(ids)
    }

    /// An error unless exactly this many containers run.
    pub(super) fn must_run(&self, count: usize) -> anyhow::Result<()> {
        let running = self.running()?.len();
        ensure!(
            running == count,
            "{running} containers run instead of {count}"
        );
        Ok(())
    }

    /// How long the stacks' health checks took, in seconds, added up: for each stack from the start of a container to the end of the
    /// check that made it healthy, of the container that took longest. The times are the engine's own.
    pub(super) fn health_waits(&self) -> anyhow::Result<f64> {
        let mut longest: BTreeMap<String, f64> = BTreeMap::new();
        for id in self.running()? {
            let details = self.ask("GET", &format!("/containers/{id}/json"), None)?;
            let stack = details["Config"]["Labels"]["windlass.stack"].as_str();
            let checks = details["State"]["Health"]["Log"].as_array();
            let passed = checks
                .into_iter()
                .flatten()
                .find(|check| check["ExitCode"] == 0);
            let (Some(stack), Some(passed)) = (stack, passed) else {
                bail!("container {id} has no stack, or no check of it has passed");
            };
            let took =
                second_of_day(&passed["End"])? - second_of_day(&details["State"]["StartedAt"])?;
            // It may have begun the day before.
            let took = took.rem_euclid(SECONDS_OF_A_DAY);
            let most = longest.entry(stack.to_owned()).or_default();
            *most = most.max(took);
        }
        Ok(longest.values().sum())
    }

    /// Removes every container and every network: the engine has no other user.
    pub(super) fn clear(&self) -> anyhow::Result<()> {
        let containers = self.ids("/containers/json?all=1", |_| true)?;
        self.remove(&containers, |id| format!("/containers/{id}?force=1&v=1"))?;
        let own = |network: &Value| {
            !["bridge", "host", "none"].contains(&network["Name"].as_str().unwrap_or_default())
        };
        let networks = self.ids("/networks", own)?;
        self.remove(&networks, |id| format!("/networks/{id}"))
    }

    fn ids(&self, list: &str, wanted: impl Fn(&Value) -> bool) -> anyhow::Result<Vec<String>> {
        let listed = self.ask("GET", list, None)?;
        Ok(listed
            .as_array()
            .into_iter()
            .flatten()
            .filter(|item| wanted(item))
            .filter_map(|item| item["Id"].as_str().map(str::to_owned))
            .collect())
    }

    fn remove(&self, ids: &[String], path: impl Fn(&str) -> String + Sync) -> anyhow::Result<()> {
        let share = ids.len().div_ceil(REMOVALS).max(1);
        thread::scope(|scope| {
            let workers: Vec<_> = ids
                .chunks(share)
                .map(|ids| {
                    scope.spawn(|| {
                        ids.iter()
                            .try_for_each(|id| self.ask("DELETE", &path(id), None).map(drop))
                    })
                })
                .collect();
            workers
                .into_iter()
                .try_for_each(|worker| worker.join().map_err(|_| anyhow!("a removal panicked"))?)
        })
    }

    /// Makes and starts a product with nothing but concurrent calls: everything is made at once, and started at once or, in
    /// order, stack after stack.
    pub(super) fn start_raw(&self, product: &Product, run: &str) -> anyhow::Result<Duration> {
        interrupt::check()?;
        let began = Instant::now();
        let names = product.stack_names();
        thread::scope(|scope| {
            let mut previous: Option<mpsc::Receiver<()>> = None;
            let mut stacks = Vec::new();
            for name in &names {
                let (done, next) = mpsc::channel();
                let turn = previous.replace(next).filter(|_| product.ordered);
                let stack = format!("{run}-{name}");
                stacks.push(scope.spawn(move || self.start_stack(product, &stack, turn, done)));
            }
            stacks
                .into_iter()
                .try_for_each(|stack| stack.join().map_err(|_| anyhow!("a stack panicked"))?)
        })?;
        Ok(began.elapsed())
    }

    fn start_stack(
        &self,
        product: &Product,
        stack: &str,
        turn: Option<mpsc::Receiver<()>>,
        done: mpsc::Sender<()>,
    ) -> anyhow::Result<()> {
        let body = json!({ "Name": stack, "Driver": "bridge" });
        self.ask("POST", "/networks/create", Some(&body))?;
        let services: Vec<String> = (1..=SERVICES).map(|n| format!("service{n}")).collect();
        let ids = side_by_side(&services, |service| {
            let body = json!({
                "Image": product.image(),
                "Env": ["WORK_INTERVAL=1h"],
                "HostConfig": { "NetworkMode": stack },
                "NetworkingConfig": { "EndpointsConfig": { stack: { "Aliases": [service] } } },
            });
            let path = format!("/containers/create?name={stack}-{service}-1");
            let made = self.ask("POST", &path, Some(&body))?;
            Ok(made["Id"].as_str().context("no id")?.to_owned())
        })?;
        if let Some(turn) = turn {
            turn.recv().context("the stack before did not start")?;
        }
        side_by_side(&ids, |id| {
            self.ask("POST", &format!("/containers/{id}/start"), None)
        })?;
        // Nobody waits for the last one, nor where there is no order.
        let _nobody = done.send(());
        Ok(())
    }

    /// Starts a container that ends by itself; its id.
    pub(super) fn start_client(&self, body: &Value) -> anyhow::Result<String> {
        let made = self.ask("POST", "/containers/create", Some(body))?;
        let id = made["Id"].as_str().context("no id")?.to_owned();
        self.ask("POST", &format!("/containers/{id}/start"), None)?;
        Ok(id)
    }

    /// Waits until a container has ended; all it wrote.
    pub(super) fn last_words(&self, id: &str) -> anyhow::Result<String> {
        self.ask("POST", &format!("/containers/{id}/wait"), None)?;
        let path = format!("/containers/{id}/logs?stdout=1&stderr=1");
        let answer = self.endpoint.call(&Request {
            method: "GET",
            path: &path,
            headers: &[],
            body: &[],
        })?;
        ensure!(answer.status == 200, "{path}: {}", answer.status);
        Ok(String::from_utf8_lossy(&answer.body).into_owned())
    }

    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let text = body.map(ToString::to_string).unwrap_or_default();
        let json = [("Content-Type", "application/json".to_owned())];
        let answer = self.endpoint.call(&Request {
            method,
            path,
            headers: if body.is_some() { &json } else { &[] },
            body: text.as_bytes(),
        })?;
        if !(200..300).contains(&answer.status) {
            let said = String::from_utf8_lossy(&answer.body).into_owned();
            bail!("{method} {path}: {} {said}", answer.status);
        }
        if answer.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&answer.body).with_context(|| format!("{path}: not JSON"))
    }
}

/// One thread for each item; the results in the items' order.
pub(super) fn side_by_side<T: Sync, R: Send>(
    items: &[T],
    act: impl Fn(&T) -> anyhow::Result<R> + Sync,
) -> anyhow::Result<Vec<R>> {
    thread::scope(|scope| {
        let act = &act;
        let threads: Vec<_> = items
            .iter()
            .map(|item| scope.spawn(move || act(item)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().map_err(|_| anyhow!("a thread panicked"))?)
            .collect()
    })
}

/// Seconds since midnight, of a time as the engine writes it: `2026-11-21T15:04:05.123456789Z`.
fn second_of_day(time: &Value) -> anyhow::Result<f64> {
    let text = time.as_str().unwrap_or_default();
    let clock = text
        .split_once('T')
        .map(|(_, clock)| clock.trim_end_matches('Z'));
    let mut parts = clock
        .unwrap_or_default()
        .splitn(3, ':')
        .map(str::parse::<f64>);
    let (Some(Ok(hours)), Some(Ok(minutes)), Some(Ok(seconds))) =
        (parts.next(), parts.next(), parts.next())
    else {
        bail!("the engine's time {time} is not in UTC, or none");
    };
    Ok((hours * 60.0 + minutes) * 60.0 + seconds)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::second_of_day;

    #[test]
    fn times_of_the_engine_are_read() {
        let seconds = second_of_day(&json!("2026-11-21T01:02:03.5Z")).unwrap();
        assert!((seconds - 3723.5).abs() < 1e-9);
        assert!(second_of_day(&json!("2026-11-21T01:02:03+01:00")).is_err());
        assert!(second_of_day(&json!(null)).is_err());
    }
}
