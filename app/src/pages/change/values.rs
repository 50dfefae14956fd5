//! The values that the operation rolls out: carried over where nobody changes them.

use domain::wire::{ConfigurationView, Problem, StackSummary};
use leptos::prelude::*;

use crate::components::{Card, Notice, SectionTitle, Tone};
use crate::entered::Entered;
use crate::form_field::{FormField, shared_field, stack_field};
use crate::pages::configuration::controls::{Before, TakeBack};
use crate::pages::configuration::{Configuration, Marks, SharedValues, StackValues};
use crate::stack_order::by_turn;
use crate::variables::{own_variables, shared_variables};

/// What the names of the fields are inside of.
pub const PREFIX: &str = "change";
/// Id of the button that asks for the plan again.
pub const PLAN: &str = "plan-with-values";

/// Accordion of all variables; nothing where the operation has none.
#[component]
pub fn ChangedValues(
    configuration: Option<ConfigurationView>,
    /// What was sent before.
    sent: Option<Entered>,
    problem: Signal<Option<Problem>>,
    /// Whether there is no plan until something is entered.
    missing: Signal<bool>,
    before: RwSignal<Option<Before>>,
    /// Whether the plan is being made again.
    planning: Signal<bool>,
) -> impl IntoView {
    configuration.map(|view| {
        let marks = marks(&view);
        let new_stacks: Vec<bool> = view.stacks.iter().map(|stack| stack.is_new).collect();
        let names = view
            .stacks
            .iter()
            .map(|it| it.deployment_stack_name.clone());
        let names: Vec<String> = names.collect();
        let stacks: Vec<StackSummary> = view.stacks.into_iter().map(|it| it.stack).collect();
        let configuration = Configuration {
            prefix: PREFIX,
            sent: StoredValue::new(sent),
            problem,
            marks: StoredValue::new(marks),
        };
        let shared = shared_variables(&stacks);
        let accordion = by_turn(&stacks)
            .into_iter()
            .map(|placed| {
                let name = Signal::stored(names[placed.index].clone());
                let new = new_stacks[placed.index];
                view! { <StackValues placed configuration name new /> }
            })
            .collect_view();
        let warning = move || {
            missing
                .get()
                .then(|| view! { <Notice tone=Tone::Warn what=MISSING /> })
        };
        view! {
            <input type="hidden" name="change[configured]" value="true" />
            {warning}
            <TakeBack before />
            <SharedValues variables=shared configuration />
            <section aria-labelledby="stack-configuration">
                <SectionTitle title="Stack Configuration" id="stack-configuration".to_owned() />
                <div class="stack-close">{accordion}</div>
            </section>
            <Gone names=view.removed_variables />
            <div class="row">
                <button
                    type="submit"
                    class="button"
                    id=PLAN
                    name="act"
                    value="plan"
                    formnovalidate=true
                >
                    {move || if planning.get() { "Planning…" } else { "Plan with these values" }}
                </button>
                <span class="soft small">
                    "The plan below is made again. Nothing is begun."
                </span>
            </div>
        }
    })
}

const MISSING: &str = "This version needs values that the product does not have yet: there is no plan until they are entered.";

/// What the version does not know any more.
#[component]
fn Gone(names: Vec<String>) -> impl IntoView {
    (!names.is_empty()).then(|| {
        let header = move || {
            view! {
                <h2>"No longer used"</h2>
                <span class="soft">"This version does not know these variables: their values are not carried over."</span>
            }
        };
        let names = names
            .into_iter()
            .map(|name| view! { <li><code>{name}</code></li> })
            .collect_view();
        view! {
            <Card header>
                <ul class="derived__names">{names}</ul>
            </Card>
        }
    })
}

/// Which fields are new, and which have a value of before.
fn marks(view: &ConfigurationView) -> Marks {
    let mut marks = Marks::default();
    for (index, configured) in view.stacks.iter().enumerate() {
        let stack = &configured.stack;
        let own = own_variables(stack);
        let shared = stack.variables.iter().filter(|view| view.shared);
        let fields = own.iter().map(|view| stack_field(index, stack, view));
        let fields: Vec<FormField> = fields.chain(shared.map(shared_field)).collect();
        for field in fields {
            // A stack that is new as a whole says so once.
            if configured.new_variables.contains(&field.variable) && !configured.is_new {
                marks.new.insert(field.id.clone());
            }
            if configured.kept_variables.contains(&field.variable) {
                marks.kept.insert(field.id);
            }
        }
    }
    marks
}
