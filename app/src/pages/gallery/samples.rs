//! Recorded states: what the components of the gallery are given. Fixed, so that the gallery looks the same on every day.

use std::collections::{BTreeMap, VecDeque};

use domain::access::Actor;
use domain::deployment::{ProductStatus, StackStatus};
use domain::health::{HealthSource, HealthStatus, Wanted};
use domain::operation::event::{
    Event, EventBody, Level, OutputLine, StackOutline, StepOutline, UnwindReason,
};
use domain::operation::failure::Failure;
use domain::operation::progress::Progress;
use domain::operation::{OperationKind, OperationStatus};
use domain::plan::{Change, ChangeKind, Downtime, ImageChange, Phase, ReplaceOrder, StepKey};
use domain::timestamp::Timestamp;
use domain::variable::{SelectOption, Variable, VariableType};
use domain::wire::{
    Drift, HealthSpan, HealthTimeline, HealthTrack, HealthView, OperationView, PlanView,
    PreviousRun, PreviousStack, Problem, VariableView,
};

use crate::components::{Look, Output, StackBox};

/// 2026-11-21 10:00:00 UTC, in milliseconds.
const START: i64 = 1_795_255_200_000;

/// So many seconds after everything here began.
pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(START + seconds * 1_000)
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn words(all: &[&str]) -> Vec<String> {
    all.iter().map(|&word| word.to_owned()).collect()
}

pub(super) fn health(status: HealthStatus, wanted: Wanted, operation_active: bool) -> HealthView {
    HealthView {
        status,
        reason: "api failed its health check 3 times.".to_owned(),
        since: Some(at(0)),
        observed_at: Some(at(0)),
        source: HealthSource::Event,
        healthy_services: 2,
        total_services: 3,
        wanted,
        operation_active,
    }
}

pub(super) fn problem() -> Problem {
    let hint = "Choose another port, or stop what uses it.";
    Problem {
        type_uri: "urn:windlass:problem:conflict".to_owned(),
        title: "The port 8080 is taken".to_owned(),
        status: 409,
        detail: "The container 'blog_web' publishes it.".to_owned(),
        success: false,
        message: String::new(),
        errors: BTreeMap::new(),
        extensions: BTreeMap::from([("hint".to_owned(), hint.into())]),
    }
}

pub(super) fn output() -> Output {
    let line = |stderr, text: &str| OutputLine {
        stderr,
        text: text.to_owned(),
    };
    Output {
        dropped: 12,
        lines: VecDeque::from([
            line(false, "applying 0007_orders.sql"),
            line(false, "applying 0008_refunds.sql"),
            line(true, "warning: the table orders has no index"),
            line(false, "done in 1.2 s"),
        ]),
    }
}

pub(super) fn variable(kind: VariableType) -> VariableView {
    let (name, label, default) = match kind {
        VariableType::Number => ("WORKERS", "Workers", some("4")),
        VariableType::Boolean => ("TRACING", "Tracing", some("true")),
        VariableType::Select => ("LOG_LEVEL", "Log level", some("info")),
        VariableType::Password => ("API_KEY", "API key", None),
        VariableType::Port => ("WEB_PORT", "Port", some("8080")),
        VariableType::MultiLine => ("GREETING", "Greeting", some("Hello\nand welcome")),
        _ => ("TITLE", "Title", some("Shop")),
    };
    let option = |value: &str| SelectOption {
        value: value.to_owned(),
        label: None,
        description: None,
    };
    let options = match kind {
        VariableType::Select => vec![option("info"), option("debug")],
        _ => Vec::new(),
    };
    let variable = Variable {
        name: name.to_owned(),
        label: some(label),
        description: some("What it is for, in one sentence"),
        placeholder: None,
        group: None,
        order: None,
        kind,
        default,
        required: kind == VariableType::Password,
        pattern: None,
        pattern_error: None,
        min: (kind == VariableType::Number).then_some(1.0),
        max: (kind == VariableType::Number).then_some(16.0),
        options,
        default_transient: false,
    };
    VariableView::new(&variable, false)
}

fn change(service: &str, kind: ChangeKind, cause: &str, downtime: Downtime) -> Change {
    let image = match kind {
        ChangeKind::Create | ChangeKind::Replace => Some(ImageChange {
            reference: format!("shop/{service}:1.1.0"),
            old_reference: (kind == ChangeKind::Replace).then(|| format!("shop/{service}:1.0.0")),
            old_id: (kind == ChangeKind::Replace).then(|| "sha256:0123456789abcdef".to_owned()),
            new_id: None,
            registry_digest: None,
            pulled: true,
        }),
        _ => None,
    };
    Change {
        stack: "web".to_owned(),
        service: service.to_owned(),
        container: format!("shop-web_{service}"),
        kind,
        cause: cause.to_owned(),
        order: (kind == ChangeKind::Replace).then_some(ReplaceOrder::StopFirst),
        downtime,
        image,
    }
}

pub(super) fn plan() -> PlanView {
    let because = "it publishes the host port 8080".to_owned();
    PlanView {
        success: true,
        plan_id: "0".to_owned(),
        operation: OperationKind::Upgrade,
        product_name: "Shop".to_owned(),
        from_version: some("1.0.0"),
        to_version: some("1.1.0"),
        summary: "1 is created, 1 is replaced, 1 stays as it is.".to_owned(),
        changes_something: true,
        containers: vec![
            change(
                "worker",
                ChangeKind::Create,
                "the service is new",
                Downtime::None,
            ),
            change(
                "page",
                ChangeKind::Replace,
                "its image changed",
                Downtime::WhileReplaced { because },
            ),
            change("cache", ChangeKind::Keep, "nothing changed", Downtime::None),
            change(
                "mailer",
                ChangeKind::Remove,
                "the version has no such service",
                Downtime::ForGood,
            ),
        ],
        pulls: words(&["shop/page:1.1.0", "shop/worker:1.1.0"]),
        data_at_risk: Vec::new(),
        drift: vec![Drift {
            stack: "web".to_owned(),
            service: "cache".to_owned(),
            container: "shop-web_cache".to_owned(),
            what: "it was stopped".to_owned(),
        }],
        steps: steps(),
        text: String::new(),
    }
}

fn step(key: &str, title: &str, phase: Phase, stack: &str, waits_for: &[&str]) -> StepOutline {
    StepOutline {
        step: StepKey::new(key),
        title: title.to_owned(),
        phase,
        cause: "the container does not exist".to_owned(),
        stack: Some(stack.to_owned()).filter(|name| !name.is_empty()),
        service: None,
        waits_for: words(waits_for),
    }
}

fn steps() -> Vec<StepOutline> {
    use Phase as P;
    vec![
        step("pull", "Pull shop/page:1.1.0", P::PullingImages, "", &[]),
        step("pull redis", "Pull redis:7", P::PullingImages, "", &[]),
        step("create store", "Create store", P::Preparing, "data", &[]),
        step(
            "start store",
            "Start store",
            P::StartingServices,
            "data",
            &[],
        ),
        step(
            "gate store",
            "Wait until store is healthy",
            P::WaitingForHealth,
            "data",
            &[],
        ),
        step("create page", "Create page", P::Preparing, "web", &[]),
        step(
            "begin web",
            "Begin stack web",
            P::Preparing,
            "web",
            &["data"],
        ),
        step(
            "migrate",
            "Run migrate to its end",
            P::InitializingContainers,
            "web",
            &[],
        ),
        step(
            "start page",
            "Start page",
            P::StartingServices,
            "web",
            &["migrate"],
        ),
        step(
            "gate page",
            "Wait until page is healthy",
            P::WaitingForHealth,
            "web",
            &[],
        ),
        step("finish web", "Finish stack web", P::Complete, "web", &[]),
    ]
}

/// What happened at which second.
type Story = Vec<(i64, EventBody)>;

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

fn finish(status: OperationStatus, product_status: ProductStatus) -> EventBody {
    EventBody::Finished {
        status,
        product_status,
        message: "It has ended.".to_owned(),
    }
}

fn told(story: Story) -> Progress {
    let stack = |name: &str, display_name: &str| StackOutline {
        name: name.to_owned(),
        display_name: display_name.to_owned(),
        deployment_stack_name: format!("shop-{name}"),
        status: None,
        services: Vec::new(),
    };
    let beginning = [
        EventBody::Accepted {
            kind: OperationKind::Upgrade,
            actor: Actor::LocalOperator,
            product_name: "Shop".to_owned(),
            product_version: some("1.1.0"),
            previous_version: some("1.0.0"),
            environment_name: "local".to_owned(),
            stacks: vec![stack("data", "Data"), stack("web", "Web")],
        },
        EventBody::Claimed {
            node: "n1".to_owned(),
            resumed: false,
        },
        EventBody::Planned {
            steps: steps(),
            kept: Vec::new(),
        },
    ];
    let all = beginning.map(|body| (0, body)).into_iter().chain(story);
    let mut progress = Progress::default();
    for (seq, (second, body)) in (1..).zip(all) {
        progress.apply(&Event {
            seq,
            at: at(second),
            level: Level::Info,
            body,
        });
    }
    progress
}

/// Until the first stack waits for its health.
fn first_half() -> Story {
    vec![
        (0, start("pull")),
        (0, start("pull redis")),
        (5, done("pull redis")),
        (8, done("pull")),
        (8, turn("data", StackStatus::Deploying)),
        (8, start("create store")),
        (9, done("create store")),
        (8, start("create page")),
        (10, done("create page")),
        (9, start("start store")),
        (11, done("start store")),
        (11, start("gate store")),
    ]
}

/// Until the second stack starts its page.
fn second_half() -> Story {
    let mut story = first_half();
    story.extend([
        (24, done("gate store")),
        (24, turn("data", StackStatus::Running)),
        (24, turn("web", StackStatus::Deploying)),
        (24, start("begin web")),
        (24, done("begin web")),
        (24, start("migrate")),
        (33, done("migrate")),
        (33, start("start page")),
        (35, done("start page")),
        (35, start("gate page")),
    ]);
    story
}

pub(super) fn running_run() -> Progress {
    told(first_half())
}

pub(super) fn finished_run() -> Progress {
    let mut story = second_half();
    story.extend([
        (47, done("gate page")),
        (47, turn("web", StackStatus::Running)),
        (
            47,
            finish(OperationStatus::Succeeded, ProductStatus::Running),
        ),
    ]);
    told(story)
}

fn failure() -> Story {
    let mut story = second_half();
    let failure = Failure::new("page did not become healthy");
    story.extend([
        (
            55,
            EventBody::StepFailed {
                step: StepKey::new("gate page"),
                failure,
            },
        ),
        (55, turn("web", StackStatus::Failed)),
    ]);
    story
}

pub(super) fn failed_run() -> Progress {
    let mut story = failure();
    story.push((
        55,
        finish(OperationStatus::Failed, ProductStatus::PartiallyRunning),
    ));
    told(story)
}

pub(super) fn undone_run() -> Progress {
    let undo = [
        step(
            "restore",
            "Start shop-web_page again",
            Phase::CleaningUp,
            "web",
            &[],
        ),
        step(
            "discard",
            "Remove unused container of page",
            Phase::CleaningUp,
            "web",
            &[],
        ),
    ];
    let mut story = failure();
    story.extend([
        (
            55,
            EventBody::Unwinding {
                reason: UnwindReason::Failed,
                steps: undo.to_vec(),
            },
        ),
        (55, start("restore")),
        (58, done("restore")),
        (58, start("discard")),
        (60, done("discard")),
        (60, turn("web", StackStatus::Running)),
        (60, finish(OperationStatus::Failed, ProductStatus::Running)),
    ]);
    told(story)
}

pub(super) fn previous_run() -> PreviousRun {
    let stack = |name: &str, from_milliseconds, to_milliseconds| PreviousStack {
        stack_name: name.to_owned(),
        from_milliseconds,
        to_milliseconds,
    };
    PreviousRun {
        operation_id: "0".to_owned(),
        total_milliseconds: 42_000,
        stacks: vec![stack("data", 6_000, 20_000), stack("web", 8_000, 42_000)],
    }
}

fn stack_box(name: &str, depends_on: &[&str], status: StackStatus, services: &[&str]) -> StackBox {
    let mut letters = name.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    StackBox {
        name: name.to_owned(),
        title: first.into_iter().chain(letters).collect(),
        depends_on: words(depends_on),
        look: Some(Look::from(status)),
        services: words(services),
    }
}

pub(super) fn graph() -> Vec<StackBox> {
    use StackStatus as S;
    vec![
        stack_box("infrastructure", &[], S::Running, &["store", "cache"]),
        stack_box("telemetry", &[], S::Stopped, &["collector"]),
        stack_box(
            "identity",
            &["infrastructure"],
            S::Running,
            &["migrate", "identity-api"],
        ),
        stack_box(
            "catalog",
            &["infrastructure"],
            S::Deploying,
            &["api", "search", "images", "index", "feed"],
        ),
        stack_box("shop", &["identity", "catalog"], S::Pending, &["web"]),
        stack_box("reports", &["catalog"], S::Failed, &["worker"]),
    ]
}

pub(super) fn plain() -> Vec<StackBox> {
    vec![
        stack_box("data", &[], StackStatus::Running, &["store"]),
        stack_box("web", &[], StackStatus::Running, &["page"]),
    ]
}

pub(super) fn chain() -> Vec<StackBox> {
    let names = ["network", "storage", "queue", "identity", "orders", "shop"];
    let each = names.iter().enumerate().map(|(number, name)| {
        let before: Vec<&str> = names[..number].last().copied().into_iter().collect();
        StackBox {
            look: None,
            ..stack_box(name, &before, StackStatus::Running, &["app"])
        }
    });
    each.collect()
}

pub(super) fn day() -> HealthTimeline {
    use HealthStatus as S;
    const HOUR: i64 = 3_600;
    let track = |name: &str, stack: Option<&str>, service: Option<&str>, turns: &[(i64, S)]| {
        let ends = turns.iter().skip(1).map(|(hour, _)| *hour).chain([24]);
        let spans = turns
            .iter()
            .zip(ends)
            .map(|((hour, status), end)| HealthSpan {
                from_utc: at(hour * HOUR),
                until_utc: at(end * HOUR),
                operation_active: *hour == 13,
                status: *status,
                reason: match status {
                    S::Unknown => "Nothing is recorded of this time.".to_owned(),
                    S::Unhealthy => "page ended with exit code 137.".to_owned(),
                    _ => String::new(),
                },
            });
        HealthTrack {
            name: name.to_owned(),
            stack_name: stack.map(str::to_owned),
            service_name: service.map(str::to_owned),
            spans: spans.collect(),
        }
    };
    HealthTimeline {
        from_utc: at(0),
        until_utc: at(24 * HOUR),
        tracks: vec![
            track(
                "Shop",
                None,
                None,
                &[
                    (0, S::Unknown),
                    (4, S::Healthy),
                    (11, S::Unhealthy),
                    (13, S::Degraded),
                    (15, S::Healthy),
                ],
            ),
            track(
                "Data",
                Some("data"),
                None,
                &[(0, S::Unknown), (4, S::Healthy)],
            ),
            track(
                "Web",
                Some("web"),
                None,
                &[
                    (0, S::Unknown),
                    (4, S::Running),
                    (11, S::NotFound),
                    (13, S::Degraded),
                    (15, S::Running),
                ],
            ),
            track(
                "page",
                Some("web"),
                Some("page"),
                &[(0, S::Healthy), (20, S::Unhealthy)],
            ),
        ],
    }
}

pub(super) fn operations() -> Vec<OperationView> {
    use OperationKind as K;
    use OperationStatus as S;
    let all = [
        (K::Upgrade, S::Running, 0),
        (K::Upgrade, S::Failed, 95),
        (K::Restart, S::Succeeded, 12),
        (K::Redeploy, S::Cancelled, 31),
        (K::Deploy, S::Succeeded, 74),
    ];
    let each = all
        .into_iter()
        .enumerate()
        .map(|(number, (kind, status, took))| OperationView {
            operation_id: number.to_string(),
            environment_id: String::new(),
            environment_name: "local".to_owned(),
            product_group_id: "demo.shop".to_owned(),
            product_deployment_id: String::new(),
            product_name: "Shop".to_owned(),
            product_version: some("1.1.0"),
            kind,
            status,
            product_status: ProductStatus::Running,
            actor: "local operator".to_owned(),
            session_id: String::new(),
            cancel_requested: false,
            can_cancel: false,
            decisions: Vec::new(),
            message: None,
            last_event_id: 0,
            created_at: at(0),
            started_at: Some(at(0)),
            finished_at: status.is_final().then(|| at(took)),
        });
    each.collect()
}
