//! What would stand in the way of a deployment, check by check, and the deployment itself.
//!
//! With scripts, what was entered waits in the browser's memory. Without them the form carries it on, but for secrets, which are
//! never written into a page: they are asked for again.

use domain::wire::{
    PrecheckFinding, PrecheckResult, PrecheckRule, PrecheckSeverity, StackPrecheck,
};
use leptos::form::FromFormData as _;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use super::deploy_product::Info;
use super::frame::{TO_CATALOG, framed_while};
use crate::address;
use crate::calls::CallError;
use crate::calls::deploy_product::{Answer, DeployProduct};
use crate::calls::precheck::{Precheck, SecretField, run_precheck};
use crate::components::{
    Button, ButtonKind, Card, Crumb, Field, Glyph, Icon, Notice, PageHeader, ProblemNotice, Tone,
};
use crate::draft::Drafts;
use crate::json::loaded;

/// `/deploy-product/:productId/precheck`.
#[component]
pub fn PrecheckPage() -> impl IntoView {
    let parameters = use_params_map();
    let id = Memo::new(move |_| parameters.with(|all| all.get("productId").unwrap_or_default()));
    let drafts = use_context::<Drafts>();
    let draft = move |id: &str| drafts.and_then(|drafts| drafts.of(id));
    let round = RwSignal::new(0_u32);
    let again = Signal::derive(move || round.get() > 0);
    let found = loaded(
        move || (id.get(), round.get()),
        move |(id, _)| {
            let form = draft(&id).map(|draft| draft.form);
            run_precheck(id, form)
        },
    );
    let check_again = Callback::new(move |()| round.update(|round| *round += 1));
    let pending = RwSignal::new(false);
    view! {
        <Title text="Deployment Precheck" />
        {framed_while(
            found,
            TO_CATALOG,
            running,
            pending,
            move |found| {
                view! { <Content found check_again again pending /> }.into_any()
            },
        )}
    }
}

/// What stands there while the engine and the registries are asked.
fn running() -> AnyView {
    view! {
        <PageHeader title="Deployment Precheck" />
        <p role="status" class="row">
            <Icon glyph=Glyph::InProgress />
            {RUNNING}
        </p>
    }
    .into_any()
}

const RUNNING: &str = "Running Deployment Precheck";

#[component]
fn Content(
    found: Precheck,
    check_again: Callback<()>,
    /// Whether this page was there before.
    again: Signal<bool>,
    pending: RwSignal<bool>,
) -> impl IntoView {
    let Precheck {
        page,
        form,
        secrets,
        result,
    } = found;
    let summary = page.product.summary;
    let environment = page.environment.name;
    let deploy = ServerAction::<DeployProduct>::new();
    let drafts = use_context::<Drafts>();
    let waits = drafts.and_then(|drafts| drafts.of(&summary.id));
    let kept = waits.is_some();
    let waits = StoredValue::new(waits);
    let send = move |event: leptos::ev::SubmitEvent| {
        let button = event.submitter().map(|button| button.id());
        match (button.as_deref(), waits.get_value()) {
            (Some(RE_CHECK), Some(_)) => {
                event.prevent_default();
                check_again.run(());
            }
            (Some(RE_CHECK | BACK), _) => {}
            (_, Some(draft)) => {
                event.prevent_default();
                deploy.dispatch(draft.form);
            }
            (_, None) => {
                // What cannot be read here is left to the browser, which sends it as it is.
                if let Ok(form) = DeployProduct::from_event(&event) {
                    event.prevent_default();
                    deploy.dispatch(form);
                }
            }
        }
    };
    // What was begun needs no draft.
    Effect::new(move |_| {
        if let (Some(Ok(Answer::Accepted(_))), Some(drafts)) = (deploy.value().get(), drafts) {
            drafts.forget();
        }
    });
    let refused = move || match deploy.value().get() {
        Some(Ok(Answer::Refused(problem)) | Err(CallError(problem))) => {
            Some(view! { <ProblemNotice problem /> })
        }
        _ => None,
    };
    let reason = (!result.can_deploy).then(|| result.summary.clone());
    let crumbs = vec![
        Crumb::new("Catalog", "/catalog"),
        Crumb::new(summary.name.clone(), address::product(&summary.id)),
        Crumb::new("Deploy", address::deploy_product(&summary.id)),
    ];
    let lead = format!(
        "Looks at what a deployment of {} to {environment} would meet. Nothing is begun.",
        summary.name
    );
    let form_address = address::deploy_product(&summary.id);
    let check_address = address::precheck(&summary.id);
    let hidden = hidden_fields(form);
    // Where the browser remembers them, nobody has to enter them again.
    let secrets = secrets.into_iter().filter(|_| !kept);
    let secrets: Vec<_> = secrets.map(secret).collect();
    let ask = (!secrets.is_empty()).then(|| {
        let header = move || view! { <h2>"Secrets"</h2> };
        view! {
            <Card header>
                <div class="stack">
                    <p class="soft">
                        "Secrets are not sent back to you: please enter them again before you go on."
                    </p>
                    {secrets}
                </div>
            </Card>
        }
    });
    let back = match kept {
        true => view! { <a class="button button--quiet" href=form_address.clone()>"Back to Configure"</a> }
            .into_any(),
        false => view! {
            <button type="submit" class="button button--quiet" id=BACK name="act" value="edit" formnovalidate=true>
                "Back to Configure"
            </button>
        }
        .into_any(),
    };
    let deploy_label = format!("Deploy All Stacks to {environment}");
    let stacks = result.stacks.clone();
    view! {
        <PageHeader title="Deployment Precheck" crumbs=crumbs lead=lead />
        <form class="with-side" method="post" action=form_address autocomplete="off" on:submit=send>
            {hidden}
            <div class="stack-loose">
                {refused} <Verdict result again />
                {stacks.into_iter().map(|stack| view! { <Stack stack /> }).collect_view()} {ask}
            </div>
            <aside class="stack deploy-side" aria-label="Product and actions">
                <Card>
                    <div class="stack">
                        <Info summary environment />
                        <div class="stack-tight deploy-actions">
                            <Button submit=true kind=ButtonKind::Primary busy=deploy.pending() reason=reason>
                                {deploy_label}
                            </Button>
                            <button
                                type="submit"
                                class="button"
                                id=RE_CHECK
                                formaction=check_address
                                formnovalidate=true
                            >
                                // What a server has rendered is done.
                                {move || {
                                    let is_running = cfg!(feature = "hydrate") && pending.get();
                                    if is_running { RUNNING } else { "Re-Check" }
                                }}
                            </button>
                            {back}
                        </div>
                    </div>
                </Card>
            </aside>
        </form>
    }
}

/// Ids of the buttons that do not deploy.
const RE_CHECK: &str = "re-check";
const BACK: &str = "back-to-configure";

/// Everything that was entered, carried on.
fn hidden_fields(form: DeployProduct) -> AnyView {
    let mut fields = vec![
        ("product_id".to_owned(), form.product_id),
        ("environment".to_owned(), form.environment),
        ("deployment_name".to_owned(), form.deployment_name),
    ];
    let on = form.continue_on_error;
    fields.extend(on.map(|on| ("continue_on_error".to_owned(), on)));
    let shared = form.shared.into_iter();
    fields.extend(shared.map(|(name, value)| (format!("shared[{name}]"), value)));
    for (stack, values) in form.stack {
        let values = values.into_iter();
        fields.extend(values.map(|(name, value)| (format!("stack[{stack}][{name}]"), value)));
    }
    fields
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
        .collect_view()
        .into_any()
}

fn secret(field: SecretField) -> AnyView {
    let SecretField {
        id,
        name,
        label,
        stack,
    } = field;
    let label = match stack {
        Some(stack) => format!("{stack}: {label}"),
        None => label,
    };
    let errors = Signal::stored(Vec::new());
    view! {
        <Field id=id.clone() label errors>
            <input
                class="input input--code"
                type="password"
                id=id.clone()
                name=name
                autocomplete="new-password"
                aria-describedby=format!("{id}-error")
            />
        </Field>
    }
    .into_any()
}

/// Whether anything stands in the way, in one sentence.
#[component]
fn Verdict(result: PrecheckResult, again: Signal<bool>) -> impl IntoView {
    // Other people's automation looks for these classes.
    let (class, tone) = match (result.has_errors, result.has_warnings) {
        (true, _) => ("bg-red-50", Tone::Bad),
        (false, true) => ("bg-yellow-50", Tone::Warn),
        (false, false) => ("bg-green-50", Tone::Good),
    };
    let why = match (result.has_errors, result.has_warnings) {
        (true, _) => Some("Put right what is marked below, then check again.".to_owned()),
        (false, true) => Some("You can deploy. Look at what is marked below first.".to_owned()),
        (false, false) => {
            Some("The deployment looks at all of this again when it begins.".to_owned())
        }
    };
    view! {
        <div class=class role=move || again.get().then_some("status")>
            <Notice tone=tone what=result.summary why=why />
        </div>
    }
}

#[component]
fn Stack(stack: StackPrecheck) -> impl IntoView {
    let (tone, glyph) = match (stack.has_errors, stack.has_warnings) {
        (true, _) => look(PrecheckSeverity::Error),
        (false, true) => look(PrecheckSeverity::Warning),
        (false, false) => look(PrecheckSeverity::Ok),
    };
    let (name, summary) = (stack.stack_name, stack.summary);
    let header = move || {
        view! {
            <h2>{name.clone()}</h2>
            <span class=format!("badge badge--bare {}", tone.class())>
                <Icon glyph />
                {summary.clone()}
            </span>
        }
    };
    let mut checks = stack.checks;
    // Worst first; otherwise in the order in which they were made.
    checks.sort_by_key(|check| match check.severity {
        PrecheckSeverity::Error => 0,
        PrecheckSeverity::Warning => 1,
        PrecheckSeverity::Ok => 2,
    });
    let rows = checks
        .into_iter()
        .map(|check| view! { <Check check /> })
        .collect_view();
    view! {
        <Card header flush=true>
            <ul class="checks">{rows}</ul>
        </Card>
    }
}

const fn look(severity: PrecheckSeverity) -> (Tone, Glyph) {
    match severity {
        PrecheckSeverity::Ok => (Tone::Good, Glyph::Completed),
        PrecheckSeverity::Warning => (Tone::Warn, Glyph::Warning),
        PrecheckSeverity::Error => (Tone::Bad, Glyph::Failed),
    }
}

#[component]
fn Check(check: PrecheckFinding) -> impl IntoView {
    let (tone, glyph) = look(check.severity);
    let word = match check.severity {
        PrecheckSeverity::Ok => "Passed",
        PrecheckSeverity::Warning => "Warning",
        PrecheckSeverity::Error => "Failed",
    };
    let service = check
        .service_name
        .map(|service| view! { <code class="soft">{service}</code> });
    view! {
        <li class="check-row">
            <span class=format!("badge badge--bare {}", tone.class())>
                <Icon glyph />
                {word}
            </span>
            <div class="check-row__body">
                <p class="row">
                    <strong>{check.title}</strong>
                    {service}
                    <span class="soft small">{about(check.rule)}</span>
                </p>
                <p>{check.detail}</p>
            </div>
        </li>
    }
}

/// What a check is about.
const fn about(rule: PrecheckRule) -> &'static str {
    match rule {
        PrecheckRule::Product => "Product",
        PrecheckRule::StackDefinition => "Definition",
        PrecheckRule::VariableValidation => "Variables",
        PrecheckRule::ExistingDeployment => "Existing deployment",
        PrecheckRule::ImageAvailability => "Images",
        PrecheckRule::PortConflict => "Ports",
        PrecheckRule::NetworkAvailability => "Networks",
        PrecheckRule::VolumeStatus => "Volumes",
        PrecheckRule::PrecheckExecution => "The check itself",
    }
}
