//! What is done by hand to a container or a volume: forms of one button each, and why one was refused.

use domain::wire::Problem;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::calls::CallError;
use crate::calls::containers::{Deed, DeedAnswer, DoDeed, RefusedDeed, WantedDeed};
use crate::components::{Button, ButtonKind, LinkButton, ProblemNotice};

/// The forms of one page.
#[derive(Clone, Copy)]
pub struct Deeds {
    pub action: ServerAction<DoDeed>,
    /// Why the last one was refused.
    pub problem: Signal<Option<Problem>>,
}

impl Deeds {
    /// `refused` is what a browser without scripts sent; `done` is told when something was done.
    #[must_use]
    pub fn new(refused: Option<RefusedDeed>, done: Callback<()>) -> Self {
        let action = ServerAction::<DoDeed>::new();
        let at_first = refused.map(|refused| refused.problem);
        let problem = Signal::derive(move || match action.value().get() {
            Some(Ok(DeedAnswer::Refused(problem)) | Err(CallError(problem))) => Some(problem),
            Some(Ok(DeedAnswer::Done)) => None,
            None => at_first.clone(),
        });
        Effect::new(move |_| {
            if let Some(Ok(DeedAnswer::Done)) = action.value().get() {
                done.run(());
            }
        });
        Self { action, problem }
    }

    /// Whether one to this thing is under way.
    pub fn is_busy(self, name: &str) -> bool {
        self.action.pending().get()
            && self.action.input().with(|sent| {
                let sent = sent.as_ref();
                sent.is_some_and(|sent| sent.deed.name == name)
            })
    }

    /// What is wrong with a field.
    #[must_use]
    pub fn errors(self, field: &'static str) -> Signal<Vec<String>> {
        Signal::derive(move || {
            self.problem.with(|problem| {
                let errors = problem
                    .as_ref()
                    .and_then(|problem| problem.errors.get(field));
                errors.cloned().unwrap_or_default()
            })
        })
    }
}

/// The address that the page was asked for with, where its forms are posted to.
pub fn here() -> Signal<String> {
    let location = use_location();
    Signal::derive(move || {
        let path = location.pathname.get();
        match location.search.get().as_str() {
            "" => path,
            search => format!("{path}?{}", search.trim_start_matches('?')),
        }
    })
}

/// Why the last deed was refused, and the way to the operation that stands in the way.
#[component]
pub fn Refusal(deeds: Deeds) -> impl IntoView {
    move || {
        let problem = deeds.problem.get()?;
        let operation = problem.extensions.get("operationId");
        let operation = operation.and_then(|id| id.as_str()).map(|id| {
            view! {
                <div class="row">
                    <LinkButton href=crate::address::operation(id)>"Show the operation"</LinkButton>
                </div>
            }
        });
        Some(view! {
            <div class="stack-close refusal">
                <ProblemNotice problem />
                {operation}
            </div>
        })
    }
}

/// One button that does one thing.
#[component]
pub fn DeedButton(
    deeds: Deeds,
    what: Deed,
    /// Id of the container.
    name: String,
    environment: String,
    /// The word on it.
    label: &'static str,
    /// Of what, for screen readers.
    #[prop(into)]
    of: String,
    #[prop(optional)] kind: ButtonKind,
    /// Why it is not allowed now.
    reason: Option<String>,
) -> impl IntoView {
    let address = here();
    let wanted = WantedDeed {
        what,
        name: name.clone(),
        environment: environment.clone(),
        force: None,
        typed_name: String::new(),
        driver: String::new(),
    };
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let deed = wanted.clone();
        deeds.action.dispatch(DoDeed { deed });
    };
    let busy = {
        let name = name.clone();
        Signal::derive(move || deeds.is_busy(&name))
    };
    view! {
        <form method="post" action=address on:submit=send>
            <input type="hidden" name="deed[what]" value=what.as_str() />
            <input type="hidden" name="deed[name]" value=name />
            <input type="hidden" name="deed[environment]" value=environment />
            <Button submit=true kind busy reason=reason>
                {label}
                <span class="unseen">{format!(" {of}")}</span>
            </Button>
        </form>
    }
}
