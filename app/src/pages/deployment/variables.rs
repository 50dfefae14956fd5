//! The values that every stack was given. The server masks secrets before they come here.

use domain::wire::ProductDeploymentDetail;
use leptos::prelude::*;

use crate::components::Disclosure;
use crate::live::polled::Polled;

/// Names and values behind a summary; nothing where there are none.
#[component]
pub fn SharedVariables(polled: Polled<ProductDeploymentDetail>) -> impl IntoView {
    let variables = Memo::new(move |_| polled.data.with(|detail| detail.shared_variables.clone()));
    move || {
        let variables = variables.get();
        let count = variables.len();
        let summary = move || view! { <h2>{format!("Shared Variables ({count})")}</h2> };
        (count > 0).then(|| {
            let rows = variables.into_iter().map(|(name, value)| {
                view! {
                    <dt>
                        <code>{name}</code>
                    </dt>
                    <dd>
                        <code>{value}</code>
                    </dd>
                }
            });
            let rows = rows.collect_view();
            view! {
                <Disclosure summary card=true>
                    <dl class="facts">{rows}</dl>
                </Disclosure>
            }
        })
    }
}
