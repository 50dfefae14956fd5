//! The form that deploys a product: its name, the values that stacks share, the values of each stack.
//!
//! Complete without scripts: it is posted to its own address, and comes back with what was entered and what is wrong with
//! it. With scripts nothing is reloaded and nothing that was typed is lost.

pub mod refusal;

use std::collections::BTreeSet;

use domain::name::kebab;
use domain::wire::{Problem, StackSummary, VariableView};
use leptos::form::FromFormData as _;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use self::refusal::{ErrorSummary, FormField, deployment_name_field, shared_field, stack_field};
use super::catalog::counted;
use super::failed::FailedPage;
use crate::address;
use crate::calls::CallError;
use crate::calls::deploy_form::{DeployForm, Refused, load_deploy_form};
use crate::calls::deploy_product::{Answer, DeployProduct, stack_key};
use crate::components::{
    Button, ButtonKind, Card, Crumb, Disclosure, Fact, Facts, Field, Held, LinkButton, Notice,
    PageHeader, SectionTitle, Skeleton, Tone, VariableInput,
};
use crate::json::loaded;
use crate::stack_order::{Placed, by_turn};
use crate::variables::{Group, grouped, must_be_entered, own_variables, shared_variables};

/// `/deploy-product/:productId`.
#[component]
pub fn DeployProductPage() -> impl IntoView {
    let parameters = use_params_map();
    let id = Memo::new(move |_| {
        parameters
            .with(|parameters| parameters.get("productId"))
            .unwrap_or_default()
    });
    let form = loaded(move || id.get(), load_deploy_form);
    let content = move || {
        Suspend::new(async move {
            match form.await {
                Ok(form) => view! { <Content form /> }.into_any(),
                Err(CallError(problem)) => view! {
                    <FailedPage problem back_to="/catalog" back="Back to the catalog" />
                }
                .into_any(),
            }
        })
    };
    view! { <Transition fallback=|| view! { <Skeleton /> }>{content}</Transition> }
}

/// What every part of the form is told.
#[derive(Clone, Copy)]
struct Form {
    /// What the reader sent before, where the server renders the form again.
    sent: StoredValue<Option<DeployProduct>>,
    /// What is wrong with what was sent last.
    problem: Signal<Option<Problem>>,
    /// As it stands in its field.
    deployment_name: RwSignal<String>,
    /// What it is when the field is empty.
    derived_name: StoredValue<String>,
}

impl Form {
    fn errors(self, field: &FormField) -> Signal<Vec<String>> {
        let key = field.key.clone();
        Signal::derive(move || {
            self.problem.with(|problem| {
                let errors = problem
                    .as_ref()
                    .and_then(|problem| problem.errors.get(&key));
                errors.cloned().unwrap_or_default()
            })
        })
    }

    fn held(self, read: impl FnOnce(&DeployProduct) -> Option<String>) -> Held {
        self.sent.with_value(|sent| match sent {
            Some(sent) => Held::Sent(read(sent)),
            None => Held::Default,
        })
    }

    /// What the stack's containers will be called after.
    fn stack_name(self, stack: String) -> Signal<String> {
        Signal::derive(move || {
            let entered = self.deployment_name.get();
            let name = match entered.trim() {
                "" => self.derived_name.get_value(),
                entered => entered.to_owned(),
            };
            kebab(&format!("{name}-{stack}"))
        })
    }
}

#[component]
fn Content(form: DeployForm) -> impl IntoView {
    let DeployForm { page, refused } = form;
    let product = page.product;
    let summary = &product.summary;
    let deploy = ServerAction::<DeployProduct>::new();

    let derived = kebab(&summary.name);
    let was_refused = refused.is_some();
    let (sent, refused_at_first) = match refused {
        Some(Refused { form, problem }) => (form, Some(problem)),
        None => (None, None),
    };
    let name = sent
        .as_ref()
        .map_or_else(|| derived.clone(), |sent| sent.deployment_name.clone());
    let keep_going = sent
        .as_ref()
        .is_none_or(|sent| sent.continue_on_error.is_some());
    let version = deploy.version();
    let problem = Signal::derive(move || match deploy.value().get() {
        Some(Ok(Answer::Refused(problem)) | Err(CallError(problem))) => Some(problem),
        Some(Ok(Answer::Accepted(_))) => None,
        None if version.get() == 0 => refused_at_first.clone(),
        None => None,
    });
    let form = Form {
        sent: StoredValue::new(sent),
        problem,
        deployment_name: RwSignal::new(name.clone()),
        derived_name: StoredValue::new(derived),
    };

    let shared = shared_variables(&product);
    let fields = every_field(&shared, &summary.stacks);
    let address = address::deploy_product(&summary.id);
    let send = move |event: leptos::ev::SubmitEvent| {
        // What cannot be read here is left to the browser, which sends it as it is.
        if let Ok(sent) = DeployProduct::from_event(&event) {
            event.prevent_default();
            deploy.dispatch(sent);
        }
    };
    let start_name = name.clone();
    let reset = move |_| {
        form.deployment_name.set(start_name.clone());
        deploy.clear();
    };

    let title = format!("Deploy {}", summary.name);
    let environment = page.environment.clone();
    let refusal = page.deployed.as_ref().map(|deployed| {
        format!(
            "It is deployed in {} already, as {}",
            environment.name, deployed.name
        )
    });
    let already = page.deployed.map(|deployed| {
        view! {
            <Notice tone=Tone::Warn what=format!("Already deployed in {}", environment.name)>
                <p>
                    "A product is deployed once in an environment. See "
                    <a href=address::product_deployment(&deployed.id)>{deployed.name}</a> "."
                </p>
            </Notice>
        }
    });
    let placed = by_turn(&summary.stacks);
    let stack_names = placed
        .iter()
        .map(|placed| placed.stack.name.clone())
        .collect::<Vec<_>>();
    let stacks = placed
        .into_iter()
        .map(|placed| view! { <StackPart placed form /> })
        .collect_view();
    let busy = deploy.pending();
    let product_info = summary.clone();
    let (environment_name, reset_address) = (environment.name.clone(), address.clone());

    view! {
        <Title text=title.clone() />
        <PageHeader
            title=title
            crumbs=vec![
                Crumb::new("Catalog", "/catalog"),
                Crumb::new(summary.name.clone(), address::product(&summary.id)),
            ]
        />
        <form
            class="with-side"
            method="post"
            action=address
            novalidate=true
            autocomplete="off"
            on:submit=send
            on:reset=reset
        >
            <input type="hidden" name="product_id" value=summary.id.clone() />
            <input type="hidden" name="environment" value=environment.id />
            <div class="stack-loose">
                {already} <ErrorSummary problem fields sent_here=Signal::derive(move || version.get() > 0) />
                <section aria-labelledby="configuration">
                    <SectionTitle title="Product Configuration" id="configuration".to_owned() />
                    <Card>
                        <div class="stack">
                            <NameField form name stacks=stack_names />
                            <ContinueOnError on=keep_going />
                        </div>
                    </Card>
                </section>
                <SharedPart variables=shared form />
                <section aria-labelledby="stack-configuration">
                    <SectionTitle
                        title="Stack Configuration"
                        id="stack-configuration".to_owned()
                    />
                    <div class="stack-close">{stacks}</div>
                </section>
            </div>
            <aside class="stack deploy-side" aria-label="Product and actions">
                <Card>
                    <div class="stack">
                        <h2>"Product Info"</h2>
                        <Facts>
                            <Fact name="Product">{product_info.name}</Fact>
                            {product_info
                                .version
                                .map(|version| view! { <Fact name="Version">{version}</Fact> })}
                            <Fact name="Environment">{environment.name}</Fact>
                            <Fact name="Stacks">{product_info.stacks.len()}</Fact>
                            <Fact name="Services">{product_info.total_services}</Fact>
                        </Facts>
                        <div class="stack-tight deploy-actions">
                            <Button
                                submit=true
                                kind=ButtonKind::Primary
                                busy=busy
                                reason=refusal
                            >
                                "Deploy All Stacks to "
                                {environment_name}
                            </Button>
                            <Reset was_refused address=reset_address />
                        </div>
                    </div>
                </Card>
            </aside>
        </form>
    }
}

/// Every field that the server may find something wrong with.
fn every_field(shared: &[VariableView], stacks: &[StackSummary]) -> Vec<FormField> {
    let mut fields = vec![deployment_name_field()];
    fields.extend(shared.iter().map(shared_field));
    for (index, stack) in stacks.iter().enumerate() {
        let own = own_variables(stack);
        fields.extend(own.iter().map(|view| stack_field(index, stack, view)));
    }
    fields
}

#[component]
fn NameField(form: Form, name: String, stacks: Vec<String>) -> impl IntoView {
    let field = deployment_name_field();
    let errors = form.errors(&field);
    let names = stacks
        .into_iter()
        .map(|stack| {
            let name = form.stack_name(stack);
            view! {
                <li>
                    <code>{name}</code>
                </li>
            }
        })
        .collect_view();
    view! {
        <Field
            id=field.id.clone()
            label="Deployment Name"
            about="Goes before the name of every stack. Left empty, it follows from the product.".to_owned()
            errors
        >
            <input
                class="input input--code"
                id=field.id.clone()
                name="deployment_name"
                value=name
                placeholder=form.derived_name.get_value()
                autocomplete="off"
                autocapitalize="none"
                spellcheck="false"
                aria-invalid=move || errors.with(|errors| (!errors.is_empty()).then_some("true"))
                aria-describedby=format!("{0}-about {0}-error", field.id)
                on:input=move |event| form.deployment_name.set(event_target_value(&event))
            />
        </Field>
        <div class="derived">
            <p class="soft small" id="derived-names">
                "Stacks will be deployed as"
            </p>
            <ul class="derived__names" aria-labelledby="derived-names">
                {names}
            </ul>
        </div>
    }
}

#[component]
fn ContinueOnError(on: bool) -> impl IntoView {
    view! {
        <div class="choice">
            <input
                class="check"
                type="checkbox"
                id="continueOnError"
                name="continue_on_error"
                value="true"
                checked=on
                aria-describedby="continueOnError-about"
            />
            <div>
                <label for="continueOnError">
                    <strong>"Continue deploying remaining stacks if one fails"</strong>
                </label>
                <span class="choice__about" id="continueOnError-about">
                    "Otherwise the stacks after the failed one stay pending."
                </span>
            </div>
        </div>
    }
}

/// Variables that every stack gets, entered once.
#[component]
fn SharedPart(variables: Vec<VariableView>, form: Form) -> impl IntoView {
    (!variables.is_empty()).then(move || {
        let groups = grouped(variables)
            .into_iter()
            .map(|group| {
                let field = move |view: &VariableView| {
                    let field = shared_field(view);
                    let name = &view.variable.name;
                    let held = form.held(|sent| sent.shared_value(name).map(str::to_owned));
                    (field, format!("shared[{name}]"), held)
                };
                view! { <GroupPart group form place=field /> }
            })
            .collect_view();
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

/// A group of variables under its heading.
#[component]
fn GroupPart<F>(group: Group, form: Form, place: F) -> impl IntoView
where
    F: Fn(&VariableView) -> (FormField, String, Held),
{
    let inputs = group
        .variables
        .into_iter()
        .map(|view| {
            let (field, name, held) = place(&view);
            let errors = form.errors(&field);
            view! { <VariableInput view id=field.id name held errors /> }
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
}

/// One stack of the accordion: open where somebody has to enter something, or something is wrong.
#[component]
fn StackPart(placed: Placed, form: Form) -> impl IntoView {
    let Placed { index, turn, stack } = placed;
    let variables = own_variables(&stack);
    let count = variables.len();
    let waiting = variables.iter().any(must_be_entered);
    let keys: BTreeSet<String> = variables
        .iter()
        .map(|view| stack_field(index, &stack, view).key)
        .collect();
    let wrong = Memo::new(move |_| {
        form.problem.with(|problem| {
            let errors = problem.iter().flat_map(|problem| problem.errors.keys());
            errors.filter(|key| keys.contains(*key)).count()
        })
    });
    let open = Signal::derive(move || wrong.get() > 0 || waiting);
    let derived = form.stack_name(stack.name.clone());
    let title = stack.display_name.clone();
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
                <code class="soft">{derived}</code>
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
        let groups = grouped(variables)
            .into_iter()
            .map(|group| {
                let stack = stack.clone();
                let place = move |view: &VariableView| {
                    let field = stack_field(index, &stack, view);
                    let name = &view.variable.name;
                    let held = form.held(|sent| sent.stack_value(index, name).map(str::to_owned));
                    (field, format!("stack[{}][{name}]", stack_key(index)), held)
                };
                view! { <GroupPart group form place /> }
            })
            .collect_view();
        view! { <div class="groups">{groups}</div> }.into_any()
    };
    view! {
        <Disclosure card=true summary=summary open=open>
            {content}
        </Disclosure>
    }
}

/// Back to what the manifest says. A form that came back refused holds what was sent: it is fetched anew.
#[component]
fn Reset(was_refused: bool, address: String) -> impl IntoView {
    if was_refused {
        view! {
            <LinkButton href=address kind=ButtonKind::Quiet reload=true>
                "Reset to Defaults"
            </LinkButton>
        }
        .into_any()
    } else {
        view! {
            <button type="reset" class="button button--quiet">
                "Reset to Defaults"
            </button>
        }
        .into_any()
    }
}
