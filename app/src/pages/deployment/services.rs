//! The services of a stack as the engine shows them now. Where it does not answer, nobody knows, and that is what is said.

use domain::plan::{ContainerState, Health};
use domain::wire::ServiceState;
use leptos::prelude::*;

use crate::components::{Glyph, Look, StatusBadge, TableList, Tone};

/// How the containers of a stack are, in one badge and in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackHealth {
    pub look: Look,
    pub words: String,
}

/// The health of a stack is that of its worst service. One-shots that finished well are well.
#[must_use]
pub fn health(services: Option<&[ServiceState]>) -> StackHealth {
    let Some(services) = services else {
        return StackHealth {
            look: Look::new(Tone::Idle, Glyph::Unknown, "Unknown"),
            words: "The engine does not answer, so what runs now is not known.".to_owned(),
        };
    };
    let is = |look: Tone| {
        services
            .iter()
            .filter(move |service| tone(service) == look)
            .count()
    };
    let look = if services.is_empty() {
        Look::new(Tone::Idle, Glyph::Gone, "No services")
    } else if is(Tone::Bad) > 0 {
        Look::new(Tone::Bad, Glyph::Failed, "Unhealthy")
    } else if is(Tone::Warn) > 0 {
        Look::new(Tone::Warn, Glyph::Partial, "Degraded")
    } else if is(Tone::Busy) > 0 {
        Look::new(Tone::Busy, Glyph::InProgress, "Starting")
    } else if is(Tone::Good) == services.len() {
        Look::new(Tone::Good, Glyph::Running, "Healthy")
    } else if is(Tone::Good) == 0 {
        Look::new(Tone::Idle, Glyph::Stopped, "Not running")
    } else {
        Look::new(Tone::Warn, Glyph::Partial, "Degraded")
    };
    let words = format!("{}/{} services healthy", is(Tone::Good), services.len());
    StackHealth { look, words }
}

fn tone(service: &ServiceState) -> Tone {
    Look::of_service(service).tone
}

/// The container alone, without its health check.
fn container(service: &ServiceState) -> Look {
    let mut bare = service.clone();
    bare.health = Health::None;
    Look::of_service(&bare)
}

/// What the health check says; nothing where a container cannot have any health.
fn check(service: &ServiceState) -> Option<Look> {
    (service.state == Some(ContainerState::Running)).then(|| service.health.into())
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
        return view! { <p class="stack-card__unknown soft">{count} {words}</p> }.into_any();
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
    let health = match check(&service) {
        Some(look) => view! { <StatusBadge look outlined=true /> }.into_any(),
        None => view! { <span class="soft" aria-label="No health">"–"</span> }.into_any(),
    };
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
            <td data-label="Health">{health}</td>
            <td data-label="Image">
                <code>{service.image}</code>
            </td>
        </tr>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(
        init: bool,
        state: Option<ContainerState>,
        health: Health,
        exit_code: Option<i64>,
    ) -> ServiceState {
        ServiceState {
            name: "api".to_owned(),
            init,
            image: "api:1".to_owned(),
            container_name: "shop_api".to_owned(),
            container_id: None,
            state,
            health,
            exit_code,
        }
    }

    fn check(services: &[ServiceState], word: &str, words: &str) {
        let health = health(Some(services));
        assert_eq!((health.look.word, health.words.as_str()), (word, words));
    }

    #[test]
    fn the_worst_service_speaks_for_the_stack() {
        let running = |health| service(false, Some(ContainerState::Running), health, None);
        let finished = service(true, Some(ContainerState::Exited), Health::None, Some(0));
        check(
            &[running(Health::Healthy), finished],
            "Healthy",
            "2/2 services healthy",
        );
        check(
            &[running(Health::None), running(Health::Starting)],
            "Starting",
            "1/2 services healthy",
        );
        check(
            &[running(Health::Healthy), running(Health::Unhealthy)],
            "Unhealthy",
            "1/2 services healthy",
        );
        check(
            &[
                running(Health::Healthy),
                service(false, None, Health::None, None),
            ],
            "Degraded",
            "1/2 services healthy",
        );
        check(
            &[service(false, None, Health::None, None)],
            "Not running",
            "0/1 services healthy",
        );
        check(&[], "No services", "0/0 services healthy");
    }

    #[test]
    fn a_silent_engine_is_neither_red_nor_green() {
        let health = health(None);
        assert_eq!(
            (health.look.word, health.look.tone),
            ("Unknown", Tone::Idle)
        );
    }
}
