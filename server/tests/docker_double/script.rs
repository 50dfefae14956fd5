//! What a container does with its life, read from its environment as the demo service reads it.

use std::time::Duration;

use serde_json::Value;

/// The only program in the images.
const PROGRAM: &str = "/demo-service";
/// Until a program is up and says its first words.
const MOMENT: Duration = Duration::from_millis(5);
/// Exit code of a call that the demo service does not understand.
pub(super) const USAGE: i64 = 64;

/// A life from its start on.
#[derive(Debug, Clone, Default)]
pub(super) struct Script {
    /// The program, where it is not in the image.
    pub(super) missing_program: Option<String>,
    /// Whether to standard error, and the text.
    pub(super) lines: Vec<(bool, String)>,
    /// When it ends by itself, and its exit code.
    pub(super) exit: Option<(Duration, i64)>,
    /// When its health check turns, and to what; empty where it has none.
    pub(super) health: Vec<(Duration, bool)>,
    pub(super) checked: bool,
    pub(super) ignores_stop: bool,
}

/// Reads it from the body of a create call and the name of its image.
pub(super) fn of(body: &Value, image: &str) -> Script {
    let environment = Environment(body);
    let entrypoint = words(&body["Entrypoint"]);
    let missing_program = entrypoint
        .first()
        .filter(|program| *program != PROGRAM && !program.is_empty())
        .cloned();
    let role = words(&body["Cmd"])
        .first()
        .cloned()
        .or_else(|| environment.text("DEMO_ROLE"))
        .unwrap_or_else(|| role_of(image));
    let flag = |name: &str| {
        environment
            .text(name)
            .is_some_and(|v| v == "1" || v == "true")
    };
    let time = |name: &str| environment.text(name).as_deref().and_then(duration);
    let code = environment
        .text("EXIT_CODE")
        .and_then(|code| code.parse().ok())
        .unwrap_or(1);
    let delay = time("START_DELAY").unwrap_or_default();

    let name = environment
        .text("DEMO_NAME")
        .unwrap_or_else(|| role.clone());
    let mut lines = vec![(false, format!("{name}: {role} 1.0.0 starts"))];
    let count: usize = environment
        .text("LOG_LINES")
        .and_then(|count| count.parse().ok())
        .unwrap_or(0);
    let stderr = flag("LOG_STDERR");
    lines.extend((1..=count).map(|at| (stderr, format!("{name}: log line {at} of {count}"))));

    let exit = if flag("CRASH") {
        Some((MOMENT, code))
    } else if let Some(after) = time("EXIT_AFTER") {
        Some((after, code))
    } else if role == "migrate" && !flag("HANG") {
        let steps = environment
            .text("SCHEMA_VERSION")
            .and_then(|version| version.parse().ok())
            .unwrap_or(3);
        let step = time("STEP_DELAY").unwrap_or_default();
        Some((MOMENT + delay + step * steps, 0))
    } else if !["web", "store", "worker", "migrate"].contains(&role.as_str()) {
        Some((MOMENT, USAGE))
    } else {
        None
    };
    let (checked, mut health) = match health_check(body, image) {
        None => (false, Vec::new()),
        Some(patience) if flag("NEVER_HEALTHY") => (true, vec![(patience, false)]),
        Some(patience) => {
            let mut turns = vec![(MOMENT + delay, true)];
            turns.extend(time("UNHEALTHY_AFTER").map(|at| (at + patience, false)));
            (true, turns)
        }
    };
    if let Some((end, _)) = exit {
        health.retain(|(at, _)| *at < end);
    }
    Script {
        missing_program,
        lines,
        exit,
        health,
        checked,
        ignores_stop: flag("IGNORE_SIGTERM"),
    }
}

/// How long a health check fails before it counts; none where there is no check.
fn health_check(body: &Value, image: &str) -> Option<Duration> {
    let check = &body["Healthcheck"];
    match words(&check["Test"]).first().map(String::as_str) {
        Some("NONE") => return None,
        None if !has_health_check(image) => return None,
        _ => {}
    }
    let interval = check["Interval"].as_u64().filter(|nanos| *nanos > 0);
    let retries = check["Retries"].as_u64().filter(|retries| *retries > 0);
    let interval = Duration::from_nanos(interval.unwrap_or(30_000_000_000));
    Some(interval * u32::try_from(retries.unwrap_or(3)).unwrap_or(u32::MAX))
}

/// Whether the image brings a health check: of the demo's images those that answer HTTP.
pub(super) fn has_health_check(image: &str) -> bool {
    ["web", "store"].contains(&role_of(image).as_str())
}

/// `windlass-demo/web:1.0.0` plays `web`.
fn role_of(image: &str) -> String {
    let name = image.rsplit('/').next().unwrap_or(image);
    name.split([':', '@']).next().unwrap_or(name).to_owned()
}

pub(super) fn words(list: &Value) -> Vec<String> {
    let list = list.as_array().into_iter().flatten();
    list.filter_map(|word| word.as_str().map(str::to_owned))
        .collect()
}

struct Environment<'a>(&'a Value);

impl Environment<'_> {
    fn text(&self, name: &str) -> Option<String> {
        words(&self.0["Env"]).iter().find_map(|line| {
            let (key, value) = line.split_once('=')?;
            (key == name && !value.is_empty()).then(|| value.to_owned())
        })
    }
}

/// `250ms`, `3s`, `2m`, `1h`.
fn duration(text: &str) -> Option<Duration> {
    let unit = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text[..unit].parse().ok()?;
    Some(match &text[unit..] {
        "ms" => Duration::from_millis(number),
        "s" => Duration::from_secs(number),
        "m" => Duration::from_secs(60 * number),
        "h" => Duration::from_secs(3600 * number),
        _ => return None,
    })
}

/// What a command run in a container comes to.
pub(super) enum Command {
    Ends(i64),
    NeverEnds,
    /// It is not in the image.
    Missing(String),
}

/// The demo service as a command; `healthy` is what its own health address answers.
pub(super) fn command(words: &[String], healthy: bool) -> Command {
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [PROGRAM, "check"] => Command::Ends((!healthy).into()),
        [PROGRAM, "check", address] if address.contains(":8080/") => {
            Command::Ends((!healthy).into())
        }
        [PROGRAM, "check", _] => Command::Ends(1),
        [PROGRAM, "web" | "store" | "worker", ..] => Command::NeverEnds,
        [PROGRAM, ..] => Command::Ends(USAGE),
        [program, ..] => Command::Missing(program.to_owned()),
        [] => Command::Missing(String::new()),
    }
}
