//! Data that is asked for again when the stream of the tab says that something changed, and from time to time besides: lists and details.
//!
//! An answer changes what is shown in place; a failure leaves it and says that it is old. Hidden tabs ask for nothing.

use std::future::Future;
use std::time::Duration;

use domain::timestamp::Timestamp;
use leptos::prelude::*;

use crate::calls::CallError;

/// Something shown, and how fresh it is.
pub struct Polled<T: Send + Sync + 'static> {
    pub data: RwSignal<T>,
    /// When it was answered last, by the reader's clock; none before the page runs.
    pub heard: RwSignal<Option<Timestamp>>,
    /// Whether the last question went unanswered.
    pub stale: RwSignal<bool>,
}

impl<T: Send + Sync + 'static> Clone for Polled<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Polled<T> {}

/// Shows `first`, then what `ask` answers: soon after every change that the tab hears of, and while it hears nothing, each time that `every`
/// has passed. `every` may depend on what is shown.
#[must_use]
pub fn polled<T, Answer>(
    first: T,
    every: impl Fn(&T) -> Duration + 'static,
    ask: impl Fn() -> Answer + 'static,
) -> Polled<T>
where
    T: Send + Sync + 'static,
    Answer: Future<Output = Result<T, CallError>> + 'static,
{
    let polled = Polled {
        data: RwSignal::new(first),
        heard: RwSignal::new(None),
        stale: RwSignal::new(false),
    };
    #[cfg(feature = "hydrate")]
    browser::keep_asking(polled, super::Tab::of_page(), every, ask);
    #[cfg(not(feature = "hydrate"))]
    drop((every, ask));
    polled
}

#[cfg(feature = "hydrate")]
mod browser {
    use futures::channel::mpsc;
    use futures::future::{AbortHandle, Abortable, select};
    use futures::{FutureExt as _, StreamExt as _};
    use leptos::task::spawn_local;

    use super::super::timer::sleep;
    use super::super::{Link, Tab};
    use super::*;
    use crate::clock;

    /// How often something is asked for while the tab would hear of a change.
    const WHILE_LIVE: Duration = Duration::from_secs(30);
    /// What changes within this time is asked for once.
    const GATHER: Duration = Duration::from_millis(400);

    /// How often a hidden tab is looked at.
    const HIDDEN: Duration = Duration::from_secs(2);

    pub(super) fn keep_asking<T, Answer>(
        polled: Polled<T>,
        tab: Tab,
        every: impl Fn(&T) -> Duration + 'static,
        ask: impl Fn() -> Answer + 'static,
    ) where
        T: Send + Sync + 'static,
        Answer: Future<Output = Result<T, CallError>> + 'static,
    {
        let (stop, stopped) = AbortHandle::new_pair();
        let (change, mut changes) = mpsc::channel(0);
        let change = StoredValue::new_local(change);
        Effect::new(move |heard: Option<()>| {
            tab.changes.track();
            // What was heard before is in what is shown.
            if heard.is_some() {
                // Full means that it will be asked anyhow.
                change.update_value(|change| drop(change.try_send(())));
            }
        });
        let asking = async move {
            polled.heard.try_set(Some(clock::read()));
            while let Some(mut pause) = polled.data.try_with_untracked(&every) {
                // What went unanswered is asked for again soon.
                let stale = polled.stale.try_get_untracked();
                if tab.link.get_untracked() == Link::Live && stale == Some(false) {
                    pause = pause.max(WHILE_LIVE);
                }
                select(Box::pin(sleep(pause)), changes.next()).await;
                sleep(GATHER).await;
                while changes.next().now_or_never().flatten().is_some() {}
                while document().hidden() {
                    sleep(HIDDEN).await;
                }
                let answer = ask().await;
                polled.stale.try_set(answer.is_err());
                if let Ok(data) = answer {
                    polled.data.try_set(data);
                    polled.heard.try_set(Some(clock::read()));
                }
            }
        };
        // Being stopped is how it ends when the page is left.
        spawn_local(Abortable::new(asking, stopped).map(drop));
        on_cleanup(move || stop.abort());
    }
}
