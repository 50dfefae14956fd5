//! A surface with a hairline around it, and pairs of names and values to put on it.

use leptos::prelude::*;

/// A surface. Its heading, where it has one, is given by the caller, who knows the level.
#[component]
pub fn Card(
    /// Content of the bar on top.
    #[prop(optional, into)]
    header: Option<ViewFn>,
    /// Content reaches the edges, as tables do.
    #[prop(optional)]
    flush: bool,
    children: Children,
) -> impl IntoView {
    view! {
        <section class="card">
            {header.map(|header| view! { <div class="card__header">{header.run()}</div> })}
            <div class=if flush { "card__content" } else { "card__body" }>{children()}</div>
        </section>
    }
}

/// A list of [`Fact`]s. `across` puts them side by side.
#[component]
pub fn Facts(#[prop(optional)] across: bool, children: Children) -> impl IntoView {
    view! { <dl class=if across { "facts facts--across" } else { "facts" }>{children()}</dl> }
}

/// A name and what stands for it. Inside `Facts` with `across`, give it `boxed`.
#[component]
pub fn Fact(
    name: &'static str,
    #[prop(optional)] boxed: bool,
    children: Children,
) -> impl IntoView {
    let pair = view! {
        <dt>{name}</dt>
        <dd>{children()}</dd>
    };
    if boxed {
        view! { <div>{pair}</div> }.into_any()
    } else {
        pair.into_any()
    }
}
