//! The operation along its time. Drawn anew once a second at most while it runs, however much happens.

use domain::wire::PreviousRun;
use leptos::prelude::*;

use super::Page;
use crate::clock::use_now;
use crate::components::Timeline;
use crate::pictures::timeline::timeline;

/// The picture; nothing before there is a plan.
#[component]
pub fn OperationTimeline(page: Page, previous: Option<PreviousRun>) -> impl IntoView {
    let (feed, now) = (page.live.feed, use_now());
    let planned = Memo::new(move |_| feed.with(|feed| feed.progress.steps().next().is_some()));
    let drawn = Memo::new(move |_| {
        let draw = |feed: &crate::live::Feed, now| timeline(&feed.progress, now, previous.as_ref());
        if page.finished.get() {
            return feed.with(|feed| draw(feed, feed.progress.at));
        }
        // The clock says when to look, and the plan once it is there; events alone do not.
        planned.track();
        let now = now.get();
        feed.with_untracked(|feed| draw(feed, now.unwrap_or(feed.progress.at)))
    });
    move || planned.get().then(|| view! { <Timeline drawn /> })
}
