//! The control for a variable, by its type. Values of secrets are typed, never shown again.

use domain::variable::{Variable, VariableType};
use domain::wire::VariableView;
use leptos::prelude::*;

use super::field::{Field, FieldErrors, about_id, error_id};
use super::icon::{Glyph, Icon};
use crate::entered::is_true;

/// What the control holds at first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// What the manifest says.
    Default,
    /// What the deployed product has, which stays where nobody changes it.
    Kept,
    /// What somebody sent; nothing where the field was not in the form, as with a switch that is off.
    Sent(Option<String>),
}

/// What every control is told.
#[derive(Clone)]
struct Control {
    variable: Variable,
    id: String,
    name: String,
    value: String,
    required: bool,
    described_by: String,
    invalid: Signal<Option<&'static str>>,
}

/// Label, control, description and errors of a variable. `name` is that of the form's field.
#[component]
pub fn VariableInput(
    view: VariableView,
    #[prop(into)] id: String,
    #[prop(into)] name: String,
    held: Held,
    errors: Signal<Vec<String>>,
    /// Whether a version before did not have it.
    #[prop(optional)]
    new: bool,
) -> impl IntoView {
    let VariableView {
        variable,
        default_value,
        is_required,
        ..
    } = view;
    let kind = variable.kind;
    let label = variable
        .label
        .clone()
        .unwrap_or_else(|| variable.name.clone());
    let about = about(&variable, default_value.is_some(), &held);
    let value = match held {
        Held::Default | Held::Kept => default_value,
        Held::Sent(sent) => sent,
    };
    let described_by = match about {
        Some(_) => format!("{} {}", about_id(&id), error_id(&id)),
        None => error_id(&id),
    };
    let control = Control {
        id: id.clone(),
        name,
        value: value.unwrap_or_default(),
        required: is_required,
        described_by,
        invalid: Signal::derive(move || {
            errors.with(|errors| (!errors.is_empty()).then_some("true"))
        }),
        variable,
    };
    if kind == VariableType::Boolean {
        return view! { <Switch control label about errors new /> }.into_any();
    }
    let input = match kind {
        VariableType::Select => view! { <Choices control /> }.into_any(),
        VariableType::MultiLine => view! { <Lines control /> }.into_any(),
        kind if kind.is_secret() => view! { <Secret control /> }.into_any(),
        _ => view! { <Line control /> }.into_any(),
    };
    view! {
        <Field id label required=is_required new about errors>
            {input}
        </Field>
    }
    .into_any()
}

/// The description, and what there is to know about how this control behaves.
fn about(variable: &Variable, has_default: bool, held: &Held) -> Option<String> {
    let mut sentences: Vec<String> = variable.description.iter().cloned().collect();
    let bounds = (variable.min.map(plain), variable.max.map(plain));
    match bounds {
        (Some(min), Some(max)) => sentences.push(format!("{min} to {max}.")),
        (Some(min), None) => sentences.push(format!("At least {min}.")),
        (None, Some(max)) => sentences.push(format!("At most {max}.")),
        (None, None) => {}
    }
    if variable.kind.is_secret() {
        if matches!(held, Held::Sent(_)) {
            sentences.push("Please enter it again: secrets are not sent back.".to_owned());
        }
        let empty = match held {
            Held::Kept => Some("Keeps its value where you leave it empty."),
            _ => {
                has_default.then_some("Leave it empty to use the one that comes with the product.")
            }
        };
        sentences.extend(empty.map(str::to_owned));
    }
    for sentence in &mut sentences {
        if !sentence.ends_with(['.', '!', '?', ':']) {
            sentence.push('.');
        }
    }
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

/// A number without a fraction that says nothing.
fn plain(number: f64) -> String {
    number.to_string()
}

#[component]
fn Line(control: Control) -> impl IntoView {
    let kind = control.variable.kind;
    let (kind_of_input, mode) = match kind {
        VariableType::Number => ("number", "decimal"),
        VariableType::Port => ("number", "numeric"),
        VariableType::Url => ("url", "url"),
        VariableType::Email => ("email", "email"),
        _ => ("text", "text"),
    };
    let (min, max) = match kind {
        VariableType::Port => (
            Some(control.variable.min.unwrap_or(1.0)),
            Some(control.variable.max.unwrap_or(65_535.0)),
        ),
        VariableType::Number => (control.variable.min, control.variable.max),
        _ => (None, None),
    };
    let class = match kind {
        VariableType::Number | VariableType::Port => "input input--short number",
        VariableType::Path | VariableType::Url => "input input--code",
        _ => "input",
    };
    view! {
        <input
            class=class
            type=kind_of_input
            inputmode=mode
            id=control.id
            name=control.name
            value=control.value
            placeholder=control.variable.placeholder
            min=min.map(plain)
            max=max.map(plain)
            step=(kind == VariableType::Number).then_some("any")
            autocomplete="off"
            spellcheck="false"
            aria-required=control.required.then_some("true")
            aria-invalid=control.invalid
            aria-describedby=control.described_by
        />
    }
}

#[component]
fn Lines(control: Control) -> impl IntoView {
    view! {
        <textarea
            class="input input--code"
            id=control.id
            name=control.name
            rows="4"
            placeholder=control.variable.placeholder
            spellcheck="false"
            aria-required=control.required.then_some("true")
            aria-invalid=control.invalid
            aria-describedby=control.described_by
        >
            {control.value}
        </textarea>
    }
}

#[component]
fn Choices(control: Control) -> impl IntoView {
    let current = control.value;
    let known = control
        .variable
        .options
        .iter()
        .any(|option| option.value == current);
    // Nothing is chosen for anybody: an unset value has an entry of its own.
    let unset = (!known).then(|| {
        let text = if control.required {
            "Choose…"
        } else {
            "Not set"
        };
        view! {
            <option value="" selected=true>
                {text}
            </option>
        }
    });
    let options = control
        .variable
        .options
        .into_iter()
        .map(|option| {
            let label = option.label.unwrap_or_else(|| option.value.clone());
            let text = match option.description {
                Some(about) => format!("{label} – {about}"),
                None => label,
            };
            let chosen = option.value == current;
            view! {
                <option value=option.value selected=chosen>
                    {text}
                </option>
            }
        })
        .collect_view();
    view! {
        <select
            class="input"
            id=control.id
            name=control.name
            aria-required=control.required.then_some("true")
            aria-invalid=control.invalid
            aria-describedby=control.described_by
        >
            {unset}
            {options}
        </select>
    }
}

/// Typed unseen; the button shows what was typed, once it can.
#[component]
fn Secret(control: Control) -> impl IntoView {
    let shown = RwSignal::new(false);
    let works = RwSignal::new(false);
    Effect::new(move |_| works.set(true));
    let glyph = Signal::derive(move || {
        if shown.get() {
            Glyph::EyeOff
        } else {
            Glyph::Eye
        }
    });
    view! {
        <div class="input-with-button">
            <input
                class="input input--code"
                type=move || if shown.get() { "text" } else { "password" }
                id=control.id.clone()
                name=control.name
                placeholder=control.variable.placeholder
                autocomplete="new-password"
                spellcheck="false"
                aria-required=control.required.then_some("true")
                aria-invalid=control.invalid
                aria-describedby=control.described_by
            />
            <button
                type="button"
                class="button reveal"
                disabled=move || !works.get()
                aria-label="Show value"
                title="Show value"
                aria-pressed=move || if shown.get() { "true" } else { "false" }
                aria-controls=control.id
                on:click=move |_| shown.update(|shown| *shown = !*shown)
            >
                <Icon glyph />
            </button>
        </div>
    }
}

#[component]
fn Switch(
    control: Control,
    label: String,
    about: Option<String>,
    errors: Signal<Vec<String>>,
    new: bool,
) -> impl IntoView {
    let about = about.map(|about| {
        view! {
            <span class="choice__about" id=about_id(&control.id)>
                {about}
            </span>
        }
    });
    view! {
        <div class="field">
            <div class="choice">
                <input
                    class="switch"
                    type="checkbox"
                    role="switch"
                    id=control.id.clone()
                    name=control.name
                    value="true"
                    checked=is_true(&control.value)
                    aria-invalid=control.invalid
                    aria-describedby=control.described_by
                />
                <div>
                    <label for=control.id.clone()>
                        <strong>{label}</strong>
                    </label>
                    {new.then(|| view! { <span class="tag">"New"</span> })}
                    {about}
                </div>
            </div>
            <FieldErrors id=error_id(&control.id) errors />
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(variable: &Variable, has_default: bool, held: Held, expected: Option<&str>) {
        assert_eq!(about(variable, has_default, &held).as_deref(), expected);
    }

    fn variable(kind: &str, description: Option<&str>) -> Variable {
        let value = serde_json::json!({
            "name": "X", "type": kind, "description": description,
            "required": true, "options": [], "defaultTransient": false,
        });
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn the_description_says_what_the_control_cannot_show() {
        let port = variable("Port", Some("Of the shop"));
        check(&port, false, Held::Default, Some("Of the shop."));
        check(&variable("String", None), true, Held::Default, None);

        let mut number = variable("Number", None);
        number.min = Some(1.0);
        check(&number, false, Held::Default, Some("At least 1."));
        number.max = Some(2.5);
        check(&number, false, Held::Default, Some("1 to 2.5."));

        let password = variable("Password", None);
        check(
            &password,
            true,
            Held::Default,
            Some("Leave it empty to use the one that comes with the product."),
        );
        check(
            &password,
            true,
            Held::Kept,
            Some("Keeps its value where you leave it empty."),
        );
        check(
            &password,
            false,
            Held::Sent(None),
            Some("Please enter it again: secrets are not sent back."),
        );
    }
}
