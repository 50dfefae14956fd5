//! The form that deploys a product: its name, the values that stacks share, the values of each stack.
//!
//! Complete without scripts: it is posted to its own address, and comes back with what was entered and what is wrong with
//! it. With scripts nothing is reloaded and nothing that was typed is lost.

use domain::name::kebab;
use domain::wire::ProductSummary;
use leptos::form::FromFormData as _;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_navigate, use_params_map};

use super::configuration::controls::{self, Before, TakeBack};
use super::configuration::import::EnvImport;
use super::configuration::refusal::ErrorSummary;
use super::configuration::{Configuration, Marks, SharedValues, StackValues};
use super::frame::{TO_CATALOG, framed};
use crate::address;
use crate::calls::CallError;
use crate::calls::deploy_form::{DeployForm, Returned, load_deploy_form};
use crate::calls::deploy_product::{Answer, DeployProduct};
use crate::calls::product::Deployed;
use crate::components::{
    Button, ButtonKind, Card, Crumb, Fact, Facts, Field, LinkButton, Notice, PageHeader,
    SectionTitle, Tone,
};
use crate::draft::{Draft, Drafts};
use crate::form_field::{FormField, deployment_name_field, fields_of};
use crate::json::loaded;
use crate::stack_order::by_turn;
use crate::variables::shared_variables;

/// Id of the button that leads to the precheck.
const RUN_PRECHECK: &str = "run-precheck";
/// Id of the checkbox, which other people's automation knows.
const CONTINUE_ON_ERROR: &str = "continueOnError";

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
    framed(form, TO_CATALOG, |form| {
        view! { <Content form /> }.into_any()
    })
}

/// What the parts of the form around the values are told.
#[derive(Clone, Copy)]
struct Form {
    configuration: Configuration,
    /// As it stands in its field.
    deployment_name: RwSignal<String>,
    /// What it is when the field is empty.
    derived_name: StoredValue<String>,
}

impl Form {
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
    let DeployForm { page, returned } = form;
    let product = page.product;
    let summary = product.summary;
    let deploy = ServerAction::<DeployProduct>::new();

    let derived = kebab(&summary.name);
    let came_back = returned.is_some();
    let (sent, refused_at_first, imported) = match returned {
        Some(Returned {
            form,
            problem,
            imported,
        }) => (form, problem, imported),
        None => (None, None, None),
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
        configuration: Configuration {
            prefix: "",
            sent: StoredValue::new(sent.map(|sent| sent.entered())),
            problem,
            marks: StoredValue::new(Marks::default()),
        },
        deployment_name: RwSignal::new(name.clone()),
        derived_name: StoredValue::new(derived),
    };
    let mut fields = vec![deployment_name_field()];
    fields.extend(fields_of(&summary.stacks));
    let fields = StoredValue::new(fields);
    let address = address::deploy_product(&summary.id);
    let send = sender(deploy, fields, address::precheck(&summary.id));
    let before = RwSignal::new(None);
    let start_name = name.clone();
    let reset = move |_| {
        before.set(Some(Before {
            what: "Every value is the default again.",
            controls: controls::read(&ids(fields)),
        }));
        form.deployment_name.set(start_name.clone());
        deploy.clear();
    };
    restore_draft(summary.id.clone());

    let title = format!("Deploy {}", summary.name);
    let environment = page.environment;
    let refusal = page.deployed.as_ref().map(|deployed| {
        format!(
            "It is deployed in {} already, as {}",
            environment.name, deployed.name
        )
    });
    let already = page
        .deployed
        .map(|deployed| already_there(deployed, &environment.name));
    let placed = by_turn(&summary.stacks);
    let stack_names = placed
        .iter()
        .map(|placed| placed.stack.name.clone())
        .collect::<Vec<_>>();
    let configuration = form.configuration;
    let stacks = placed
        .into_iter()
        .map(|placed| {
            let name = form.stack_name(placed.stack.name.clone());
            view! { <StackValues placed configuration name /> }
        })
        .collect_view();
    let shared = shared_variables(&summary.stacks);
    let crumbs = vec![
        Crumb::new("Catalog", "/catalog"),
        Crumb::new(summary.name.clone(), address::product(&summary.id)),
    ];
    let product_id = summary.id.clone();
    let precheck = address::precheck(&summary.id);
    let (environment_id, environment_name) = (environment.id, environment.name);
    let sent_here = Signal::derive(move || version.get() > 0);
    let side = view! {
        <Info summary environment=environment_name.clone() />
        <div class="stack-tight deploy-actions">
            <Button submit=true kind=ButtonKind::Primary busy=deploy.pending() reason=refusal>
                "Deploy All Stacks to "
                {environment_name}
            </Button>
            <button
                type="submit"
                class="button"
                id=RUN_PRECHECK
                formaction=precheck
                formnovalidate=true
            >
                "Run Precheck"
            </button>
            <Reset came_back address=address.clone() />
        </div>
        <EnvImport act="act" env="env" fields imported before />
    }
    .into_any();

    view! {
        <Title text=title.clone() />
        <PageHeader title=title crumbs=crumbs />
        <form
            class="with-side"
            method="post"
            action=address
            novalidate=true
            autocomplete="off"
            on:submit=send
            on:reset=reset
        >
            <input type="hidden" name="product_id" value=product_id />
            <input type="hidden" name="environment" value=environment_id />
            <div class="stack-loose">
                {already} <ErrorSummary problem fields sent_here /> <TakeBack before />
                <section aria-labelledby="configuration">
                    <SectionTitle title="Product Configuration" id="configuration".to_owned() />
                    <Card>
                        <div class="stack">
                            <NameField form name stacks=stack_names />
                            <ContinueOnError on=keep_going />
                        </div>
                    </Card>
                </section>
                <SharedValues variables=shared configuration />
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
                    <div class="stack">{side}</div>
                </Card>
            </aside>
        </form>
    }
}

/// Sends the form as its button says. With scripts the precheck is a page like any other: what was entered waits here.
fn sender(
    deploy: ServerAction<DeployProduct>,
    fields: StoredValue<Vec<FormField>>,
    precheck: String,
) -> impl Fn(leptos::ev::SubmitEvent) + 'static {
    let navigate = use_navigate();
    let drafts = use_context::<Drafts>();
    move |event| {
        // What cannot be read here is left to the browser, which sends it as it is.
        let Ok(form) = DeployProduct::from_event(&event) else {
            return;
        };
        let button = event.submitter().map(|button| button.id());
        match (button.as_deref(), drafts) {
            (Some(RUN_PRECHECK), Some(drafts)) => {
                event.prevent_default();
                let controls = controls::read(&ids(fields));
                drafts.keep(Draft { form, controls });
                navigate(&precheck, Default::default());
            }
            (Some(RUN_PRECHECK), None) => {}
            _ => {
                event.prevent_default();
                deploy.dispatch(form);
            }
        }
    }
}

fn ids(fields: StoredValue<Vec<FormField>>) -> Vec<String> {
    let of_fields = fields.with_value(|fields| {
        let ids = fields.iter().map(|field| field.id.clone());
        ids.collect::<Vec<_>>()
    });
    let mut ids = of_fields;
    ids.push(CONTINUE_ON_ERROR.to_owned());
    ids
}

/// Whoever comes back from the precheck finds what was entered.
fn restore_draft(product: String) {
    let drafts = use_context::<Drafts>();
    Effect::new(move |_| {
        let Some(drafts) = drafts else { return };
        if let Some(draft) = drafts.of(&product) {
            // From here on the form has it.
            drafts.forget();
            // After the controls are there.
            request_animation_frame(move || controls::write(&draft.controls));
        }
    });
}

fn already_there(deployed: Deployed, environment: &str) -> AnyView {
    view! {
        <Notice tone=Tone::Warn what=format!("Already deployed in {environment}")>
            <p>
                "A product is deployed once in an environment. See "
                <a href=address::product_deployment(&deployed.id)>{deployed.name}</a> "."
            </p>
        </Notice>
    }
    .into_any()
}

/// What is going to be deployed, and where.
#[component]
pub fn Info(summary: ProductSummary, environment: String) -> impl IntoView {
    view! {
        <h2>"Product Info"</h2>
        <Facts>
            <Fact name="Product">{summary.name}</Fact>
            {summary.version.map(|version| view! { <Fact name="Version">{version}</Fact> })}
            <Fact name="Environment">{environment}</Fact>
            <Fact name="Stacks">{summary.stacks.len()}</Fact>
            <Fact name="Services">{summary.total_services}</Fact>
        </Facts>
    }
}

#[component]
fn NameField(form: Form, name: String, stacks: Vec<String>) -> impl IntoView {
    let field = deployment_name_field();
    let id = field.id.clone();
    let errors = form.configuration.errors(field);
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
            id=id.clone()
            label="Deployment Name"
            about="Goes before the name of every stack. Left empty, it follows from the product.".to_owned()
            errors
        >
            <input
                class="input input--code"
                id=id.clone()
                name="deployment_name"
                value=name
                placeholder=form.derived_name.get_value()
                autocomplete="off"
                autocapitalize="none"
                spellcheck="false"
                aria-invalid=move || errors.with(|errors| (!errors.is_empty()).then_some("true"))
                aria-describedby=format!("{id}-about {id}-error")
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
                id=CONTINUE_ON_ERROR
                name="continue_on_error"
                value="true"
                checked=on
                aria-describedby="continueOnError-about"
            />
            <div>
                <label for=CONTINUE_ON_ERROR>
                    <strong>"Continue deploying remaining stacks if one fails"</strong>
                </label>
                <span class="choice__about" id="continueOnError-about">
                    "Otherwise the stacks after the failed one stay pending."
                </span>
            </div>
        </div>
    }
}

/// Back to what the manifest says. A form that came back holds what was sent: it is fetched anew.
#[component]
fn Reset(came_back: bool, address: String) -> impl IntoView {
    if came_back {
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
