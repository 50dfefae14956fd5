//! What is done to a deployed product: the page that asks whether it is meant, with the plan, and the form that says yes.
//!
//! Two doors, one way, as with the deploy form: scripts call the server function, a browser without them posts to the page's address.

use std::collections::BTreeMap;

use domain::operation::OperationKind;
#[cfg(feature = "ssr")]
use domain::wire::{AcceptedOperation, UpgradeCheck};
use domain::wire::{
    AvailableVersion, PlanRequest, PlanView, Problem, ProductDeploymentDetail, ReleaseView,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::CallError;
pub use super::deploy_product::Answer;

/// All that the page shows.
#[derive(Debug, Clone, Serialize, Deserialize)]
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
    /// What a browser without scripts sent, and why it was refused.
    pub refused: Option<RefusedChange>,
}

/// What would happen, or why it cannot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Planned {
    Plan(PlanView),
    Refused(Problem),
}

/// A form that was sent and refused.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RefusedChange {
    /// None where it could not even be read.
    pub form: Option<WantedChange>,
    pub problem: Problem,
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
    let refused = use_context::<RefusedChange>().map(|mut refused| {
        if let Some(form) = &mut refused.form {
            // Any of them may be a secret, and secrets are never written into a page.
            form.values.clear();
        }
        refused
    });
    let sent = refused.as_ref().and_then(|refused| refused.form.as_ref());
    let target = target.or_else(|| sent.map(|form| form.target.clone()));
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
    let plan = match nothing_newer.filter(|_| target.is_empty()) {
        Some(problem) => Planned::Refused(problem),
        None => match backend
            .plan(&actor, &environment, &id, asked.request())
            .await
        {
            Ok(plan) => Planned::Plan(plan),
            Err(problem) => Planned::Refused(problem),
        },
    };
    Ok(Change {
        kind,
        detail,
        plan,
        versions,
        releases,
        target,
        refused,
    })
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
    /// Values that the version needs in addition, by name.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
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
        let now = backend.plan(actor, &form.environment, &form.id, seen.request());
        if now.await?.plan_id != form.plan_id {
            return Err(outdated());
        }
    }
    backend
        .begin(actor, &form.environment, &form.id, form.request())
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
    let depth = serde_qs::Config::new(3, false);
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
            values: BTreeMap::new(),
        }
    }
}

impl WantedChange {
    /// What it asks for, with the body that the operation's own request would have.
    #[must_use]
    pub fn request(&self) -> PlanRequest {
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        // Volumes and values are chosen after the plan was seen, which therefore does not have them.
        let as_seen = self.volumes.is_empty() && self.values.is_empty();
        let plan_id = given(&self.plan_id).filter(|_| as_seen);
        let mut request = json!({"planId": plan_id});
        let mut add = |name: &str, value: Value| request[name] = value;
        if self.kind.rolls_out() {
            add("continueOnError", self.continue_on_error.is_some().into());
        }
        match self.kind {
            OperationKind::Upgrade => {
                add("targetProductId", self.target.as_str().into());
                add("sharedVariables", json!(self.values));
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

/// Names of values that the version of an upgrade needs and the product does not have, as a refusal tells them.
#[must_use]
pub fn missing_values(kind: OperationKind, problem: &Problem) -> BTreeMap<String, Vec<String>> {
    let mut missing: BTreeMap<String, Vec<String>> = BTreeMap::new();
    if kind != OperationKind::Upgrade {
        return missing;
    }
    for (field, errors) in &problem.errors {
        let Some((_, name)) = field.split_once("ariables.") else {
            continue;
        };
        let known = missing.entry(name.to_owned()).or_default();
        for error in errors {
            if !known.contains(error) {
                known.push(error.clone());
            }
        }
    }
    missing
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
        assert_eq!(form.request().request, expected);
    }

    #[test]
    fn each_operation_gets_its_own_fields_only() {
        use OperationKind as K;
        check(&form(K::Stop), json!({"planId": "p1"}));
        check(
            &form(K::Redeploy),
            json!({"planId": "p1", "continueOnError": false}),
        );
        let upgrade = WantedChange {
            target: "demo:Shop:2".to_owned(),
            continue_on_error: Some("true".to_owned()),
            ..form(K::Upgrade)
        };
        check(
            &upgrade,
            json!({"planId": "p1", "continueOnError": true, "targetProductId": "demo:Shop:2", "sharedVariables": {}}),
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
    fn a_value_that_two_stacks_miss_is_asked_for_once() {
        let mut problem = CallError::new("invalid-request", 400, "", "").0;
        for field in [
            "stackConfigs.a.variables.X",
            "stackConfigs.b.variables.X",
            "sharedVariables.Y",
        ] {
            problem
                .errors
                .insert(field.to_owned(), vec!["It is required.".to_owned()]);
        }
        let missing = missing_values(OperationKind::Upgrade, &problem);
        assert_eq!(missing.keys().collect::<Vec<_>>(), ["X", "Y"]);
        assert_eq!(missing["X"], ["It is required."]);
        assert!(missing_values(OperationKind::Redeploy, &problem).is_empty());
    }

    #[cfg(feature = "ssr")]
    #[test]
    fn a_form_without_scripts_is_read_field_by_field() {
        let body = b"change[kind]=remove&change[id]=d&change%5Benvironment%5D=e&change[plan_id]=p&change%5Bvolumes%5D%5B%5D=a\
            &change[volumes][]=b&change[typed_name]=shop&change[values][X]=1";
        let form = read(body).unwrap();
        assert_eq!(form.kind, OperationKind::Remove);
        assert_eq!(form.volumes, ["a", "b"]);
        assert_eq!(form.typed_name, "shop");
        assert_eq!(form.values["X"], "1");
        assert!(read(b"change[kind]=nothing&change[id]=d&change[environment]=e").is_err());
    }
}
