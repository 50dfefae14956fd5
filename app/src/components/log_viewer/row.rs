//! One line: its number, which is a link to it, its time, and its text in colours.

use leptos::prelude::*;

use super::Viewer;
use crate::logs::ansi::{Piece, pieces};

/// The line of this number; nothing where it was dropped since.
#[component]
pub fn Row(viewer: Viewer, number: u64) -> impl IntoView {
    let line = viewer.lines(|lines| lines.get(number).cloned())?;
    let at = line.at.to_string();
    let named = (!at.is_empty()).then(|| at.clone());
    let chosen = named.clone();
    let choose = move |event: leptos::ev::MouseEvent| {
        if let Some(at) = &chosen
            && viewer.runs.get_untracked()
        {
            event.prevent_default();
            // Where the address cannot be changed the line is marked all the same.
            let _ = window().location().set_hash(at);
            viewer.set_following(false);
            viewer.current.set(Some(number));
        }
    };
    // Numbers are known once all lines are there.
    let label = move || viewer.feed.whole.get().then(|| (number + 1).to_string());
    let href = named.as_ref().map(|at| format!("#{at}"));
    let title = at.clone();
    let time = move || time_of(&at, viewer.runs.get());
    let here = move || viewer.current.get() == Some(number);
    let text = line.text;
    let content = move || {
        let pieces = viewer.needle.with(|needle| pieces(&text, needle));
        pieces.into_iter().map(piece).collect_view()
    };
    Some(view! {
        <div
            class="log__line"
            class:log__line--error=line.stderr
            class:log__line--current=here
            id=named
        >
            <a class="log__number" href=href aria-label="Link to this line" on:click=choose>
                {label}
            </a>
            <span class="log__time" title=title>
                {time}
            </span>
            <div class="log__text">{content}</div>
        </div>
    })
}

fn piece(piece: Piece) -> AnyView {
    let classes = piece.style.classes();
    match (piece.hit, classes.is_empty()) {
        (true, _) => view! { <mark class=classes>{piece.text}</mark> }.into_any(),
        (false, true) => piece.text.into_any(),
        (false, false) => view! { <span class=classes>{piece.text}</span> }.into_any(),
    }
}

/// `12:04:07.123`, in the zone of the reader once the page runs, in UTC before.
fn time_of(at: &str, runs: bool) -> String {
    let utc = at.get(11..23).unwrap_or_default();
    #[cfg(feature = "hydrate")]
    if runs && let (Some(whole), Some(millis)) = (at.get(..19), at.get(19..23)) {
        let date = leptos::web_sys::js_sys::Date::new(&format!("{whole}Z").into());
        return format!(
            "{:02}:{:02}:{:02}{millis}",
            date.get_hours(),
            date.get_minutes(),
            date.get_seconds()
        );
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = runs;
    utc.to_owned()
}
