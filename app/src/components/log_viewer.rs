//! Output of a program, however long: follows the end until the reader scrolls up, finds in all lines, leads to one of them.
//!
//! Only the lines that are seen are in the document. Every row is as high as each other, so that the place of a line is a number; a
//! long line takes several rows where lines wrap. Before the page runs, all lines that it was rendered with are there.

pub mod row;

use domain::timestamp::Timestamp;
use leptos::ev;
use leptos::html::{Div, Span};
use leptos::prelude::*;
use leptos::web_sys::HtmlElement;

use super::copy_button::CopyButton;
use super::icon::{Glyph, Icon};
use super::live_mark::LiveMark;
use crate::live::Link;
use crate::live::logs::LogFeed;
use crate::logs::ansi::plain;
use crate::logs::{Find, LogBuffer};

use row::Row;

/// Height of a row in pixels; `log_viewer.css` says the same.
const ROW: u64 = 20;
/// Rows above and below what is seen that are in the document.
const MORE: u64 = 12;
/// How near to the end still counts as following, in pixels.
const NEAR: i32 = 24;
/// Bytes that are searched before the browser may draw.
const SEARCHED_AT_ONCE: usize = 256 * 1024;
/// Most lines that are copied.
const COPIED: usize = 10_000;
/// Characters of the hidden text that tells how wide one is.
const RULER: &str = "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm";

/// The state of one viewer.
#[derive(Clone, Copy)]
pub struct Viewer {
    feed: LogFeed,
    /// Numbers of the lines in the document.
    shown: RwSignal<(u64, u64)>,
    following: RwSignal<bool>,
    /// The number of the first line that came after the reader scrolled up.
    unseen_from: RwSignal<u64>,
    /// Rows that were dropped when the place was set last.
    dropped: StoredValue<u64>,
    wrap: RwSignal<bool>,
    times: RwSignal<bool>,
    /// Whether the page runs.
    runs: RwSignal<bool>,
    find: StoredValue<Find>,
    searching: StoredValue<bool>,
    /// In lower case.
    needle: RwSignal<String>,
    /// How many lines have it, and the place of the present one.
    found: RwSignal<(usize, Option<usize>)>,
    /// The line that was led to.
    current: RwSignal<Option<u64>>,
    /// The line that the address names, until it was found among all lines.
    wanted: StoredValue<Option<String>>,
    window: NodeRef<Div>,
    sizer: NodeRef<Div>,
    block: NodeRef<Div>,
    ruler: NodeRef<Span>,
    ruled: NodeRef<Div>,
}

impl Viewer {
    fn new(feed: LogFeed) -> Self {
        let all = feed.lines.with_value(|lines| (lines.first(), lines.next()));
        Self {
            feed,
            shown: RwSignal::new(all),
            following: RwSignal::new(true),
            unseen_from: RwSignal::new(0),
            dropped: StoredValue::new(0),
            wrap: RwSignal::new(false),
            times: RwSignal::new(true),
            runs: RwSignal::new(false),
            find: StoredValue::new(Find::default()),
            searching: StoredValue::new(false),
            needle: RwSignal::new(String::new()),
            found: RwSignal::new((0, None)),
            current: RwSignal::new(None),
            wanted: StoredValue::new(None),
            window: NodeRef::new(),
            sizer: NodeRef::new(),
            block: NodeRef::new(),
            ruler: NodeRef::new(),
            ruled: NodeRef::new(),
        }
    }

    /// The page runs: from now on only what is seen is in the document.
    fn begin(self) {
        let named = window().location().hash().unwrap_or_default();
        let named = named.trim_start_matches('#').replace("%3A", ":");
        self.wanted
            .set_value(Some(named).filter(|at| !at.is_empty()));
        self.runs.set(true);
        self.came();
    }

    /// Lines came, or stand elsewhere.
    fn came(self) {
        let (rows, dropped) = self.lines(|lines| (lines.rows(), lines.dropped_rows()));
        if let Some(sizer) = self.sizer.get_untracked() {
            set_style(&sizer, "height", &format!("{}px", rows * ROW));
            let widest = self.lines(LogBuffer::widest);
            let widest = if self.wrap.get_untracked() { 0 } else { widest };
            set_style(&sizer, "--widest", &format!("{widest}ch"));
        }
        if let Some(window) = self.window.get_untracked() {
            if self.following.get_untracked() {
                window.set_scroll_top(window.scroll_height());
            } else {
                // What was dropped from above must not move what is read.
                let gone = dropped.saturating_sub(self.dropped.get_value()) * ROW;
                if gone > 0 {
                    let top = window.scroll_top() - i32::try_from(gone).unwrap_or(i32::MAX);
                    window.set_scroll_top(top.max(0));
                }
            }
        }
        self.dropped.set_value(dropped);
        self.place();
        self.lead_to_wanted();
        if !self.needle.with_untracked(String::is_empty) {
            self.search();
        }
    }

    fn lines<T>(self, read: impl FnOnce(&LogBuffer) -> T) -> T {
        self.feed.lines.with_value(read)
    }

    /// Puts those lines into the document that are seen now.
    fn place(self) {
        let Some(window) = self.window.get_untracked() else {
            return;
        };
        let pixels = |length: i32| u64::try_from(length).unwrap_or(0);
        let first = (pixels(window.scroll_top()) / ROW).saturating_sub(MORE);
        let rows = pixels(window.client_height()).div_ceil(ROW) + 2 * MORE;
        let (from, to, row) = self.lines(|lines| {
            let from = lines.line_at(first);
            let to = (lines.line_at(first + rows) + 1).min(lines.next());
            (from.min(to), to, lines.row_of(from))
        });
        if let Some(block) = self.block.get_untracked() {
            set_style(&block, "transform", &format!("translateY({}px)", row * ROW));
        }
        if self.shown.get_untracked() != (from, to) {
            self.shown.set((from, to));
        }
    }

    fn scrolled(self) {
        let Some(window) = self.window.get_untracked() else {
            return;
        };
        if !self.runs.get_untracked() {
            return;
        }
        let below = window.scroll_height() - window.client_height() - window.scroll_top();
        self.set_following(below <= NEAR);
        self.place();
    }

    fn set_following(self, on: bool) {
        if self.following.get_untracked() != on {
            self.unseen_from.set(self.lines(LogBuffer::next));
            self.following.set(on);
        }
    }

    fn follow(self) {
        self.set_following(true);
        self.came();
    }

    /// Shows a line in the middle.
    fn lead_to(self, number: u64) {
        self.set_following(false);
        self.current.set(Some(number));
        if let Some(window) = self.window.get_untracked() {
            let row = self.lines(|lines| lines.row_of(number));
            let top = i32::try_from(row * ROW).unwrap_or(i32::MAX);
            window.set_scroll_top((top - window.client_height() / 2).max(0));
        }
        self.place();
    }

    fn lead_to_wanted(self) {
        let Some(at) = self.wanted.get_value() else {
            return;
        };
        if let Some(number) = self.lines(|lines| lines.find_time(&at)) {
            // The lines that the page began with are replaced once, with other numbers.
            if self.feed.whole.get_untracked() {
                self.wanted.set_value(None);
            }
            self.lead_to(number);
        }
    }

    fn set_wrap(self, on: bool) {
        self.wrap.set(on);
        self.measure();
        self.came();
    }

    /// How many characters fit into a row.
    fn measure(self) {
        let columns = match (
            self.wrap.get_untracked(),
            self.ruler.get_untracked(),
            self.ruled.get_untracked(),
        ) {
            (true, Some(ruler), Some(ruled)) => {
                let width = ruler.offset_width().max(1);
                let characters = i32::try_from(RULER.len()).unwrap_or(1);
                u32::try_from(ruled.client_width() * characters / width)
                    .unwrap_or(1)
                    .max(8)
            }
            _ => 0,
        };
        self.feed
            .lines
            .update_value(|lines| lines.set_wrap(columns));
    }

    fn look_for(self, text: &str) {
        let find = Find::new(text);
        self.needle.set(find.needle().to_owned());
        self.find.set_value(find);
        self.current.set(None);
        self.found.set((0, None));
        self.search();
    }

    /// Looks at some lines, and at the next ones after the browser has drawn.
    fn search(self) {
        if self.searching.try_get_value() == Some(false) {
            self.search_on();
        }
    }

    fn search_on(self) {
        let looked = self.feed.lines.try_with_value(|lines| {
            self.find.try_update_value(|find| {
                let more = find.look(lines, SEARCHED_AT_ONCE);
                (more, find.count())
            })
        });
        let Some((more, count)) = looked.flatten() else {
            return;
        };
        if self.found.with_untracked(|found| found.0) != count {
            self.found.update(|found| found.0 = count);
        }
        self.searching.set_value(more);
        if more {
            set_timeout(move || self.search_on(), std::time::Duration::ZERO);
        }
    }

    /// The next line that has what is searched for, or the one before.
    fn step(self, back: bool) {
        let from = self.current.get_untracked().or_else(|| {
            let first = self.shown.get_untracked().0;
            first.checked_sub(1)
        });
        let hit = self.find.with_value(|find| {
            if back {
                find.before(from)
            } else {
                find.after(from)
            }
        });
        if let Some((number, place)) = hit {
            self.found.update(|found| found.1 = Some(place));
            self.lead_to(number);
        }
    }

    /// The newest lines without their escape sequences.
    fn text(self) -> String {
        self.lines(|lines| {
            let skipped = lines.len().saturating_sub(COPIED);
            let mut text = String::new();
            for line in lines.iter().skip(skipped) {
                text.push_str(&plain(&line.text));
                text.push('\n');
            }
            text
        })
    }
}

fn set_style(element: &HtmlElement, name: &str, value: &str) {
    // A browser that does not know the property shows it as it was.
    let _ = HtmlElement::style(element).set_property(name, value);
}

/// The viewer. `label` says whose lines they are; `download` is where all of them can be had, and under which name.
#[component]
pub fn LogViewer(
    feed: LogFeed,
    #[prop(into)] label: String,
    #[prop(optional_no_strip, into)] download: Option<(String, String)>,
) -> impl IntoView {
    let viewer = Viewer::new(feed);
    Effect::new(move |_| viewer.begin());
    Effect::new(move |before: Option<()>| {
        feed.changed.track();
        if before.is_some() && viewer.runs.get_untracked() {
            viewer.came();
        }
    });
    let resized = window_event_listener(ev::resize, move |_| {
        viewer.measure();
        viewer.came();
    });
    on_cleanup(move || resized.remove());
    view! {
        <section
            class="log"
            class:log--runs=move || viewer.runs.get()
            class:log--wraps=move || viewer.wrap.get()
            class:log--times=move || viewer.times.get()
        >
            <Tools viewer download />
            <Lines viewer label />
        </section>
    }
}

/// What can be done with the lines. Works only once the page runs, and keeps its place until then.
#[component]
fn Tools(viewer: Viewer, download: Option<(String, String)>) -> impl IntoView {
    let count = move || {
        let searched = !viewer.needle.with(String::is_empty);
        let (count, place) = viewer.found.get();
        searched.then(|| match (count, place) {
            (0, _) => "No line".to_owned(),
            (count, Some(place)) => format!("{place} of {count}"),
            (1, None) => "1 line".to_owned(),
            (count, None) => format!("{count} lines"),
        })
    };
    let keys = move |event: ev::KeyboardEvent| {
        if event.key() == "Enter" {
            event.prevent_default();
            viewer.step(event.shift_key());
        }
    };
    let download = download.map(|(href, name)| {
        view! {
            <a class="button" href=href download=name rel="external">
                "Download"
            </a>
        }
    });
    let text = Signal::derive(move || viewer.text());
    view! {
        <div class="log__tools">
            <div class="log__find" role="search">
                <label class="filter__search">
                    <span class="unseen">"Find in all lines"</span>
                    <Icon glyph=Glyph::Search />
                    <input
                        class="input"
                        type="search"
                        placeholder="Find in all lines..."
                        autocomplete="off"
                        spellcheck="false"
                        on:input:target=move |event| viewer.look_for(&event.target().value())
                        on:keydown=keys
                    />
                </label>
                <output class="soft number log__count">{count}</output>
                <button type="button" class="button" on:click=move |_| viewer.step(true)>
                    "Previous"
                </button>
                <button type="button" class="button" on:click=move |_| viewer.step(false)>
                    "Next"
                </button>
            </div>
            <div class="log__options">
                <Toggle label="Times" on=viewer.times set=Callback::new(move |on| {
                    viewer.times.set(on);
                    viewer.measure();
                    viewer.came();
                }) />
                <Toggle label="Wrap" on=viewer.wrap set=Callback::new(move |on| viewer.set_wrap(on)) />
                <CopyButton text what="the newest lines" />
                {download}
            </div>
        </div>
    }
}

#[component]
fn Toggle(label: &'static str, on: RwSignal<bool>, set: Callback<bool>) -> impl IntoView {
    view! {
        <button
            type="button"
            class="button log__toggle"
            aria-pressed=move || if on.get() { "true" } else { "false" }
            on:click=move |_| set.run(!on.get_untracked())
        >
            {label}
        </button>
    }
}

#[component]
fn Lines(viewer: Viewer, label: String) -> impl IntoView {
    let feed = viewer.feed;
    let numbers = move || {
        let (from, to) = viewer.shown.get();
        let whole = feed.whole.get();
        (from..to).map(|number| (whole, number)).collect::<Vec<_>>()
    };
    let dropped = move || {
        feed.changed.track();
        let count = viewer.lines(LogBuffer::first);
        (count > 0)
            .then(|| format!("The oldest {count} lines are not kept here; the download has more."))
    };
    let empty = move || {
        feed.changed.track();
        viewer
            .lines(LogBuffer::is_empty)
            .then(|| view! { <p class="log__empty">"Nothing was written yet."</p> })
    };
    let behind = move || {
        if viewer.following.get() || !viewer.runs.get() {
            return None;
        }
        feed.changed.track();
        let new = viewer
            .lines(LogBuffer::next)
            .saturating_sub(viewer.unseen_from.get());
        Some(match new {
            0 => "Follow".to_owned(),
            1 => "1 new line".to_owned(),
            count => format!("{count} new lines"),
        })
    };
    let link: Signal<Link> = feed.link.into();
    let heard: Signal<Option<Timestamp>> = feed.heard.into();
    view! {
        <div class="log__frame">
            <div
                class="log__window"
                role="group"
                aria-label=label
                tabindex="0"
                node_ref=viewer.window
                on:scroll=move |_| viewer.scrolled()
            >
                {empty}
                <div class="log__sizer" node_ref=viewer.sizer>
                    <div class="log__line log__ruler" aria-hidden="true">
                        <span class="log__number"></span>
                        <span class="log__time"></span>
                        <div class="log__text" node_ref=viewer.ruled>
                            <span node_ref=viewer.ruler>{RULER}</span>
                        </div>
                    </div>
                    <div class="log__block" node_ref=viewer.block>
                        <For
                            each=numbers
                            key=|key| *key
                            children=move |(_, number)| view! { <Row viewer number /> }
                        />
                    </div>
                </div>
            </div>
            {move || {
                behind()
                    .map(|words| {
                        view! {
                            <button
                                type="button"
                                class="button button--primary log__follow"
                                on:click=move |_| viewer.follow()
                            >
                                <span class="number">{words}</span>
                            </button>
                        }
                    })
            }}
        </div>
        <div class="log__foot">
            <LiveMark link heard />
            <span class="soft small number">
                {move || {
                    feed.changed.track();
                    match viewer.lines(LogBuffer::len) {
                        1 => "1 line".to_owned(),
                        count => format!("{count} lines"),
                    }
                }}
            </span>
            <span class="soft small">{dropped}</span>
        </div>
    }
}
