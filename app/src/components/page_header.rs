//! Where the reader is, what this page is about, and what can be done here.

use leptos::prelude::*;

/// A step on the way to this page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crumb {
    pub label: String,
    pub href: String,
}

impl Crumb {
    /// A step.
    #[must_use]
    pub fn new(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            href: href.into(),
        }
    }
}

/// The page's `<h1>` with the way to it; `beside` stands next to the title, the children are the actions.
#[component]
pub fn PageHeader(
    #[prop(into)] title: String,
    #[prop(optional)] crumbs: Vec<Crumb>,
    #[prop(optional, into)] beside: Option<ViewFn>,
    /// One paragraph about the thing.
    #[prop(optional_no_strip, into)]
    lead: Option<String>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let way = (!crumbs.is_empty()).then(|| {
        let here = title.clone();
        let steps = crumbs
            .into_iter()
            .map(|crumb| view! { <li><a href=crumb.href>{crumb.label}</a></li> })
            .collect_view();
        view! {
            <nav class="crumbs" aria-label="Breadcrumbs">
                <ol>
                    {steps}
                    <li>
                        <span aria-current="page">{here}</span>
                    </li>
                </ol>
            </nav>
        }
    });
    view! {
        <header class="page-header">
            {way}
            <div class="page-header__line">
                <div class="page-header__title">
                    <h1>{title}</h1>
                    {beside.map(|beside| beside.run())}
                </div>
                {children
                    .map(|actions| view! { <div class="page-header__actions">{actions()}</div> })}
            </div>
            {lead.map(|lead| view! { <p class="page-header__lead">{lead}</p> })}
        </header>
    }
}

/// An `<h2>` with something at the end of its line.
#[component]
pub fn SectionTitle(
    #[prop(into)] title: String,
    /// For links to it and for `aria-labelledby`.
    #[prop(optional_no_strip, into)]
    id: Option<String>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="section-title">
            <h2 id=id>{title}</h2>
            {children.map(|children| children())}
        </div>
    }
}
