//! Containers and volumes of the environment that the pages work on: shown, and changed by hand.
//!
//! Two doors, one way, as with the other forms: scripts call the server function, a browser without them posts to the page's address.

use domain::container::ContainerAct;
use domain::wire::{
    ContainerDetail, ContainerPage, ContainerQuery, LogLineView, Problem, VolumePage, VolumeQuery,
    VolumeView,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::CallError;

/// Lines that a page of output has before it runs.
#[cfg(feature = "ssr")]
const FIRST_LINES: u32 = 200;

/// What a page shows, and what became of the form that a browser without scripts sent to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown<T> {
    pub data: T,
    pub refused: Option<RefusedDeed>,
}

#[cfg(feature = "ssr")]
fn shown<T>(data: T) -> Shown<T> {
    Shown {
        data,
        refused: use_context::<RefusedDeed>(),
    }
}

/// A form that was sent and refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedDeed {
    /// None where it could not even be read.
    pub deed: Option<WantedDeed>,
    pub problem: Problem,
}

/// One page of the containers.
#[server(endpoint = "list-containers", input = server_fn::codec::GetUrl, output = crate::json::Answer)]
pub async fn list_containers(
    #[server(default)] query: ContainerQuery,
) -> Result<Shown<ContainerPage>, CallError> {
    let caller = super::caller::Caller::of_request()?;
    let environment = caller.environment().await?;
    let page = caller
        .backend
        .containers(&caller.actor, &environment.id, query);
    page.await.map(shown).map_err(super::caller::refuse)
}

/// One container.
#[server(endpoint = "get-container", input = server_fn::codec::GetUrl, output = crate::json::Answer)]
pub async fn get_container(id: String) -> Result<Shown<ContainerDetail>, CallError> {
    let caller = super::caller::Caller::of_request()?;
    let environment = caller.environment().await?;
    let detail = caller
        .backend
        .container(&caller.actor, &environment.id, &id);
    detail.await.map(shown).map_err(super::caller::refuse)
}

/// A container with the last lines that it wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerOutput {
    pub container: ContainerDetail,
    pub lines: Vec<LogLineView>,
}

/// What a container wrote last.
#[server(endpoint = "get-container-output", input = server_fn::codec::GetUrl, output = crate::json::Answer)]
pub async fn get_container_output(id: String) -> Result<ContainerOutput, CallError> {
    use super::caller::{Caller, refuse};

    let caller = Caller::of_request()?;
    let environment = caller.environment().await?;
    let Caller { backend, actor } = caller;
    let container = backend.container(&actor, &environment.id, &id);
    let container = container.await.map_err(refuse)?;
    let id = &container.container.id;
    let lines = backend.container_lines(&actor, &environment.id, id, FIRST_LINES);
    let lines = lines.await.map_err(refuse)?;
    Ok(ContainerOutput { container, lines })
}

/// One page of the volumes.
#[server(endpoint = "list-volumes", input = server_fn::codec::GetUrl, output = crate::json::Answer)]
pub async fn list_volumes(
    #[server(default)] query: VolumeQuery,
) -> Result<Shown<VolumePage>, CallError> {
    let caller = super::caller::Caller::of_request()?;
    let environment = caller.environment().await?;
    let page = caller
        .backend
        .volumes(&caller.actor, &environment.id, query);
    page.await.map(shown).map_err(super::caller::refuse)
}

/// A volume and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownVolume {
    pub environment: String,
    pub volume: VolumeView,
}

/// One volume.
#[server(endpoint = "get-volume", input = server_fn::codec::GetUrl, output = crate::json::Answer)]
pub async fn get_volume(name: String) -> Result<Shown<ShownVolume>, CallError> {
    let caller = super::caller::Caller::of_request()?;
    let environment = caller.environment().await?.id;
    let volume = caller.backend.volume(&caller.actor, &environment, &name);
    let volume = volume.await.map_err(super::caller::refuse)?;
    Ok(shown(ShownVolume {
        environment,
        volume,
    }))
}

/// What is done by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    Start,
    Stop,
    Restart,
    Remove,
    CreateVolume,
    RemoveVolume,
}

impl Deed {
    /// The form in requests.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Remove => "remove",
            Self::CreateVolume => "create-volume",
            Self::RemoveVolume => "remove-volume",
        }
    }

    /// What it does to a container; none where it is about a volume.
    #[must_use]
    pub const fn act(self) -> Option<ContainerAct> {
        match self {
            Self::Start => Some(ContainerAct::Start),
            Self::Stop => Some(ContainerAct::Stop),
            Self::Restart => Some(ContainerAct::Restart),
            Self::Remove => Some(ContainerAct::Remove),
            Self::CreateVolume | Self::RemoveVolume => None,
        }
    }
}

/// The fields of the forms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WantedDeed {
    pub what: Deed,
    /// Id of the container, name of the volume.
    #[serde(default)]
    pub name: String,
    pub environment: String,
    /// A checkbox: sent only when it is on.
    #[serde(default)]
    pub force: Option<String>,
    /// The name of a volume, typed by whoever gives up its data.
    #[serde(default)]
    pub typed_name: String,
    /// Of a new volume.
    #[serde(default)]
    pub driver: String,
}

/// What becomes of a form. A refusal is an answer, not a failure: the page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeedAnswer {
    Done,
    Refused(Problem),
}

/// Does it, and leads on where the thing is gone or new.
#[server(endpoint = "do-deed", output = crate::json::Answer)]
pub async fn do_deed(deed: WantedDeed) -> Result<DeedAnswer, CallError> {
    let caller = super::caller::Caller::of_request()?;
    match submit(&caller, &deed).await {
        Ok(next) => {
            if let Some(next) = next {
                leptos_axum::redirect(&next);
            }
            Ok(DeedAnswer::Done)
        }
        Err(problem) if problem.status >= 500 => Err(super::caller::refuse(problem)),
        Err(problem) => Ok(DeedAnswer::Refused(problem)),
    }
}

/// Does what a form asks for; where to go on, where that is not the same page.
///
/// # Errors
/// With the fields that are wrong, or why it is not possible now.
#[cfg(feature = "ssr")]
pub async fn submit(
    caller: &super::caller::Caller,
    deed: &WantedDeed,
) -> Result<Option<String>, Problem> {
    let (backend, actor) = (&caller.backend, &caller.actor);
    let force = deed.force.is_some();
    let (environment, name) = (&deed.environment, &deed.name);
    if let Some(act) = deed.what.act() {
        backend
            .act_on_container(actor, environment, name, act, force)
            .await?;
        let gone = act == ContainerAct::Remove;
        return Ok(gone.then(|| "/containers".to_owned()));
    }
    if deed.what == Deed::CreateVolume {
        let driver = Some(deed.driver.clone()).filter(|driver| !driver.trim().is_empty());
        let request = domain::wire::CreateVolumeRequest {
            name: name.clone(),
            driver,
            ..Default::default()
        };
        let made = backend.create_volume(actor, environment, request).await?;
        return Ok(Some(crate::address::volume(&made.name)));
    }
    if deed.typed_name.trim() != *name {
        return Err(unconfirmed(name));
    }
    backend
        .remove_volume(actor, environment, name, force)
        .await?;
    Ok(Some("/volumes".to_owned()))
}

#[cfg(feature = "ssr")]
fn unconfirmed(name: &str) -> Problem {
    let sentence = format!("Type '{name}' to give up what is in the volume.");
    let mut problem = CallError::new(
        "invalid-request",
        400,
        "The volume was not removed",
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
pub fn read(body: &[u8]) -> Result<WantedDeed, super::deploy_product::Unreadable> {
    let depth = serde_qs::Config::new(3, false);
    let read = depth.deserialize_bytes::<DoDeed>(body);
    read.map(|sent| sent.deed)
        .map_err(|_| super::deploy_product::Unreadable)
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn a_form_without_scripts_is_read_field_by_field() {
        let body = b"deed[what]=remove-volume&deed[name]=data&deed%5Benvironment%5D=e&deed[typed_name]=data";
        let deed = read(body).unwrap();
        assert_eq!(deed.what, Deed::RemoveVolume);
        assert_eq!(
            (deed.name.as_str(), deed.typed_name.as_str()),
            ("data", "data")
        );
        assert_eq!(deed.force, None);
        assert!(read(b"deed[what]=explode&deed[environment]=e").is_err());
    }
}
