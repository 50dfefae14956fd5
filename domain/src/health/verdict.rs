//! The sentences: what one container's state means, and how many become one.

use crate::plan::{ContainerState, Health, ObservedContainer};

use super::{ContainerHealth, HealthStatus, ServiceHealth, StackHealth, Wanted};

/// A container that ended so often of late is in a crash loop, even while it runs.
pub const CRASH_LOOP_ENDS: u32 = 3;

/// A status and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub status: HealthStatus,
    /// One sentence.
    pub reason: String,
}

impl Verdict {
    pub(super) fn new(status: HealthStatus, reason: impl Into<String>) -> Self {
        Self {
            status,
            reason: reason.into(),
        }
    }
}

/// One container that is there.
pub(super) fn container(seen: &ObservedContainer, init: bool, ends: u32) -> Verdict {
    use HealthStatus::{Degraded, Healthy, Running, Unhealthy};
    let name = &seen.name;
    let code = seen
        .exit_code
        .map_or_else(String::new, |code| format!(" with exit code {code}"));
    let (status, reason) = match (seen.state, seen.health) {
        (ContainerState::Exited, _) if init && seen.exit_code == Some(0) => {
            (Healthy, format!("{name} did its work."))
        }
        (ContainerState::Exited | ContainerState::Dead, _) => {
            (Unhealthy, format!("{name} ended{code}."))
        }
        (ContainerState::Restarting, _) => (
            Unhealthy,
            format!("{name} ended{code} and is restarted again and again."),
        ),
        (ContainerState::Created, _) => (Unhealthy, format!("{name} was never started.")),
        (ContainerState::Paused, _) => (Unhealthy, format!("{name} is paused.")),
        (ContainerState::Removing, _) => (Unhealthy, format!("{name} is being removed.")),
        (ContainerState::Running, _) if ends >= CRASH_LOOP_ENDS => {
            (Unhealthy, format!("{name} runs, but ends again and again."))
        }
        (ContainerState::Running, Health::Unhealthy) => {
            (Unhealthy, format!("The check of {name} fails."))
        }
        (ContainerState::Running, Health::Starting) => (
            Degraded,
            format!("{name} runs; its check has not passed yet."),
        ),
        (ContainerState::Running, Health::Healthy) => {
            (Healthy, format!("The check of {name} passes."))
        }
        (ContainerState::Running, Health::None) if init => {
            (Running, format!("{name} does its work."))
        }
        (ContainerState::Running, Health::None) => (Running, format!("{name} runs.")),
    };
    Verdict::new(status, reason)
}

/// One container that is not there. A one-shot that has done its work may be cleared away.
pub(super) fn missing(name: &str, init: bool, settled: bool) -> Verdict {
    if init && settled {
        Verdict::new(
            HealthStatus::Healthy,
            format!("{name} did its work and is gone."),
        )
    } else {
        Verdict::new(
            HealthStatus::NotFound,
            format!("{name} does not exist on the engine."),
        )
    }
}

/// The worst speaks for all; what is missing in part is ill, not missing.
pub(super) fn fold(statuses: impl Iterator<Item = HealthStatus> + Clone) -> Option<HealthStatus> {
    let worst = statuses.clone().max_by_key(|status| status.severity())?;
    let all = |status| statuses.clone().all(|each| each == status);
    match worst {
        HealthStatus::NotFound if !all(HealthStatus::NotFound) => Some(HealthStatus::Unhealthy),
        worst => Some(worst),
    }
}

/// The worst of many, its sentence, and how many more there are of that kind.
fn worst<'a>(
    parts: impl Iterator<Item = (HealthStatus, &'a str, String)>,
) -> Option<(String, usize)> {
    let mut bad: Vec<_> = parts.filter(|(status, ..)| !status.is_good()).collect();
    bad.sort_by_key(|(status, ..)| std::cmp::Reverse(status.severity()));
    let more = bad.len().saturating_sub(1);
    let (_, reason, prefix) = bad.into_iter().next()?;
    Some((format!("{prefix}{reason}"), more))
}

fn and_more(sentence: String, more: usize, what: &str) -> String {
    match more {
        0 => sentence,
        1 => format!("{sentence} One more {what} is not well."),
        more => format!("{sentence} {more} more {what}s are not well."),
    }
}

/// Replicas become a service: where some serve and some do not, it is degraded.
pub(super) fn service(containers: &[ContainerHealth]) -> Verdict {
    let statuses = containers.iter().map(|container| container.verdict.status);
    let Some(folded) = fold(statuses.clone()) else {
        return Verdict::new(HealthStatus::Healthy, "It has no containers.");
    };
    let good = statuses.filter(|status| status.is_good()).count();
    let parts = containers.iter().map(|container| {
        let verdict = &container.verdict;
        (verdict.status, verdict.reason.as_str(), String::new())
    });
    match (worst(parts), containers) {
        (Some((sentence, more)), _) => {
            let status = if good > 0 {
                HealthStatus::Degraded
            } else {
                folded
            };
            Verdict::new(status, and_more(sentence, more, "container"))
        }
        (None, [only]) => Verdict::new(folded, only.verdict.reason.clone()),
        (None, all) => Verdict::new(folded, format!("All {} containers run.", all.len())),
    }
}

/// Services become a stack.
pub(super) fn stack(wanted: Wanted, services: Option<&[ServiceHealth]>) -> Verdict {
    let Some(services) = services else {
        return Verdict::new(
            HealthStatus::Unknown,
            "The recorded stack cannot be read any more, so nobody knows its services.",
        );
    };
    let statuses = services.iter().map(|service| service.state.status);
    let Some(folded) = fold(statuses) else {
        return Verdict::new(HealthStatus::Healthy, "It has no services.");
    };
    if wanted == Wanted::NotDeployed {
        return Verdict::new(HealthStatus::NotFound, wanted.rest());
    }
    let parts = services.iter().map(|service| {
        let state = &service.state;
        (state.status, state.reason.as_str(), String::new())
    });
    match worst(parts) {
        Some((sentence, more)) => Verdict::new(folded, and_more(sentence, more, "service")),
        None if wanted == Wanted::Running => Verdict::new(folded, good_words(folded)),
        None => Verdict::new(folded, wanted.rest()),
    }
}

const fn good_words(status: HealthStatus) -> &'static str {
    match status {
        HealthStatus::Running => "Everything runs; not everything has a check.",
        _ => "Everything is as it should be.",
    }
}

/// Stacks become a product. Stacks that should not run say nothing about it, unless none should.
pub(super) fn product(wanted: Wanted, stacks: &[StackHealth]) -> Verdict {
    let speaks = |stack: &&StackHealth| {
        stack.wanted == Wanted::Running || stack.state.status == HealthStatus::Degraded
    };
    let speaking: Vec<&StackHealth> = stacks.iter().filter(speaks).collect();
    let statuses = speaking.iter().map(|stack| stack.state.status);
    let Some(folded) = fold(statuses) else {
        let resting = stacks.iter().map(|stack| stack.wanted);
        let deployed = resting.clone().find(|rest| *rest != Wanted::NotDeployed);
        let rest = match wanted {
            Wanted::Running => deployed.or_else(|| resting.clone().next()),
            rest => Some(rest),
        };
        return match rest {
            Some(Wanted::NotDeployed) => {
                Verdict::new(HealthStatus::NotFound, Wanted::NotDeployed.rest())
            }
            Some(rest) => Verdict::new(HealthStatus::Healthy, rest.rest()),
            None => Verdict::new(HealthStatus::Healthy, "It has no stacks."),
        };
    };
    let parts = speaking.iter().map(|stack| {
        let state = &stack.state;
        let prefix = format!("{}: ", stack.display_name);
        (state.status, state.reason.as_str(), prefix)
    });
    match worst(parts) {
        Some((sentence, more)) => Verdict::new(folded, and_more(sentence, more, "stack")),
        None => Verdict::new(folded, good_words(folded)),
    }
}
