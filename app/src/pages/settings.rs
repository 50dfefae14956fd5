//! `/settings`: what can be looked at and set, as far as it is there.

pub mod environments;
pub mod sources;
pub mod system;

use leptos::prelude::*;
use leptos_meta::Title;

use crate::components::{Crumb, Glyph, Icon, PageHeader};

struct Tile {
    href: &'static str,
    name: &'static str,
    about: &'static str,
    glyph: Glyph,
}

const TILES: [Tile; 3] = [
    Tile {
        href: "/settings/stack-sources",
        name: "Stack Sources",
        about: "Where products come from, when they were read, and what is wrong in their files",
        glyph: Glyph::Catalog,
    },
    Tile {
        href: "/environments",
        name: "Environments",
        about: "The Docker engines that products are deployed to, and whether they answer",
        glyph: Glyph::Engine,
    },
    Tile {
        href: "/settings/system",
        name: "System",
        about: "Version, database, limits and what the server is set to",
        glyph: Glyph::Info,
    },
];

/// The page.
#[component]
pub fn SettingsPage() -> impl IntoView {
    let tiles = TILES
        .into_iter()
        .map(|tile| {
            view! {
                <li class="card product-card">
                    <div class="product-card__head">
                        <Icon glyph=tile.glyph />
                        <h2>
                            <a href=tile.href>{tile.name}</a>
                        </h2>
                    </div>
                    <p class="soft">{tile.about}</p>
                </li>
            }
        })
        .collect_view();
    view! {
        <Title text="Settings" />
        <PageHeader title="Settings" />
        <ul class="catalog settings-tiles">{tiles}</ul>
    }
}

/// The way back to it.
fn crumbs() -> Vec<Crumb> {
    vec![Crumb::new("Settings", "/settings")]
}
