//! Pages that ask whether an operation on a deployed product is meant: what it is done to, the plan, and one button that says yes.
//!
//! Complete without scripts: the form is posted to the page's own address, and comes back with what is wrong with it.

pub mod data;
pub mod maintenance;
pub mod stack_changes;
pub mod target;
pub mod values;
pub mod words;

use std::collections::BTreeSet;

use domain::operation::OperationKind;
use domain::plan::ChangeKind;
use domain::wire::{PlanView, Problem, ProductDeploymentDetail};
use leptos::form::FromFormData as _;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_location, use_params_map, use_query_map};

use super::configuration::import::EnvImport;
use super::frame::{TO_DEPLOYMENTS, framed};
use crate::address;
use crate::calls::CallError;
use crate::calls::change::{
    Answer, ApplyChange, Change, PlanChange, Planned, ReturnedChange, WantedChange,
    is_about_values, load_change, stacks_of,
};
use crate::components::{
    Button, ButtonKind, Card, Crumb, Fact, Facts, LinkButton, Look, Notice, PageHeader, Plan,
    ProblemNotice, StatusBadge, Tone,
};
use crate::form_field::fields_of;
use crate::json::loaded;
use crate::live::Tab;

use data::DataAtRisk;
use maintenance::{CurrentMaintenance, Reason};
use stack_changes::StackChanges;
use target::TargetChoice;
use values::ChangedValues;
use words::{Words, words};

/// The status of what is not possible now.
const CONFLICT: u16 = 409;

/// `/redeploy-product/:id` and its siblings: the first segment says what is done.
#[component]
pub fn ChangePage() -> impl IntoView {
    let parameters = use_params_map();
    let query = use_query_map();
    let path = use_location().pathname;
    let asked = Memo::new(
        move |before: Option<&(OperationKind, String, Option<String>)>| {
            let Some(kind) = path.with(|path| address::change_at(path)) else {
                // The reader is leaving: the address is the next page's already.
                return before
                    .cloned()
                    .unwrap_or((OperationKind::Redeploy, String::new(), None));
            };
            let id = parameters.with(|all| all.get("id").unwrap_or_default());
            let target = query.with(|all| all.get(target::PARAMETER));
            (kind, id, target)
        },
    );
    let again = RwSignal::new(0_u32);
    let change = loaded(
        move || (asked.get(), again.get()),
        |((kind, id, target), _)| load_change(kind, id, target),
    );
    framed(change, TO_DEPLOYMENTS, move |change| {
        view! { <Content change again /> }.into_any()
    })
}

/// What stands in the way passes, such as another operation: counts `again` up once something has changed.
fn ask_again_after_a_change(again: RwSignal<u32>) {
    let tab = Tab::of_page();
    Effect::new(move |seen: Option<u32>| {
        let changes = tab.changes.get();
        if seen.is_some_and(|seen| seen != changes) {
            again.update(|count| *count += 1);
        }
        changes
    });
}

#[component]
fn Content(mut change: Change, again: RwSignal<u32>) -> impl IntoView {
    let kind = change.kind;
    if matches!(&change.plan, Planned::Refused(problem) if problem.status == CONFLICT) {
        ask_again_after_a_change(again);
    }
    let words = words(kind);
    let title = words.title(&change.detail.product_display_name);
    let back = address::product_deployment(&change.detail.product_deployment_id);
    let crumbs = vec![
        Crumb::new("Deployments", "/deployments"),
        Crumb::new(change.detail.product_display_name.clone(), back.clone()),
    ];
    let versions = std::mem::take(&mut change.versions);
    let releases = std::mem::take(&mut change.releases);
    let target = change.target.clone();
    view! {
        <Title text=title.clone() />
        <PageHeader title=title crumbs=crumbs lead=words.question.to_owned() />
        <TargetChoice kind versions releases target />
        <Form change words back />
    }
}

#[component]
fn Form(change: Change, words: Words, back: String) -> impl IntoView {
    let Change {
        kind,
        detail,
        plan,
        target,
        configuration,
        returned,
        ..
    } = change;
    let apply = ServerAction::<ApplyChange>::new();
    let again_planned = ServerAction::<PlanChange>::new();
    let (sent, refused_at_first, imported) = match returned {
        Some(ReturnedChange {
            form,
            problem,
            imported,
        }) => (form, problem, imported),
        None => (None, None, None),
    };
    let (plan, impossible) = match plan {
        Planned::Plan(plan) => (Some(plan), None),
        Planned::Refused(problem) => (None, Some(problem)),
    };
    // Where somebody asked for a plan with values, what is wrong with those is said beside them.
    let asked_at_first = impossible
        .clone()
        .filter(|problem| sent.is_some() && is_about_values(problem));
    let refused_at_first = refused_at_first.or(asked_at_first);
    let newest = newest_answer(apply, again_planned);
    let problem = Signal::derive(move || newest.get().unwrap_or_else(|| refused_at_first.clone()));
    // What can be entered here does not stand in the way.
    let needs_values = impossible.as_ref().is_some_and(is_about_values);
    let forbidden = impossible.filter(|_| !needs_values);
    let missing = Signal::derive(move || {
        let planned = again_planned.value().with(|planned| {
            planned
                .as_ref()
                .map(|planned| matches!(planned, Ok(Planned::Plan(_))))
        });
        needs_values && planned != Some(true)
    });
    let reason = forbidden.as_ref().map(|problem| problem.detail.clone());
    // Said once, where what was sent was refused for the same reason.
    let said =
        problem.with_untracked(|problem| problem.as_ref().map(|problem| problem.type_uri.clone()));
    let forbidden = forbidden.filter(|problem| said.as_ref() != Some(&problem.type_uri));
    let came_and_gone = plan.as_ref().map(|plan| stack_changes::of(plan, &detail));
    let changed = plan.as_ref().map(changed_stacks).unwrap_or_default();
    let plan_id = plan
        .as_ref()
        .map(|plan| plan.plan_id.clone())
        .unwrap_or_default();
    let seen = Seen::new(plan_id, again_planned);
    let fields = StoredValue::new(fields_of(&stacks_of(configuration.as_ref())));
    let before = RwSignal::new(None);
    let new_version = configuration
        .as_ref()
        .and_then(|configuration| configuration.product_version.clone());
    let at_risk = plan.as_ref().map(|plan| plan.data_at_risk.clone());
    let address = address::change(kind, &detail.product_deployment_id);
    let again = match target.as_str() {
        "" => address.clone(),
        target => format!(
            "{address}?{}={}",
            target::PARAMETER,
            address::segment(target)
        ),
    };
    let button_kind = match kind {
        OperationKind::Remove => ButtonKind::Danger,
        _ => ButtonKind::Primary,
    };
    let versions = plan
        .as_ref()
        .map(|plan| (plan.from_version.clone(), plan.to_version.clone()));
    let to = versions.as_ref().and_then(|(_, to)| to.clone());
    let label = words.button(to.or(new_version).as_deref());
    let send = move |event: leptos::ev::SubmitEvent| {
        // What cannot be read here is left to the browser, which sends it as it is.
        let Ok(ApplyChange { change }) = ApplyChange::from_event(&event) else {
            return;
        };
        event.prevent_default();
        let button = event.submitter().map(|button| button.id());
        if button.as_deref() == Some(values::PLAN) {
            apply.clear();
            again_planned.dispatch(PlanChange { change });
        } else {
            apply.dispatch(ApplyChange { change });
        }
    };
    let import = configuration.is_some().then(|| {
        view! { <EnvImport act="act" env="env" fields imported before /> }
    });
    let entered = sent.as_ref().map(WantedChange::entered);
    let planning = again_planned.pending().into();
    let deployment_name = detail.deployment_name.clone();
    let sent_reason = sent
        .as_ref()
        .map(|sent| sent.reason.clone())
        .unwrap_or_default();
    let keep_going = sent
        .as_ref()
        .is_none_or(|sent| sent.continue_on_error.is_some());
    view! {
        <form
            class="with-side"
            method="post"
            action=address
            autocomplete="off"
            novalidate=true
            on:submit=send
            on:input=move |_| seen.is_old()
            on:change=move |_| seen.is_old()
        >
            <input type="hidden" name="change[kind]" value=kind.as_str() />
            <input type="hidden" name="change[id]" value=detail.product_deployment_id.clone() />
            <input type="hidden" name="change[environment]" value=detail.environment_id.clone() />
            <input type="hidden" name="change[plan_id]" prop:value=move || seen.plan_id.get() value=seen.plan_id.get_untracked() />
            <input type="hidden" name="change[planned]" prop:value=move || seen.planned() disabled=move || seen.planned().is_empty() />
            <input type="hidden" name="change[target]" value=target />
            <div class="stack-loose">
                <Refusal problem again />
                {forbidden.map(|problem| view! { <ProblemNotice problem /> })}
                {words.warning.map(|what| view! { <Notice tone=Tone::Warn what /> })}
                {(kind == OperationKind::ExitMaintenance)
                    .then(|| {
                        view! { <CurrentMaintenance trigger=detail.maintenance_trigger.clone() /> }
                    })}
                <StacksConcerned kind words detail=detail.clone() changed />
                <ChangedValues configuration sent=entered problem missing before planning />
                {came_and_gone.map(|(new, gone)| view! { <StackChanges new gone /> })}
                <NewestPlan first=plan again=again_planned />
                <DataAtRisk kind volumes=at_risk.unwrap_or_default() deployment_name sent problem />
            </div>
            <aside class="stack deploy-side" aria-label="Product and actions">
                <Card>
                    <div class="stack">
                        <h2>"Product Details"</h2>
                        <Details detail versions />
                        {(kind == OperationKind::EnterMaintenance).then(|| {
                                let entered = sent_reason.clone();
                                view! { <Reason entered problem /> }
                            })}
                        {kind.rolls_out().then(|| view! { <ContinueOnError on=keep_going /> })}
                        <div class="stack-tight deploy-actions">
                            <Button submit=true kind=button_kind busy=apply.pending() reason=reason>
                                {label}
                            </Button>
                            <LinkButton href=back>"Cancel"</LinkButton>
                        </div>
                        {import}
                    </div>
                </Card>
            </aside>
        </form>
    }
}

/// What was wrong with what was sent last, to be begun or only planned; nothing where nothing was sent yet. Whoever plans gives up
/// the answer before.
fn newest_answer(
    apply: ServerAction<ApplyChange>,
    plan: ServerAction<PlanChange>,
) -> Signal<Option<Option<Problem>>> {
    Signal::derive(move || {
        let applied = apply.value().get().map(|applied| match applied {
            Ok(Answer::Refused(problem)) | Err(CallError(problem)) => Some(problem),
            Ok(Answer::Accepted(_)) => None,
        });
        let planned = plan.value().get().map(|planned| match planned {
            Ok(Planned::Refused(problem)) | Err(CallError(problem)) => Some(problem),
            Ok(Planned::Plan(_)) => None,
        });
        applied.or(planned)
    })
}

/// The plan that the reader sees, and whether it was made with what the form holds now.
#[derive(Clone, Copy)]
struct Seen {
    plan_id: Signal<String>,
    /// Set by every change of the form, until a plan is made with it.
    old: RwSignal<bool>,
    asked: ServerAction<PlanChange>,
}

impl Seen {
    fn new(first: String, asked: ServerAction<PlanChange>) -> Self {
        let old = RwSignal::new(false);
        Effect::new(move |_| {
            if matches!(asked.value().get(), Some(Ok(Planned::Plan(_)))) {
                old.set(false);
            }
        });
        let plan_id = Signal::derive(move || match asked.value().get() {
            Some(Ok(Planned::Plan(plan))) => plan.plan_id,
            _ => first.clone(),
        });
        Self {
            plan_id,
            old,
            asked,
        }
    }

    fn is_old(self) {
        self.old.set(true);
    }

    /// As the field of the form has it.
    fn planned(self) -> &'static str {
        let asked = matches!(self.asked.value().get(), Some(Ok(Planned::Plan(_))));
        if asked && !self.old.get() { "true" } else { "" }
    }
}

/// The plan that was made last.
#[component]
fn NewestPlan(first: Option<PlanView>, again: ServerAction<PlanChange>) -> impl IntoView {
    move || {
        let plan = match again.value().get() {
            Some(Ok(Planned::Plan(plan))) => Some(plan),
            Some(_) => None,
            None => first.clone(),
        };
        plan.map(|plan| view! { <Plan plan /> })
    }
}

fn changed_stacks(plan: &PlanView) -> BTreeSet<String> {
    let changes = plan.containers.iter();
    changes
        .filter(|change| change.kind != ChangeKind::Keep)
        .map(|change| change.stack.clone())
        .collect()
}

/// Why what was sent was not begun; where the plan has become old, the way to a new one.
#[component]
fn Refusal(problem: Signal<Option<Problem>>, again: String) -> impl IntoView {
    move || {
        let problem = problem.get()?;
        let anew = (problem.status == 409).then(|| {
            view! {
                <div class="row">
                    <LinkButton href=again.clone() reload=true>
                        "Plan again"
                    </LinkButton>
                </div>
            }
        });
        Some(view! {
            <ProblemNotice problem />
            {anew}
        })
    }
}

#[component]
fn Details(
    detail: ProductDeploymentDetail,
    versions: Option<(Option<String>, Option<String>)>,
) -> impl IntoView {
    let version = match versions {
        Some((Some(from), Some(to))) if from != to => Some(format!("{from} → {to}")),
        _ => detail.product_version,
    };
    let services: usize = detail.stacks.iter().map(|stack| stack.service_count).sum();
    view! {
        <Facts>
            <Fact name="Product">{detail.product_display_name}</Fact>
            {version.map(|version| view! { <Fact name="Version">{version}</Fact> })}
            <Fact name="Deployed as">
                <code>{detail.deployment_name}</code>
            </Fact>
            <Fact name="Status">
                <StatusBadge look=Look::of_product(detail.status, detail.operation_mode) bare=true />
            </Fact>
            <Fact name="Stacks">{detail.stacks.len()}</Fact>
            <Fact name="Total Services">{services}</Fact>
        </Facts>
    }
}

/// The stacks, in the order in which they are worked on.
#[component]
fn StacksConcerned(
    kind: OperationKind,
    words: Words,
    detail: ProductDeploymentDetail,
    /// Stacks of which the plan changes something.
    changed: BTreeSet<String>,
) -> impl IntoView {
    let (mut concerned, skipped): (Vec<_>, Vec<_>) = detail
        .stacks
        .into_iter()
        .partition(|stack| kind != OperationKind::Retry || changed.contains(&stack.stack_name));
    if kind == OperationKind::Remove {
        concerned.reverse();
    }
    let list = |stacks: Vec<domain::wire::StackDetail>| {
        let rows = stacks.into_iter().map(|stack| {
            let services = match stack.service_count {
                1 => "1 service".to_owned(),
                count => format!("{count} services"),
            };
            view! {
                <li class="concerned__row">
                    <strong>{stack.stack_display_name}</strong>
                    <StatusBadge look=Look::from(stack.status) />
                    <span class="soft number">{services}</span>
                </li>
            }
        });
        rows.collect_view()
    };
    let rest = (!skipped.is_empty()).then(|| {
        let header = move || view! { <h2>"Already running (will be skipped)"</h2> };
        let skipped = list(skipped);
        view! {
            <Card header flush=true>
                <ul class="concerned">{skipped}</ul>
            </Card>
        }
    });
    let header = move || view! { <h2>{words.list}</h2> };
    view! {
        <Card header flush=true>
            <ol class="concerned">{list(concerned)}</ol>
        </Card>
        {rest}
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
                name="change[continue_on_error]"
                value="true"
                checked=on
            />
            <label for="continueOnError">"Continue with the remaining stacks if one fails"</label>
        </div>
    }
}
