//! The frame of every page about something that is loaded: a skeleton until it is there, what was loaded, or why it could not be.

use leptos::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::failed::FailedPage;
use crate::calls::CallError;
use crate::components::{ProblemNotice, Skeleton};
use crate::json::Loaded;

/// Where the reader can go when there is nothing to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Otherwise {
    /// The page has no heading of its own yet: address and text of the link that leads back.
    Back(&'static str, &'static str),
    /// The heading stands already; the problem takes the place of the content.
    InPlace,
}

/// Back to where products are chosen.
pub const TO_CATALOG: Otherwise = Otherwise::Back("/catalog", "Back to the catalog");
/// Back to what is deployed.
pub const TO_DEPLOYMENTS: Otherwise = Otherwise::Back("/deployments", "Back to Deployments");

/// Shows what `page` gives as `content` does.
pub fn framed<T>(
    page: Loaded<Result<T, CallError>>,
    otherwise: Otherwise,
    content: impl Fn(T) -> AnyView + Clone + Send + Sync + 'static,
) -> AnyView
where
    T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static,
{
    let nobody = RwSignal::new(false);
    let meanwhile = || view! { <Skeleton /> }.into_any();
    framed_while(page, otherwise, meanwhile, nobody, content)
}

/// The same for what takes long: `meanwhile` stands there at first, and `pending` says whenever something is loaded.
pub fn framed_while<T>(
    page: Loaded<Result<T, CallError>>,
    otherwise: Otherwise,
    meanwhile: fn() -> AnyView,
    pending: RwSignal<bool>,
    content: impl Fn(T) -> AnyView + Clone + Send + Sync + 'static,
) -> AnyView
where
    T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static,
{
    let shown = move || {
        let content = content.clone();
        Suspend::new(async move {
            match page.await {
                Ok(loaded) => content(loaded),
                Err(CallError(problem)) => match otherwise {
                    Otherwise::Back(back_to, back) => {
                        view! { <FailedPage problem back_to back /> }.into_any()
                    }
                    Otherwise::InPlace => view! { <ProblemNotice problem /> }.into_any(),
                },
            }
        })
    };
    view! {
        <Transition fallback=meanwhile set_pending=pending>
            {shown}
        </Transition>
    }
    .into_any()
}
