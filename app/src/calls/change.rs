//! What is done to a deployed product: the page that asks whether it is meant, with the plan, and the form that says yes.
//!
//! Two doors, one way, as with the deploy form: scripts call the server function, a browser without them posts to the page's address.

use std::collections::BTreeMap;

use domain::operation::OperationKind;
#[cfg(feature = "ssr")]
use domain::wire::{AcceptedOperation, UpgradeCheck};
use domain::wire::{
    AvailableVersion, ConfigurationView, PlanRequest, PlanView, Problem, ProductDeploymentDetail,
    ReleaseView, StackSummary,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::CallError;
pub use super::deploy_product::Answer;
use crate::entered::Entered;
use crate::env_import::Imported;
#[cfg(feature = "ssr")]
use crate::{env_import::matched, form_field::fields_of};

/// All that the page shows.
#[derive(Clone, Serialize, Deserialize)]
pub struct Change {
    pub kind: OperationKind,
    pub detail: ProductDeploymentDetail,
    pub plan: Planned,
    /// Of an upgrade: what can be chosen, the newest first.
    pub versions: Vec<AvailableVersion>,
    /// Of a rollback: what can be chosen, the newest first.
    pub releases: Vec<ReleaseView>,
    /// The version's product id, or the number of the release; empty where nothing is chosen.
    pub target: String,
    /// Of an upgrade and a redeploy: the values, as they would be.
    pub configuration: Option<ConfigurationView>,
    /// What a browser without scripts sent, and what became of that.
    pub returned: Option<ReturnedChange>,
}

/// What would happen, or why it cannot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Planned {
    Plan(PlanView),
    Refused(Problem),
}

/// A form that comes back. Its secrets are gone: they are never written into a page.
#[derive(Clone, Serialize, Deserialize)]
pub struct ReturnedChange {
    /// None where it could not even be read.
    pub form: Option<WantedChange>,
    /// Why it was refused; none where it was only asked to come back.
    pub problem: Option<Problem>,
    /// What became of the `.env` file that was sent with it.
    pub imported: Option<Imported>,
}

/// A form as it was sent, given to the page that shows it again. It still has its secrets.
#[derive(Clone, Default)]
pub struct SentChange {
    pub form: Option<WantedChange>,
    pub problem: Option<Problem>,
    /// Text of a `.env` file to be taken into it.
    pub env: Option<String>,
}

/// What an operation would do to a deployed product. Without a `target`, the newest version or the release before.
#[server(endpoint = "change", input = server_fn::codec::GetUrl, output = crate::json::Answer)]
pub async fn load_change(
    kind: OperationKind,
    id: String,
    #[server(default)] target: Option<String>,
) -> Result<Change, CallError> {
    use super::caller::{Caller, refuse};

    let Caller { backend, actor } = Caller::of_request()?;
    let detail = backend.deployment(&actor, &id).await.map_err(refuse)?;
    let environment = detail.environment_id.clone();
    let check = match kind {
        OperationKind::Upgrade => {
            let check = backend.check_upgrade(&actor, &environment, &id).await;
            Some(check.map_err(refuse)?)
        }
        _ => None,
    };
    let nothing_newer = check
        .as_ref()
        .filter(|check| check.available_versions.as_ref().is_none_or(Vec::is_empty))
        .map(nothing_newer);
    let versions = check
        .and_then(|check| check.available_versions)
        .unwrap_or_default();
    let (releases, current) = match kind {
        OperationKind::Rollback => {
            let page = backend.releases(&actor, &environment, &id, 1).await;
            let mut releases = page.map_err(refuse)?.releases;
            let current = releases.iter().find(|release| release.is_current);
            let current = current.map(|release| release.rollback_of.unwrap_or(release.number));
            releases.retain(|release| release.can_roll_back_to);
            (releases, current)
        }
        _ => (Vec::new(), None),
    };
    let sent = use_context::<SentChange>();
    let form = sent.as_ref().and_then(|sent| sent.form.as_ref());
    let target = target.or_else(|| form.map(|form| form.target.clone()));
    let target = target.or_else(|| match kind {
        OperationKind::Upgrade => versions.first().map(|version| version.product_id.clone()),
        OperationKind::Rollback => {
            release_before(&releases, current).map(|number| number.to_string())
        }
        _ => None,
    });
    let target = target.unwrap_or_default();
    let asked = WantedChange {
        kind,
        id: id.clone(),
        environment: environment.clone(),
        target: target.clone(),
        continue_on_error: Some("true".to_owned()),
        ..WantedChange::default()
    };
    // Where nothing was refused, the plan is asked for with what was entered.
    let asked = match &sent {
        Some(SentChange {
            form: Some(form),
            problem: None,
            env: None,
        }) => form.clone(),
        _ => asked,
    };
    let caller = Caller { backend, actor };
    // Where it is refused, the plan is, too, and says why.
    let configuration = match asked.configuration(&caller).await {
        Ok(found) => found,
        Err(problem) if problem.status < 500 => None,
        Err(problem) => return Err(refuse(problem)),
    };
    let stacks = stacks_of(configuration.as_ref());
    let plan = match nothing_newer.filter(|_| target.is_empty()) {
        Some(problem) => Planned::Refused(problem),
        None => asked.plan(&caller, &stacks).await,
    };
    let returned = sent.map(|sent| returned(sent, &stacks));
    Ok(Change {
        kind,
        detail,
        versions,
        releases,
        target,
        // Where it is not possible at all, nobody has to enter anything.
        configuration: configuration.filter(|_| match &plan {
            Planned::Plan(_) => true,
            Planned::Refused(problem) => is_about_values(problem),
        }),
        plan,
        returned,
    })
}

/// The form as it may be written into a page.
#[cfg(feature = "ssr")]
fn returned(sent: SentChange, stacks: &[StackSummary]) -> ReturnedChange {
    let mut imported = None;
    let form = sent.form.map(|form| {
        let mut entered = form.entered();
        if let Some(text) = &sent.env {
            let found = matched(text, &fields_of(stacks));
            entered.import(&found);
            imported = Some(Imported::of(&found, false));
        }
        entered.forget_secrets(stacks);
        form.with(entered)
    });
    ReturnedChange {
        form,
        problem: sent.problem,
        imported,
    }
}

/// The stacks of a configuration with their variables.
#[must_use]
pub fn stacks_of(configuration: Option<&ConfigurationView>) -> Vec<StackSummary> {
    let stacks = configuration.iter().flat_map(|it| &it.stacks);
    stacks.map(|stack| stack.stack.clone()).collect()
}

/// Why there is nothing to choose from.
#[cfg(feature = "ssr")]
fn nothing_newer(check: &UpgradeCheck) -> Problem {
    let why = check.cannot_upgrade_reason.clone();
    let why = why.unwrap_or_else(|| check.message.clone());
    CallError::new("nothing-newer", 409, "There is nothing to upgrade to", &why).0
}

/// The newest that is older than what runs now, whatever has been returned to.
#[cfg(feature = "ssr")]
fn release_before(releases: &[ReleaseView], current: Option<u32>) -> Option<u32> {
    let mut numbers = releases.iter().map(|release| release.number);
    numbers.find(|number| current.is_none_or(|current| *number < current))
}

/// The fields of the form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WantedChange {
    pub kind: OperationKind,
    pub id: String,
    pub environment: String,
    /// Of the plan that was seen.
    #[serde(default)]
    pub plan_id: String,
    /// See [`Change::target`].
    #[serde(default)]
    pub target: String,
    #[serde(default)]
    pub reason: String,
    /// A checkbox: sent only when it is on.
    #[serde(default)]
    pub continue_on_error: Option<String>,
    /// Volumes that go with their data.
    #[serde(default)]
    pub volumes: Vec<String>,
    /// The name of the deployment, typed by whoever gives up data.
    #[serde(default)]
    pub typed_name: String,
    /// Whether the form had the values, so that what it does not say was emptied or switched off.
    #[serde(default)]
    pub configured: Option<String>,
    /// Whether the plan that was seen was made with these values.
    #[serde(default)]
    pub planned: Option<String>,
    /// Values by name.
    #[serde(default)]
    pub shared: BTreeMap<String, String>,
    /// Values by name, by [`crate::form_field::stack_key`].
    #[serde(default)]
    pub stack: BTreeMap<String, BTreeMap<String, String>>,
}

/// Begins the operation and leads to its page.
#[server(endpoint = "apply-change", output = crate::json::Answer)]
pub async fn apply_change(change: WantedChange) -> Result<Answer, CallError> {
    let caller = super::caller::Caller::of_request()?;
    match submit(&caller, &change).await {
        Ok(accepted) => {
            leptos_axum::redirect(&crate::address::operation(&accepted.operation_id));
            Ok(Answer::Accepted(accepted))
        }
        Err(problem) if problem.status >= 500 => Err(super::caller::refuse(problem)),
        Err(problem) => Ok(Answer::Refused(problem)),
    }
}

/// What would happen with the values of a form; nothing is begun.
#[server(endpoint = "plan-change", output = crate::json::Answer)]
pub async fn plan_change(change: WantedChange) -> Result<Planned, CallError> {
    let caller = super::caller::Caller::of_request()?;
    let configuration = change.configuration(&caller).await;
    let configuration = configuration.map_err(super::caller::refuse)?;
    let stacks = stacks_of(configuration.as_ref());
    Ok(change.plan(&caller, &stacks).await)
}

/// Begins what a form asks for.
///
/// # Errors
/// With the fields that are wrong, or why it is not possible now.
#[cfg(feature = "ssr")]
pub async fn submit(
    caller: &super::caller::Caller,
    form: &WantedChange,
) -> Result<AcceptedOperation, Problem> {
    let (backend, actor) = (&caller.backend, &caller.actor);
    let stacks = stacks_of(form.configuration(caller).await?.as_ref());
    if !form.volumes.is_empty() {
        let detail = backend.deployment(actor, &form.id).await?;
        if form.typed_name.trim() != detail.deployment_name {
            return Err(unconfirmed(&detail.deployment_name));
        }
        // The plan that was seen is the one without them.
        let seen = WantedChange {
            volumes: Vec::new(),
            ..form.clone()
        };
        let now = backend.plan(actor, &form.environment, &form.id, seen.request(&stacks));
        if now.await?.plan_id != form.plan_id {
            return Err(outdated());
        }
    }
    backend
        .begin(actor, &form.environment, &form.id, form.request(&stacks))
        .await
}

#[cfg(feature = "ssr")]
fn outdated() -> Problem {
    let why = "What the plan was made from has changed. Look at it again.";
    CallError::new("plan-outdated", 409, "The plan is out of date", why).0
}

#[cfg(feature = "ssr")]
fn unconfirmed(name: &str) -> Problem {
    let sentence = format!("Type '{name}' to give up the data of the chosen volumes.");
    let mut problem = CallError::new(
        "invalid-request",
        400,
        "The data was not given up",
        &sentence,
    )
    .0;
    problem
        .errors
        .insert("typedName".to_owned(), vec![sentence]);
    problem
}

/// Reads the fields as a browser without scripts sends them.
///
/// # Errors
/// When they are not what the form has.
#[cfg(feature = "ssr")]
pub fn read(body: &[u8]) -> Result<WantedChange, super::deploy_product::Unreadable> {
    // As deep as `change[stack][s0][NAME]`.
    let depth = serde_qs::Config::new(4, false);
    let read = depth.deserialize_bytes::<ApplyChange>(body);
    read.map(|sent| sent.change)
        .map_err(|_| super::deploy_product::Unreadable)
}

impl Default for WantedChange {
    fn default() -> Self {
        Self {
            kind: OperationKind::Redeploy,
            id: String::new(),
            environment: String::new(),
            plan_id: String::new(),
            target: String::new(),
            reason: String::new(),
            continue_on_error: None,
            volumes: Vec::new(),
            typed_name: String::new(),
            configured: None,
            planned: None,
            shared: BTreeMap::new(),
            stack: BTreeMap::new(),
        }
    }
}

#[cfg(feature = "ssr")]
impl WantedChange {
    /// The values that its form has, where it has any.
    async fn configuration(
        &self,
        caller: &super::caller::Caller,
    ) -> Result<Option<ConfigurationView>, Problem> {
        let target = match self.kind {
            OperationKind::Upgrade => Some(self.target.as_str()),
            OperationKind::Redeploy => None,
            _ => return Ok(None),
        };
        let (backend, actor) = (&caller.backend, &caller.actor);
        let found = backend.configuration(actor, &self.environment, &self.id, target);
        found.await.map(Some)
    }

    async fn plan(&self, caller: &super::caller::Caller, stacks: &[StackSummary]) -> Planned {
        let asked = Self {
            plan_id: String::new(),
            ..self.clone()
        };
        let (backend, actor) = (&caller.backend, &caller.actor);
        let plan = backend.plan(actor, &self.environment, &self.id, asked.request(stacks));
        match plan.await {
            Ok(plan) => Planned::Plan(plan),
            Err(problem) => Planned::Refused(problem),
        }
    }
}

impl WantedChange {
    /// The values alone.
    #[must_use]
    pub fn entered(&self) -> Entered {
        Entered {
            shared: self.shared.clone(),
            stack: self.stack.clone(),
        }
    }

    /// The same form with other values.
    #[must_use]
    pub fn with(self, entered: Entered) -> Self {
        let Entered { shared, stack } = entered;
        Self {
            shared,
            stack,
            ..self
        }
    }

    /// What it asks for, with the body that the operation's own request would have. `stacks` have the variables of the form.
    #[must_use]
    pub fn request(&self, stacks: &[StackSummary]) -> PlanRequest {
        let entered = match self.configured {
            Some(_) => self.entered(),
            None => Entered::defaults(stacks),
        };
        let (shared, configs) = entered.request(stacks);
        let same = shared.is_empty() && configs.iter().all(|config| config.variables.is_empty());
        let configs = (!configs.is_empty()).then_some(configs);
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        // Volumes are chosen after the plan was seen, and values may be, which it does not have then.
        let as_seen = self.volumes.is_empty() && (same || self.planned.is_some());
        let plan_id = given(&self.plan_id).filter(|_| as_seen);
        let mut request = json!({"planId": plan_id});
        let mut add = |name: &str, value: Value| request[name] = value;
        if self.kind.rolls_out() {
            add("continueOnError", self.continue_on_error.is_some().into());
        }
        match self.kind {
            OperationKind::Upgrade => {
                add("targetProductId", self.target.as_str().into());
                add("sharedVariables", json!(shared));
                add("stackConfigs", json!(configs));
            }
            OperationKind::Redeploy => {
                add("variables", json!(shared));
                add("stackConfigs", json!(configs));
            }
            OperationKind::Rollback => {
                add("release", self.target.parse::<u32>().ok().into());
            }
            OperationKind::Remove => add("volumes", json!(self.volumes)),
            OperationKind::EnterMaintenance => add("reason", given(&self.reason).into()),
            _ => {}
        }
        PlanRequest {
            operation: self.kind,
            request,
        }
    }
}

/// Whether nothing is wrong but values, which can be entered.
#[must_use]
pub fn is_about_values(problem: &Problem) -> bool {
    let mut fields = problem.errors.keys();
    !problem.errors.is_empty() && fields.all(|field| field.contains("ariables."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(kind: OperationKind) -> WantedChange {
        WantedChange {
            kind,
            plan_id: "p1".to_owned(),
            ..WantedChange::default()
        }
    }

    fn check(form: &WantedChange, expected: Value) {
        assert_eq!(form.request(&[]).request, expected);
    }

    #[test]
    fn each_operation_gets_its_own_fields_only() {
        use OperationKind as K;
        check(&form(K::Stop), json!({"planId": "p1"}));
        check(
            &form(K::Redeploy),
            json!({"planId": "p1", "continueOnError": false, "variables": {}, "stackConfigs": null}),
        );
        let upgrade = WantedChange {
            target: "demo:Shop:2".to_owned(),
            continue_on_error: Some("true".to_owned()),
            ..form(K::Upgrade)
        };
        check(
            &upgrade,
            json!({"planId": "p1", "continueOnError": true, "targetProductId": "demo:Shop:2", "sharedVariables": {}, "stackConfigs": null}),
        );
        let rollback = WantedChange {
            target: "3".to_owned(),
            ..form(K::Rollback)
        };
        check(
            &rollback,
            json!({"planId": "p1", "continueOnError": false, "release": 3}),
        );
        let maintenance = WantedChange {
            reason: " disks ".to_owned(),
            ..form(K::EnterMaintenance)
        };
        check(&maintenance, json!({"planId": "p1", "reason": "disks"}));
    }

    #[test]
    fn what_was_chosen_after_the_plan_is_not_bound_to_it() {
        let remove = WantedChange {
            volumes: vec!["shop_data".to_owned()],
            ..form(OperationKind::Remove)
        };
        check(&remove, json!({"planId": null, "volumes": ["shop_data"]}));
    }

    #[test]
    fn what_is_entered_is_bound_to_the_plan_that_was_made_with_it() {
        let stack: StackSummary = serde_json::from_value(json!({
            "id": "a", "name": "a", "displayName": "A", "description": "", "dependsOn": [], "services": [],
            "variables": [{
                "name": "X", "type": "String", "required": false, "options": [], "defaultTransient": false,
                "defaultValue": "before", "isRequired": false, "shared": false,
            }],
        }))
        .unwrap();
        let stacks = [stack];
        let mut form = WantedChange {
            configured: Some("true".to_owned()),
            ..form(OperationKind::Redeploy)
        };
        let mut enter = |value: &str, planned: bool| {
            let values = BTreeMap::from([("X".to_owned(), value.to_owned())]);
            form.stack.insert("s0".to_owned(), values);
            form.planned = planned.then(|| "true".to_owned());
            form.request(&stacks).request
        };
        let unchanged = enter("before", false);
        assert_eq!(unchanged["planId"], "p1");
        assert_eq!(unchanged["stackConfigs"][0]["variables"], json!({}));
        let changed = enter("after", false);
        assert_eq!(changed["planId"], Value::Null);
        assert_eq!(
            changed["stackConfigs"][0]["variables"],
            json!({"X": "after"})
        );
        assert_eq!(enter("after", true)["planId"], "p1");
    }

    #[test]
    fn only_what_is_wrong_with_values_can_be_entered() {
        let check = |fields: &[&str], expected: bool| {
            let mut problem = CallError::new("invalid-request", 400, "", "").0;
            for field in fields {
                problem
                    .errors
                    .insert((*field).to_owned(), vec!["It is required.".to_owned()]);
            }
            assert_eq!(is_about_values(&problem), expected, "{fields:?}");
        };
        check(&["stackConfigs[0].variables.X", "sharedVariables.Y"], true);
        check(&["sharedVariables.Y", "planId"], false);
        check(&[], false);
    }

    #[cfg(feature = "ssr")]
    #[test]
    fn a_form_without_scripts_is_read_field_by_field() {
        let body = b"change[kind]=remove&change[id]=d&change%5Benvironment%5D=e&change[plan_id]=p&change%5Bvolumes%5D%5B%5D=a\
            &change[volumes][]=b&change[typed_name]=shop&change[stack][s0][X]=1";
        let form = read(body).unwrap();
        assert_eq!(form.kind, OperationKind::Remove);
        assert_eq!(form.volumes, ["a", "b"]);
        assert_eq!(form.typed_name, "shop");
        assert_eq!(form.stack["s0"]["X"], "1");
        assert!(read(b"change[kind]=nothing&change[id]=d&change[environment]=e").is_err());
    }
}
