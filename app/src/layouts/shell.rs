//! The frame around every page: brand, navigation, the environment that is worked on, the content, the footer.
//!
//! Names only what exists.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::environment_switch::EnvironmentSwitch;
use super::keys;
use super::palette::{Overlays, PaletteButton};
use super::theme_switch::ThemeSwitch;
use super::tray::{Notices, Tray};
use crate::components::{Glyph, Icon};

/// Where the skip link leads.
const CONTENT: &str = "content";

struct Entry {
    label: &'static str,
    href: &'static str,
    glyph: Glyph,
    /// Beginnings of addresses that belong to it.
    covers: &'static [&'static str],
}

const ENTRIES: [Entry; 9] = [
    Entry {
        label: "Dashboard",
        href: "/",
        glyph: Glyph::Dashboard,
        covers: &["/"],
    },
    Entry {
        label: "Catalog",
        href: "/catalog",
        glyph: Glyph::Catalog,
        covers: &["/catalog", "/deploy-product", "/deploy-custom"],
    },
    Entry {
        label: "Deployments",
        href: "/deployments",
        glyph: Glyph::Deployments,
        covers: &[
            "/deployments",
            "/product-deployments",
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
        label: "Operations",
        href: "/operations",
        glyph: Glyph::Clock,
        covers: &["/operations"],
    },
    Entry {
        label: "Containers",
        href: "/containers",
        glyph: Glyph::Box,
        covers: &["/containers"],
    },
    Entry {
        label: "Volumes",
        href: "/volumes",
        glyph: Glyph::Volume,
        covers: &["/volumes"],
    },
    Entry {
        label: "Health",
        href: "/health",
        glyph: Glyph::Pulse,
        covers: &["/health"],
    },
    Entry {
        label: "Environments",
        href: "/environments",
        glyph: Glyph::Engine,
        covers: &["/environments"],
    },
    Entry {
        label: "Settings",
        href: "/settings",
        glyph: Glyph::Settings,
        covers: &["/settings"],
    },
];

/// The frame; the children are the page.
#[component]
pub fn Shell(children: Children) -> impl IntoView {
    let overlay = RwSignal::new(None);
    keys::listen(overlay);
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
                    <EnvironmentSwitch />
                    <div class="shell__tools">
                        <PaletteButton overlay />
                        <Tray />
                        <ThemeSwitch />
                    </div>
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
            <Notices />
            <Overlays overlay />
        </div>
    }
}

#[component]
fn Navigation() -> impl IntoView {
    let path = use_location().pathname;
    let entries = ENTRIES.map(|entry| {
        let here = move || {
            path.with(|path| {
                // Everything begins with the start: only that address itself is there.
                entry.covers.contains(&path.as_str())
                    || entry.covers.iter().any(|start| {
                        let rest = path.strip_prefix(start);
                        *start != "/" && rest.is_some_and(|rest| rest.starts_with('/'))
                    })
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
