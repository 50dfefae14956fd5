//! What this tab of the browser hears from the server: one stream for all that its pages show live, whatever page is open.
//!
//! Pages say what they want to hear; the stream is opened anew when that changes, from where each of them is.

use std::sync::Arc;

use domain::timestamp::Timestamp;
use domain::wire::ActivityView;
use leptos::prelude::*;

use super::events::{Receiver, TakeEvents};
use super::health::TakeHealth;
use super::logs::{LogFeed, TakeLines};
use super::{Link, Live};
use crate::address::segment;
use crate::logs::buffer::MAX_LINES;

/// Shared by everything on the page.
#[derive(Clone, Copy)]
pub struct Tab {
    /// What is being done in the environment; none until it was heard.
    pub activity: RwSignal<Option<ActivityView>>,
    /// The connection.
    pub link: RwSignal<Link>,
    /// When the server was heard last, by the reader's clock.
    pub heard: RwSignal<Option<Timestamp>>,
    /// Grows whenever something changed that lists and details show.
    pub changes: RwSignal<u32>,
    pub(super) wanted: RwSignal<Wanted>,
}

/// What the open page wants to hear besides.
#[derive(Clone, Default)]
pub(super) struct Wanted {
    /// Grows with every change.
    version: u32,
    /// Where the page is about another environment than the one that is chosen.
    environment: Option<String>,
    pub(super) operation: Option<WantedOperation>,
    pub(super) deployment: Option<WantedDeployment>,
    pub(super) log: Option<WantedLog>,
}

#[derive(Clone)]
pub(super) struct WantedOperation {
    id: String,
    #[cfg_attr(
        not(feature = "hydrate"),
        expect(dead_code, reason = "only browsers listen")
    )]
    pub(super) link: RwSignal<Link>,
    #[cfg_attr(
        not(feature = "hydrate"),
        expect(dead_code, reason = "only browsers listen")
    )]
    pub(super) heard: RwSignal<Option<Timestamp>>,
    pub(super) events: Arc<dyn TakeEvents>,
}

#[derive(Clone)]
pub(super) struct WantedDeployment {
    pub(super) id: String,
    #[cfg_attr(
        not(feature = "hydrate"),
        expect(dead_code, reason = "only browsers listen")
    )]
    pub(super) told: Arc<dyn TakeHealth>,
}

#[derive(Clone)]
pub(super) struct WantedLog {
    container: String,
    #[cfg_attr(
        not(feature = "hydrate"),
        expect(dead_code, reason = "only browsers listen")
    )]
    pub(super) feed: LogFeed,
    pub(super) lines: Arc<dyn TakeLines>,
}

/// Gives every page the stream of its tab.
pub fn provide_tab() {
    provide_context(Tab {
        activity: RwSignal::new(None),
        link: RwSignal::new(Link::Connecting),
        heard: RwSignal::new(None),
        changes: RwSignal::new(0),
        wanted: RwSignal::new(Wanted::default()),
    });
}

impl Tab {
    /// The stream of this tab.
    #[must_use]
    pub fn of_page() -> Self {
        expect_context()
    }

    /// Begins to listen, until the tab is closed.
    #[cfg_attr(
        not(feature = "hydrate"),
        expect(unused_variables, reason = "only browsers listen")
    )]
    pub fn listen(self, environment: String) {
        #[cfg(feature = "hydrate")]
        super::stream::start(self, environment);
    }

    /// Hears an operation until the page is left.
    pub(super) fn want_operation(self, environment: String, id: String, live: Live) {
        let events: Arc<dyn TakeEvents> = Arc::new(Receiver::of(live));
        // Effects run only once the page is the browser's, so the first paint is the server's.
        Effect::new(move |_| {
            let wanted = WantedOperation {
                id: id.clone(),
                link: live.link,
                heard: live.heard,
                events: Arc::clone(&events),
            };
            let environment = environment.clone();
            self.change(|all| {
                all.environment = Some(environment);
                all.operation = Some(wanted);
            });
            let id = id.clone();
            on_cleanup(move || {
                self.change(|all| {
                    // The next page may want another one already.
                    all.operation.take_if(|wanted| wanted.id == id);
                });
            });
        });
    }

    /// Hears the health of a deployment until the page is left.
    pub(super) fn want_deployment(
        self,
        environment: String,
        id: String,
        told: Arc<dyn TakeHealth>,
    ) {
        Effect::new(move |_| {
            let wanted = WantedDeployment {
                id: id.clone(),
                told: Arc::clone(&told),
            };
            let environment = environment.clone();
            self.change(|all| {
                all.environment = Some(environment);
                all.deployment = Some(wanted);
            });
            let id = id.clone();
            on_cleanup(move || {
                self.change(|all| {
                    all.deployment.take_if(|wanted| wanted.id == id);
                });
            });
        });
    }

    /// Hears what a container writes until the page is left: all lines that are kept, and those that follow.
    pub(super) fn want_log(
        self,
        environment: String,
        container: String,
        feed: LogFeed,
        lines: Arc<dyn TakeLines>,
    ) {
        Effect::new(move |_| {
            let wanted = WantedLog {
                container: container.clone(),
                feed,
                lines: lines.clone(),
            };
            let environment = environment.clone();
            self.change(|all| {
                all.environment = Some(environment);
                all.log = Some(wanted);
            });
            let container = container.clone();
            on_cleanup(move || {
                self.change(|all| {
                    all.log.take_if(|wanted| wanted.container == container);
                });
            });
        });
    }

    fn change(self, change: impl FnOnce(&mut Wanted)) {
        self.wanted.try_update(|all| {
            change(all);
            all.version = all.version.wrapping_add(1);
        });
    }
}

#[cfg_attr(
    not(feature = "hydrate"),
    expect(dead_code, reason = "only browsers listen")
)]
impl Wanted {
    /// What differs where something else is wanted.
    pub(super) const fn version(&self) -> u32 {
        self.version
    }

    /// Where all this is told.
    pub(super) fn address(&self, chosen: &str) -> String {
        let about = self.operation.is_some() || self.deployment.is_some() || self.log.is_some();
        let environment = self.environment.as_deref().filter(|_| about);
        let environment = environment.unwrap_or(chosen);
        let mut address = format!("/api/environments/{environment}/events?");
        if let Some(deployment) = &self.deployment {
            address.push_str("deployment=");
            address.push_str(&deployment.id);
            address.push('&');
        }
        if let Some(operation) = &self.operation {
            address.push_str("operation=");
            address.push_str(&operation.id);
            address.push_str("&after=");
            address.push_str(&operation.events.seen().to_string());
            address.push('&');
        }
        if let Some(log) = &self.log {
            address.push_str("log=");
            address.push_str(&segment(&log.container));
            address.push_str("&logTail=");
            address.push_str(&MAX_LINES.to_string());
            if let Some(last) = log.lines.last() {
                address.push_str("&logAfter=");
                address.push_str(&segment(&last));
            }
        }
        address
    }
}
