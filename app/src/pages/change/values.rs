//! Values that the chosen version needs and the product does not have yet.

use std::collections::BTreeMap;

use domain::operation::OperationKind;
use domain::wire::Problem;
use leptos::prelude::*;

use crate::calls::change::missing_values;
use crate::components::{Card, Field};

/// One field for each; nothing where none is missing. Until they are there, nothing can be planned. They may be secrets, so what is
/// typed is not shown, and not shown again.
#[component]
pub fn MissingValues(
    missing: BTreeMap<String, Vec<String>>,
    problem: Signal<Option<Problem>>,
) -> impl IntoView {
    (!missing.is_empty()).then(|| {
        let header = move || {
            view! {
                <h2>"New values"</h2>
                <span class="soft">"This version needs them: without them there is no plan to show."</span>
            }
        };
        let fields = missing
            .into_iter()
            .map(|(name, errors)| view! { <ValueField name errors problem /> })
            .collect_view();
        view! {
            <Card header>
                <div class="stack">{fields}</div>
            </Card>
        }
    })
}

#[component]
fn ValueField(
    name: String,
    errors: Vec<String>,
    problem: Signal<Option<Problem>>,
) -> impl IntoView {
    let id = format!("value-{name}");
    let of = name.clone();
    // What was wrong with what was sent last takes the place of what was missing at first.
    let errors = Signal::derive(move || match problem.get() {
        Some(problem) => missing_values(OperationKind::Upgrade, &problem)
            .remove(&of)
            .unwrap_or_default(),
        None => errors.clone(),
    });
    view! {
        <Field id=id.clone() label=name.clone() required=true errors>
            <input
                class="input input--code"
                id=id.clone()
                type="password"
                name=format!("change[values][{name}]")
                required=true
                autocomplete="off"
                aria-describedby=format!("{id}-error")
            />
        </Field>
    }
}
