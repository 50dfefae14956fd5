//! What stands where a page would, when what it is about could not be fetched.

use domain::wire::Problem;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::components::{LinkButton, PageHeader, ProblemNotice};

/// Says what happened and leads back to where such things are listed.
#[component]
pub fn FailedPage(
    problem: Problem,
    #[prop(into)] back_to: String,
    #[prop(into)] back: String,
) -> impl IntoView {
    let heading = if problem.status == 404 {
        "Nothing here"
    } else {
        "This page could not be shown"
    };
    view! {
        <Title text=heading />
        <PageHeader title=heading />
        <div class="stack">
            <ProblemNotice problem />
            <div class="row">
                <LinkButton href=back_to>{back}</LinkButton>
            </div>
        </div>
    }
}
