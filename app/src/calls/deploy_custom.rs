//! Deploys a Compose file that somebody pasted, after saying what it asks for.
//!
//! Two doors, one way, as with the deploy form: scripts call the server functions, a browser without them posts to the page's address.

use std::collections::BTreeMap;

#[cfg(feature = "ssr")]
use domain::wire::{AcceptedOperation, DeployComposeRequest};
use domain::wire::{EnvironmentView, ParsedCompose, Problem, StackSummary};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::CallError;
pub use super::deploy_product::Answer;
#[cfg(feature = "ssr")]
use crate::entered::Entered;

/// What the page shows.
#[derive(Clone, Serialize, Deserialize)]
pub struct Custom {
    pub environment: EnvironmentView,
    /// What a browser without scripts sent.
    pub form: Option<CustomForm>,
    /// What its file asks for.
    pub read: Option<Read>,
    /// Why it was refused.
    pub problem: Option<Problem>,
}

/// What a file asks for, or why it cannot be used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Read {
    Usable(ParsedCompose),
    Refused(Problem),
}

/// The fields of the form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomForm {
    #[serde(default)]
    pub stack_name: String,
    #[serde(default)]
    pub yaml: String,
    /// Values by name, under the key of the only stack.
    #[serde(default)]
    pub stack: BTreeMap<String, BTreeMap<String, String>>,
}

/// A form as it was sent, given to the page that shows it again.
#[derive(Clone, Default)]
pub struct SentCustom {
    pub form: CustomForm,
    pub problem: Option<Problem>,
}

/// The page, with what was sent to it.
#[server(endpoint = "custom", input = server_fn::codec::GetUrl, output = crate::json::Answer)]
pub async fn load_custom() -> Result<Custom, CallError> {
    let caller = super::caller::Caller::of_request()?;
    let environment = caller.environment().await?;
    let Some(sent) = use_context::<SentCustom>() else {
        return Ok(Custom {
            environment,
            form: None,
            read: None,
            problem: None,
        });
    };
    Ok(Custom {
        environment,
        read: Some(read(&caller, &sent.form.yaml).await),
        form: Some(sent.form),
        problem: sent.problem,
    })
}

/// Says what a file asks for. Nothing is begun.
#[server(endpoint = "read-compose", output = crate::json::Answer)]
pub async fn read_compose(#[server(default)] yaml: String) -> Result<Read, CallError> {
    let caller = super::caller::Caller::of_request()?;
    Ok(read(&caller, &yaml).await)
}

/// Accepts the deployment and leads to the page of its operation.
#[server(endpoint = "deploy-custom", output = crate::json::Answer)]
pub async fn deploy_custom(form: CustomForm) -> Result<Answer, CallError> {
    let caller = super::caller::Caller::of_request()?;
    match submit(&caller, &form).await {
        Ok(accepted) => {
            leptos_axum::redirect(&crate::address::operation(&accepted.operation_id));
            Ok(Answer::Accepted(accepted))
        }
        Err(problem) if problem.status >= 500 => Err(super::caller::refuse(problem)),
        Err(problem) => Ok(Answer::Refused(problem)),
    }
}

#[cfg(feature = "ssr")]
async fn read(caller: &super::caller::Caller, yaml: &str) -> Read {
    // Browsers send line ends of two characters.
    let yaml = yaml.replace("\r\n", "\n");
    match caller.backend.parse_compose(&caller.actor, &yaml).await {
        Ok(parsed) => Read::Usable(parsed),
        Err(problem) => Read::Refused(problem),
    }
}

/// Accepts the deployment that a form asks for.
///
/// # Errors
/// With the fields that are wrong, or why it is not possible now.
#[cfg(feature = "ssr")]
pub async fn submit(
    caller: &super::caller::Caller,
    form: &CustomForm,
) -> Result<AcceptedOperation, Problem> {
    let environment = caller.environment().await.map_err(|error| error.0)?;
    let parsed = match read(caller, &form.yaml).await {
        Read::Usable(parsed) => parsed,
        Read::Refused(problem) => return Err(problem),
    };
    let entered = Entered {
        shared: BTreeMap::new(),
        stack: form.stack.clone(),
    };
    let (_, mut configs) = entered.request(&[only_stack(&parsed)]);
    let request = DeployComposeRequest {
        stack_name: form.stack_name.trim().to_owned(),
        yaml_content: form.yaml.replace("\r\n", "\n"),
        variables: configs
            .pop()
            .map(|config| config.variables)
            .unwrap_or_default(),
        stack_version: None,
        session_id: None,
    };
    let (backend, actor) = (&caller.backend, &caller.actor);
    backend
        .deploy_compose(actor, &environment.id, request)
        .await
}

/// Reads the fields as a browser without scripts sends them.
///
/// # Errors
/// When they are not what the form has.
#[cfg(feature = "ssr")]
pub fn read_form(body: &[u8]) -> Result<CustomForm, super::deploy_product::Unreadable> {
    // As deep as `form[stack][s0][NAME]`.
    let depth = serde_qs::Config::new(4, false);
    let read = depth.deserialize_bytes::<DeployCustom>(body);
    read.map(|sent| sent.form)
        .map_err(|_| super::deploy_product::Unreadable)
}

/// The file as the one stack that forms know how to configure.
#[must_use]
pub fn only_stack(parsed: &ParsedCompose) -> StackSummary {
    StackSummary {
        id: String::new(),
        name: String::new(),
        display_name: "The file".to_owned(),
        description: String::new(),
        depends_on: Vec::new(),
        services: Vec::new(),
        variables: parsed
            .variables
            .iter()
            .map(|variable| variable.variable.clone())
            .collect(),
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn a_form_without_scripts_is_read_field_by_field() {
        let body =
            b"form[stack_name]=shop&form[yaml]=a%3A%0D%0Ab&form[stack][s0][PORT]=80&act=plan";
        let form = read_form(body).unwrap();
        assert_eq!(form.stack_name, "shop");
        assert_eq!(form.yaml, "a:\r\nb");
        assert_eq!(form.stack["s0"]["PORT"], "80");
        assert!(read_form(b"form=x").is_err());
    }
}
