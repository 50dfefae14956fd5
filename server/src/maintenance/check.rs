//! One look of one observer: from its configuration to what is kept.

use std::error::Error;
use std::time::Duration;

use domain::deployment::{OperationMode, ProductDeployment};
use domain::maintenance::{
    CheckOutcome, ConfigProblem, Meaning, ObserverCheck, ObserverConfig, ObserverKind,
};

use crate::clock::Clock;
use crate::orchestrator::Redactor;
use crate::signals::Signals;

/// Longest look, whatever its own bounds say.
const LONGEST_LOOK: Duration = Duration::from_secs(150);
/// Longest value that is kept, in characters.
const MAX_VALUE: usize = 200;
/// Longest reason that is kept, in characters.
const MAX_REASON: usize = 1_000;

/// What came of a look.
pub(super) struct Looked {
    pub(super) check: ObserverCheck,
    /// Until the next one.
    pub(super) wait: Duration,
    /// The mode that is wanted, and why.
    pub(super) wanted: Option<(OperationMode, String)>,
}

/// Looks; nothing where the product has no observer.
pub(super) async fn look(
    signals: &Signals,
    clock: &Clock,
    deployment: &ProductDeployment,
) -> Option<Looked> {
    let wait = ObserverConfig::polling_interval_of(deployment);
    let (kind, seen) = match ObserverConfig::of(deployment) {
        Ok(None) => return None,
        Ok(Some(observer)) => (Some(observer.source.kind()), see(signals, &observer).await),
        Err(problems) => (None, Seen::failed(None, in_words(&problems))),
    };
    let redactor = Redactor::new(
        &[&deployment.product],
        deployment
            .stacks
            .iter()
            .map(|stack| &stack.values)
            .chain([&deployment.shared_values]),
    );
    let value = seen
        .value
        .map(|value| bounded(redactor.strike(&value), MAX_VALUE));
    let reason = seen
        .reason
        .map(|reason| bounded(redactor.strike(&reason), MAX_REASON));
    let mode = match seen.outcome {
        CheckOutcome::Maintenance => Some(OperationMode::Maintenance),
        CheckOutcome::Normal => Some(OperationMode::Normal),
        CheckOutcome::Failed => None,
    };
    let wanted = mode.map(|mode| {
        let kind = kind.map_or("", ObserverKind::as_str);
        let value = value.as_deref().unwrap_or_default();
        (mode, format!("The {kind} observer reads '{value}'."))
    });
    Some(Looked {
        check: ObserverCheck {
            at: clock.now(),
            outcome: seen.outcome,
            observed_value: value,
            error_message: reason,
        },
        wait,
        wanted,
    })
}

/// What an observer saw, before secrets are struck out.
struct Seen {
    outcome: CheckOutcome,
    value: Option<String>,
    reason: Option<String>,
}

impl Seen {
    const fn failed(value: Option<String>, reason: String) -> Self {
        Self {
            outcome: CheckOutcome::Failed,
            value,
            reason: Some(reason),
        }
    }
}

async fn see(signals: &Signals, observer: &ObserverConfig) -> Seen {
    let value = match tokio::time::timeout(LONGEST_LOOK, signals.observe(observer)).await {
        Ok(Ok(value)) => value,
        Ok(Err(error)) => return Seen::failed(None, sentence(&error)),
        Err(_) => {
            let seconds = LONGEST_LOOK.as_secs();
            return Seen::failed(None, format!("Nothing came within {seconds} s."));
        }
    };
    let outcome = match observer.meaning(&value) {
        Meaning::Maintenance => CheckOutcome::Maintenance,
        Meaning::Normal => CheckOutcome::Normal,
        Meaning::Neither => {
            let reason = format!(
                "The value is neither '{}' (maintenance) nor '{}' (normal). Correct the source, or maintenanceValue and normalValue.",
                observer.maintenance_value,
                observer.normal_value.as_deref().unwrap_or_default()
            );
            return Seen::failed(Some(value), reason);
        }
    };
    Seen {
        outcome,
        value: Some(value),
        reason: None,
    }
}

fn in_words(problems: &[ConfigProblem]) -> String {
    match problems {
        [] => "The observer in the manifest cannot be used.".to_owned(),
        [only] => only.to_string(),
        [first, rest @ ..] => format!("{first} ({} more)", rest.len()),
    }
}

/// An error with what it came from.
pub(super) fn sentence(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        let deeper_text = deeper.to_string();
        // Some errors say what their source says.
        if !text.contains(&deeper_text) {
            text = format!("{text}: {deeper_text}");
        }
        cause = deeper.source();
    }
    text
}

fn bounded(text: String, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
