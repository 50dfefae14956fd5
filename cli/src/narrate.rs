//! Events of the journal as lines for people. Pure: the same events give the same lines.

use domain::operation::OperationStatus;
use domain::operation::event::{Event, EventBody, UnwindReason};
use domain::operation::failure::Failure;
use domain::operation::progress::{Progress, StepProgress};
use domain::plan::{Phase, StepKey};
use domain::timestamp::Timestamp;

/// Most of a container's last lines that are shown with a failure; the page and `--jsonl` have all.
const SHOWN_EVIDENCE: usize = 10;

/// What was told so far.
#[derive(Debug, Default)]
pub(crate) struct Narrator {
    progress: Progress,
    began: Option<Timestamp>,
}

/// How an operation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ending {
    /// Whether everything that was asked for was done.
    pub(crate) well: bool,
    /// The final sentence.
    pub(crate) message: String,
}

impl Narrator {
    /// Takes the next event in; what it means for people, with the time since the first one.
    pub(crate) fn tell(&mut self, event: &Event) -> Vec<String> {
        self.progress.apply(event);
        let began = *self.began.get_or_insert(event.at);
        let seconds = event.at.since(began).as_secs_f64();
        self.sentences(&event.body)
            .into_iter()
            .enumerate()
            .map(|(position, sentence)| match position {
                0 => format!("{seconds:>7.1} s  {sentence}"),
                _ => format!("{:>11}{sentence}", ""),
            })
            .collect()
    }

    /// How it ended; none while it goes on.
    pub(crate) fn ending(&self) -> Option<Ending> {
        self.progress.is_finished().then(|| Ending {
            well: self.progress.status == Some(OperationStatus::Succeeded),
            message: self.progress.message.clone().unwrap_or_default(),
        })
    }

    fn sentences(&self, body: &EventBody) -> Vec<String> {
        match body {
            EventBody::Accepted {
                kind,
                product_name,
                product_version,
                environment_name,
                stacks,
                ..
            } => {
                let noun = kind.noun();
                let version = product_version
                    .as_ref()
                    .map(|version| format!(" {version}"));
                let services = stacks.iter().map(|stack| stack.services.len()).sum();
                vec![format!(
                    "{noun} of {product_name}{} in {environment_name}: {}, {}",
                    version.unwrap_or_default(),
                    counted(stacks.len(), "stack"),
                    counted(services, "service"),
                )]
            }
            EventBody::Claimed { resumed: true, .. } => {
                vec!["Windlass took the operation up again where it was".to_owned()]
            }
            EventBody::Planned { steps, kept } => {
                let mut line = format!("{} planned", counted(steps.len(), "step"));
                if !kept.is_empty() {
                    line += &format!(", {} unchanged", counted(kept.len(), "container"));
                }
                vec![line]
            }
            EventBody::Unwinding { reason, steps } => {
                let why = match reason {
                    UnwindReason::Failed => "something failed",
                    UnwindReason::Cancelled => "it was cancelled",
                };
                vec![format!(
                    "Undoing, because {why}: {}",
                    counted(steps.len(), "step")
                )]
            }
            EventBody::StepStarted { step, .. } if self.takes_long(step) => {
                vec![format!("{} …", self.name(step))]
            }
            EventBody::StepOutput { step, lines } => {
                let mut told = vec![format!("{}:", self.name(step))];
                told.extend(lines.iter().map(|line| format!("| {}", line.text)));
                told
            }
            EventBody::StepDone { step, result } => {
                let result = result.as_ref().map(|result| format!(" ({result})"));
                vec![format!(
                    "{}: done{}",
                    self.name(step),
                    result.unwrap_or_default()
                )]
            }
            EventBody::StepRetrying {
                step,
                attempt,
                failure,
                ..
            } => vec![format!(
                "{}: failed, attempt {attempt} follows: {}",
                self.name(step),
                failure.message
            )],
            EventBody::StepFailed { step, failure } => self.failed(step, failure),
            EventBody::StepSkipped { step, because } => {
                vec![format!("{}: skipped, {because}", self.name(step))]
            }
            EventBody::StackChanged {
                stack,
                status,
                message,
            } => {
                let message = message.as_ref().map(|message| format!(": {message}"));
                vec![format!(
                    "Stack {stack} is {}{}",
                    status.as_str(),
                    message.unwrap_or_default()
                )]
            }
            EventBody::CancelRequested { by } => vec![format!("The {by} asked to cancel")],
            EventBody::StatusChanged { message, .. } => vec![message.clone()],
            EventBody::Finished {
                product_status,
                message,
                ..
            } => vec![format!("{message} The product is {product_status}.")],
            EventBody::Claimed { resumed: false, .. }
            | EventBody::StepStarted { .. }
            | EventBody::StepProgress { .. } => Vec::new(),
        }
    }

    fn failed(&self, step: &StepKey, failure: &Failure) -> Vec<String> {
        let mut told = vec![format!("{}: FAILED: {}", self.name(step), failure.message)];
        if let Some(code) = failure.exit_code {
            told.push(format!("exit code {code}"));
        }
        if let Some(output) = &failure.health_output {
            told.extend(output.lines().map(|line| format!("health check: {line}")));
        }
        let skipped = failure.log_lines.len().saturating_sub(SHOWN_EVIDENCE);
        let last = failure.log_lines.iter().skip(skipped);
        told.extend(last.map(|line| format!("| {line}")));
        told.extend(failure.hint.iter().map(|hint| format!("hint: {hint}")));
        told
    }

    fn takes_long(&self, key: &StepKey) -> bool {
        self.step(key).is_some_and(|step| {
            matches!(
                step.outline.phase,
                Phase::PullingImages | Phase::InitializingContainers | Phase::WaitingForHealth
            )
        })
    }

    /// `business: Start web`; the key where the plan that named the step was not told.
    fn name(&self, key: &StepKey) -> String {
        match self.step(key) {
            Some(step) => match &step.outline.stack {
                Some(stack) => format!("{stack}: {}", step.outline.title),
                None => step.outline.title.clone(),
            },
            None => key.to_string(),
        }
    }

    fn step(&self, key: &StepKey) -> Option<&StepProgress> {
        let of_stacks = self.progress.stacks.iter().flat_map(|stack| &stack.steps);
        of_stacks
            .chain(&self.progress.shared)
            .find(|step| step.outline.step == *key)
    }
}

fn counted(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn event(seq: i64, millis: i64, mut body: Value) -> Event {
        body["seq"] = json!(seq);
        body["at"] = json!(Timestamp::from_millis(millis));
        body["level"] = json!("info");
        serde_json::from_value(body).unwrap()
    }

    /// A story and the lines that each of its events gives.
    fn check(story: &[(Value, &[&str])]) -> Narrator {
        let mut narrator = Narrator::default();
        for (seq, (body, expected)) in (1..).zip(story) {
            let told = narrator.tell(&event(seq, seq * 1500, body.clone()));
            assert_eq!(told, *expected, "{body}");
        }
        narrator
    }

    fn accepted() -> Value {
        json!({
            "type": "accepted", "kind": "deploy", "actor": {"type": "localOperator"},
            "productName": "Shop", "productVersion": "1.0.0", "environmentName": "Local Docker",
            "stacks": [{
                "name": "web", "displayName": "Web", "deploymentStackName": "shop-web",
                "services": [{"name": "app", "init": false}, {"name": "migrate", "init": true}],
            }],
        })
    }

    fn planned() -> Value {
        json!({"type": "planned", "steps": [
            {"step": "pull a", "title": "Pull a", "phase": "PullingImages", "cause": "c"},
            {"step": "start web/app", "title": "Start app", "phase": "StartingServices",
             "cause": "c", "stack": "web", "service": "app"},
        ]})
    }

    #[test]
    fn every_event_has_its_lines() {
        let narrator = check(&[
            (
                accepted(),
                &["    0.0 s  Deployment of Shop 1.0.0 in Local Docker: 1 stack, 2 services"],
            ),
            (
                json!({"type": "claimed", "node": "n", "resumed": false}),
                &[],
            ),
            (planned(), &["    3.0 s  2 steps planned"]),
            (
                json!({"type": "step_started", "step": "pull a", "attempt": 1}),
                &["    4.5 s  Pull a …"],
            ),
            (
                json!({"type": "step_progress", "step": "pull a", "message": "m", "current": 1, "total": 2}),
                &[],
            ),
            (
                json!({"type": "step_retrying", "step": "pull a", "attempt": 2,
                       "nextAt": Timestamp::from_millis(0), "failure": {"message": "no route"}}),
                &["    7.5 s  Pull a: failed, attempt 2 follows: no route"],
            ),
            (
                json!({"type": "step_done", "step": "pull a", "result": "sha256:1"}),
                &["    9.0 s  Pull a: done (sha256:1)"],
            ),
            (
                json!({"type": "claimed", "node": "n", "resumed": true}),
                &["   10.5 s  Windlass took the operation up again where it was"],
            ),
            (
                json!({"type": "step_started", "step": "start web/app", "attempt": 1}),
                &[],
            ),
            (
                json!({"type": "step_output", "step": "start web/app",
                       "lines": [{"text": "one"}, {"text": "two", "stderr": true}]}),
                &[
                    "   13.5 s  web: Start app:",
                    "           | one",
                    "           | two",
                ],
            ),
            (
                json!({"type": "step_failed", "step": "start web/app", "failure": {
                    "message": "it ended", "hint": "Look.", "exitCode": 3,
                    "logLines": ["l1"], "healthOutput": "h1\nh2"}}),
                &[
                    "   15.0 s  web: Start app: FAILED: it ended",
                    "           exit code 3",
                    "           health check: h1",
                    "           health check: h2",
                    "           | l1",
                    "           hint: Look.",
                ],
            ),
            (
                json!({"type": "step_skipped", "step": "unknown", "because": "its need failed"}),
                &["   16.5 s  unknown: skipped, its need failed"],
            ),
            (
                json!({"type": "stack_changed", "stack": "web", "status": "Failed", "message": "m"}),
                &["   18.0 s  Stack web is Failed: m"],
            ),
            (
                json!({"type": "cancel_requested", "by": {"type": "localOperator"}}),
                &["   19.5 s  The local operator asked to cancel"],
            ),
            (
                json!({"type": "unwinding", "reason": "cancelled", "steps": []}),
                &["   21.0 s  Undoing, because it was cancelled: 0 steps"],
            ),
            (
                json!({"type": "status_changed", "status": "waiting", "message": "Waits."}),
                &["   22.5 s  Waits."],
            ),
            (
                json!({"type": "finished", "status": "failed", "productStatus": "Failed", "message": "No."}),
                &["   24.0 s  No. The product is Failed."],
            ),
        ]);
        let ending = Ending {
            well: false,
            message: "No.".to_owned(),
        };
        assert_eq!(narrator.ending(), Some(ending));
    }

    #[test]
    fn only_a_whole_success_ends_well() {
        let ended = |status: &str| {
            let finished = json!({"type": "finished", "status": status,
                                  "productStatus": "Running", "message": "m"});
            let mut narrator = Narrator::default();
            assert_eq!(narrator.ending(), None);
            narrator.tell(&event(1, 0, finished));
            narrator.ending().map(|ending| ending.well)
        };
        assert_eq!(ended("succeeded"), Some(true));
        assert_eq!(ended("failed"), Some(false));
        assert_eq!(ended("cancelled"), Some(false));
    }

    #[test]
    fn evidence_is_cut_to_its_end() {
        let lines: Vec<_> = (0..30).map(|number| number.to_string()).collect();
        let body = json!({"type": "step_failed", "step": "s",
                          "failure": {"message": "m", "logLines": lines}});
        let told = Narrator::default().tell(&event(1, 0, body));
        assert_eq!(told.len(), 1 + SHOWN_EVIDENCE);
        assert_eq!(told.last().map(String::as_str), Some("           | 29"));
    }
}
