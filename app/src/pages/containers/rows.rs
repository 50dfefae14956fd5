//! One row for each container.

use domain::container::ContainerAct;
use domain::wire::{ContainerPage, ContainerPortView, ContainerView, ObjectOwner};
use leptos::prelude::*;

use super::deeds::{DeedButton, Deeds};
use crate::address;
use crate::calls::containers::{Deed, Shown};
use crate::components::{Card, LinkButton, Look, RelativeTime, StatusBadge, TableList};
use crate::live::polled::Polled;

/// All rows of the page. An answer changes them in place.
#[component]
pub fn Rows(polled: Polled<Shown<ContainerPage>>, deeds: Deeds) -> impl IntoView {
    let ids = Memo::new(move |_| {
        polled.data.with(|shown| {
            let all = shown.data.containers.iter();
            all.map(|container| container.id.clone())
                .collect::<Vec<_>>()
        })
    });
    let columns = vec![
        "Container",
        "State",
        "Product",
        "Ports",
        "Created",
        "Actions",
    ];
    view! {
        <div class="containers">
            <Card flush=true>
                <TableList caption="Containers" columns>
                    <For
                        each=move || ids.get()
                        key=String::clone
                        children=move |id| view! { <Row polled deeds id /> }
                    />
                </TableList>
            </Card>
        </div>
    }
}

#[component]
fn Row(polled: Polled<Shown<ContainerPage>>, deeds: Deeds, id: String) -> impl IntoView {
    let environment = polled
        .data
        .with_untracked(|shown| shown.data.environment_id.clone());
    let container = Memo::new(move |_| {
        polled.data.with(|shown| {
            let mut all = shown.data.containers.iter();
            let found = all.find(|container| container.id == id);
            // The engine's words change without anything having changed.
            found.map(|container| ContainerView {
                status: String::new(),
                ..container.clone()
            })
        })
    });
    // A row whose container is gone is taken away by the list itself.
    move || {
        let environment = environment.clone();
        container
            .get()
            .map(|container| view! { <Cells container environment deeds /> })
    }
}

#[component]
fn Cells(container: ContainerView, environment: String, deeds: Deeds) -> impl IntoView {
    let href = address::container(&container.id);
    let created = container.created.map(|at| view! { <RelativeTime at=at /> });
    let ports = port_words(&container.ports);
    let no_ports = ports.is_empty().then_some("");
    view! {
        <tr>
            <th scope="row">
                <a class="containers__name" href=href>
                    {container.name.clone()}
                </a>
                <code class="containers__image soft">{container.image.clone()}</code>
            </th>
            <td data-label="State">
                <State container=container.clone() />
            </td>
            <td data-label="Product">
                <Owner owner=container.owner.clone() />
            </td>
            <td data-label="Ports" data-empty=no_ports>
                <span class="number">{ports}</span>
            </td>
            <td data-label="Created">{created}</td>
            <td>
                <Actions container environment deeds />
            </td>
        </tr>
    }
}

/// How it is, with the exit code where it has ended.
#[component]
pub fn State(container: ContainerView) -> impl IntoView {
    let one_shot = container
        .owner
        .as_ref()
        .is_some_and(|owner| owner.is_one_shot);
    let look = Look::of_container(
        container.state,
        container.health_status,
        one_shot,
        container.exit_code,
    );
    let code = container.exit_code.filter(|code| *code != 0);
    let code =
        code.map(|code| view! { <span class="soft small">{format!("Exit code {code}")}</span> });
    let restarts = (container.restart_count > 0).then(|| {
        let words = match container.restart_count {
            1 => "1 restart".to_owned(),
            count => format!("{count} restarts"),
        };
        view! { <span class="soft small">{words}</span> }
    });
    view! {
        <span class="containers__state">
            <StatusBadge look outlined=true />
            {code}
            {restarts}
        </span>
    }
}

/// The product with a link to its deployment, or that it is nobody's.
#[component]
pub fn Owner(owner: Option<ObjectOwner>) -> impl IntoView {
    let Some(owner) = owner else {
        return view! { <span class="soft">"Not made by Windlass"</span> }.into_any();
    };
    let place = match owner.service.as_str() {
        "" => owner.stack.clone(),
        service => format!("{} / {service}", owner.stack),
    };
    let name = if owner.is_deployed {
        let href = address::product_deployment(&owner.product_deployment_id);
        view! { <a href=href>{owner.product_name}</a> }.into_any()
    } else {
        view! { <span>{owner.product_name} <span class="soft">" (not deployed)"</span></span> }
            .into_any()
    };
    view! {
        <span class="containers__owner">
            {name}
            <span class="soft small">{place}</span>
        </span>
    }
    .into_any()
}

/// What can be done; what cannot says why.
#[component]
pub fn Actions(container: ContainerView, environment: String, deeds: Deeds) -> impl IntoView {
    let logs = address::container_logs(&container.id);
    let name = container.name.clone();
    let button = |what: Deed, act: ContainerAct, label: &'static str| {
        let busy = container.busy.as_ref().map(|busy| busy.sentence.clone());
        let reason = busy.or_else(|| act.pointless(container.state).map(str::to_owned));
        let (id, environment, of) = (container.id.clone(), environment.clone(), name.clone());
        view! { <DeedButton deeds what name=id environment label of reason /> }
    };
    let start = button(Deed::Start, ContainerAct::Start, "Start");
    let stop = button(Deed::Stop, ContainerAct::Stop, "Stop");
    let restart = button(Deed::Restart, ContainerAct::Restart, "Restart");
    // Either of these two is always for nothing.
    let first = if ContainerAct::Start.pointless(container.state).is_some() {
        stop.into_any()
    } else {
        start.into_any()
    };
    view! {
        <div class="containers__actions">
            {first}
            {restart}
            <LinkButton href=logs>
                "Logs" <span class="unseen">{format!(" of {name}")}</span>
            </LinkButton>
        </div>
    }
}

/// `8080 → 80/tcp, 53/udp`.
#[must_use]
pub fn port_words(ports: &[ContainerPortView]) -> String {
    let each = ports.iter().map(|port| match port.public_port {
        Some(public) => format!("{public} → {}/{}", port.private_port, port.kind),
        None => format!("{}/{}", port.private_port, port.kind),
    });
    each.collect::<Vec<_>>().join(", ")
}
