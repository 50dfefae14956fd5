//! What to show and in which order: a form that only changes the address.

use domain::deployment::ProductStatus;
use domain::wire::DeploymentQuery;
use leptos::prelude::*;
use leptos_router::components::Form;

use super::query::{self, SORTS};
use crate::components::{Glyph, Icon, Look};

/// The form. What stands in the address stands in its fields.
#[component]
pub fn Filter(query: Memo<DeploymentQuery>) -> impl IntoView {
    let statuses = move || {
        let chosen = query.with(|query| query.status);
        let listed = ProductStatus::ALL
            .iter()
            .filter(|status| !status.is_terminal());
        let options = listed.map(|status| {
            view! {
                <option value=status.as_str() selected=chosen == Some(*status)>
                    {Look::from(*status).word}
                </option>
            }
        });
        options.collect_view()
    };
    let sorts = move || {
        let chosen = query.with(|query| query.sort);
        let options = SORTS.iter().map(|(sort, name, words)| {
            view! { <option value=*name selected=chosen == Some(*sort)>{*words}</option> }
        });
        options.collect_view()
    };
    let search = move || query.with(|query| query.search.clone().unwrap_or_default());
    let filtered = move || query.with(query::is_filtered);
    view! {
        <Form method="GET" action="/deployments" attr:class="filter" attr:role="search">
            <label class="filter__search">
                <span class="unseen">"Search by name"</span>
                <Icon glyph=Glyph::Search />
                <input
                    class="input"
                    type="search"
                    name="search"
                    placeholder="Search deployments..."
                    value=search
                    prop:value=search
                    maxlength="100"
                />
            </label>
            <label>
                <span class="unseen">"Status"</span>
                <select class="input" name="status">
                    <option value="">"All states"</option>
                    {statuses}
                </select>
            </label>
            <label>
                <span class="unseen">"Order"</span>
                <select class="input" name="sort">
                    {sorts}
                </select>
            </label>
            <button type="submit" class="button">
                "Apply"
            </button>
            {move || filtered().then(|| view! { <a class="filter__clear" href="/deployments">"Show all"</a> })}
        </Form>
    }
}
