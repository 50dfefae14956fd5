//! One row for each deployed product.

use domain::deployment::OperationMode;
use domain::timestamp::Timestamp;
use domain::wire::{DeploymentList, DeploymentListItem};
use leptos::prelude::*;

use crate::address;
use crate::components::{
    Card, Glyph, HealthBadge, HealthReason, Icon, Look, RelativeTime, Seen, StatusBadge, TableList,
    Tone,
};
use crate::live::health::still;
use crate::live::polled::Polled;

/// All rows of the page. An answer changes them in place.
#[component]
pub fn Rows(polled: Polled<DeploymentList>) -> impl IntoView {
    let ids = Memo::new(move |_| {
        polled.data.with(|list| {
            let items = list.product_deployments.iter();
            items
                .map(|item| item.product_deployment_id.clone())
                .collect::<Vec<_>>()
        })
    });
    let columns = vec![
        "Product", "Status", "Health", "Mode", "Stacks", "Deployed", "Actions",
    ];
    view! {
        <div class="deployments">
        <Card flush=true>
            <TableList caption="Product Deployments" columns>
                <For each=move || ids.get() key=String::clone children=move |id| view! { <Row polled id /> } />
            </TableList>
        </Card>
        </div>
    }
}

#[component]
fn Row(polled: Polled<DeploymentList>, id: String) -> impl IntoView {
    let whole = Memo::new(move |_| {
        polled.data.with(|list| {
            let mut items = list.product_deployments.iter();
            items.find(|item| item.product_deployment_id == id).cloned()
        })
    });
    let seen = Memo::new(move |_| whole.with(|item| item.as_ref()?.health.observed_at));
    // A look that shows nothing new draws nothing anew.
    let item = Memo::new(move |_| {
        whole.get().map(|item| DeploymentListItem {
            health: still(item.health),
            ..item
        })
    });
    // A row whose deployment is gone is taken away by the list itself.
    move || item.get().map(|item| view! { <Cells item seen /> })
}

#[component]
fn Cells(item: DeploymentListItem, seen: Memo<Option<Timestamp>>) -> impl IntoView {
    let href = address::product_deployment(&item.product_deployment_id);
    let name = item.product_display_name;
    let version = item
        .product_version
        .map(|version| view! { <span class="soft number">{version}</span> });
    let look = Look::from(item.status);
    let reason = !item.health.status.is_good();
    let health = Signal::stored(item.health);
    let reason = reason.then(|| view! { <HealthReason health /> });
    let mode = match item.operation_mode {
        OperationMode::Normal => view! { <span class="soft">"Normal"</span> }.into_any(),
        OperationMode::Maintenance => {
            let look = Look::new(Tone::Idle, Glyph::Maintenance, "Maintenance");
            view! { <StatusBadge look /> }.into_any()
        }
    };
    let failed = (item.failed_stacks > 0).then(|| {
        view! {
            <span class="deployments__failed">
                <Icon glyph=Glyph::Failed />
                {format!("{} failed", item.failed_stacks)}
            </span>
        }
    });
    let progress = item.active_operation_id.map(|id| {
        view! { <a class="button" href=address::operation(&id)>"Show progress"</a> }
    });
    let error = item
        .error_message
        .map(|text| view! { <span class="deployments__error small">{text}</span> });
    let label = format!("Details of {name}");
    view! {
        <tr>
            <th scope="row">
                <span class="deployments__name">
                    <a href=href.clone()>{name}</a>
                    {version}
                </span>
                <code class="deployments__as soft">{item.deployment_name}</code>
                {error}
            </th>
            <td data-label="Status">
                <StatusBadge look />
            </td>
            <td data-label="Health">
                <span class="deployments__health">
                    <HealthBadge health />
                    {reason}
                    <Seen at=seen />
                </span>
            </td>
            <td data-label="Mode">{mode}</td>
            <td data-label="Stacks">
                <span class="deployments__stacks number">
                    {format!("{}/{} stacks", item.completed_stacks, item.total_stacks)} {failed}
                </span>
            </td>
            <td data-label="Deployed">
                <RelativeTime at=item.created_at />
            </td>
            <td>
                <div class="deployments__buttons">
                    {progress} <a class="button" href=href aria-label=label>
                        "Details"
                    </a>
                </div>
            </td>
        </tr>
    }
}
