//! The fold as obligations: what people see after which events.

use super::*;
use crate::access::Actor;
use crate::operation::OperationKind;
use crate::operation::event::{Level, ServiceOutline, StackOutline};

/// Builds a journal: numbers and times come by themselves, one second apart.
#[derive(Default)]
struct Journal(Vec<Event>);

impl Journal {
    fn begun() -> Self {
        Self::default()
            .then(EventBody::Accepted {
                kind: OperationKind::Deploy,
                actor: Actor::LocalOperator,
                product_name: "Shop".to_owned(),
                previous_version: None,
                product_version: Some("1.0.0".to_owned()),
                environment_name: "local".to_owned(),
                stacks: vec![
                    stack("infra", &[("db", false)]),
                    stack("web", &[("migrate", true), ("api", false)]),
                ],
            })
            .then(EventBody::Claimed {
                node: "n1".to_owned(),
                resumed: false,
            })
            .then(EventBody::Planned {
                kept: Vec::new(),
                steps: vec![
                    outline("pull app", Phase::PullingImages, None, None),
                    outline(
                        "start infra/db",
                        Phase::StartingServices,
                        Some("infra"),
                        Some("db"),
                    ),
                    outline(
                        "healthy infra/db",
                        Phase::WaitingForHealth,
                        Some("infra"),
                        Some("db"),
                    ),
                    outline(
                        "init web/migrate",
                        Phase::InitializingContainers,
                        Some("web"),
                        Some("migrate"),
                    ),
                    outline(
                        "start web/api",
                        Phase::StartingServices,
                        Some("web"),
                        Some("api"),
                    ),
                ],
            })
    }

    fn then(mut self, body: EventBody) -> Self {
        let seq = i64::try_from(self.0.len()).unwrap() + 1;
        self.0.push(Event {
            seq,
            at: Timestamp::from_millis(seq * 1000),
            level: Level::Info,
            body,
        });
        self
    }

    fn start(self, step: &str) -> Self {
        self.attempt(step, 1)
    }

    fn attempt(self, step: &str, attempt: u32) -> Self {
        self.then(EventBody::StepStarted {
            step: StepKey::new(step),
            attempt,
        })
    }

    fn done(self, step: &str) -> Self {
        self.then(EventBody::StepDone {
            step: StepKey::new(step),
            result: None,
        })
    }

    fn failed(self, step: &str) -> Self {
        self.then(EventBody::StepFailed {
            step: StepKey::new(step),
            failure: Failure::new(format!("{step} did not work")),
        })
    }

    fn stack(self, name: &str, status: StackStatus) -> Self {
        self.then(EventBody::StackChanged {
            stack: name.to_owned(),
            status,
            message: None,
        })
    }

    fn finished(self, status: OperationStatus, product_status: ProductStatus) -> Self {
        self.then(EventBody::Finished {
            status,
            product_status,
            message: "The end.".to_owned(),
        })
    }

    fn fold(&self) -> Progress {
        Progress::fold(&self.0)
    }
}

fn stack(name: &str, services: &[(&str, bool)]) -> StackOutline {
    StackOutline {
        name: name.to_owned(),
        display_name: name.to_uppercase(),
        deployment_stack_name: format!("shop-{name}"),
        status: None,
        services: services
            .iter()
            .map(|(name, init)| ServiceOutline {
                name: (*name).to_owned(),
                init: *init,
            })
            .collect(),
    }
}

fn outline(key: &str, phase: Phase, stack: Option<&str>, service: Option<&str>) -> StepOutline {
    StepOutline {
        step: StepKey::new(key),
        title: key.to_owned(),
        phase,
        cause: "it is missing".to_owned(),
        stack: stack.map(str::to_owned),
        service: service.map(str::to_owned),
        waits_for: Vec::new(),
    }
}

fn step<'a>(progress: &'a Progress, key: &str) -> &'a StepProgress {
    progress.step(&StepKey::new(key)).unwrap()
}

#[test]
fn what_is_taken_back_is_told_apart_from_what_is_done() {
    let undo = outline("discard infra/db", Phase::CleaningUp, Some("infra"), None);
    let journal = Journal::begun().then(EventBody::Unwinding {
        reason: UnwindReason::Failed,
        steps: vec![undo],
    });
    let progress = Progress::fold(&journal.0);
    assert!(step(&progress, "discard infra/db").undoes);
    assert!(!step(&progress, "start infra/db").undoes);
}

/// Everything that can happen, in one journal.
fn eventful() -> Journal {
    Journal::begun()
        .start("pull app")
        .then(EventBody::StepProgress {
            step: StepKey::new("pull app"),
            message: "1 of 2 layers".to_owned(),
            current: 50,
            total: 100,
        })
        .then(EventBody::StepRetrying {
            step: StepKey::new("pull app"),
            attempt: 2,
            at: Timestamp::from_millis(9_000),
            failure: Failure::new("the registry did not answer"),
        })
        .attempt("pull app", 2)
        .done("pull app")
        .stack("infra", StackStatus::Deploying)
        .start("start infra/db")
        .done("start infra/db")
        .start("healthy infra/db")
        .done("healthy infra/db")
        .stack("infra", StackStatus::Running)
        .stack("web", StackStatus::Deploying)
        .start("init web/migrate")
        .then(EventBody::StepOutput {
            step: StepKey::new("init web/migrate"),
            lines: vec![OutputLine {
                stderr: false,
                text: "migrating".to_owned(),
            }],
        })
        .failed("init web/migrate")
        .then(EventBody::StepSkipped {
            step: StepKey::new("start web/api"),
            because: "init web/migrate failed".to_owned(),
        })
        .stack("web", StackStatus::Failed)
        .finished(OperationStatus::Failed, ProductStatus::PartiallyRunning)
}

#[test]
fn an_event_that_comes_again_changes_nothing() {
    let journal = eventful();
    let once = journal.fold();
    let mut again = once.clone();
    for event in &journal.0 {
        again.apply(event);
    }
    assert_eq!(again, once);
}

#[test]
fn the_fold_can_be_cut_anywhere_and_carried_over_the_wire() {
    let journal = eventful();
    let whole = journal.fold();
    for cut in 0..journal.0.len() {
        let (first, rest) = journal.0.split_at(cut);
        let json = serde_json::to_string(&Progress::fold(first)).unwrap();
        let mut carried: Progress = serde_json::from_str(&json).unwrap();
        for event in rest {
            carried.apply(event);
        }
        assert_eq!(carried, whole, "cut after {cut}");
    }
}

#[test]
fn a_retry_is_shown_with_its_cause_and_forgotten_once_it_worked() {
    let journal = eventful();
    let waiting = Progress::fold(&journal.0[..6]);
    let pull = step(&waiting, "pull app");
    assert_eq!(pull.state, StepState::Started);
    assert_eq!(pull.attempt, 2);
    assert_eq!(pull.retry_at, Some(Timestamp::from_millis(9_000)));
    assert!(pull.failure.is_some());

    let whole = journal.fold();
    let pull = step(&whole, "pull app");
    assert_eq!(pull.state, StepState::Done);
    assert_eq!((pull.retry_at, &pull.failure), (None, &None));
}

#[test]
fn a_skipped_step_says_why_and_its_service_is_not_done() {
    let whole = eventful().fold();
    let start = step(&whole, "start web/api");
    assert_eq!(start.state, StepState::Skipped);
    assert_eq!(start.because.as_deref(), Some("init web/migrate failed"));
    assert_eq!(whole.stack("web").unwrap().completed_services(), (0, 2));
    assert_eq!(whole.stack("infra").unwrap().completed_services(), (1, 1));
}

#[test]
fn the_first_thing_that_was_given_up_is_the_failure() {
    let whole = eventful().fold();
    assert_eq!(
        whole.first_failure().unwrap().outline.step.as_str(),
        "init web/migrate"
    );
    let stack = whole.stack("web").unwrap();
    assert_eq!(
        stack.failed_step().unwrap().outline.step.as_str(),
        "init web/migrate"
    );
}

#[test]
fn a_runner_that_takes_over_is_counted_and_repeats_a_step_in_place() {
    let journal = Journal::begun()
        .start("pull app")
        .then(EventBody::Claimed {
            node: "n1".to_owned(),
            resumed: true,
        })
        .attempt("pull app", 1)
        .done("pull app");
    let progress = journal.fold();
    assert_eq!(progress.resumed, 1);
    assert_eq!(progress.steps().count(), 5);
    let pull = step(&progress, "pull app");
    assert_eq!(pull.started_at, Some(Timestamp::from_millis(4_000)));
    assert_eq!(pull.state, StepState::Done);
}

#[test]
fn waiting_for_the_engine_ends_with_the_plan() {
    let accepted = Journal(Journal::begun().0[..2].to_vec()).then(EventBody::StatusChanged {
        status: OperationStatus::Waiting,
        message: "Waiting for the engine.".to_owned(),
    });
    let waiting = accepted.fold();
    assert_eq!(waiting.status, Some(OperationStatus::Waiting));
    let planned = accepted
        .then(EventBody::Planned {
            steps: Vec::new(),
            kept: Vec::new(),
        })
        .fold();
    assert_eq!(
        (planned.status, planned.message),
        (Some(OperationStatus::Running), None)
    );
}

#[test]
fn output_is_bounded_and_lines_keep_their_numbers() {
    let lines = |from: usize, count: usize| EventBody::StepOutput {
        step: StepKey::new("init web/migrate"),
        lines: (from..from + count)
            .map(|number| OutputLine {
                stderr: false,
                text: format!("line {number}"),
            })
            .collect(),
    };
    let progress = Journal::begun()
        .start("init web/migrate")
        .then(lines(0, MAX_OUTPUT_LINES))
        .then(lines(MAX_OUTPUT_LINES, 7))
        .fold();
    let step = step(&progress, "init web/migrate");
    assert_eq!(step.output.len(), MAX_OUTPUT_LINES);
    assert_eq!(step.output_dropped, 7);
    assert_eq!(step.output[0].text, "line 7");
}

#[test]
fn the_whole_only_grows_and_is_full_only_at_a_good_end() {
    let mut progress = Progress::default();
    let mut last = 0;
    for event in &eventful().0 {
        progress.apply(event);
        assert!(progress.percent >= last, "fell at {}", event.seq);
        last = progress.percent;
    }
    // Three of five steps were done.
    assert_eq!(last, 60);

    let good = Journal::begun()
        .done("pull app")
        .finished(OperationStatus::Succeeded, ProductStatus::Running)
        .fold();
    assert_eq!(good.percent, 100);
}

#[test]
fn bytes_of_a_pull_count_before_it_is_done() {
    let progress = Progress::fold(&eventful().0[..5]);
    // Half of one of five steps.
    assert_eq!(progress.percent, 10);
}

#[test]
fn the_eye_goes_to_what_is_at_work_then_to_what_failed() {
    let check = |journal: Journal, expected: &str| {
        assert_eq!(journal.fold().stack_in_focus().unwrap().name, expected);
    };
    check(Journal::begun(), "infra");
    check(Journal::begun().stack("web", StackStatus::Deploying), "web");
    check(
        Journal::begun()
            .stack("infra", StackStatus::Failed)
            .stack("web", StackStatus::Deploying),
        "web",
    );
    check(
        Journal::begun()
            .stack("infra", StackStatus::Failed)
            .stack("web", StackStatus::Running),
        "infra",
    );
    check(
        Journal::begun()
            .stack("infra", StackStatus::Running)
            .stack("web", StackStatus::Running),
        "web",
    );
}

#[test]
fn undoing_is_shown_and_takes_services_back_but_not_progress() {
    let before = Journal::begun()
        .start("start infra/db")
        .done("start infra/db");
    let percent = before.fold().percent;
    let after = before
        .done("healthy infra/db")
        .then(EventBody::CancelRequested {
            by: Actor::LocalOperator,
        })
        .then(EventBody::Unwinding {
            reason: UnwindReason::Cancelled,
            steps: vec![outline(
                "discard infra/db",
                Phase::CleaningUp,
                Some("infra"),
                Some("db"),
            )],
        })
        .start("discard infra/db")
        .done("discard infra/db")
        .fold();
    assert_eq!(after.status, Some(OperationStatus::Compensating));
    assert_eq!(after.unwinding, Some(UnwindReason::Cancelled));
    assert!(after.cancel_requested);
    assert!(after.percent >= percent);
    assert_eq!(after.stack("infra").unwrap().completed_services(), (0, 1));
}

#[test]
fn a_service_whose_old_container_is_cleaned_up_stays_done() {
    let tidied = Journal::begun()
        .then(EventBody::Planned {
            steps: vec![
                outline(
                    "start infra/db",
                    Phase::StartingServices,
                    Some("infra"),
                    Some("db"),
                ),
                outline(
                    "discard old infra/db",
                    Phase::CleaningUp,
                    Some("infra"),
                    Some("db"),
                ),
            ],
            kept: Vec::new(),
        })
        .done("start infra/db")
        .done("healthy infra/db")
        .done("discard old infra/db")
        .fold();
    assert_eq!(tidied.stack("infra").unwrap().completed_services(), (1, 1));
}

#[test]
fn time_stands_still_at_the_end() {
    let running = Journal::begun().fold();
    let now = Timestamp::from_millis(61_000);
    assert_eq!(running.elapsed(now).as_secs(), 60);
    let ended = Journal::begun()
        .finished(OperationStatus::Failed, ProductStatus::Failed)
        .fold();
    assert_eq!(ended.elapsed(now).as_secs(), 3);
    assert_eq!(Progress::default().elapsed(now).as_secs(), 0);
}

#[test]
fn a_service_that_is_kept_is_done_from_the_start() {
    let kept = KeptOutline {
        stack: "infra".to_owned(),
        service: "db".to_owned(),
        container: "shop-infra_db".to_owned(),
    };
    let claimed = Journal(Journal::begun().0.into_iter().take(2).collect());
    let progress = claimed
        .then(EventBody::Planned {
            steps: Vec::new(),
            kept: vec![kept],
        })
        .fold();
    assert!(progress.stacks[0].services[0].done);
}
