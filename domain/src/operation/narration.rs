//! Events in words: one line each, the same in the browser and on the command line.
//!
//! Titles of steps are announced with the plan, so a line needs the state that the event led to.

use super::OperationKind;
use super::event::{EventBody, UnwindReason};
use super::progress::Progress;
use crate::plan::StepKey;

/// One line for an event. `progress` is the state after it.
#[must_use]
pub fn sentence(body: &EventBody, progress: &Progress) -> String {
    let title = |step: &StepKey| {
        progress
            .step(step)
            .map_or_else(|| step.to_string(), |known| known.outline.title.clone())
    };
    match body {
        EventBody::Accepted {
            kind,
            actor,
            product_name,
            product_version,
            previous_version,
            environment_name,
            ..
        } => {
            let version = |version: &Option<String>, word: &str| {
                let text = version.as_ref().map(|v| format!(" {word}{v}"));
                text.unwrap_or_default()
            };
            let from = version(previous_version, "from ");
            let to = match previous_version {
                Some(_) => version(product_version, "to "),
                None => version(product_version, ""),
            };
            let (verb, preposition) = words(*kind);
            format!(
                "{verb} {product_name}{from}{to} {preposition} {environment_name}, asked for by {actor}"
            )
        }
        EventBody::Claimed {
            node,
            resumed: false,
        } => format!("Taken up by {node}"),
        EventBody::Claimed {
            node,
            resumed: true,
        } => {
            format!("Taken up again by {node}, where it had stopped")
        }
        EventBody::Planned { steps, kept } => {
            let steps = count(steps.len(), "step");
            match kept.len() {
                0 => format!("Planned {steps}"),
                1 => format!("Planned {steps}; 1 container stays as it is"),
                many => format!("Planned {steps}; {many} containers stay as they are"),
            }
        }
        EventBody::Unwinding { reason, steps } => format!(
            "Undoing what was begun, because it {}: {}",
            match reason {
                UnwindReason::Failed => "failed",
                UnwindReason::Cancelled => "was cancelled",
            },
            count(steps.len(), "step")
        ),
        EventBody::StepStarted {
            step,
            attempt: 0 | 1,
        } => title(step),
        EventBody::StepStarted { step, attempt } => format!("{}, attempt {attempt}", title(step)),
        EventBody::StepProgress { step, message, .. } => format!("{}: {message}", title(step)),
        EventBody::StepOutput { step, lines } => {
            format!("{}: wrote {}", title(step), count(lines.len(), "line"))
        }
        EventBody::StepDone { step, result } => {
            format!("{}: {}", title(step), result.as_deref().unwrap_or("done"))
        }
        EventBody::StepRetrying {
            step,
            attempt,
            failure,
            ..
        } => {
            format!(
                "{}: {}; attempt {attempt} follows",
                title(step),
                clause(&failure.message)
            )
        }
        EventBody::StepFailed { step, failure } => {
            format!("{} failed: {}", title(step), clause(&failure.message))
        }
        EventBody::StepSkipped { step, because } => format!("{} skipped: {because}", title(step)),
        EventBody::StackChanged {
            stack,
            status,
            message,
        } => {
            let name = progress
                .stack(stack)
                .map_or(stack.as_str(), |known| &known.display_name);
            match message {
                Some(message) => format!("{name} is {status}: {message}"),
                None => format!("{name} is {status}"),
            }
        }
        EventBody::CancelRequested { by } => format!("Cancelling, asked for by {by}"),
        EventBody::StatusChanged { message, .. } | EventBody::Finished { message, .. } => {
            message.clone()
        }
    }
}

/// The stack that an event is about; none where it concerns several or the whole.
#[must_use]
pub fn stack_of<'a>(body: &'a EventBody, progress: &'a Progress) -> Option<&'a str> {
    match body {
        EventBody::StepStarted { step, .. }
        | EventBody::StepProgress { step, .. }
        | EventBody::StepOutput { step, .. }
        | EventBody::StepDone { step, .. }
        | EventBody::StepRetrying { step, .. }
        | EventBody::StepFailed { step, .. }
        | EventBody::StepSkipped { step, .. } => progress.step(step)?.outline.stack.as_deref(),
        EventBody::StackChanged { stack, .. } => Some(stack),
        EventBody::Accepted { .. }
        | EventBody::Claimed { .. }
        | EventBody::Planned { .. }
        | EventBody::Unwinding { .. }
        | EventBody::CancelRequested { .. }
        | EventBody::StatusChanged { .. }
        | EventBody::Finished { .. } => None,
    }
}

/// The verb, and the preposition before the environment.
const fn words(kind: OperationKind) -> (&'static str, &'static str) {
    match kind {
        OperationKind::Deploy => ("Deploy", "to"),
        OperationKind::Redeploy => ("Redeploy", "in"),
        OperationKind::Retry => ("Retry", "in"),
        OperationKind::Upgrade => ("Upgrade", "in"),
        OperationKind::Rollback => ("Roll back", "in"),
        OperationKind::Stop => ("Stop", "in"),
        OperationKind::Restart => ("Restart", "in"),
        OperationKind::EnterMaintenance => ("Enter maintenance of", "in"),
        OperationKind::ExitMaintenance => ("Exit maintenance of", "in"),
        OperationKind::Remove => ("Remove", "from"),
    }
}

fn count(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

/// A sentence inside of another one.
fn clause(sentence: &str) -> &str {
    sentence.trim_end_matches('.')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Actor;
    use crate::deployment::StackStatus;
    use crate::operation::event::{
        Event, KeptOutline, Level, OutputLine, StackOutline, StepOutline,
    };
    use crate::operation::failure::Failure;
    use crate::plan::Phase;
    use crate::timestamp::Timestamp;

    fn check(body: EventBody, stack: Option<&str>, expected: &str) {
        let progress = Progress::fold(&[
            event(1, accepted()),
            event(
                2,
                EventBody::Planned {
                    steps: vec![outline()],
                    kept: Vec::new(),
                },
            ),
            event(3, body.clone()),
        ]);
        assert_eq!(sentence(&body, &progress), expected);
        assert_eq!(stack_of(&body, &progress), stack, "{expected}");
    }

    fn event(seq: i64, body: EventBody) -> Event {
        Event {
            seq,
            at: Timestamp::from_millis(seq),
            level: Level::Info,
            body,
        }
    }

    fn accepted() -> EventBody {
        EventBody::Accepted {
            kind: OperationKind::Deploy,
            actor: Actor::LocalOperator,
            product_name: "Shop".to_owned(),
            product_version: Some("1.0.0".to_owned()),
            previous_version: None,
            environment_name: "local".to_owned(),
            stacks: vec![StackOutline {
                name: "web".to_owned(),
                display_name: "Web".to_owned(),
                deployment_stack_name: "shop-web".to_owned(),
                status: None,
                services: Vec::new(),
            }],
        }
    }

    fn outline() -> StepOutline {
        StepOutline {
            step: key(),
            title: "Start api".to_owned(),
            phase: Phase::StartingServices,
            cause: "it depends on nothing".to_owned(),
            stack: Some("web".to_owned()),
            service: Some("api".to_owned()),
            waits_for: Vec::new(),
        }
    }

    fn key() -> StepKey {
        StepKey::new("start web/api")
    }

    #[test]
    fn the_whole_is_told_without_a_stack() {
        check(
            accepted(),
            None,
            "Deploy Shop 1.0.0 to local, asked for by local operator",
        );
        let claimed = |resumed| EventBody::Claimed {
            node: "n1".to_owned(),
            resumed,
        };
        check(claimed(false), None, "Taken up by n1");
        check(
            claimed(true),
            None,
            "Taken up again by n1, where it had stopped",
        );
        check(
            EventBody::Planned {
                steps: vec![outline()],
                kept: Vec::new(),
            },
            None,
            "Planned 1 step",
        );
        check(
            EventBody::Planned {
                steps: vec![outline()],
                kept: vec![KeptOutline {
                    stack: "web".to_owned(),
                    service: "app".to_owned(),
                    container: "shop-web_app".to_owned(),
                }],
            },
            None,
            "Planned 1 step; 1 container stays as it is",
        );
        check(
            EventBody::Unwinding {
                reason: UnwindReason::Cancelled,
                steps: Vec::new(),
            },
            None,
            "Undoing what was begun, because it was cancelled: 0 steps",
        );
        check(
            EventBody::CancelRequested {
                by: Actor::LocalOperator,
            },
            None,
            "Cancelling, asked for by local operator",
        );
    }

    #[test]
    fn steps_go_by_their_titles() {
        let step = key;
        let stack = Some("web");
        check(
            EventBody::StepStarted {
                step: step(),
                attempt: 1,
            },
            stack,
            "Start api",
        );
        check(
            EventBody::StepStarted {
                step: step(),
                attempt: 2,
            },
            stack,
            "Start api, attempt 2",
        );
        check(
            EventBody::StepProgress {
                step: step(),
                message: "half".to_owned(),
                current: 1,
                total: 2,
            },
            stack,
            "Start api: half",
        );
        let line = OutputLine {
            stderr: false,
            text: "x".to_owned(),
        };
        check(
            EventBody::StepOutput {
                step: step(),
                lines: vec![line.clone(), line],
            },
            stack,
            "Start api: wrote 2 lines",
        );
        check(
            EventBody::StepDone {
                step: step(),
                result: None,
            },
            stack,
            "Start api: done",
        );
        let failure = Failure::new("the port is taken.");
        check(
            EventBody::StepRetrying {
                step: step(),
                attempt: 2,
                at: Timestamp::from_millis(9),
                failure: failure.clone(),
            },
            stack,
            "Start api: the port is taken; attempt 2 follows",
        );
        check(
            EventBody::StepFailed {
                step: step(),
                failure,
            },
            stack,
            "Start api failed: the port is taken",
        );
        check(
            EventBody::StepSkipped {
                step: step(),
                because: "db failed".to_owned(),
            },
            stack,
            "Start api skipped: db failed",
        );
    }

    #[test]
    fn stacks_go_by_the_names_that_people_gave_them() {
        check(
            EventBody::StackChanged {
                stack: "web".to_owned(),
                status: StackStatus::Running,
                message: None,
            },
            Some("web"),
            "Web is Running",
        );
    }

    #[test]
    fn a_step_that_nobody_announced_goes_by_its_key() {
        check(
            EventBody::StepDone {
                step: StepKey::new("odd"),
                result: Some("fine".to_owned()),
            },
            None,
            "odd: fine",
        );
    }
}
