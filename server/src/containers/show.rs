//! Shows one container in full, but never the values of its variables.

use domain::access::Actor;
use domain::plan::ContainerState;
use domain::timestamp::Timestamp;
use domain::wire::{ContainerDetail, ContainerMountView, HealthProbeView};

use super::list::view;
use super::{ContainerError, Containers, look_at};
use crate::engine::{ContainerDescription, ListedContainer};

impl Containers {
    /// One container by id or name.
    ///
    /// # Errors
    /// Where there is none, or the engine does not answer.
    pub async fn get_container(
        &self,
        actor: &Actor,
        environment: &str,
        id: &str,
    ) -> Result<ContainerDetail, ContainerError> {
        let (environment, engine) = self.engine(actor, environment).await?;
        let about = look_at(id, engine.describe_container(id)).await?;
        let owners = self.owners(&environment).await?;
        let time = |millis: Option<i64>| millis.map(Timestamp::from_millis);
        let details = &about.details;
        let listed = ListedContainer {
            container: details.container.clone(),
            status: status(&about),
            created_at: about.created_at,
            ports: about.ports.clone(),
            labels: about.labels.clone(),
            volumes: Vec::new(),
        };
        Ok(ContainerDetail {
            container: view(listed, Some(&about), &owners),
            environment_id: environment.id.to_string(),
            image_id: details.container.image_id.clone(),
            started_at: time(details.started_at),
            finished_at: time(about.finished_at),
            error: details.error.clone(),
            oom_killed: details.oom_killed,
            restart_policy: about.restart_policy.clone(),
            health_log: details
                .health_log
                .iter()
                .map(|probe| HealthProbeView {
                    exit_code: probe.exit_code,
                    output: probe.output.clone(),
                })
                .collect(),
            mounts: about
                .mounts
                .iter()
                .map(|mount| ContainerMountView {
                    kind: mount.kind.clone(),
                    volume: mount.volume.clone(),
                    source: mount.source.clone(),
                    target: mount.target.clone(),
                    read_only: mount.read_only,
                })
                .collect(),
            networks: about.networks.clone(),
            variables: about.variables.clone(),
        })
    }
}

/// An inspection has no such words; these are as short.
fn status(about: &ContainerDescription) -> String {
    let seen = &about.details.container;
    match (seen.state, seen.exit_code) {
        (ContainerState::Running, _) => "Up".to_owned(),
        (ContainerState::Exited, Some(code)) => format!("Exited ({code})"),
        (ContainerState::Exited, None) => "Exited".to_owned(),
        (ContainerState::Created, _) => "Created".to_owned(),
        (ContainerState::Paused, _) => "Up (Paused)".to_owned(),
        (ContainerState::Restarting, _) => "Restarting".to_owned(),
        (ContainerState::Removing, _) => "Removal In Progress".to_owned(),
        (ContainerState::Dead, _) => "Dead".to_owned(),
    }
}
