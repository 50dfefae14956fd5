//! The services of a stack as the engine showed them last. Where nobody knows, that is what is said.

use domain::plan::Health;
use domain::wire::ServiceState;
use leptos::prelude::*;

use crate::components::{HealthBadge, HealthReason, Look, StatusBadge, TableList};

/// The container alone, without its health check.
fn container(service: &ServiceState) -> Look {
    let mut bare = service.clone();
    bare.health = Health::None;
    Look::of_service(&bare)
}

/// One row for each service.
#[component]
pub fn Services(
    services: Option<Vec<ServiceState>>,
    expected: usize,
    words: String,
) -> impl IntoView {
    let Some(services) = services else {
        let count = match expected {
            1 => "1 service. ".to_owned(),
            count => format!("{count} services. "),
        };
        return view! {
            <p class="stack-card__unknown soft">{count} "What runs now is not known."</p>
        }
        .into_any();
    };
    let rows = services
        .into_iter()
        .map(|service| view! { <Row service /> })
        .collect_view();
    view! {
        <TableList caption=words columns=vec!["Service", "Container", "Health", "Image"]>
            {rows}
        </TableList>
    }
    .into_any()
}

#[component]
fn Row(service: ServiceState) -> impl IntoView {
    let code = service.exit_code.filter(|code| *code != 0).map(|code| {
        view! { <span class="soft small number">{format!("exit code {code}")}</span> }
    });
    let state = container(&service);
    let health = Signal::stored(service.service_health.clone());
    let status = service.service_health.status;
    let reason = (!status.is_good()).then(|| view! { <HealthReason health /> });
    view! {
        <tr>
            <th scope="row">
                <span class="row">
                    {service.name} {service.init.then(|| view! { <span class="tag">"init container"</span> })}
                </span>
            </th>
            <td data-label="Container">
                <span class="row">
                    <StatusBadge look=state bare=true />
                    {code}
                </span>
            </td>
            <td data-label="Health">
                <span class="stack-card__service-health">
                    <HealthBadge health />
                    {reason}
                </span>
            </td>
            <td data-label="Image">
                <code>{service.image}</code>
            </td>
        </tr>
    }
}
