//! The part of a form that configures a product: values that stacks share, and those of each stack.
//!
//! The forms that deploy, upgrade and redeploy have it in common.

pub mod controls;
pub mod import;
pub mod refusal;

use std::collections::BTreeSet;

use domain::wire::{Problem, VariableView};
use leptos::prelude::*;

use super::catalog::counted;
use crate::components::{Disclosure, Held, SectionTitle, VariableInput};
use crate::entered::Entered;
use crate::form_field::{FormField, Place, shared_field, stack_field};
use crate::stack_order::Placed;
use crate::variables::{Group, grouped, must_be_entered, own_variables};

/// What every part is told.
#[derive(Clone, Copy)]
pub struct Configuration {
    /// What the names of the fields are inside of; empty where they stand alone.
    pub prefix: &'static str,
    /// What the reader sent before, where the server renders the form again.
    pub sent: StoredValue<Option<Entered>>,
    /// What is wrong with what was sent last.
    pub problem: Signal<Option<Problem>>,
    /// What there is to know about single fields.
    pub marks: StoredValue<Marks>,
}

/// Fields, by their ids, that differ from those of a product that is deployed for the first time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// The version before did not have them.
    pub new: BTreeSet<String>,
    /// They have a value of before.
    pub kept: BTreeSet<String>,
}

impl Configuration {
    /// What is wrong with a field.
    #[must_use]
    pub fn errors(self, field: FormField) -> Signal<Vec<String>> {
        Signal::derive(move || {
            self.problem.with(|problem| {
                let errors = problem.as_ref().map(|problem| field.errors(problem));
                errors.unwrap_or_default()
            })
        })
    }

    fn held(self, field: &FormField) -> Held {
        let kept = self
            .marks
            .with_value(|marks| marks.kept.contains(&field.id));
        self.sent.with_value(|sent| match sent {
            Some(sent) => Held::Sent(sent.value(field).map(str::to_owned)),
            None if kept => Held::Kept,
            None => Held::Default,
        })
    }
}

/// Variables that every stack gets, entered once; nothing where there are none.
#[component]
pub fn SharedValues(variables: Vec<VariableView>, configuration: Configuration) -> impl IntoView {
    (!variables.is_empty()).then(move || {
        let groups = groups(variables, configuration, Place::Shared, None);
        view! {
            <section aria-labelledby="shared-variables">
                <SectionTitle title="Shared Variables" id="shared-variables".to_owned()>
                    <span class="soft small">"Entered once, given to every stack"</span>
                </SectionTitle>
                <div class="card groups">{groups}</div>
            </section>
        }
    })
}

fn groups(
    variables: Vec<VariableView>,
    configuration: Configuration,
    place: Place,
    placed: Option<&Placed>,
) -> Vec<AnyView> {
    let field = |view: &VariableView| match (place, placed) {
        (Place::Stack(index), Some(placed)) => stack_field(index, &placed.stack, view),
        _ => shared_field(view),
    };
    let groups = grouped(variables).into_iter();
    groups
        .map(|group| group_part(group, configuration, &field))
        .collect()
}

/// A group of variables under its heading.
fn group_part(
    group: Group,
    configuration: Configuration,
    field: &dyn Fn(&VariableView) -> FormField,
) -> AnyView {
    let inputs = group
        .variables
        .into_iter()
        .map(|view| {
            let field = field(&view);
            let name = field.name_in(configuration.prefix);
            let held = configuration.held(&field);
            let new = configuration
                .marks
                .with_value(|marks| marks.new.contains(&field.id));
            let id = field.id.clone();
            let errors = configuration.errors(field);
            view! { <VariableInput view id name held errors new /> }
        })
        .collect_view();
    let heading = group
        .heading
        .map(|heading| view! { <legend class="group__title">{heading}</legend> });
    view! {
        <fieldset class="group">
            {heading} <div class="group__fields">{inputs}</div>
        </fieldset>
    }
    .into_any()
}

/// One stack of the accordion: open where somebody has to enter something, or something is wrong.
#[component]
pub fn StackValues(
    placed: Placed,
    configuration: Configuration,
    /// What the stack's containers will be called after.
    name: Signal<String>,
    /// Whether the version before did not have the stack.
    #[prop(optional)]
    new: bool,
    #[prop(optional)] always_open: bool,
) -> impl IntoView {
    let index = placed.index;
    let turn = placed.turn;
    let variables = own_variables(&placed.stack);
    let count = variables.len();
    let waiting = variables.iter().any(must_be_entered);
    let fields: Vec<FormField> = variables
        .iter()
        .map(|view| stack_field(index, &placed.stack, view))
        .collect();
    let wrong = Memo::new(move |_| {
        configuration.problem.with(|problem| {
            let errors = problem.iter().flat_map(|problem| problem.errors.keys());
            let ours = |key: &&String| fields.iter().any(|field| field.is_meant_by(key));
            errors.filter(ours).count()
        })
    });
    let open = Signal::derive(move || always_open || wrong.get() > 0 || waiting);
    let title = placed.stack.display_name.clone();
    let summary = move || {
        let note = move || match wrong.get() {
            0 => None,
            wrong => Some(view! {
                <span class="badge badge--bare tone-bad">{counted(wrong, "problem")}</span>
            }),
        };
        view! {
            <span class="stack-summary">
                <span class="step-number" aria-hidden="true">
                    {turn}
                </span>
                <strong>{title.clone()}</strong>
                <code class="soft">{name}</code>
                {new.then(|| view! { <span class="tag">"New"</span> })}
                {note}
                <span class="stack-summary__count soft small">
                    {if count == 0 { "no variables".to_owned() } else { counted(count, "variable") }}
                </span>
            </span>
        }
    };
    let content = if count == 0 {
        view! { <p class="soft">"This stack has no variables of its own."</p> }.into_any()
    } else {
        let groups = groups(variables, configuration, Place::Stack(index), Some(&placed));
        view! { <div class="groups">{groups}</div> }.into_any()
    };
    view! {
        <Disclosure card=true summary=summary open=open>
            {content}
        </Disclosure>
    }
}
