//! The releases of a deployed product, the newest first: how each came out, what changed, and the way back to it.
//!
//! Which release is compared with the present one stands in the address.

use domain::operation::OperationKind;
use domain::release::ReleaseResult;
use domain::wire::{Difference, ReleaseList, ReleaseView};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::address;
use crate::calls::releases::{diff_releases, list_releases};
use crate::components::{
    Card, Glyph, LinkButton, Look, ProblemNotice, RelativeTime, StatusBadge, TableList, Tone,
};
use crate::json::loaded;

/// The parameter that names the release to compare.
const COMPARE: &str = "compare";
/// The parameter that names the page of the list.
const PAGE: &str = "releases";

/// The list. `operation` changes when it has to be asked for again.
#[component]
pub fn Releases(
    deployment: String,
    environment: String,
    operation: Memo<(Option<String>, Option<String>)>,
    /// The release that the product is at.
    current: Memo<u32>,
) -> impl IntoView {
    let query = use_query_map();
    let number = move |name: &'static str| {
        Memo::new(move |_| {
            query.with(|all| all.get_str(name).and_then(|text| text.parse::<u32>().ok()))
        })
    };
    let (page, compare) = (number(PAGE), number(COMPARE));
    let of = StoredValue::new((environment, deployment));
    let all = loaded(
        move || (page.get().unwrap_or(1), operation.get()),
        move |(page, _)| {
            let (environment, deployment) = of.get_value();
            list_releases(environment, deployment, page)
        },
    );
    let content = move || {
        Suspend::new(async move {
            match all.await {
                Ok(list) => view! { <List list of compare current /> }.into_any(),
                Err(error) => view! { <ProblemNotice problem=error.0 /> }.into_any(),
            }
        })
    };
    let header = move || view! { <h2 id="releases">"Releases"</h2> };
    view! {
        <Card header flush=true>
            <Transition>{content}</Transition>
        </Card>
    }
}

#[component]
fn List(
    list: ReleaseList,
    /// Environment and deployment.
    of: StoredValue<(String, String)>,
    compare: Memo<Option<u32>>,
    current: Memo<u32>,
) -> impl IntoView {
    let page = list.page;
    let last_page = list.total <= u64::from(list.page) * u64::from(list.page_size);
    let pages = [
        (list.page > 1).then(|| (list.page - 1, "Newer")),
        (!last_page).then(|| (list.page + 1, "Older")),
    ];
    let pages = pages.into_iter().flatten().map(|(page, label)| {
        view! { <a class="button" href=format!("?{PAGE}={page}#releases")>{label}</a> }
    });
    let pages = pages.collect_view();
    let rows = list
        .releases
        .into_iter()
        .map(|release| view! { <Row release of current page /> })
        .collect_view();
    let difference = move || {
        let from = compare.get()?;
        let to = current.get();
        Some(view! { <Differences of from to /> })
    };
    view! {
        <TableList
            caption="Releases, the newest first"
            columns=vec!["Release", "Result", "Made", "By", "Actions"]
        >
            {rows}
        </TableList>
        <div class="row releases__pages">{pages}</div>
        {difference}
    }
}

/// A release's result is about the release, not about how it is now.
const fn look(result: ReleaseResult) -> Look {
    match result {
        ReleaseResult::Pending => Look::new(Tone::Busy, Glyph::InProgress, "Under way"),
        ReleaseResult::Succeeded => Look::new(Tone::Good, Glyph::Completed, "Succeeded"),
        ReleaseResult::Failed => Look::new(Tone::Bad, Glyph::Failed, "Failed"),
        ReleaseResult::RolledBack => Look::new(Tone::Warn, Glyph::Undo, "Rolled back"),
    }
}

#[component]
fn Row(
    release: ReleaseView,
    of: StoredValue<(String, String)>,
    current: Memo<u32>,
    /// Of the list.
    page: u32,
) -> impl IntoView {
    let number = release.number;
    let version = release
        .version
        .map(|version| view! { <span class="soft number">{format!(" v{version}")}</span> });
    let origin = release.rollback_of.map(|of| format!("As release {of}"));
    let back = release.can_roll_back_to.then(|| {
        let page =
            of.with_value(|(_, deployment)| address::change(OperationKind::Rollback, deployment));
        view! { <LinkButton href=format!("{page}?to={number}")>"Roll back to this"</LinkButton> }
    });
    let compare = (current.get_untracked() != number).then(|| {
        let list = match page {
            1 => String::new(),
            page => format!("&{PAGE}={page}"),
        };
        view! {
            <a href=format!("?{COMPARE}={number}{list}#difference")>
                "Compare"<span class="unseen">{format!(" release {number} with the current one")}</span>
            </a>
        }
    });
    view! {
        <tr>
            <th scope="row">
                <span class="row">
                    <span>{format!("Release {number}")} {version}</span>
                    {release.is_current.then(|| view! { <span class="tag">"Current"</span> })}
                    {origin.map(|origin| view! { <span class="soft small">{origin}</span> })}
                </span>
            </th>
            <td data-label="Result">
                <StatusBadge look=look(release.result) bare=true />
            </td>
            <td data-label="Made">
                <RelativeTime at=release.created_at />
            </td>
            <td data-label="By">{release.created_by}</td>
            <td data-label="Actions">
                <span class="row">{compare} {back}</span>
            </td>
        </tr>
    }
}

/// What changed from one release to the present one.
#[component]
fn Differences(of: StoredValue<(String, String)>, from: u32, to: u32) -> impl IntoView {
    let diff = loaded(
        move || (from, to),
        move |(from, to)| {
            let (environment, deployment) = of.get_value();
            diff_releases(environment, deployment, from, to)
        },
    );
    let content = move || {
        Suspend::new(async move {
            match diff.await {
                Ok(diff) if diff.differences.is_empty() => {
                    view! { <p class="soft history__none">"Nothing differs."</p> }.into_any()
                }
                Ok(diff) => {
                    let rows = diff
                        .differences
                        .into_iter()
                        .map(|one| view! { <DifferenceRow one /> });
                    let rows = rows.collect_view();
                    view! {
                        <TableList caption="What differs" columns=vec!["What", "Before", "Now"]>
                            {rows}
                        </TableList>
                    }
                    .into_any()
                }
                Err(error) => view! { <ProblemNotice problem=error.0 /> }.into_any(),
            }
        })
    };
    view! {
        <section class="releases__difference" aria-labelledby="difference">
            <h3 id="difference">{format!("From release {from} to release {to}")}</h3>
            <Transition>{content}</Transition>
        </section>
    }
}

#[component]
fn DifferenceRow(one: Difference) -> impl IntoView {
    let place = match one.service {
        Some(service) => format!("{}/{service}", one.stack),
        None => one.stack,
    };
    let value = |value: Option<String>| match value {
        Some(value) => view! { <code>{value}</code> }.into_any(),
        None => view! { <span class="soft">"—"</span> }.into_any(),
    };
    view! {
        <tr>
            <th scope="row">
                <span>{place} " " <code>{one.field}</code></span>
            </th>
            <td data-label="Before">{value(one.from)}</td>
            <td data-label="Now">{value(one.to)}</td>
        </tr>
    }
}
