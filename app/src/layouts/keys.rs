//! The keyboard: what each key does, on every page. Only in the browser; the help shows the same table.

use leptos::prelude::*;

/// What stands over a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlay {
    Palette,
    Help,
}

/// Where `g` and then a letter leads.
pub const PLACES: &[(&str, &str, &str)] = &[
    ("h", "/", "Dashboard"),
    ("d", "/deployments", "Deployments"),
    ("o", "/operations", "Operations"),
    ("c", "/catalog", "Catalog"),
    ("n", "/containers", "Containers"),
    ("v", "/volumes", "Volumes"),
    ("e", "/health", "Health"),
    ("s", "/settings", "Settings"),
];

/// All other keys.
pub const KEYS: &[(&str, &str)] = &[
    ("Ctrl K", "Find pages, products, deployments and actions"),
    ("/", "Go to the search of this page"),
    ("j", "Next row"),
    ("k", "Previous row"),
    ("Enter", "Open it"),
    ("Esc", "Close what is open"),
    ("?", "This help"),
];

/// Listens to the keyboard until the tab is closed.
pub fn listen(overlay: RwSignal<Option<Overlay>>) {
    #[cfg(feature = "hydrate")]
    browser::listen(overlay);
    #[cfg(not(feature = "hydrate"))]
    let _ = overlay;
}

#[cfg(feature = "hydrate")]
mod browser {
    use leptos::ev::KeyboardEvent;
    use leptos::wasm_bindgen::JsCast as _;
    use leptos_router::hooks::use_navigate;
    use web_sys::HtmlElement;

    use super::*;
    use crate::clock;

    /// How long `g` waits for its letter, in milliseconds.
    const PATIENCE: i64 = 1_500;
    /// The search of a page.
    const SEARCH: &str = "main input[type=search]";
    /// What `j` and `k` go through: the first link of each row.
    const ROWS: &str = "main tbody tr th a, main [data-row] a:first-of-type";

    pub(super) fn listen(overlay: RwSignal<Option<Overlay>>) {
        let navigate = use_navigate();
        let waiting = StoredValue::new(0_i64);
        let pressed = move |event: KeyboardEvent| {
            let key = event.key();
            if (event.ctrl_key() || event.meta_key()) && key.eq_ignore_ascii_case("k") {
                event.prevent_default();
                overlay.set(Some(Overlay::Palette));
                return;
            }
            if key == "Escape" {
                close_menus();
                return;
            }
            if event.ctrl_key() || event.meta_key() || event.alt_key() || writes(&event) {
                return;
            }
            let now = clock::read().millis();
            if now - waiting.get_value() < PATIENCE {
                waiting.set_value(0);
                if let Some((_, href, _)) = PLACES.iter().find(|(letter, ..)| *letter == key) {
                    event.prevent_default();
                    navigate(href, leptos_router::NavigateOptions::default());
                    return;
                }
            }
            match key.as_str() {
                "g" => waiting.set_value(now),
                "?" => overlay.set(Some(Overlay::Help)),
                "/" => {
                    if let Some(search) = first(SEARCH) {
                        event.prevent_default();
                        focus(&search);
                    }
                }
                "j" => step(1),
                "k" => step(-1),
                _ => {}
            }
        };
        let listening = window_event_listener(leptos::ev::keydown, pressed);
        on_cleanup(move || listening.remove());
    }

    /// Whether the key is meant for something that is written, or for an open dialog.
    fn writes(event: &KeyboardEvent) -> bool {
        let target = event.target();
        let element = target.and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        element.is_some_and(|element| {
            let inside = element.closest("input, textarea, select, dialog, [contenteditable]");
            matches!(inside, Ok(Some(_)))
        })
    }

    fn first(selector: &str) -> Option<HtmlElement> {
        let found = document().query_selector(selector).ok()??;
        found.dyn_into().ok()
    }

    fn focus(element: &HtmlElement) {
        if element.focus().is_err() {
            leptos::logging::warn!("the focus cannot be moved");
        }
    }

    /// Menus are open where their element says so.
    fn close_menus() {
        while let Some(menu) = first("details[data-menu][open]") {
            if menu.remove_attribute("open").is_err() {
                return;
            }
        }
    }

    /// To the row so many further on; from nowhere, to the first one.
    fn step(by: i32) {
        let Ok(rows) = document().query_selector_all(ROWS) else {
            return;
        };
        let here = document().active_element();
        let count = i32::try_from(rows.length()).unwrap_or(i32::MAX);
        let at = |index: i32| {
            let row = rows.item(u32::try_from(index).ok()?)?;
            row.dyn_into::<HtmlElement>().ok()
        };
        let current = (0..count).find(|index| {
            let row = at(*index);
            row.is_some_and(|row| here.as_ref() == Some(row.unchecked_ref::<web_sys::Element>()))
        });
        let next = current.map_or(0, |current| (current + by).clamp(0, count - 1));
        if let Some(row) = at(next) {
            focus(&row);
        }
    }
}
