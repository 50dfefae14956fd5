//! Lines that a program wrote, as it wrote them. Follows the end until the reader scrolls up.

use std::collections::VecDeque;

use domain::operation::event::OutputLine;
use leptos::html::Div;
use leptos::prelude::*;

/// How near to the end still counts as following, in pixels.
const NEAR: i32 = 24;

/// Lines of a program. `dropped` lines came before the first of `lines`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Output {
    pub dropped: u64,
    pub lines: VecDeque<OutputLine>,
}

impl Output {
    /// Each with a number that it keeps for ever.
    fn numbered(&self) -> Vec<(u64, OutputLine)> {
        (self.dropped..).zip(self.lines.iter().cloned()).collect()
    }
}

/// The lines in a window of their own. `label` says whose they are.
#[component]
pub fn Terminal(
    #[prop(into)] output: Signal<Output>,
    #[prop(into)] label: String,
) -> impl IntoView {
    let window = NodeRef::<Div>::new();
    let following = StoredValue::new(true);
    let scrolled = move |_| {
        if let Some(window) = window.get_untracked() {
            let below = window.scroll_height() - window.client_height() - window.scroll_top();
            following.set_value(below <= NEAR);
        }
    };
    Effect::new(move |_| {
        output.track();
        request_animation_frame(move || {
            if following.try_get_value() == Some(true)
                && let Some(window) = window.try_get_untracked().flatten()
            {
                window.set_scroll_top(window.scroll_height());
            }
        });
    });
    let dropped = move || {
        let count = output.with(|output| output.dropped);
        (count > 0).then(|| format!("{count} earlier lines are not shown"))
    };
    view! {
        <div
            class="terminal"
            role="group"
            aria-label=label
            tabindex="0"
            node_ref=window
            on:scroll=scrolled
        >
            {move || dropped().map(|text| view! { <p class="terminal__dropped">{text}</p> })}
            <For
                each=move || output.with(Output::numbered)
                key=|(number, _)| *number
                children=|(_, line)| {
                    view! {
                        <div class="terminal__line" class:terminal__line--error=line.stderr>
                            {line.text}
                        </div>
                    }
                }
            />
        </div>
    }
}
