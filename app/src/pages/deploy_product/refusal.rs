//! What the server found wrong, on top of the form, each line leading to its field.

use domain::wire::{Problem, StackSummary, VariableView};
use leptos::html::Div;
use leptos::prelude::*;

use crate::components::{Glyph, Icon};

/// A field of the form: what the server calls it, its id in the page, what people call it, and in which stack it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormField {
    pub key: String,
    pub id: String,
    pub label: String,
    pub stack: Option<String>,
}

/// The field of the deployment's name.
#[must_use]
pub fn deployment_name_field() -> FormField {
    FormField {
        key: "deploymentName".to_owned(),
        id: "deployment-name".to_owned(),
        label: "Deployment Name".to_owned(),
        stack: None,
    }
}

/// The field of a variable that stacks share.
#[must_use]
pub fn shared_field(view: &VariableView) -> FormField {
    let name = &view.variable.name;
    FormField {
        key: format!("sharedVariables.{name}"),
        id: format!("shared-{name}"),
        label: label(view),
        stack: None,
    }
}

/// The field of a variable of a stack's own.
#[must_use]
pub fn stack_field(index: usize, stack: &StackSummary, view: &VariableView) -> FormField {
    let name = &view.variable.name;
    FormField {
        key: format!("stackConfigs[{index}].variables.{name}"),
        id: format!("stack-{index}-{name}"),
        label: label(view),
        stack: Some(stack.display_name.clone()),
    }
}

fn label(view: &VariableView) -> String {
    let variable = &view.variable;
    variable
        .label
        .clone()
        .unwrap_or_else(|| variable.name.clone())
}

impl FormField {
    /// An error as a sentence that says what it is about. Most name the field themselves.
    fn sentence(&self, error: &str) -> String {
        let about = match error.starts_with(&self.label) {
            true => error.to_owned(),
            false => format!("{}: {error}", self.label),
        };
        match &self.stack {
            Some(stack) => format!("{stack}: {about}"),
            None => about,
        }
    }
}

/// Takes the focus when it appears, so that nobody looks for what happened.
#[component]
pub fn ErrorSummary(
    problem: Signal<Option<Problem>>,
    fields: Vec<FormField>,
    /// Whether scripts sent the form: they move the focus themselves.
    #[prop(into)]
    sent_here: Signal<bool>,
) -> impl IntoView {
    let fields = StoredValue::new(fields);
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
        for error in problem.errors.get(&field.key).into_iter().flatten() {
            lines.push(Line {
                id: Some(field.id.clone()),
                text: field.sentence(error),
            });
        }
    }
    for (key, errors) in &problem.errors {
        if fields.iter().all(|field| field.key != *key) {
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

    #[test]
    fn errors_come_in_the_order_of_the_form_and_say_what_they_are_about() {
        let field = |key: &str, stack: Option<&str>| FormField {
            key: key.to_owned(),
            id: format!("id-{key}"),
            label: key.to_uppercase(),
            stack: stack.map(str::to_owned),
        };
        let fields = [field("z", None), field("a", Some("Web"))];
        let mut problem = crate::calls::CallError::new("x", 400, "x", "x").0;
        for (key, error) in [
            ("a", "A is required."),
            ("other", "No such stack."),
            ("z", "too long"),
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
            ("id-z", "Z: too long"),
            ("id-a", "Web: A is required."),
            ("", "No such stack."),
        ];
        assert_eq!(
            texts,
            expected.map(|(id, text)| (id.to_owned(), text.to_owned()))
        );
    }
}
