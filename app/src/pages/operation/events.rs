//! The story: what happened, in order, the newest last.

use domain::operation::event::Level;
use leptos::prelude::*;

use crate::clock::use_now;
use crate::components::{Disclosure, Glyph, Icon};
use crate::live::{Line, Live};

/// All lines that the page has.
#[component]
pub fn Events(live: Live) -> impl IntoView {
    let feed = live.feed;
    let count = Memo::new(move |_| feed.with(|feed| feed.earlier + feed.lines.len() as u64));
    let earlier = Memo::new(move |_| feed.with(|feed| feed.earlier));
    let summary = move || {
        view! {
            <h2>"Events"</h2>
            <span class="soft number">{move || count.get()}</span>
        }
    };
    view! {
        <Disclosure summary card=true>
            {move || {
                (earlier.get() > 0)
                    .then(|| {
                        view! { <p class="soft small">{format!("{} earlier events are not shown here", earlier.get())}</p> }
                    })
            }}
            <ol class="events">
                <For
                    each=move || feed.with(|feed| feed.lines.iter().cloned().collect::<Vec<_>>())
                    key=|line| line.seq
                    children=|line| view! { <EventRow line /> }
                />
            </ol>
        </Disclosure>
    }
}

#[component]
fn EventRow(line: Line) -> impl IntoView {
    let (class, glyph, word) = match line.level {
        Level::Error => ("events__row tone-bad", Some(Glyph::Failed), "Error: "),
        Level::Warning => ("events__row tone-warn", Some(Glyph::Warning), "Warning: "),
        Level::Info | Level::Detail => ("events__row", None, ""),
    };
    let mark = glyph.map(|glyph| {
        view! {
            <Icon glyph />
            <span class="unseen">{word}</span>
        }
    });
    let at = line.at;
    let now = use_now();
    // The zone of the reader is known once the page runs, and does not change.
    let runs = Memo::new(move |_| now.with(Option::is_some));
    let time = move || {
        if runs.get() {
            crate::clock::time_of_day(at)
        } else {
            utc(at)
        }
    };
    view! {
        <li class=class>
            <time datetime=at.to_string()>{time}</time>
            <span class="events__mark">{mark}</span>
            <span class="events__stack soft">{line.stack}</span>
            <span class="events__text">{line.text}</span>
        </li>
    }
}

/// `10:41:05`: the server says it in UTC, and the browser the same until the page runs.
fn utc(at: domain::timestamp::Timestamp) -> String {
    let text = at.to_string();
    text.get(11..19).map_or_else(|| text.clone(), str::to_owned)
}
