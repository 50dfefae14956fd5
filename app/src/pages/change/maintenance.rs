//! Why a product goes into maintenance, and why it is in it.

use domain::wire::{MaintenanceTriggerView, Problem};
use leptos::prelude::*;

use crate::components::{Card, Fact, Facts, Field, RelativeTime};

/// A sentence for those who find it in maintenance.
#[component]
pub fn Reason(
    /// What was sent before.
    entered: String,
    problem: Signal<Option<Problem>>,
) -> impl IntoView {
    let errors = Signal::derive(move || {
        problem.with(|problem| {
            let errors = problem
                .as_ref()
                .and_then(|problem| problem.errors.get("reason"));
            errors.cloned().unwrap_or_default()
        })
    });
    view! {
        <Field
            id="reason"
            label="Reason"
            about="Shown to everybody who looks at the product.".to_owned()
            errors
        >
            <input
                class="input"
                id="reason"
                name="change[reason]"
                value=entered
                aria-describedby="reason-about reason-error"
            />
        </Field>
    }
}

/// Who put it into maintenance, why and when.
#[component]
pub fn CurrentMaintenance(trigger: Option<MaintenanceTriggerView>) -> impl IntoView {
    trigger.map(|trigger| {
        let header = move || view! { <h2>"Current Maintenance Info"</h2> };
        let by = match trigger.triggered_by {
            Some(by) => format!("{} ({by})", trigger.source),
            None => trigger.source.to_string(),
        };
        let reason = trigger.reason.unwrap_or_else(|| "None given".to_owned());
        view! {
            <Card header>
                <Facts>
                    <Fact name="Triggered by">{by}</Fact>
                    <Fact name="Reason">{reason}</Fact>
                    <Fact name="Since">
                        <RelativeTime at=trigger.triggered_at_utc />
                    </Fact>
                </Facts>
            </Card>
        }
    })
}
