//! One deployment that meets a fault: from its request to its end, what it leaves, and the line of docs/faults.md that follows.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::tally::{Row, Tally};
use crate::deploy::world::World;

/// Longest that any fault takes to its end: the engine's own tries of a broken pull, six times.
const PATIENCE: Duration = Duration::from_secs(600);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// A deployment on its way.
pub(super) struct Trial<'a> {
    world: &'a World,
    pub(super) operation: String,
    begun: Instant,
}

impl<'a> Trial<'a> {
    /// Asks for the deployment.
    pub(super) fn begin(world: &'a World, request: &Value) -> Self {
        let begun = Instant::now();
        Self {
            world,
            operation: world.deploy_async(request),
            begun,
        }
    }

    /// Waits for an event.
    pub(super) fn until(&self, fits: impl Fn(&Value) -> bool) {
        self.world.until_event(&self.operation, fits);
    }

    /// Waits for the end, and reads everything that is kept of it, as a person would: over REST.
    pub(super) fn end(self) -> End<'a> {
        let operation = loop {
            let operation = self.world.operation(&self.operation);
            if !operation["finishedAt"].is_null() {
                break operation;
            }
            assert!(
                self.begun.elapsed() < PATIENCE,
                "no end: {operation:#}\n{:#?}",
                self.world.events(&self.operation)
            );
            std::thread::sleep(LOOK_AGAIN);
        };
        let seconds = self.begun.elapsed().as_secs_f64();
        let deployment = operation["productDeploymentId"].as_str().unwrap();
        let path = format!("{}/{deployment}", self.world.deployments_path());
        End {
            world: self.world,
            seconds,
            events: self.world.events(&self.operation),
            detail: self.world.server().get_json(&path),
            operation,
        }
    }
}

/// A deployment that has ended.
pub(super) struct End<'a> {
    world: &'a World,
    seconds: f64,
    pub(super) operation: Value,
    pub(super) events: Vec<Value>,
    pub(super) detail: Value,
}

impl End<'_> {
    /// Status of the operation, status of the product.
    #[track_caller]
    pub(super) fn must_be(&self, operation: &str, product: &str) {
        assert_eq!(
            (&self.operation["status"], &self.detail["status"]),
            (&operation.into(), &product.into()),
            "{:#}\n{:#?}",
            self.operation,
            self.events
        );
        let last = self.events.last().unwrap();
        assert_eq!(last["type"], "finished");
        assert_eq!(last["productStatus"], product);
    }

    /// What the operator reads holds all of these words.
    #[track_caller]
    pub(super) fn must_say(&self, words: &[&str]) {
        let said = self.sentence();
        for word in words {
            assert!(said.contains(word), "{word:?} is not said: {said}");
        }
    }

    /// What is kept of the step that was given up.
    #[track_caller]
    pub(super) fn failure_of(&self, step: &str) -> &Value {
        let fits = |event: &&Value| event["type"] == "step_failed" && event["step"] == step;
        match self.events.iter().find(fits) {
            Some(event) => &event["failure"],
            None => panic!("{step} did not fail: {:#?}", self.events),
        }
    }

    /// How often steps were tried again.
    pub(super) fn retries(&self) -> usize {
        let again = |event: &&Value| event["type"] == "step_retrying";
        self.events.iter().filter(again).count()
    }

    /// The failures that were given up, with their sentences; not the stacks' own, which repeat them.
    fn failures(&self) -> Vec<&Value> {
        self.events
            .iter()
            .filter(|event| {
                event["type"] == "step_failed"
                    && !event["step"].as_str().unwrap().starts_with("finish ")
            })
            .map(|event| &event["failure"])
            .collect()
    }

    /// What is shown: of a failure what its first stack says, and the way out; of a success what it had to wait for.
    pub(super) fn sentence(&self) -> String {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        if self.operation["status"] == "succeeded" {
            let waited = self.events.iter().rev().find_map(|event| {
                let said = match event["type"].as_str()? {
                    "step_retrying" => &event["failure"]["message"],
                    "status_changed" => &event["message"],
                    _ => return None,
                };
                text(said)
            });
            return waited.unwrap_or_else(|| "nothing: nobody has to know".to_owned());
        }
        let of_stack = self.detail["stacks"]
            .as_array()
            .unwrap()
            .iter()
            .find_map(|stack| text(&stack["errorMessage"]));
        let said = of_stack
            .or_else(|| text(&self.detail["errorMessage"]))
            .unwrap_or_default();
        let hint = self
            .failures()
            .iter()
            .find(|failure| failure["message"] == said.as_str())
            .and_then(|failure| text(&failure["hint"]));
        match hint {
            Some(hint) => format!("{said}. {hint}"),
            None => said,
        }
    }

    /// What was kept, counted.
    pub(super) fn evidence(&self) -> String {
        let mut kept = Vec::new();
        for failure in self.failures() {
            if let Some(code) = failure["exitCode"].as_i64() {
                kept.push(format!("exit code {code}"));
            }
            if let Some(lines) = failure["logLines"].as_array() {
                kept.push(format!("{} log lines", lines.len()));
            }
            if failure["healthOutput"].is_string() {
                kept.push("output of the health check".to_owned());
            }
        }
        let output: usize = self
            .events
            .iter()
            .filter_map(|event| event["lines"].as_array().map(Vec::len))
            .sum();
        if output > 0 {
            kept.push(format!("{output} lines of output"));
        }
        match self.retries() {
            0 => {}
            1 => kept.push("1 attempt that failed".to_owned()),
            count => kept.push(format!("{count} attempts that failed")),
        }
        if kept.is_empty() {
            kept.push("the journal".to_owned());
        }
        kept.join(", ")
    }

    /// Asks the doctor, and writes the line down.
    #[track_caller]
    pub(super) fn record(&self, part: &'static str, fault: &'static str, afterwards: &str) {
        let findings = self.world.doctor();
        let count = |rule: &str| findings.iter().filter(|found| found.rule == rule).count();
        Tally {
            part,
            injected: 1,
            known: usize::from(findings.is_empty()),
            duplicates: count("one_container"),
            orphans: count("nothing_unknown"),
            row: Some(Row {
                fault,
                ended: format!(
                    "{}, {}",
                    self.operation["status"].as_str().unwrap(),
                    self.detail["status"].as_str().unwrap()
                ),
                seconds: self.seconds,
                sentence: self.readable(&self.sentence()),
                evidence: self.evidence(),
                afterwards: afterwards.to_owned(),
            }),
        }
        .record();
        assert!(findings.is_empty(), "{fault}: {findings:#?}");
    }

    /// Without what differs from run to run.
    fn readable(&self, sentence: &str) -> String {
        let mut said = sentence.replace(&self.world.project, "shop");
        while let Some(at) = said.find("127.0.0.1:") {
            let rest = said.split_off(at);
            let tail = rest.trim_start_matches("127.0.0.1:");
            said += "REGISTRY";
            said += tail.trim_start_matches(|c: char| c.is_ascii_digit());
        }
        let is_id = |word: &&str| word.len() >= 12 && word.bytes().all(|b| b.is_ascii_hexdigit());
        let words: Vec<String> = said
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(is_id)
            .map(str::to_owned)
            .collect();
        for word in words {
            said = said.replace(&word, "ID");
        }
        said
    }
}

/// Once the fault is gone: a new deployment of the same request; how it ended.
#[track_caller]
pub(super) fn deploy_again(world: &World, request: &Value) -> String {
    let answer = world.deploy(request).json();
    assert_eq!(answer["status"], "Running", "{answer:#}");
    "a new deployment: Running".to_owned()
}
