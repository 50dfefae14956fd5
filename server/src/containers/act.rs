//! Starts, stops, restarts and removes one container by hand.

use domain::access::Actor;
use domain::container::ContainerAct;
use domain::plan::ContainerState;

use super::{ContainerError, Containers, look_at};
use crate::engine::EngineError;

impl Containers {
    /// Does it. What is so already succeeds. `force` removes also what runs or belongs to something deployed.
    ///
    /// # Errors
    /// Where there is no such container, an operation works on its product, or the engine refuses.
    pub async fn act_on_container(
        &self,
        actor: &Actor,
        environment: &str,
        id: &str,
        act: ContainerAct,
        force: bool,
    ) -> Result<(), ContainerError> {
        let (environment, engine) = self.engine(actor, environment).await?;
        let seen = look_at(id, engine.inspect_container(id)).await?.container;
        let ownership = seen.ownership.as_ref();
        self.must_not_be_at_work(&environment, ownership).await?;
        if act == ContainerAct::Remove {
            let what = format!("Container '{}'", seen.name);
            self.must_not_be_deployed(&environment, ownership, &what, force)
                .await?;
            let up = matches!(
                seen.state,
                ContainerState::Running | ContainerState::Paused | ContainerState::Restarting
            );
            if up && !force {
                return Err(ContainerError::StillRuns(seen.name));
            }
        }
        // By the id that was looked at: the name may be another container's by now.
        let done = match act {
            ContainerAct::Start => engine.start_container(&seen.id).await,
            ContainerAct::Stop => engine.stop_container(&seen.id, None).await,
            ContainerAct::Restart => engine.restart_container(&seen.id).await,
            ContainerAct::Remove => engine.discard_container(&seen.id, force).await,
        };
        match done {
            Ok(()) => {}
            Err(EngineError::NotFound { what }) if what.starts_with("container") => {
                return Err(ContainerError::ContainerNotFound(id.to_owned()));
            }
            Err(error) => return Err(error.into()),
        }
        tracing::info!(
            container.id = %seen.id, container.name = %seen.name, act = act.as_str(), force, actor = %actor,
            environment.id = %environment.id, "a container was changed by hand"
        );
        Ok(())
    }
}
