//! Deploys a Compose file that no source has: pasted or chosen, checked, given its values.
//!
//! Complete without scripts: it is posted to its own address, and comes back with what the file asks for and what is wrong with it.

use domain::wire::{ParsedCompose, Problem};
use leptos::form::FromFormData as _;
use leptos::prelude::*;
use leptos_meta::Title;

use super::catalog::counted;
use super::configuration::controls::{self, Control};
use super::configuration::{Configuration, Marks, StackValues};
use super::frame::{TO_CATALOG, framed};
use crate::calls::CallError;
use crate::calls::deploy_custom::{
    Answer, Custom, DeployCustom, Read, ReadCompose, load_custom, only_stack,
};
use crate::components::{
    Button, ButtonKind, Card, Crumb, Fact, Facts, Field, FileChoice, LinkButton, Notice,
    PageHeader, ProblemNotice, Tone,
};
use crate::entered::Entered;
use crate::form_field::fields_of;
use crate::json::loaded;
use crate::stack_order::Placed;

const CHECK: &str = "check-file";
const NAME: &str = "stack-name";
const YAML: &str = "yaml";
const EXAMPLE: &str =
    "services:\n  web:\n    image: nginx:1.27\n    ports: [\"${WEB_PORT:-8080}:80\"]";

/// `/deploy-custom`.
#[component]
pub fn DeployCustomPage() -> impl IntoView {
    let custom = loaded(|| (), |()| load_custom());
    framed(custom, TO_CATALOG, |custom| {
        view! { <Content custom /> }.into_any()
    })
}

#[component]
fn Content(custom: Custom) -> impl IntoView {
    let Custom {
        environment,
        form,
        read,
        problem: refused_at_first,
    } = custom;
    let form = form.unwrap_or_default();
    let deploy = ServerAction::<DeployCustom>::new();
    let check = ServerAction::<ReadCompose>::new();
    let found = Signal::derive(move || match check.value().get() {
        Some(Ok(found)) => Some(found),
        Some(Err(CallError(problem))) => Some(Read::Refused(problem)),
        None => read.clone(),
    });
    let problem = Signal::derive(move || match deploy.value().get() {
        Some(Ok(Answer::Refused(problem)) | Err(CallError(problem))) => Some(problem),
        Some(Ok(Answer::Accepted(_))) => None,
        None => refused_at_first.clone(),
    });
    // What was entered stays where the file still asks for it.
    let typed = StoredValue::new(Vec::<Control>::new());
    let send = move |event: leptos::ev::SubmitEvent| {
        // What cannot be read here is left to the browser, which sends it as it is.
        let Ok(DeployCustom { form }) = DeployCustom::from_event(&event) else {
            return;
        };
        event.prevent_default();
        let button = event.submitter().map(|button| button.id());
        if button.as_deref() == Some(CHECK) {
            typed.set_value(controls::read(&ids(found.get_untracked().as_ref())));
            deploy.clear();
            check.dispatch(ReadCompose { yaml: form.yaml });
        } else {
            deploy.dispatch(DeployCustom { form });
        }
    };
    Effect::new(move |_| {
        if check.value().with(Option::is_some) {
            // After the controls are there.
            request_animation_frame(move || controls::write(&typed.get_value()));
        }
    });
    let entered = StoredValue::new((!form.stack.is_empty()).then(|| Entered {
        stack: form.stack,
        ..Entered::default()
    }));
    let asked_for = move || {
        found.get().map(|found| match found {
            Read::Usable(parsed) => view! { <AskedFor parsed problem sent=entered /> }.into_any(),
            Read::Refused(problem) => view! { <Unusable problem /> }.into_any(),
        })
    };
    let label = format!("Deploy to {}", environment.name);
    let reason = Signal::derive(move || {
        let unusable = found.with(|found| matches!(found, Some(Read::Refused(_))));
        unusable.then(|| "The file cannot be used. Put it right and check it again.".to_owned())
    });
    let errors = |field: &'static str| {
        Signal::derive(move || {
            problem.with(|problem| {
                let errors = problem
                    .as_ref()
                    .and_then(|problem| problem.errors.get(field));
                errors.cloned().unwrap_or_default()
            })
        })
    };
    let (name_errors, file_errors) = (errors("stackName"), errors("yamlContent"));
    let crumbs = vec![Crumb::new("Catalog", "/catalog")];
    let lead = "A Compose file becomes a product of its own. Under a name that is deployed already, it takes the place of the file \
                before.";
    view! {
        <Title text="Deploy Custom" />
        <PageHeader title="Deploy Custom" crumbs=crumbs lead=lead.to_owned() />
        <form
            class="with-side"
            method="post"
            action="/deploy-custom"
            novalidate=true
            autocomplete="off"
            on:submit=send
        >
            <div class="stack-loose">
                <Refusal problem />
                <Card>
                    <div class="stack">
                        <Field
                            id=NAME
                            label="Stack Name"
                            about="Goes before the names of containers, networks and volumes.".to_owned()
                            required=true
                            errors=name_errors
                        >
                            <input
                                class="input input--code"
                                id=NAME
                                name="form[stack_name]"
                                value=form.stack_name
                                placeholder="my-stack"
                                autocapitalize="none"
                                spellcheck="false"
                                aria-required="true"
                                aria-invalid=move || invalid(name_errors)
                                aria-describedby="stack-name-about stack-name-error"
                            />
                        </Field>
                        <Field
                            id=YAML
                            label="Compose file"
                            about="It stands alone: it may name no other file.".to_owned()
                            required=true
                            errors=file_errors
                        >
                            <textarea
                                class="input input--code compose-file"
                                id=YAML
                                name="form[yaml]"
                                rows="16"
                                spellcheck="false"
                                placeholder=EXAMPLE
                                aria-required="true"
                                aria-invalid=move || invalid(file_errors)
                                aria-describedby="yaml-about yaml-error"
                            >
                                {form.yaml}
                            </textarea>
                        </Field>
                        <div class="row">
                            <FileChoice
                                id="yaml-file"
                                about="File to read it from"
                                take=move |text: String| controls::write(&[yaml_of(text)])
                            />
                        </div>
                    </div>
                </Card>
                <div role="status">{asked_for}</div>
            </div>
            <aside class="stack deploy-side" aria-label="Actions">
                <Card>
                    <div class="stack">
                        <Facts>
                            <Fact name="Environment">{environment.name}</Fact>
                        </Facts>
                        <div class="stack-tight deploy-actions">
                            <Button
                                submit=true
                                kind=ButtonKind::Primary
                                busy=deploy.pending()
                                reason=reason
                            >
                                {label}
                            </Button>
                            <button
                                type="submit"
                                class="button"
                                id=CHECK
                                name="act"
                                value="plan"
                                formnovalidate=true
                            >
                                {move || if check.pending().get() { "Checking…" } else { "Check file" }}
                            </button>
                            <LinkButton href="/catalog" kind=ButtonKind::Quiet>
                                "Cancel"
                            </LinkButton>
                        </div>
                    </div>
                </Card>
            </aside>
        </form>
    }
}

fn invalid(errors: Signal<Vec<String>>) -> Option<&'static str> {
    errors.with(|errors| (!errors.is_empty()).then_some("true"))
}

/// A file that was chosen, in the place of what was pasted.
fn yaml_of(text: String) -> Control {
    Control {
        id: YAML.to_owned(),
        value: text,
    }
}

/// Ids of the fields that a file asks for.
fn ids(found: Option<&Read>) -> Vec<String> {
    match found {
        Some(Read::Usable(parsed)) => {
            let fields = fields_of(&[only_stack(parsed)]);
            fields.into_iter().map(|field| field.id).collect()
        }
        _ => Vec::new(),
    }
}

/// What was refused, where no field says it.
#[component]
fn Refusal(problem: Signal<Option<Problem>>) -> impl IntoView {
    move || {
        problem.get().map(|problem| {
            view! { <ProblemNotice problem /> }
        })
    }
}

/// Every place of the file that is wrong, with its reason.
#[component]
fn Unusable(problem: Problem) -> impl IntoView {
    let lines = problem
        .errors
        .into_values()
        .flatten()
        .map(|line| view! { <li><code>{line}</code></li> })
        .collect_view();
    view! {
        <Notice tone=Tone::Bad what=problem.title>
            <ul class="env-import__lines">{lines}</ul>
        </Notice>
    }
}

/// Services, warnings, and a field for each variable.
#[component]
fn AskedFor(
    parsed: ParsedCompose,
    problem: Signal<Option<Problem>>,
    sent: StoredValue<Option<Entered>>,
) -> impl IntoView {
    let configuration = Configuration {
        prefix: "form",
        sent,
        problem,
        marks: StoredValue::new(Marks::default()),
    };
    let what = format!(
        "The file has {} and {}",
        counted(parsed.services.len(), "service"),
        counted(parsed.variables.len(), "variable")
    );
    let services = parsed.services.join(", ");
    let warnings = (!parsed.warnings.is_empty()).then(|| {
        let lines = parsed
            .warnings
            .iter()
            .map(|line| view! { <li>{line.clone()}</li> })
            .collect_view();
        view! {
            <Notice tone=Tone::Warn what="The file says things that have no effect">
                <ul class="env-import__lines">{lines}</ul>
            </Notice>
        }
    });
    let values = (!parsed.variables.is_empty()).then(|| {
        let placed = Placed {
            index: 0,
            turn: 1,
            stack: only_stack(&parsed),
        };
        let name = Signal::stored(String::new());
        view! { <StackValues placed configuration name always_open=true /> }
    });
    view! {
        <div class="stack">
            <Notice tone=Tone::Good what=what why=Some(services) />
            {warnings}
            {values}
        </div>
    }
}
