//! An operation as bars along its time: a row for each stack, below it one for each step. Beside them lies the ghost of the last run of
//! the same kind, which says how long it usually takes.

use std::time::Duration;

use domain::deployment::StackStatus;
use domain::operation::progress::{Progress, StackProgress, StepProgress};
use domain::operation::{OperationKind, StepState};
use domain::plan::Phase;
use domain::timestamp::Timestamp;
use domain::wire::PreviousRun;

use super::scale::{Scale, millis};
use crate::components::Look;

/// Name of the row of steps that serve several stacks.
const SHARED: &str = "For all stacks";

/// What people see of a step: the kind of its bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Act {
    Pull,
    Create,
    Stop,
    Init,
    Start,
    Gate,
    Remove,
    Undo,
}

impl Act {
    /// In the order in which bars of one row are drawn: what lasts lies below.
    pub const ALL: [Self; 8] = [
        Self::Pull,
        Self::Gate,
        Self::Create,
        Self::Stop,
        Self::Init,
        Self::Start,
        Self::Remove,
        Self::Undo,
    ];

    /// The word of the legend.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Pull => "Pull",
            Self::Create => "Create",
            Self::Stop => "Stop",
            Self::Init => "Init",
            Self::Start => "Start",
            Self::Gate => "Health gate",
            Self::Remove => "Remove",
            Self::Undo => "Undo",
        }
    }

    /// The class that gives a bar its colour.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::Pull => "act-pull",
            Self::Create => "act-create",
            Self::Stop => "act-stop",
            Self::Init => "act-init",
            Self::Start => "act-start",
            Self::Gate => "act-gate",
            Self::Remove => "act-remove",
            Self::Undo => "act-undo",
        }
    }

    /// None for steps that only write something down.
    fn of(kind: Option<OperationKind>, step: &StepProgress) -> Option<Self> {
        if step.undoes {
            return Some(Self::Undo);
        }
        match step.outline.phase {
            Phase::PullingImages => Some(Self::Pull),
            Phase::Preparing if kind == Some(OperationKind::Remove) => Some(Self::Remove),
            Phase::Preparing => Some(Self::Create),
            Phase::InitializingContainers => Some(Self::Init),
            Phase::StoppingServices => Some(Self::Stop),
            Phase::StartingServices => Some(Self::Start),
            Phase::WaitingForHealth => Some(Self::Gate),
            Phase::CleaningUp => Some(Self::Remove),
            Phase::Complete => None,
        }
    }
}

/// How a bar ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    Done,
    Running,
    Failed,
}

/// One bar, in parts of ten thousand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bar {
    pub act: Act,
    pub place: (u32, u32),
    pub course: Course,
}

/// One line of the picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub name: String,
    pub look: Look,
    /// What it is at, or for whom it waits.
    pub words: String,
    /// None where it has no bar of its own.
    pub act: Option<Act>,
    pub bars: Vec<Bar>,
    pub ghost: Option<(u32, u32)>,
    /// Milliseconds after the beginning, from which and until which something was done; none where it was not begun.
    pub done: Option<(u64, u64)>,
    /// Milliseconds so far, or until its end. What is made ready before a stack's turn does not count.
    pub took: Option<u64>,
}

/// A stack, or what serves several, with its steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    pub row: Row,
    pub steps: Vec<Row>,
}

/// The whole picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// Milliseconds from the left edge to the right one.
    pub span: u64,
    pub ticks: Vec<(u32, String)>,
    pub groups: Vec<Group>,
    /// Acts that the picture has, for its legend.
    pub acts: Vec<Act>,
    /// How long the last run took, in milliseconds.
    pub usual: Option<u64>,
    /// What is probably still to come, in milliseconds; none once it has ended or takes longer than usual.
    pub left: Option<u64>,
}

/// Draws what happened until `now`; what has ended does not grow.
#[must_use]
pub fn timeline(progress: &Progress, now: Timestamp, previous: Option<&PreviousRun>) -> Timeline {
    let began = progress
        .started_at
        .or(progress.accepted_at)
        .unwrap_or(progress.at);
    let now = progress.finished_at.unwrap_or(now.max(progress.at));
    let elapsed = millis(now.since(began));
    let usual = previous.map(|run| run.total_milliseconds);
    let span = elapsed.max(usual.unwrap_or(0));
    let scale = match progress.is_finished() {
        true => Scale::new(began, span),
        false => Scale::growing(began, span.max(5_000)),
    };
    let pen = Pen {
        scale,
        began,
        now,
        kind: progress.kind,
    };
    let mut groups = Vec::new();
    if !progress.shared.is_empty() {
        groups.push(pen.shared(&progress.shared));
    }
    groups.extend(progress.stacks.iter().map(|stack| {
        let past = previous.and_then(|run| {
            let mut stacks = run.stacks.iter();
            stacks.find(|past| past.stack_name == stack.name)
        });
        let ghost =
            past.map(|past| scale.between_millis(past.from_milliseconds, past.to_milliseconds));
        pen.stack(stack, progress, ghost)
    }));
    let mut acts: Vec<Act> = Act::ALL
        .into_iter()
        .filter(|act| {
            let mut rows = groups.iter().flat_map(|group| &group.steps);
            rows.any(|row| row.act == Some(*act))
        })
        .collect();
    acts.sort_unstable();
    Timeline {
        span: scale.span(),
        ticks: scale.ticks(),
        groups,
        acts,
        usual,
        left: usual
            .filter(|_| !progress.is_finished())
            .and_then(|usual| usual.checked_sub(elapsed))
            .filter(|left| *left > 0),
    }
}

struct Pen {
    scale: Scale,
    began: Timestamp,
    now: Timestamp,
    kind: Option<OperationKind>,
}

impl Pen {
    fn shared(&self, steps: &[StepProgress]) -> Group {
        let state = state_of(steps);
        let rows = self.steps(steps);
        Group {
            row: Row {
                name: SHARED.to_owned(),
                look: state.into(),
                words: match state {
                    StepState::Started => "Under way".to_owned(),
                    state => Look::from(state).word.to_owned(),
                },
                act: None,
                bars: merged(&rows),
                ghost: None,
                done: extent(&rows),
                took: extent(&rows).map(|(from, to)| to - from),
            },
            steps: rows,
        }
    }

    fn stack(
        &self,
        stack: &StackProgress,
        progress: &Progress,
        ghost: Option<(u32, u32)>,
    ) -> Group {
        let rows = self.steps(&stack.steps);
        Group {
            row: Row {
                name: stack.display_name.clone(),
                look: stack.status.into(),
                words: stack_words(stack, progress),
                act: None,
                bars: merged(&rows),
                ghost,
                done: extent(&rows),
                took: stack
                    .started_at
                    .map(|from| millis(stack.ended_at.unwrap_or(self.now).since(from))),
            },
            steps: rows,
        }
    }

    fn steps(&self, steps: &[StepProgress]) -> Vec<Row> {
        steps.iter().map(|step| self.step(step)).collect()
    }

    fn step(&self, step: &StepProgress) -> Row {
        let act = Act::of(self.kind, step);
        let running = step.state == StepState::Started;
        let from = step.started_at;
        let to = if running {
            Some(self.now)
        } else {
            step.ended_at
        };
        let course = match step.state {
            StepState::Started => Course::Running,
            StepState::Failed => Course::Failed,
            _ => Course::Done,
        };
        let bar = match (act, from, to) {
            (Some(act), Some(from), Some(to)) => Some(Bar {
                act,
                place: self.scale.between(from, to),
                course,
            }),
            _ => None,
        };
        Row {
            name: step.outline.title.clone(),
            look: step.state.into(),
            words: step_words(step),
            act,
            bars: bar.into_iter().collect(),
            ghost: None,
            done: from.zip(to).map(|(from, to)| {
                let after = |moment: Timestamp| millis(moment.since(self.began));
                (after(from), after(to))
            }),
            took: from.zip(to).map(|(from, to)| millis(to.since(from))),
        }
    }
}

/// Bars of the same kind that touch become one: a stack starts several services side by side.
fn merged(rows: &[Row]) -> Vec<Bar> {
    let mut all: Vec<Bar> = Vec::new();
    for act in Act::ALL {
        let bars = rows.iter().flat_map(|row| &row.bars);
        let mut bars: Vec<Bar> = bars.filter(|bar| bar.act == act).copied().collect();
        bars.sort_by_key(|bar| bar.place);
        for bar in bars {
            match all.last_mut() {
                Some(last) if touches(last, &bar) => join(last, &bar),
                _ => all.push(bar),
            }
        }
    }
    all
}

fn touches(last: &Bar, next: &Bar) -> bool {
    last.act == next.act && next.place.0 <= last.place.0 + last.place.1
}

fn join(last: &mut Bar, next: &Bar) {
    let end = (next.place.0 + next.place.1).max(last.place.0 + last.place.1);
    last.place.1 = end - last.place.0;
    last.course = match (last.course, next.course) {
        (Course::Failed, _) | (_, Course::Failed) => Course::Failed,
        (Course::Running, _) | (_, Course::Running) => Course::Running,
        _ => Course::Done,
    };
}

/// From the first beginning until the last end of what has a bar.
fn extent(rows: &[Row]) -> Option<(u64, u64)> {
    let drawn = rows.iter().filter(|row| row.act.is_some());
    let all = drawn.filter_map(|row| row.done);
    all.reduce(|all, next| (all.0.min(next.0), all.1.max(next.1)))
}

/// Of several steps together.
fn state_of(steps: &[StepProgress]) -> StepState {
    let any = |state| steps.iter().any(|step| step.state == state);
    if any(StepState::Failed) {
        StepState::Failed
    } else if any(StepState::Started) {
        StepState::Started
    } else if steps.iter().all(|step| step.state.has_ended()) {
        StepState::Done
    } else {
        StepState::Pending
    }
}

fn step_words(step: &StepProgress) -> String {
    match step.state {
        StepState::Pending => waits_for(step.outline.waits_for.iter().map(String::as_str))
            .unwrap_or_else(|| "waits for its turn".to_owned()),
        state => Look::from(state).word.to_owned(),
    }
}

fn stack_words(stack: &StackProgress, progress: &Progress) -> String {
    if stack.steps.is_empty() {
        return "nothing to do".to_owned();
    }
    match stack.status {
        StackStatus::Pending if !progress.is_finished() => {
            let named = stack.steps.iter().flat_map(|step| &step.outline.waits_for);
            let others = named
                .filter_map(|name| progress.stack(name))
                .filter(|other| other.name != stack.name && !has_ended(other))
                .map(|other| other.display_name.as_str());
            waits_for(others).unwrap_or_else(|| {
                match progress.shared.iter().any(|step| !step.state.has_ended()) {
                    true => "waits for images".to_owned(),
                    false => "waits for its turn".to_owned(),
                }
            })
        }
        StackStatus::Deploying | StackStatus::Removing => {
            stack.phase().map_or("Under way", Phase::label).to_owned()
        }
        status => Look::from(status).word.to_owned(),
    }
}

fn has_ended(stack: &StackProgress) -> bool {
    !matches!(
        stack.status,
        StackStatus::Pending | StackStatus::Deploying | StackStatus::Removing
    )
}

/// `waits for Data and Identity`.
fn waits_for<'a>(names: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut all: Vec<&str> = Vec::new();
    for name in names {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    let (last, others) = all.split_last()?;
    Some(match others {
        [] => format!("waits for {last}"),
        others => format!("waits for {} and {last}", others.join(", ")),
    })
}

/// `Usually 1m 10s; about 20s left`.
#[must_use]
pub fn estimate(timeline: &Timeline) -> Option<String> {
    let words = |millis| crate::components::time::humane(whole_seconds(millis));
    let usual = format!("Usually {}", words(timeline.usual?));
    Some(match timeline.left {
        Some(left) => format!("{usual}; about {} left", words(left)),
        None => usual,
    })
}

/// Tenths of a second say nothing in an estimate; less than a second is said as it is.
fn whole_seconds(millis: u64) -> Duration {
    match millis {
        0..1_000 => Duration::from_millis(millis),
        _ => Duration::from_secs(millis.div_ceil(1_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::access::Actor;
    use domain::operation::event::{
        Event, EventBody, Level, StackOutline, StepOutline, UnwindReason,
    };
    use domain::plan::StepKey;
    use domain::wire::PreviousStack;

    fn outline(key: &str, phase: Phase, stack: Option<&str>, waits_for: &[&str]) -> StepOutline {
        StepOutline {
            step: StepKey::new(key),
            title: key.to_owned(),
            phase,
            cause: String::new(),
            stack: stack.map(str::to_owned),
            service: None,
            waits_for: waits_for.iter().map(|&name| name.to_owned()).collect(),
        }
    }

    fn stack(name: &str) -> StackOutline {
        StackOutline {
            name: name.to_owned(),
            display_name: name.to_uppercase(),
            deployment_stack_name: name.to_owned(),
            status: None,
            services: Vec::new(),
        }
    }

    /// Events at so many seconds, after a plan of two stacks at second 0.
    fn progress(then: Vec<(i64, EventBody)>) -> Progress {
        let plan = vec![
            outline("pull", Phase::PullingImages, None, &[]),
            outline("create a", Phase::Preparing, Some("a"), &[]),
            outline("start a", Phase::StartingServices, Some("a"), &[]),
            outline("gate a", Phase::WaitingForHealth, Some("a"), &[]),
            outline("begin b", Phase::Preparing, Some("b"), &["a"]),
            outline("start b", Phase::StartingServices, Some("b"), &["db"]),
        ];
        let accepted = EventBody::Accepted {
            kind: OperationKind::Deploy,
            actor: Actor::LocalOperator,
            product_name: "Shop".to_owned(),
            product_version: None,
            previous_version: None,
            environment_name: "local".to_owned(),
            stacks: vec![stack("a"), stack("b")],
        };
        let claimed = EventBody::Claimed {
            node: "n".to_owned(),
            resumed: false,
        };
        let planned = EventBody::Planned {
            steps: plan,
            kept: Vec::new(),
        };
        let before = [accepted, claimed, planned].map(|body| (0, body));
        let all = before.into_iter().chain(then).enumerate();
        let events: Vec<Event> = all
            .map(|(seq, (second, body))| Event {
                seq: i64::try_from(seq).unwrap() + 1,
                at: at(second),
                level: Level::Info,
                body,
            })
            .collect();
        Progress::fold(&events)
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1_000)
    }

    fn start(key: &str) -> EventBody {
        EventBody::StepStarted {
            step: StepKey::new(key),
            attempt: 1,
        }
    }

    fn done(key: &str) -> EventBody {
        EventBody::StepDone {
            step: StepKey::new(key),
            result: None,
        }
    }

    fn turn(stack: &str, status: StackStatus) -> EventBody {
        EventBody::StackChanged {
            stack: stack.to_owned(),
            status,
            message: None,
        }
    }

    fn run() -> Progress {
        progress(vec![
            (0, start("pull")),
            (2, done("pull")),
            (2, turn("a", StackStatus::Deploying)),
            (2, start("start a")),
            (3, done("start a")),
            (3, start("gate a")),
        ])
    }

    #[test]
    fn what_runs_grows_and_what_waits_says_for_whom() {
        let drawn = timeline(&run(), at(6), None);
        assert_eq!(drawn.span, 6_000);
        let [shared, a, b] = drawn.groups.as_slice() else {
            panic!("{drawn:?}");
        };
        assert_eq!(shared.row.bars[0].place, (0, 3_333));
        assert_eq!(shared.row.done, Some((0, 2_000)));
        assert_eq!(a.row.done, Some((2_000, 6_000)));
        assert_eq!(a.row.took, Some(4_000));
        let acts: Vec<_> = a.row.bars.iter().map(|bar| (bar.act, bar.course)).collect();
        assert_eq!(
            acts,
            [(Act::Gate, Course::Running), (Act::Start, Course::Done)]
        );
        assert_eq!(a.row.words, "Waiting for health checks");
        assert_eq!(b.row.words, "waits for A");
        assert_eq!(b.steps[1].words, "waits for db");
        assert!(b.row.bars.is_empty());
        // Two seconds later only what runs is longer.
        let later = timeline(&run(), at(8), None);
        assert_eq!(later.groups[1].row.took, Some(6_000));
        assert_eq!(later.groups[0].row.took, Some(2_000));
        assert_eq!(later.acts, [Act::Pull, Act::Create, Act::Start, Act::Gate]);
    }

    #[test]
    fn the_ghost_of_the_last_run_gives_the_estimate() {
        let previous = PreviousRun {
            operation_id: String::new(),
            total_milliseconds: 12_000,
            stacks: vec![PreviousStack {
                stack_name: "a".to_owned(),
                from_milliseconds: 3_000,
                to_milliseconds: 6_000,
            }],
        };
        let drawn = timeline(&run(), at(5), Some(&previous));
        assert_eq!(drawn.groups[1].row.ghost, Some((2_500, 2_500)));
        assert_eq!(drawn.groups[2].row.ghost, None);
        assert_eq!(
            estimate(&drawn).as_deref(),
            Some("Usually 12s; about 7s left")
        );
        let late = timeline(&run(), at(50), Some(&previous));
        assert_eq!(estimate(&late).as_deref(), Some("Usually 12s"));
        assert_eq!(estimate(&timeline(&run(), at(5), None)), None);
    }

    #[test]
    fn what_is_taken_back_is_no_removal() {
        let undo = outline("discard", Phase::CleaningUp, Some("a"), &[]);
        let progress = progress(vec![
            (1, start("start a")),
            (
                2,
                EventBody::Unwinding {
                    reason: UnwindReason::Cancelled,
                    steps: vec![undo],
                },
            ),
            (2, start("discard")),
            (3, done("discard")),
        ]);
        let drawn = timeline(&progress, at(3), None);
        let bars = &drawn.groups[1].row.bars;
        assert!(bars.iter().any(|bar| bar.act == Act::Undo));
        assert!(!bars.iter().any(|bar| bar.act == Act::Remove));
    }
}
