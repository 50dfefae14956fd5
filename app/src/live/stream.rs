//! The one stream of a tab into the signals of its pages. Only in the browser.
//!
//! A browser that reconnects by itself sends the id of the last line of the log, or else of the last event of the operation; a stream
//! that we open anew names both in the address. Either way nothing is missed, and what comes twice changes nothing: all the rest is
//! told as it is now, not as it changed. A log that the server refuses, since its container is gone or the engine is silent, is left
//! out for a while, so that the rest is heard.
//! The server gives a sign of life every ten seconds. A machine that slept or a cut cable leaves a stream open and silent for ever, so one
//! without signs of life counts as broken.

use std::pin::pin;
use std::time::Duration;

use domain::wire::{ActivityView, HealthNotice};
use futures::channel::mpsc;
use futures::future::{Either, select};
use futures::{FutureExt as _, StreamExt as _};
use gloo_net::eventsource::State;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::connection::{Connection, Incoming, LOOK};
use super::link::{Backoff, Link};
use super::tab::{Tab, Wanted, WantedLog};
use super::timer::sleep;
use crate::clock;
use crate::json;

/// What comes within one frame is shown together: one change of the page for a burst. The browser draws meanwhile.
const FRAME: Duration = Duration::from_millis(16);
/// Most events applied at once, so that a long catch-up does not freeze the page.
const MAX_BURST: usize = 256;
/// How long a burst is worked on before the browser may draw.
const BUDGET: Duration = Duration::from_millis(8);
/// How long to wait before it is looked whether a program that has ended runs again.
const AGAIN: Duration = Duration::from_secs(5);
/// Looks without a sign of life after which it counts as broken.
const SILENT_LOOKS: u32 = 50;

/// Names of the events of `/api/environments/{id}/events`.
const EVENTS: &[&str] = &[
    OPERATION,
    END,
    ACTIVITY,
    HEALTH_NOTICE,
    HEALTH,
    LOG,
    LOG_END,
    ALIVE,
];
const OPERATION: &str = "operation-event";
/// After the last event of an operation.
const END: &str = "end";
const ACTIVITY: &str = "activity";
const HEALTH_NOTICE: &str = "health-notice";
const HEALTH: &str = "health";
/// Lines of the log.
const LOG: &str = "log";
/// After its last line: the program does not run.
const LOG_END: &str = "log-end";
const ALIVE: &str = "alive";

/// How one connection ended.
enum End {
    /// It broke, or something is missing.
    Lost,
    /// The pages want to hear something else.
    Changed,
    /// It cannot be read: the server is of another version.
    Unreadable,
}

/// Listens as long as the tab is open.
pub(super) fn start(tab: Tab, environment: String) {
    let (change, changes) = mpsc::channel(1);
    let change = StoredValue::new_local(change);
    Effect::new(move |_| {
        tab.wanted.with(|wanted| wanted.version());
        // Full means that the last change was not taken yet, and it will find this one.
        change.update_value(|change| drop(change.try_send(())));
    });
    spawn_local(listen(tab, environment, changes));
}

async fn listen(tab: Tab, environment: String, mut changes: mpsc::Receiver<()>) {
    let mut backoff = Backoff::default();
    let mut log_backoff = Backoff::default();
    let mut log_waits = None;
    loop {
        // What the page says while it is put together belongs together.
        sleep(FRAME).await;
        while changes.next().now_or_never().flatten().is_some() {}
        let wanted = tab.wanted.get_untracked();
        let mut asked = wanted.clone();
        if log_waits.is_some() {
            asked.log = None;
        }
        let mut reading = Reading::open(&asked.address(&environment), log_waits.take());
        let end = match &mut reading {
            Some(reading) => reading.read(tab, &wanted, &mut backoff, &mut changes).await,
            None => End::Lost,
        };
        let was_heard = reading.is_some_and(|reading| reading.was_heard);
        if let Some(log) = &asked.log {
            if was_heard {
                log_backoff.reset();
            } else if matches!(end, End::Lost) {
                // Perhaps it is the log that is refused; browsers do not tell. At once without it.
                let (link, pause) = log_backoff.failed();
                show_log(log, link);
                log_waits = Some(pause);
                continue;
            }
        }
        let (link, pause) = match end {
            End::Changed => continue,
            End::Unreadable => {
                show(tab, &wanted, Link::Outdated);
                return;
            }
            End::Lost => backoff.failed(),
        };
        show(tab, &wanted, link);
        let pause = Box::pin(sleep(pause));
        select(pause, changes.next()).await;
    }
}

/// Shows how the connection is, wherever that is shown.
fn show(tab: Tab, wanted: &Wanted, link: Link) {
    if tab.link.get_untracked() != link {
        tab.link.set(link);
    }
    if let Some(operation) = &wanted.operation {
        let shown = operation.link;
        if shown
            .try_get_untracked()
            .is_some_and(|shown| shown != link && shown != Link::Ended)
        {
            shown.try_set(link);
        }
    }
    if let Some(log) = &wanted.log {
        // That the stream is open does not say that the program runs.
        if link != Link::Live {
            show_log(log, link);
        }
    }
}

fn show_log(log: &WantedLog, link: Link) {
    let shown = log.feed.link;
    if shown.try_get_untracked().is_some_and(|shown| shown != link) {
        shown.try_set(link);
    }
}

/// A connection, and for how long it has said nothing.
struct Reading {
    connection: Connection,
    silent_looks: u32,
    was_heard: bool,
    log: Log,
}

/// How it is with the log of a connection.
#[derive(Clone, Copy)]
enum Log {
    /// Lines are told.
    Told,
    /// All lines were told that there are.
    Over,
    /// It is not told, or not any more; to be asked for again after so many looks.
    Waits(u32),
}

impl Log {
    fn waits(pause: Duration) -> Self {
        let looks = pause.as_millis().div_ceil(LOOK.as_millis());
        Self::Waits(u32::try_from(looks).unwrap_or(u32::MAX))
    }
}

impl Reading {
    /// Without the log where that has to wait.
    fn open(address: &str, log_waits: Option<Duration>) -> Option<Self> {
        Some(Self {
            connection: Connection::open(address, EVENTS)?,
            silent_looks: 0,
            was_heard: false,
            log: log_waits.map_or(Log::Told, Log::waits),
        })
    }

    async fn read(
        &mut self,
        tab: Tab,
        wanted: &Wanted,
        backoff: &mut Backoff,
        changes: &mut mpsc::Receiver<()>,
    ) -> End {
        let mut end = false;
        loop {
            let first = {
                let next = pin!(self.connection.next());
                match select(next, changes.next()).await {
                    Either::Left((Some(first), _)) => first,
                    Either::Left((None, _)) => return End::Lost,
                    Either::Right(_) => return End::Changed,
                }
            };
            if matches!(first, Incoming::Told(..)) {
                self.heard(tab, wanted, backoff);
                sleep(FRAME).await;
            }
            let (mut burst, mut lines_came, mut broken) = (0, false, false);
            let (mut nothing_waits, begun) = (true, clock::read());
            let mut next = Some(first);
            while let Some(incoming) = next {
                match incoming {
                    Incoming::Told(OPERATION, text) => {
                        let operation = wanted.operation.as_ref();
                        if operation.is_some_and(|it| it.events.take(&text).is_none()) {
                            return End::Unreadable;
                        }
                        burst += 1;
                    }
                    Incoming::Told(END, _) => end = true,
                    Incoming::Told(LOG, text) => {
                        if !self.take_lines(wanted, &text) {
                            return End::Unreadable;
                        }
                        lines_came = true;
                    }
                    Incoming::Told(LOG_END, _) => self.log = Log::Over,
                    Incoming::Told(name, text) => {
                        if tell(tab, wanted, name, &text).is_none() {
                            return End::Unreadable;
                        }
                    }
                    Incoming::Broken => broken = true,
                    Incoming::Look if self.is_lost(tab, wanted) => return End::Lost,
                    Incoming::Look if self.look_at_log(wanted) => return End::Changed,
                    Incoming::Look => {}
                }
                if burst >= MAX_BURST || clock::read().since(begun) >= BUDGET {
                    nothing_waits = false;
                    break;
                }
                next = self.connection.ready();
            }
            self.show_lines(wanted, lines_came, nothing_waits);
            if let Some(operation) = &wanted.operation {
                // Events of different names may overtake each other: an end counts once nothing more waits.
                let is_ended = end && nothing_waits;
                if !operation.events.show() || (is_ended && !operation.events.end()) {
                    return End::Lost;
                }
            }
            if broken {
                return End::Lost;
            }
        }
    }

    fn heard(&mut self, tab: Tab, wanted: &Wanted, backoff: &mut Backoff) {
        self.silent_looks = 0;
        self.was_heard = true;
        backoff.reset();
        let now = Some(clock::read());
        tab.heard.set(now);
        if let Some(operation) = &wanted.operation {
            operation.heard.try_set(now);
        }
        // What waits is as old as it was.
        if let Some(log) = &wanted.log
            && !matches!(self.log, Log::Waits(_))
        {
            log.feed.heard.try_set(now);
        }
        show(tab, wanted, Link::Live);
    }

    /// Whether they can be read.
    fn take_lines(&mut self, wanted: &Wanted, text: &str) -> bool {
        if matches!(self.log, Log::Waits(_)) {
            // The browser has reconnected by itself, and the program runs again.
            self.log = Log::Told;
        }
        let taken = wanted.log.as_ref().map(|log| log.lines.take(text));
        taken != Some(None)
    }

    /// Shows what came of the log. It is over only once nothing more waits.
    fn show_lines(&mut self, wanted: &Wanted, came: bool, nothing_waits: bool) {
        let Some(log) = &wanted.log else {
            return;
        };
        if came {
            show_log(log, Link::Live);
            log.lines.show();
        }
        if nothing_waits && matches!(self.log, Log::Over) {
            show_log(log, Link::Ended);
            log.lines.end();
            self.log = Log::waits(AGAIN);
        }
    }

    /// Where the log is told, its link says so; whether it is time to ask for it again.
    fn look_at_log(&mut self, wanted: &Wanted) -> bool {
        let Some(log) = &wanted.log else {
            return false;
        };
        match &mut self.log {
            Log::Over => false,
            Log::Told => {
                if self.was_heard && self.connection.state() == State::Open {
                    show_log(log, Link::Live);
                }
                false
            }
            Log::Waits(looks) => {
                *looks = looks.saturating_sub(1);
                *looks == 0 && !document().hidden()
            }
        }
    }

    /// Whether the connection is of no use any more.
    fn is_lost(&mut self, tab: Tab, wanted: &Wanted) -> bool {
        match self.connection.state() {
            State::Closed => return true,
            State::Connecting if tab.link.get_untracked() == Link::Live => {
                show(tab, wanted, Link::Reconnecting);
            }
            State::Connecting | State::Open => {}
        }
        self.silent_looks += 1;
        self.silent_looks > SILENT_LOOKS
    }
}

/// Puts what was told where it is shown; none where it cannot be read.
fn tell(tab: Tab, wanted: &Wanted, name: &str, text: &str) -> Option<()> {
    match name {
        ACTIVITY => {
            let activity = json::read::<ActivityView>(text.as_bytes()).ok()?;
            tab.activity.set(Some(activity));
            tab.changes.update(|changes| *changes += 1);
        }
        HEALTH_NOTICE => {
            let notice = json::read::<HealthNotice>(text.as_bytes()).ok()?;
            if notice.changed {
                tab.changes.update(|changes| *changes += 1);
            }
        }
        HEALTH => {
            if let Some(deployment) = &wanted.deployment {
                deployment.told.take(text)?;
            }
        }
        // A sign of life.
        _ => {}
    }
    Some(())
}
