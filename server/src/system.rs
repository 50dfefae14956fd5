//! What this server is and what it is set to, for people who look after it. Only looks.

use std::sync::Arc;
use std::time::Duration;

use domain::access::Actor;
use domain::environment::Environment;
use domain::timestamp::Timestamp;
use domain::wire::{EngineView, SystemInfo, SystemSetting};
use futures::StreamExt as _;

use crate::clock::Clock;
use crate::environments::{EnvironmentError, Environments};
use crate::store::Store;

/// Longest wait for one engine.
const PATIENCE: Duration = Duration::from_secs(3);
/// Most engines that are asked at once, and in all.
const ASKED_AT_ONCE: usize = 8;
const MOST_ENGINES: usize = 50;

/// What the boot knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The data folder.
    pub data_folder: Option<String>,
    /// Address and port.
    pub listens_on: Option<String>,
    /// What the server is set to, in the order in which it is shown.
    pub settings: Vec<SystemSetting>,
}

/// The use cases of the server itself.
#[derive(Clone)]
pub struct System {
    facts: Arc<Facts>,
    store: Store,
    environments: Environments,
    clock: Clock,
    started_at: Timestamp,
}

impl System {
    /// Of a server that starts now.
    #[must_use]
    pub fn new(store: Store, environments: Environments, clock: Clock) -> Self {
        Self {
            facts: Arc::default(),
            store,
            environments,
            started_at: clock.now(),
            clock,
        }
    }

    /// The same with what the boot knows.
    #[must_use]
    pub fn knowing(self, facts: Facts) -> Self {
        Self {
            facts: Arc::new(facts),
            ..self
        }
    }

    /// All of it, with each engine as it answers now.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn get_system_info(&self, actor: &Actor) -> Result<SystemInfo, EnvironmentError> {
        let mut environments = self.environments.list_environments(actor).await?;
        environments.truncate(MOST_ENGINES);
        let asked = environments.into_iter().map(|environment| {
            let system = self.clone();
            async move { system.ask(&environment).await }
        });
        let engines = futures::stream::iter(asked).buffered(ASKED_AT_ONCE);
        let engines = engines.collect().await;
        let up = self.clock.now().millis() - self.started_at.millis();
        Ok(SystemInfo {
            success: true,
            server_version: env!("CARGO_PKG_VERSION").to_owned(),
            build: match cfg!(debug_assertions) {
                true => "development",
                false => "release",
            }
            .to_owned(),
            platform: format!("{}/{}", std::env::consts::OS, std::env::consts::ARCH),
            started_at: self.started_at,
            // A clock that was set back says nothing.
            uptime_seconds: u64::try_from(up / 1000).unwrap_or(0),
            database: self.store.database().to_owned(),
            data_folder: self.facts.data_folder.clone(),
            listens_on: self.facts.listens_on.clone(),
            settings: self.facts.settings.clone(),
            engines,
        })
    }

    async fn ask(&self, environment: &Environment) -> EngineView {
        let answer = self.environments.ask_engine(environment, PATIENCE).await;
        let (info, error) = match answer {
            Ok(info) => (Some(info), None),
            Err(error) => (None, Some(error)),
        };
        EngineView {
            environment_id: environment.id.to_string(),
            environment_name: environment.name.clone(),
            version: info.as_ref().map(|info| info.version.clone()),
            api_version: info.as_ref().map(|info| info.api_version.clone()),
            platform: info.map(|info| info.platform),
            error,
        }
    }
}
