//! What happens now, in the page: the server renders everything so far, the browser goes on from there.
//!
//! The rules are plain functions with tests (`feed`, `health`, `link`, `logs`, `selection`, `announcement`); only `connection`, `stream`
//! and `polled` touch the browser. Nothing here draws anything.

pub mod announcement;
#[cfg(feature = "hydrate")]
mod connection;
mod events;
pub mod feed;
pub mod health;
pub mod link;
pub mod logs;
pub mod outcome;
pub mod polled;
pub mod selection;
#[cfg(feature = "hydrate")]
mod stream;
pub mod tab;
#[cfg(feature = "hydrate")]
mod timer;

use domain::timestamp::Timestamp;
use leptos::prelude::*;

pub use feed::{Feed, Line};
pub use link::Link;
pub use selection::Selection;
pub use tab::Tab;

/// One operation as the page knows it, kept current while the page is open.
#[derive(Clone, Copy)]
pub struct Live {
    pub feed: RwSignal<Feed>,
    pub link: RwSignal<Link>,
    /// When the server was heard last, by the reader's clock; none until then.
    pub heard: RwSignal<Option<Timestamp>>,
}

/// Follows an operation from where `feed` ends until it has ended or the page is left.
#[must_use]
pub fn follow(environment: &str, operation: &str, feed: Feed) -> Live {
    let link = if feed.progress.is_finished() {
        Link::Ended
    } else {
        Link::Connecting
    };
    let live = Live {
        feed: RwSignal::new(feed),
        link: RwSignal::new(link),
        heard: RwSignal::new(None),
    };
    if link != Link::Ended {
        Tab::of_page().want_operation(environment.to_owned(), operation.to_owned(), live);
    }
    live
}
