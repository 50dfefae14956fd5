//! How something is, beside what operations did to it: a badge of its own, the reason, and how old that knowledge is.

use domain::health::{HealthStatus, Wanted};
use domain::timestamp::Timestamp;
use domain::wire::HealthView;
use leptos::prelude::*;

use super::icon::Glyph;
use super::status_badge::{Look, StatusBadge, Tone};
use super::time::{absolute, humane};
use crate::clock::{self, use_now};

impl From<&HealthView> for Look {
    fn from(health: &HealthView) -> Self {
        Self::of_health(health.status, health.wanted, health.operation_active)
    }
}

impl Look {
    /// How something is, with what was meant and what is being done.
    #[must_use]
    pub fn of_health(status: HealthStatus, wanted: Wanted, operation_active: bool) -> Self {
        let own = Self::from(status);
        match (wanted, status) {
            (Wanted::Stopped | Wanted::Maintenance, HealthStatus::Healthy) => {
                Self::new(Tone::Idle, Glyph::Stopped, "At rest")
            }
            (Wanted::NotDeployed, HealthStatus::NotFound) => {
                Self::new(Tone::Idle, Glyph::Pending, "Not deployed")
            }
            // While it is being changed nothing is an alarm.
            _ if operation_active && matches!(own.tone, Tone::Bad | Tone::Warn) => Self {
                tone: Tone::Busy,
                ..own
            },
            _ => own,
        }
    }
}

impl From<HealthStatus> for Look {
    fn from(status: HealthStatus) -> Self {
        match status {
            HealthStatus::Healthy => Self::new(Tone::Good, Glyph::Completed, "Healthy"),
            HealthStatus::Running => Self::new(Tone::Good, Glyph::Running, "Up"),
            HealthStatus::Degraded => Self::new(Tone::Warn, Glyph::Partial, "Degraded"),
            HealthStatus::Unhealthy => Self::new(Tone::Bad, Glyph::Failed, "Unhealthy"),
            HealthStatus::NotFound => Self::new(Tone::Bad, Glyph::Gone, "Not found"),
            HealthStatus::Unknown => Self::new(Tone::Idle, Glyph::Unknown, "Unknown"),
        }
    }
}

/// The badge alone. What nobody knows is hatched.
#[component]
pub fn HealthBadge(#[prop(into)] health: Signal<HealthView>) -> impl IntoView {
    let look = Signal::derive(move || Look::from(&health.get()));
    let unknown = move || health.with(|health| health.status == HealthStatus::Unknown);
    view! {
        <span class="health-badge" class:health-badge--unknown=unknown role="group" aria-label="Health">
            <StatusBadge look outlined=true />
        </span>
    }
}

/// Why, and since when.
#[component]
pub fn HealthReason(#[prop(into)] health: Signal<HealthView>) -> impl IntoView {
    let text = move || {
        health.with(|health| match health.operation_active {
            true => format!("{} An operation is changing it.", health.reason),
            false => health.reason.clone(),
        })
    };
    view! { <span class="health-reason small">{text}</span> }
}

/// How old the knowledge is: `seen 3 s ago`.
#[component]
pub fn Seen(#[prop(into)] at: Signal<Option<Timestamp>>) -> impl IntoView {
    let now = use_now();
    let text = move || seen(at.get(), now.get());
    let title = move || match (at.get(), now.get()) {
        (Some(at), Some(_)) => clock::local(at),
        (Some(at), None) => absolute(at),
        (None, _) => String::new(),
    };
    view! {
        <span
            class="health-seen soft small number"
            class:time--absolute=move || now.get().is_none()
            title=title
        >
            {text}
        </span>
    }
}

fn seen(at: Option<Timestamp>, now: Option<Timestamp>) -> String {
    match (at, now) {
        (None, _) => "not seen yet".to_owned(),
        (Some(at), None) => format!("seen {}", absolute(at)),
        (Some(at), Some(now)) => {
            let whole = std::time::Duration::from_secs(now.since(at).as_secs());
            format!("seen {} ago", humane(whole))
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::health::HealthSource;

    use super::*;

    fn view(status: HealthStatus, wanted: Wanted, operation_active: bool) -> HealthView {
        HealthView {
            status,
            reason: String::new(),
            since: None,
            observed_at: None,
            source: HealthSource::Resync,
            healthy_services: 0,
            total_services: 0,
            wanted,
            operation_active,
        }
    }

    fn check(health: &HealthView, word: &str, tone: Tone) {
        let look = Look::from(health);
        assert_eq!((look.word, look.tone), (word, tone), "{health:?}");
    }

    #[test]
    fn what_is_stopped_on_purpose_is_neither_red_nor_green() {
        use HealthStatus as S;
        check(
            &view(S::Healthy, Wanted::Running, false),
            "Healthy",
            Tone::Good,
        );
        check(
            &view(S::Healthy, Wanted::Stopped, false),
            "At rest",
            Tone::Idle,
        );
        check(
            &view(S::Healthy, Wanted::Maintenance, false),
            "At rest",
            Tone::Idle,
        );
        check(
            &view(S::Degraded, Wanted::Stopped, false),
            "Degraded",
            Tone::Warn,
        );
        check(
            &view(S::NotFound, Wanted::NotDeployed, false),
            "Not deployed",
            Tone::Idle,
        );
        check(
            &view(S::NotFound, Wanted::Running, false),
            "Not found",
            Tone::Bad,
        );
        check(
            &view(S::Unknown, Wanted::Running, false),
            "Unknown",
            Tone::Idle,
        );
    }

    #[test]
    fn nothing_is_an_alarm_while_an_operation_works() {
        check(
            &view(HealthStatus::Unhealthy, Wanted::Running, true),
            "Unhealthy",
            Tone::Busy,
        );
        check(
            &view(HealthStatus::Healthy, Wanted::Running, true),
            "Healthy",
            Tone::Good,
        );
    }

    #[test]
    fn the_age_is_said_in_words() {
        let at = Timestamp::from_millis(1_795_257_665_123);
        let later = |seconds| Some(at.plus(std::time::Duration::from_secs(seconds)));
        assert_eq!(seen(Some(at), later(3)), "seen 3s ago");
        assert_eq!(seen(Some(at), later(192)), "seen 3m 12s ago");
        assert_eq!(seen(Some(at), None), "seen 2026-11-21 10:41:05 UTC");
        assert_eq!(seen(None, later(0)), "not seen yet");
    }
}
