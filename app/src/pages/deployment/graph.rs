//! The stacks of a deployed product in the order of their dependencies, with how each is.

use domain::wire::{ProductDeploymentDetail, StackDetail};
use leptos::prelude::*;

use crate::components::{Card, Look, StackBox, StackGraph};
use crate::live::polled::Polled;

/// The drawing; nothing for a single stack.
#[component]
pub fn Dependencies(polled: Polled<ProductDeploymentDetail>) -> impl IntoView {
    let stacks = Memo::new(move |_| {
        polled
            .data
            .with(|detail| detail.stacks.iter().map(stack_box).collect::<Vec<_>>())
    });
    let header = move || view! { <h2>"Order and dependencies"</h2> };
    move || {
        let stacks = stacks.get();
        (stacks.len() > 1).then(|| {
            view! {
                <Card header>
                    <StackGraph stacks />
                </Card>
            }
        })
    }
}

/// What was done to it counts until that is done; then how it is.
fn stack_box(stack: &StackDetail) -> StackBox {
    let look = match Look::from(stack.status) {
        rollout if rollout.tone != crate::components::Tone::Good => rollout,
        _ => Look::from(&stack.health),
    };
    let mut services: Vec<String> = Vec::new();
    for service in stack.services.iter().flatten() {
        if !services.contains(&service.name) {
            services.push(service.name.clone());
        }
    }
    StackBox {
        name: stack.stack_name.clone(),
        title: stack.stack_display_name.clone(),
        depends_on: stack.depends_on.clone(),
        look: Some(look),
        services,
    }
}
