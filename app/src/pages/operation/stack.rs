//! The right side: one stack with its phase, its services and its steps; what failed stands first.

use domain::deployment::StackStatus;
use domain::operation::OperationKind;
use domain::operation::progress::StackProgress;
use domain::plan::Phase;
use leptos::prelude::*;

use super::Page;
use super::failure::FailurePanel;
use super::service::ServiceRow;
use super::steps::{StepList, without_output};
use crate::address;
use crate::components::{Copyable, Disclosure, Elapsed, Look, ProgressBar, StatusBadge};

/// The panel of one stack.
#[component]
pub fn StackPanel(page: Page, name: String) -> impl IntoView {
    let feed = page.live.feed;
    let name = StoredValue::new(name);
    let (title, engine_name) = feed.with_untracked(|feed| {
        let stack = name.with_value(|name| feed.progress.stack(name));
        stack
            .map(|stack| {
                (
                    stack.display_name.clone(),
                    stack.deployment_stack_name.clone(),
                )
            })
            .unwrap_or_default()
    });
    let details = page.operation.with_value(|operation| {
        name.with_value(|name| address::stack(&operation.product_deployment_id, name))
    });
    let status = read(page, name, |stack| stack.status);
    let look = Signal::derive(move || Look::from(status.get().unwrap_or(StackStatus::Pending)));
    let time = read(page, name, |stack| (stack.started_at, stack.ended_at));
    let duration = move || {
        let (from, to) = time.get()?;
        let from = from?;
        Some(view! { <Elapsed from to /> })
    };
    let failed = read(page, name, |stack| stack.failed_step().map(without_output));
    let services = read(page, name, |stack| {
        stack
            .services
            .iter()
            .map(|service| (service.name.clone(), service.init))
            .collect::<Vec<_>>()
    });
    let count = read(page, name, |stack| stack.steps.len());
    let summary = move || view! { <span>"All steps "<span class="soft number">{move || count.get()}</span></span> };
    view! {
        <section class="panel" aria-labelledby="stack-title">
            <header class="panel__head">
                <div class="row">
                    <h2 id="stack-title">{title}</h2>
                    <StatusBadge look />
                    <span class="soft">{duration}</span>
                </div>
                <div class="row">
                    <a class="small" href=details>
                        "Stack details"
                    </a>
                    <Copyable text=engine_name what="name of the stack on the engine" />
                </div>
            </header>
            <Phases page name />
            <FailurePanel step=Signal::derive(move || failed.get().flatten()) />
            <ul class="services" aria-label="Services">
                <For
                    each=move || services.get().unwrap_or_default()
                    key=|(service, _)| service.clone()
                    children=move |(service, init)| {
                        view! { <ServiceRow page stack=name service init /> }
                    }
                />
            </ul>
            <Disclosure summary>
                <StepList page stack=name />
            </Disclosure>
        </section>
    }
}

/// Where it is: the phase, the services done, the one being worked on, a bar.
#[component]
fn Phases(page: Page, name: StoredValue<String>) -> impl IntoView {
    let kind = page.operation.with_value(|operation| operation.kind);
    let words = read(page, name, move |stack| phase_in_words(kind, stack));
    let percent = read(page, name, StackProgress::percent);
    let services = read(page, name, StackProgress::completed_services);
    let current = read(page, name, |stack| {
        stack.current_service().map(str::to_owned)
    });
    let at_work = read(page, name, |stack| {
        matches!(stack.status, StackStatus::Deploying | StackStatus::Removing)
    });
    let counted = move || {
        services
            .get()
            .map(|(done, all)| format!("{done} of {all} services"))
    };
    let now = move || {
        let service = current.get().flatten()?;
        Some(
            view! { <span class="panel__current">"Current service: " <code>{service}</code></span> },
        )
    };
    let text = Signal::derive(move || {
        format!(
            "{} percent, {}",
            percent.get().unwrap_or(0),
            counted().unwrap_or_default()
        )
    });
    let tone = Signal::derive(move || {
        let status = read_status(page, name);
        Look::from(status).tone
    });
    view! {
        <div class="panel__phase">
            <p class="panel__words">
                <span>{words}</span>
                <span class="soft number">{counted}</span>
                {now}
                {move || {
                    at_work
                        .get()
                        .unwrap_or(false)
                        .then(|| {
                            view! { <span class="number panel__percent">{move || format!("{} %", percent.get().unwrap_or(0))}</span> }
                        })
                }}
            </p>
            <ProgressBar
                done=Signal::derive(move || f64::from(percent.get().unwrap_or(0)))
                of=100.0
                text
                label="Progress of the stack"
                tone
                thin=true
            />
        </div>
    }
}

fn read_status(page: Page, name: StoredValue<String>) -> StackStatus {
    page.live.feed.with(|feed| {
        name.with_value(|name| feed.progress.stack(name))
            .map_or(StackStatus::Pending, |stack| stack.status)
    })
}

/// A part of the stack, told again only when it changes. None where the stack is gone.
fn read<T: PartialEq + Send + Sync + 'static>(
    page: Page,
    name: StoredValue<String>,
    part: impl Fn(&StackProgress) -> T + Send + Sync + 'static,
) -> Memo<Option<T>> {
    let feed = page.live.feed;
    Memo::new(move |_| {
        feed.with(|feed| name.with_value(|name| feed.progress.stack(name)).map(&part))
    })
}

fn phase_in_words(kind: OperationKind, stack: &StackProgress) -> String {
    let words = match stack.status {
        StackStatus::Pending => match stack.phase() {
            Some(phase @ (Phase::PullingImages | Phase::Preparing)) if has_begun(stack) => {
                phase.label()
            }
            _ => waiting(kind),
        },
        StackStatus::Deploying => stack.phase().map_or("Deploying", Phase::label),
        StackStatus::Running => done(kind),
        // The panel below says why, unless what failed is not one of its steps.
        StackStatus::Failed => match (&stack.message, stack.failed_step()) {
            (Some(message), None) => message,
            _ => "Stack failed",
        },
        StackStatus::Removing => removing(kind),
        StackStatus::Removed => "Removed",
        StackStatus::Stopped => "Stopped",
    };
    words.to_owned()
}

const fn waiting(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Redeploy => "Waiting to redeploy...",
        _ => "Waiting for its turn",
    }
}

const fn removing(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Redeploy => "Removing existing stack before redeploy...",
        OperationKind::Remove => "Removing",
        _ => "Removing what was begun",
    }
}

const fn done(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Deploy | OperationKind::Retry => "Stack deployed successfully",
        OperationKind::Redeploy => "Stack redeployed successfully",
        OperationKind::Upgrade => "Stack upgraded successfully",
        OperationKind::Rollback => "Stack rolled back successfully",
        OperationKind::Restart => "Containers restarted successfully",
        OperationKind::ExitMaintenance => "Containers started successfully",
        OperationKind::Stop | OperationKind::EnterMaintenance | OperationKind::Remove => "Running",
    }
}

/// Images and containers are made ready before the turn of the stack comes.
fn has_begun(stack: &StackProgress) -> bool {
    stack.steps.iter().any(|step| step.started_at.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: StackStatus, message: Option<&str>, expected: &str) {
        check_of(OperationKind::Deploy, status, message, expected);
    }

    fn check_of(kind: OperationKind, status: StackStatus, message: Option<&str>, expected: &str) {
        let stack = StackProgress {
            name: "web".to_owned(),
            display_name: "Web".to_owned(),
            deployment_stack_name: "shop-web".to_owned(),
            status,
            message: message.map(str::to_owned),
            started_at: None,
            ended_at: None,
            services: Vec::new(),
            steps: Vec::new(),
        };
        assert_eq!(phase_in_words(kind, &stack), expected);
    }

    #[test]
    fn every_state_has_words() {
        check(StackStatus::Pending, None, "Waiting for its turn");
        check(StackStatus::Deploying, None, "Deploying");
        check(StackStatus::Running, None, "Stack deployed successfully");
        check(
            StackStatus::Failed,
            Some("migrate ended with exit code 1"),
            "migrate ended with exit code 1",
        );
        check(StackStatus::Failed, None, "Stack failed");
        check(StackStatus::Removing, None, "Removing what was begun");
        let redeploy = |status, expected| check_of(OperationKind::Redeploy, status, None, expected);
        redeploy(StackStatus::Pending, "Waiting to redeploy...");
        redeploy(
            StackStatus::Removing,
            "Removing existing stack before redeploy...",
        );
        redeploy(StackStatus::Running, "Stack redeployed successfully");
    }
}
