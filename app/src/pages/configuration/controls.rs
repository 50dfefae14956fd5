//! What the controls of a form hold, read and set in the browser, and the way back after many of them were set at once.

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast as _;
use leptos::web_sys::{Element, HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement};

use crate::components::{Button, Notice, Tone};
use crate::entered::is_true;

/// A control and what it holds; a switch holds `true` or `false`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    pub id: String,
    pub value: String,
}

const CHECKBOX: &str = "checkbox";

/// What the controls with these ids hold now.
#[must_use]
pub fn read(ids: &[String]) -> Vec<Control> {
    let held = ids.iter().filter_map(|id| {
        Some(Control {
            id: id.clone(),
            value: held(&document().get_element_by_id(id)?)?,
        })
    });
    held.collect()
}

fn held(element: &Element) -> Option<String> {
    if let Some(input) = element.dyn_ref::<HtmlInputElement>() {
        return Some(match input.type_() == CHECKBOX {
            true => input.checked().to_string(),
            false => input.value(),
        });
    }
    if let Some(lines) = element.dyn_ref::<HtmlTextAreaElement>() {
        return Some(lines.value());
    }
    Some(element.dyn_ref::<HtmlSelectElement>()?.value())
}

/// Has them hold this, and tells whoever listens to them.
pub fn write(controls: &[Control]) {
    for control in controls {
        if let Some(element) = document().get_element_by_id(&control.id) {
            set(&element, &control.value);
            tell(&element);
        }
    }
}

fn set(element: &Element, value: &str) {
    if let Some(input) = element.dyn_ref::<HtmlInputElement>() {
        match input.type_() == CHECKBOX {
            true => input.set_checked(is_true(value)),
            false => input.set_value(value),
        }
    } else if let Some(lines) = element.dyn_ref::<HtmlTextAreaElement>() {
        lines.set_value(value);
    } else if let Some(choices) = element.dyn_ref::<HtmlSelectElement>() {
        choices.set_value(value);
    }
}

fn tell(element: &Element) {
    let Ok(event) = document().create_event("Event") else {
        return;
    };
    event.init_event_with_bubbles("input", true);
    // Whether a listener minds is no matter of ours.
    let _ = element.dispatch_event(&event);
}

/// What many controls held before they were set at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Before {
    /// What was done, as a sentence.
    pub what: &'static str,
    pub controls: Vec<Control>,
}

/// Says what was done, and takes it back.
#[component]
pub fn TakeBack(before: RwSignal<Option<Before>>) -> impl IntoView {
    let take_back = Callback::new(move |()| {
        if let Some(before) = before.try_update(Option::take).flatten() {
            write(&before.controls);
        }
    });
    let shown = move || {
        let what = before.get()?.what;
        Some(view! {
            <Notice tone=Tone::Idle what=what>
                <div class="row">
                    <Button on_click=take_back>"Undo"</Button>
                </div>
            </Notice>
        })
    };
    view! {
        <div role="status" class="take-back">
            {shown}
        </div>
    }
}
