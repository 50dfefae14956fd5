//! Whether what is shown is current, and how old it is where it is not. Hidden where scripts do not run.

use domain::timestamp::Timestamp;
use leptos::prelude::*;

use super::icon::{Glyph, Icon};
use crate::clock;
use crate::live::{Link, Tab, polled::Polled};

/// Of a stream.
#[component]
pub fn LiveMark(link: Signal<Link>, heard: Signal<Option<Timestamp>>) -> impl IntoView {
    let text = move || {
        let link = link.get();
        match heard.get() {
            Some(at) if link.is_stale() => {
                format!(
                    "{}, showing {}",
                    link.label().trim_end_matches('.'),
                    clock::time_of_day(at)
                )
            }
            _ => link.label().to_owned(),
        }
    };
    let stale = Signal::derive(move || link.get().is_stale());
    let live = Signal::derive(move || link.get() == Link::Live);
    view! { <Mark text stale live /> }
}

/// Of something that is asked for again and again.
#[component]
pub fn FreshMark<T: Send + Sync + 'static>(polled: Polled<T>) -> impl IntoView {
    let tab = Tab::of_page();
    let text = move || {
        // While the tab hears of every change, what is shown is as old as the last sign of life. Not before this part of the page runs:
        // what the server rendered says nothing yet.
        let heard = tab.heard.get().filter(|_| tab.link.get() == Link::Live);
        let at = polled
            .heard
            .get()
            .map(|own| heard.map_or(own, |heard| own.max(heard)));
        let at = at.map(clock::time_of_day);
        match (polled.stale.get(), at) {
            (true, Some(at)) => format!("Not answering, showing {at}"),
            (true, None) => "Not answering".to_owned(),
            (false, Some(at)) => format!("Updated {at}"),
            (false, None) => String::new(),
        }
    };
    let live = Signal::derive(move || !polled.stale.get() && polled.heard.with(Option::is_some));
    view! { <Mark text stale=polled.stale live /> }
}

#[component]
fn Mark(
    #[prop(into)] text: Signal<String>,
    #[prop(into)] stale: Signal<bool>,
    #[prop(into)] live: Signal<bool>,
) -> impl IntoView {
    let glyph = Signal::derive(move || {
        if stale.get() {
            Glyph::Unknown
        } else {
            Glyph::Bolt
        }
    });
    view! {
        <span
            class="live-mark"
            class:live-mark--stale=move || stale.get()
            class:live-mark--live=move || live.get()
        >
            <Icon glyph />
            <span class="number">{text}</span>
        </span>
    }
}
