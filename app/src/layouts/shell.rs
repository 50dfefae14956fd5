//! The frame around every page: brand, navigation, the environment that is worked on, the content, the footer.
//!
//! Names only what exists.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::theme_switch::ThemeSwitch;
use crate::calls::environments::current_environment;
use crate::components::{Glyph, Icon};
use crate::json::loaded;

/// Where the skip link leads.
const CONTENT: &str = "content";

struct Entry {
    label: &'static str,
    href: &'static str,
    glyph: Glyph,
    /// Beginnings of addresses that belong to it.
    covers: &'static [&'static str],
}

const ENTRIES: [Entry; 3] = [
    Entry {
        label: "Catalog",
        href: "/catalog",
        glyph: Glyph::Catalog,
        covers: &["/catalog", "/deploy-product"],
    },
    Entry {
        label: "Deployments",
        href: "/deployments",
        glyph: Glyph::Deployments,
        covers: &[
            "/deployments",
            "/product-deployments",
            "/operations",
            "/redeploy-product",
            "/retry-product",
            "/upgrade-product",
            "/rollback-product",
            "/stop-product",
            "/restart-product",
            "/enter-maintenance",
            "/exit-maintenance",
            "/remove-product",
        ],
    },
    Entry {
        label: "Health",
        href: "/health",
        glyph: Glyph::Pulse,
        covers: &["/health"],
    },
];

/// The frame; the children are the page.
#[component]
pub fn Shell(children: Children) -> impl IntoView {
    view! {
        <div class="shell">
            <a class="skip-link" href=format!("#{CONTENT}")>
                "Skip to the content"
            </a>
            <header class="shell__top">
                <a class="shell__brand" href="/">
                    <Icon glyph=Glyph::Windlass />
                    <span class="shell__brand-name">"Windlass"</span>
                </a>
                <div class="shell__header">
                    <EnvironmentName />
                    <ThemeSwitch />
                </div>
            </header>
            <nav class="shell__nav" aria-label="Main">
                <Navigation />
            </nav>
            <main class="shell__main" id=CONTENT tabindex="-1">
                {children()}
            </main>
            <footer class="shell__footer">
                <span>"Windlass " {env!("CARGO_PKG_VERSION")}</span>
                <span>"A deployment that always ends in a known state."</span>
            </footer>
        </div>
    }
}

#[component]
fn Navigation() -> impl IntoView {
    let path = use_location().pathname;
    let entries = ENTRIES.map(|entry| {
        let here = move || {
            path.with(|path| {
                let mut inside = entry.covers.iter().map(|start| path.strip_prefix(start));
                inside.any(|rest| rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
            })
        };
        view! {
            <li>
                <a href=entry.href aria-current=move || here().then_some("page")>
                    <Icon glyph=entry.glyph />
                    {entry.label}
                </a>
            </li>
        }
    });
    view! { <ul class="shell__nav-list">{entries.into_iter().collect_view()}</ul> }
}

/// The environment that deployments go to. While it is not known, nothing is claimed.
#[component]
fn EnvironmentName() -> impl IntoView {
    let environment = loaded(|| (), |()| current_environment());
    let name = move || {
        Suspend::new(async move {
            match environment.await {
                Ok(environment) => view! {
                    <span class="shell__environment-name">{environment.name}</span>
                }
                .into_any(),
                Err(_) => view! { <span class="soft">"Environment unknown"</span> }.into_any(),
            }
        })
    };
    view! {
        <div class="shell__environment">
            <Icon glyph=Glyph::Engine />
            <span class="unseen">"Environment"</span>
            <Suspense>{name}</Suspense>
        </div>
    }
}
