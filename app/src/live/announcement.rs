//! What a screen reader is told while an operation runs: one short sentence now and then, failures at once.

use std::time::Duration;

use domain::deployment::StackStatus;
use domain::operation::progress::Progress;
use leptos::prelude::*;

/// At most one polite sentence in this time.
pub const PAUSE: Duration = Duration::from_secs(4);

/// The state in one sentence. Changes only when a stack or the whole changes, not with every step.
#[must_use]
pub fn sentence(progress: &Progress) -> String {
    if progress.is_finished() {
        return progress.message.clone().unwrap_or_default();
    }
    let (done, all) = progress.completed_stacks();
    let at_work: Vec<&str> = progress
        .stacks
        .iter()
        .filter(|stack| matches!(stack.status, StackStatus::Deploying | StackStatus::Removing))
        .map(|stack| stack.display_name.as_str())
        .collect();
    let failed = progress
        .stacks
        .iter()
        .filter(|stack| stack.status == StackStatus::Failed)
        .count();
    let mut text = format!("{done} of {all} stacks completed");
    if failed > 0 {
        text.push_str(&format!(", {failed} failed"));
    }
    if !at_work.is_empty() {
        text.push_str(&format!("; at work: {}", at_work.join(", ")));
    }
    text.push('.');
    text
}

/// `text`, slowed down: the first at once, then at most one change in [`PAUSE`], always ending with the newest. Empty at
/// first, since what stands on the page already is not news.
#[must_use]
pub fn slowed(text: Memo<String>) -> Signal<String> {
    let said = RwSignal::new(String::new());
    #[cfg(feature = "hydrate")]
    {
        let resting = StoredValue::new(false);
        Effect::new(move |before: Option<()>| {
            let now = text.get();
            if before.is_some() && !resting.get_value() {
                said.set(now);
                rest(text, said, resting);
            }
        });
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = text;
    said.into()
}

/// Says nothing for a while, then what came meanwhile. Ends where the page is gone.
#[cfg(feature = "hydrate")]
fn rest(text: Memo<String>, said: RwSignal<String>, resting: StoredValue<bool>) {
    if resting.try_set_value(true).is_some() {
        return;
    }
    set_timeout(
        move || {
            let Some(newest) = text.try_get_untracked() else {
                return;
            };
            if said.try_with_untracked(|said| *said == newest) == Some(false) {
                said.try_set(newest);
                rest(text, said, resting);
            } else {
                resting.try_set_value(false);
            }
        },
        PAUSE,
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::operation::progress::StackProgress;
    use domain::timestamp::Timestamp;

    fn check(statuses: &[StackStatus], expected: &str) {
        let stacks = statuses
            .iter()
            .zip(["One", "Two", "Three"])
            .map(|(status, name)| StackProgress {
                name: name.to_lowercase(),
                display_name: name.to_owned(),
                deployment_stack_name: String::new(),
                status: *status,
                message: None,
                started_at: None,
                ended_at: None,
                services: Vec::new(),
                steps: Vec::new(),
            })
            .collect();
        let progress = Progress {
            stacks,
            ..Progress::default()
        };
        assert_eq!(sentence(&progress), expected);
    }

    #[test]
    fn it_says_what_is_done_what_failed_and_what_is_at_work() {
        use StackStatus::{Deploying, Failed, Pending, Running};
        check(&[Pending, Pending], "0 of 2 stacks completed.");
        check(
            &[Running, Deploying, Pending],
            "1 of 3 stacks completed; at work: Two.",
        );
        check(
            &[Failed, Running, Deploying],
            "1 of 3 stacks completed, 1 failed; at work: Three.",
        );
    }

    #[test]
    fn the_end_is_told_in_the_words_of_the_server() {
        let progress = Progress {
            finished_at: Some(Timestamp::from_millis(1)),
            message: Some("All 3 stacks run.".to_owned()),
            ..Progress::default()
        };
        assert_eq!(sentence(&progress), "All 3 stacks run.");
    }
}
