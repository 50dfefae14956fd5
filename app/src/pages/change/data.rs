//! Data that can be given up: by name, and with the name of the deployment typed.

use domain::operation::OperationKind;
use domain::wire::{DataAtRisk as Volume, Problem};
use leptos::prelude::*;

use crate::calls::change::WantedChange;
use crate::components::{Card, Field, Notice, Tone};

/// Of a removal: volumes to choose from. Of anything else: a warning where data is lost.
#[component]
pub fn DataAtRisk(
    kind: OperationKind,
    volumes: Vec<Volume>,
    deployment_name: String,
    sent: Option<WantedChange>,
    problem: Signal<Option<Problem>>,
) -> impl IntoView {
    if volumes.is_empty() {
        return ().into_any();
    }
    if kind != OperationKind::Remove {
        let rows = volumes
            .into_iter()
            .map(|volume| view! { <li><code>{volume.volume}</code>": "{volume.why}</li> });
        let rows = rows.collect_view();
        return view! {
            <Notice tone=Tone::Warn what="Data at risk">
                <ul class="plan__drift">{rows}</ul>
            </Notice>
        }
        .into_any();
    }
    let chosen = sent
        .as_ref()
        .map(|sent| sent.volumes.clone())
        .unwrap_or_default();
    let typed = sent.map(|sent| sent.typed_name).unwrap_or_default();
    let errors = Signal::derive(move || {
        problem.with(|problem| {
            let errors = problem
                .as_ref()
                .and_then(|problem| problem.errors.get("typedName"));
            errors.cloned().unwrap_or_default()
        })
    });
    let rows = volumes
        .into_iter()
        .enumerate()
        .map(|(number, volume)| {
            let checked = chosen.contains(&volume.volume);
            view! { <Choice number volume checked /> }
        })
        .collect_view();
    let header = move || {
        view! {
            <h2 id="volumes">"Volumes"</h2>
            <span class="soft">"Kept, unless you choose them: their data is gone then."</span>
        }
    };
    let label = format!("Type {deployment_name} to give up the data of the chosen volumes");
    view! {
        <Card header>
            <div class="stack">
                <ul class="stack-tight" role="list" aria-labelledby="volumes">{rows}</ul>
                <Field id="typed-name" label=label errors>
                    <input
                        class="input input--code"
                        id="typed-name"
                        name="change[typed_name]"
                        value=typed
                        autocomplete="off"
                        autocapitalize="none"
                        spellcheck="false"
                        aria-invalid=move || errors.with(|errors| (!errors.is_empty()).then_some("true"))
                        aria-describedby="typed-name-error"
                    />
                </Field>
            </div>
        </Card>
    }
    .into_any()
}

#[component]
fn Choice(number: usize, volume: Volume, checked: bool) -> impl IntoView {
    let id = format!("volume-{number}");
    view! {
        <li class="choice">
            <input
                class="check"
                type="checkbox"
                id=id.clone()
                name="change[volumes][]"
                value=volume.volume.clone()
                checked=checked
            />
            <label for=id>
                <code>{volume.volume}</code>
                <span class="choice__about">{format!("Of the stack {}", volume.stack)}</span>
            </label>
        </li>
    }
}
