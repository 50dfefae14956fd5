//! Stacks that another version has in addition, and those that it does not have any more.

use domain::plan::ChangeKind;
use domain::wire::{PlanView, ProductDeploymentDetail};
use leptos::prelude::*;

use crate::components::Card;

/// Names of new stacks, and of stacks that go.
#[must_use]
pub fn of(plan: &PlanView, detail: &ProductDeploymentDetail) -> (Vec<String>, Vec<String>) {
    let mut new: Vec<String> = Vec::new();
    for change in &plan.containers {
        let known = detail
            .stacks
            .iter()
            .any(|stack| stack.stack_name == change.stack);
        if !known && !new.contains(&change.stack) {
            new.push(change.stack.clone());
        }
    }
    let goes = |name: &str| {
        let mut changes = plan
            .containers
            .iter()
            .filter(|change| change.stack == name)
            .peekable();
        changes.peek().is_some() && changes.all(|change| change.kind == ChangeKind::Remove)
    };
    let gone = detail.stacks.iter().filter(|stack| goes(&stack.stack_name));
    let gone = gone.map(|stack| stack.stack_display_name.clone()).collect();
    match plan.operation.rolls_out() {
        true => (new, gone),
        false => Default::default(),
    }
}

/// Both, where there are any.
#[component]
pub fn StackChanges(new: Vec<String>, gone: Vec<String>) -> impl IntoView {
    (!new.is_empty() || !gone.is_empty()).then(|| {
        let header = move || view! { <h2>"Stack Changes"</h2> };
        let list = |title: &'static str, names: Vec<String>| {
            (!names.is_empty()).then(|| {
                view! {
                    <p>
                        <strong>{title}</strong>
                        ": "
                        {names.join(", ")}
                    </p>
                }
            })
        };
        view! {
            <Card header>
                <div class="stack-tight">
                    {list("New Stacks", new)} {list("No longer in target version", gone)}
                </div>
            </Card>
        }
    })
}
