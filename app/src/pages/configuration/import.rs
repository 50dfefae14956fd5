//! "Import .env": takes a file, or what was pasted, into the fields. Without scripts the text is sent with the form.

use leptos::prelude::*;

use super::controls::{self, Before, Control};
use crate::components::{Disclosure, FileChoice};
use crate::env_import::{Imported, matched};
use crate::form_field::FormField;

const TEXT: &str = "env-text";
const FILE: &str = "env-file";

/// Said where the values can be taken back.
const SET: &str = "Values were taken from the .env file.";

/// `act` and `env` are the names of the form's fields for the button and the text; `before` remembers what was there.
#[component]
pub fn EnvImport(
    act: &'static str,
    env: &'static str,
    fields: StoredValue<Vec<FormField>>,
    /// What became of a text that was sent without scripts.
    #[prop(optional_no_strip)]
    imported: Option<Imported>,
    before: RwSignal<Option<Before>>,
) -> impl IntoView {
    let open = imported.is_some();
    let told = RwSignal::new(imported);
    let take = move |text: &str| {
        let found = fields.with_value(|fields| matched(text, fields));
        let set = found.set.iter().map(|(field, value)| Control {
            id: field.id.clone(),
            value: value.clone(),
        });
        let set: Vec<_> = set.collect();
        let ids: Vec<_> = set.iter().map(|control| control.id.clone()).collect();
        if !set.is_empty() {
            before.set(Some(Before {
                what: SET,
                controls: controls::read(&ids),
            }));
            controls::write(&set);
        }
        told.set(Some(Imported::of(&found, true)));
    };
    let pressed = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        let id = [TEXT.to_owned()];
        if let Some(pasted) = controls::read(&id).first() {
            take(&pasted.value);
        }
    };
    view! {
        <Disclosure summary=|| view! { <span>"Import .env"</span> } open=Signal::stored(open)>
            <div class="stack-tight">
                <label for=TEXT>"Lines of NAME=VALUE"</label>
                <textarea
                    class="input input--code"
                    id=TEXT
                    name=env
                    rows="5"
                    spellcheck="false"
                    autocomplete="off"
                    placeholder="DB_HOST=db.example"
                ></textarea>
                <div class="row">
                    <button
                        class="button"
                        type="submit"
                        name=act
                        value="import"
                        formnovalidate=true
                        on:click=pressed
                    >
                        "Import"
                    </button>
                    <FileChoice
                        id=FILE
                        about="File with lines of NAME=VALUE"
                        take=move |text: String| take(&text)
                    />
                </div>
                <Outcome told />
            </div>
        </Disclosure>
    }
}

/// What was set, what was not, and why.
#[component]
fn Outcome(told: RwSignal<Option<Imported>>) -> impl IntoView {
    let lines = move || {
        told.get().map(|told| {
            let count = told.count();
            let first = match count {
                0 => "No value was set.".to_owned(),
                1 => "1 value was set.".to_owned(),
                count => format!("{count} values were set."),
            };
            let set = told
                .set
                .into_iter()
                .map(|(place, names)| line(place, names));
            let mut lines: Vec<_> = set.collect();
            if !told.left_out.is_empty() {
                let why = "Secrets are not sent back, enter them yourself".to_owned();
                lines.push(line(why, told.left_out));
            }
            if !told.unknown.is_empty() {
                let why = "Not a variable of this product".to_owned();
                lines.push(line(why, told.unknown));
            }
            let problems = told
                .problems
                .into_iter()
                .map(|problem| view! { <li class="env-import__problem">{problem}</li> })
                .collect_view();
            view! {
                <p>
                    <strong>{first}</strong>
                </p>
                <ul class="env-import__lines">{lines} {problems}</ul>
            }
        })
    };
    view! {
        <div role="status" class="env-import small">
            {lines}
        </div>
    }
}

fn line(what: String, names: Vec<String>) -> impl IntoView {
    let names = names
        .into_iter()
        .map(|name| {
            view! {
                " "
                <code>{name}</code>
            }
        })
        .collect_view();
    view! { <li>{what} ":" {names}</li> }
}
