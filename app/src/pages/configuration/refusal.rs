//! What the server found wrong, on top of the form, each line leading to its field.

use domain::wire::Problem;
use leptos::html::Div;
use leptos::prelude::*;

use crate::components::{Glyph, Icon};
use crate::form_field::FormField;

/// An error as a sentence that says what it is about. Most name the field themselves.
fn sentence(field: &FormField, error: &str) -> String {
    let about = match error.starts_with(&field.label) {
        true => error.to_owned(),
        false => format!("{}: {error}", field.label),
    };
    match &field.stack {
        Some(stack) => format!("{stack}: {about}"),
        None => about,
    }
}

/// Takes the focus when it appears, so that nobody looks for what happened.
#[component]
pub fn ErrorSummary(
    problem: Signal<Option<Problem>>,
    fields: StoredValue<Vec<FormField>>,
    /// Whether scripts sent the form: they move the focus themselves.
    #[prop(into)]
    sent_here: Signal<bool>,
) -> impl IntoView {
    let summary = NodeRef::<Div>::new();
    Effect::new(move |_| {
        if problem.with(Option::is_some) {
            // After the lines are there.
            request_animation_frame(move || {
                if let Some(summary) = summary.get_untracked() {
                    // A page that is being left cannot take the focus; nobody misses it.
                    let _ = summary.focus();
                }
            });
        }
    });
    move || {
        problem.get().map(|problem| {
            let lines = lines(&problem, &fields.read_value());
            let detail = lines.is_empty().then_some(problem.detail);
            let list = lines
                .into_iter()
                .map(|line| match line.id {
                    Some(id) => {
                        view! { <li><a href=format!("#{id}")>{line.text}</a></li> }.into_any()
                    }
                    None => view! { <li>{line.text}</li> }.into_any(),
                })
                .collect_view();
            view! {
                <div
                    class="notice tone-bad"
                    role="alert"
                    tabindex="-1"
                    autofocus=!sent_here.get_untracked()
                    node_ref=summary
                    id="error-summary"
                >
                    <Icon glyph=Glyph::Failed />
                    <div class="notice__body">
                        <h2 class="notice__what">{problem.title}</h2>
                        {match detail {
                            Some(detail) => view! { <p>{detail}</p> }.into_any(),
                            None => view! { <ul>{list}</ul> }.into_any(),
                        }}
                    </div>
                </div>
            }
        })
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Line {
    id: Option<String>,
    text: String,
}

/// One line an error, in the order of the form; what belongs to no field comes last.
fn lines(problem: &Problem, fields: &[FormField]) -> Vec<Line> {
    let mut lines = Vec::new();
    for field in fields {
        for error in field.errors(problem) {
            lines.push(Line {
                id: Some(field.id.clone()),
                text: sentence(field, &error),
            });
        }
    }
    for (key, errors) in &problem.errors {
        if !fields.iter().any(|field| field.is_meant_by(key)) {
            lines.extend(errors.iter().map(|error| Line {
                id: None,
                text: error.clone(),
            }));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form_field::{Place, deployment_name_field};

    #[test]
    fn errors_come_in_the_order_of_the_form_and_say_what_they_are_about() {
        let field = |place: Place, label: &str, stack: Option<&str>| FormField {
            place,
            variable: label.to_owned(),
            id: format!("id-{label}"),
            label: label.to_owned(),
            stack: stack.map(str::to_owned),
            ..deployment_name_field()
        };
        let fields = [
            field(Place::Shared, "Z", None),
            field(Place::Stack(1), "A", Some("Web")),
        ];
        let mut problem = crate::calls::CallError::new("x", 400, "x", "x").0;
        for (key, error) in [
            ("stackConfigs[1].variables.A", "A is required."),
            ("other", "No such stack."),
            ("sharedVariables.Z", "too long"),
        ] {
            problem
                .errors
                .insert(key.to_owned(), vec![error.to_owned()]);
        }
        let texts: Vec<_> = lines(&problem, &fields)
            .into_iter()
            .map(|line| (line.id.unwrap_or_default(), line.text))
            .collect();
        let expected = [
            ("id-Z", "Z: too long"),
            ("id-A", "Web: A is required."),
            ("", "No such stack."),
        ];
        assert_eq!(
            texts,
            expected.map(|(id, text)| (id.to_owned(), text.to_owned()))
        );
    }
}
