//! Points in time and durations for people. Pure formatting, so that server and browser say the same.
//!
//! The server does not know the reader's clock or zone: it renders the absolute time in UTC. Once the page runs, the text
//! becomes relative and follows the clock; the absolute time in the reader's zone is in the title. `style/time.css` keeps the first text,
//! which is longer, from taking up room where the second will soon be.

use std::time::Duration;

use domain::timestamp::Timestamp;
use leptos::prelude::*;

use crate::clock::use_now;

/// `<time>`: absolute first, relative as soon as the browser can count.
#[component]
pub fn RelativeTime(#[prop(into)] at: Signal<Timestamp>) -> impl IntoView {
    let now = use_now();
    let text = move || match now.get() {
        Some(now) => relative(at.get(), now),
        None => absolute(at.get()),
    };
    let title = move || match now.get() {
        Some(_) => crate::clock::local(at.get()),
        None => absolute(at.get()),
    };
    view! {
        <time
            class:time--absolute=move || now.get().is_none()
            datetime=move || at.get().to_string()
            title=title
        >
            {text}
        </time>
    }
}

/// How long something took or has been taking. Without an end it counts on once the page runs; until then, it is
/// as of the moment `rendered`, where the caller gives one.
#[component]
pub fn Elapsed(
    #[prop(into)] from: Signal<Timestamp>,
    #[prop(into)] to: Signal<Option<Timestamp>>,
    #[prop(optional, into)] rendered: Option<Timestamp>,
) -> impl IntoView {
    let now = use_now();
    let text = move || {
        let end = to.get().or_else(|| now.get()).or(rendered);
        end.map_or_else(|| "…".to_owned(), |end| humane(end.since(from.get())))
    };
    view! { <span class="number">{text}</span> }
}

/// `3m 12s`, `1h 04m`, `2d 3h`; two units are enough.
#[must_use]
pub fn humane(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match seconds {
        0 if duration.as_millis() > 0 => format!("{}ms", duration.as_millis()),
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{minutes}m {:02}s", seconds % 60),
        3600..86_400 => format!("{hours}h {:02}m", minutes % 60),
        _ => format!("{days}d {}h", hours % 24),
    }
}

/// `just now`, `4 min ago`, `3 h ago`, `yesterday`, `12 days ago`; a time ahead of the clock is `just now`.
#[must_use]
pub fn relative(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.since(at).as_secs();
    match seconds {
        0..10 => "just now".to_owned(),
        10..60 => format!("{seconds} s ago"),
        60..3600 => format!("{} min ago", seconds / 60),
        3600..86_400 => format!("{} h ago", seconds / 3600),
        86_400..172_800 => "yesterday".to_owned(),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

/// `2026-11-21 10:41:05 UTC`.
#[must_use]
pub fn absolute(at: Timestamp) -> String {
    let text = at.to_string();
    // `2026-11-21T10:41:05.123Z`
    match (text.get(..10), text.get(11..19)) {
        (Some(day), Some(time)) => format!("{day} {time} UTC"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_two_units() {
        for (millis, expected) in [
            (0, "0s"),
            (340, "340ms"),
            (9_400, "9s"),
            (192_000, "3m 12s"),
            (3_600_000, "1h 00m"),
            (183_600_000, "2d 3h"),
        ] {
            assert_eq!(humane(Duration::from_millis(millis)), expected);
        }
    }

    #[test]
    fn ages_are_rounded_down_and_never_negative() {
        let at = Timestamp::from_millis(1_000_000);
        for (later, expected) in [
            (-5_000, "just now"),
            (9_000, "just now"),
            (59_000, "59 s ago"),
            (60_000, "1 min ago"),
            (7_200_000, "2 h ago"),
            (90_000_000, "yesterday"),
            (259_200_000, "3 days ago"),
        ] {
            let now = Timestamp::from_millis(1_000_000 + later);
            assert_eq!(relative(at, now), expected);
        }
    }

    #[test]
    fn the_absolute_time_names_its_zone() {
        let at = Timestamp::from_millis(1_795_257_665_123);
        assert_eq!(absolute(at), "2026-11-21 10:41:05 UTC");
    }
}
