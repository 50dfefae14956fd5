//! Use cases of environments, and the engines behind them: one client an environment, made when it is first needed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::access::Actor;
use domain::environment::{Connection, Environment, MAX_NAME};
use domain::id::EnvironmentId;
use domain::wire::{ConnectionTest, CreateEnvironmentRequest, TestConnectionRequest};

use crate::clock::{Clock, new_id};
use crate::engine::{Engine, EngineError, EngineInfo};
use crate::orchestrator::{EngineUnavailable, Engines};
use crate::store::{Store, StoreError};

/// Longest wait of a test whether an engine answers.
const TEST_PATIENCE: Duration = Duration::from_secs(10);

/// Makes the client of an engine; it need not be reachable yet.
pub type Connect = Arc<dyn Fn(&Connection) -> Result<Arc<dyn Engine>, EngineError> + Send + Sync>;

/// Why an environment cannot be listed, found or made.
#[derive(Debug, thiserror::Error)]
pub enum EnvironmentError {
    /// There is none with this id.
    #[error("Environment '{0}' not found.")]
    NotFound(String),
    /// A field of the request is wrong.
    #[error("{message}")]
    Invalid {
        /// As in the request.
        field: &'static str,
        /// What is wrong and the way out.
        message: String,
    },
    /// The name is used already.
    #[error("An environment named '{0}' exists already.")]
    NameTaken(String),
    /// The record could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Environments and their engines.
#[derive(Clone)]
pub struct Environments {
    store: Store,
    clock: Clock,
    connect: Connect,
    engines: Arc<Mutex<HashMap<EnvironmentId, Arc<dyn Engine>>>>,
}

impl Environments {
    /// Nothing is connected yet.
    #[must_use]
    pub fn new(store: Store, clock: Clock, connect: Connect) -> Self {
        Self {
            store,
            clock,
            connect,
            engines: Arc::default(),
        }
    }

    /// Every environment, the default one first.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn list_environments(
        &self,
        _actor: &Actor,
    ) -> Result<Vec<Environment>, EnvironmentError> {
        let mut all = self.store.environments().await?;
        all.sort_by(|a, b| {
            b.is_default
                .cmp(&a.is_default)
                .then_with(|| a.name.cmp(&b.name))
        });
        Ok(all)
    }

    /// One environment by the text of its id.
    ///
    /// # Errors
    /// [`EnvironmentError::NotFound`] where there is none, also where the text is no id.
    pub async fn get_environment(
        &self,
        _actor: &Actor,
        id: &str,
    ) -> Result<Environment, EnvironmentError> {
        let missing = || EnvironmentError::NotFound(id.to_owned());
        let parsed = id.parse().map_err(|_| missing())?;
        self.store.environment(parsed).await?.ok_or_else(missing)
    }

    /// Makes an environment; the first one is the default.
    ///
    /// # Errors
    /// Where a field is wrong or the name is taken; nothing is written then.
    pub async fn create_environment(
        &self,
        actor: &Actor,
        request: &CreateEnvironmentRequest,
    ) -> Result<Environment, EnvironmentError> {
        let name = request.name.trim();
        let invalid = |field, message: &str| EnvironmentError::Invalid {
            field,
            message: message.to_owned(),
        };
        if name.is_empty() {
            return Err(invalid("name", "Environment name is required"));
        }
        if name.chars().count() > MAX_NAME {
            return Err(invalid(
                "name",
                "Environment name must have at most 100 characters",
            ));
        }
        check_kind(request.kind.as_deref())?;
        let socket = request
            .socket_path
            .as_deref()
            .map(str::trim)
            .unwrap_or_default();
        let connection = Connection::DockerSocket {
            socket_path: socket_address(socket)?,
        };
        let environment = Environment {
            id: EnvironmentId::from_uuid(new_id()),
            name: name.to_owned(),
            connection,
            is_default: self.store.environments().await?.is_empty(),
            created_at: self.clock.now(),
        };
        match self.store.insert_environment(&environment).await {
            Ok(()) => {
                tracing::info!(environment.id = %environment.id, actor = %actor, "environment created");
                Ok(environment)
            }
            Err(StoreError::EnvironmentNameTaken { .. }) => {
                Err(EnvironmentError::NameTaken(environment.name))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Gives an environment another engine. What runs on the old one stays there.
    ///
    /// # Errors
    /// Where the address cannot be used or the environment is gone.
    pub async fn move_environment(
        &self,
        actor: &Actor,
        id: EnvironmentId,
        address: &str,
    ) -> Result<(), EnvironmentError> {
        let connection = Connection::DockerSocket {
            socket_path: socket_address(address)?,
        };
        if !self.store.move_environment(id, &connection).await? {
            return Err(EnvironmentError::NotFound(id.to_string()));
        }
        self.engines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&id);
        tracing::info!(environment.id = %id, actor = %actor, "environment moved");
        Ok(())
    }

    /// Asks an engine who it is; nothing is kept.
    ///
    /// # Errors
    /// Where the request names none. That it does not answer is an answer.
    pub async fn test_connection(
        &self,
        _actor: &Actor,
        request: &TestConnectionRequest,
    ) -> Result<ConnectionTest, EnvironmentError> {
        check_kind(request.kind.as_deref())?;
        let address = request.docker_host.as_deref().map(str::trim);
        let connection = Connection::DockerSocket {
            socket_path: socket_address(address.unwrap_or_default())?,
        };
        let answer = match (self.connect)(&connection) {
            Ok(engine) => ask(engine.as_ref(), TEST_PATIENCE).await,
            Err(error) => Err(sentence(&error)),
        };
        Ok(tested(answer))
    }

    /// The same for the engine of an environment.
    ///
    /// # Errors
    /// Where there is no such environment.
    pub async fn test_environment(
        &self,
        actor: &Actor,
        id: &str,
    ) -> Result<ConnectionTest, EnvironmentError> {
        let environment = self.get_environment(actor, id).await?;
        Ok(tested(self.ask_engine(&environment, TEST_PATIENCE).await))
    }

    /// What the engine of an environment is; otherwise a sentence that says why it does not answer.
    ///
    /// # Errors
    /// Where it does not answer within `patience`.
    pub async fn ask_engine(
        &self,
        environment: &Environment,
        patience: Duration,
    ) -> Result<EngineInfo, String> {
        match self.engine_of(environment) {
            Ok(engine) => ask(engine.as_ref(), patience).await,
            Err(error) => Err(sentence(&error)),
        }
    }

    /// The engine of an environment.
    ///
    /// # Errors
    /// Where its address cannot be used.
    pub fn engine_of(&self, environment: &Environment) -> Result<Arc<dyn Engine>, EngineError> {
        let mut engines = self.engines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(engine) = engines.get(&environment.id) {
            return Ok(Arc::clone(engine));
        }
        let engine = (self.connect)(&environment.connection)?;
        engines.insert(environment.id, Arc::clone(&engine));
        Ok(engine)
    }
}

fn check_kind(kind: Option<&str>) -> Result<(), EnvironmentError> {
    match kind {
        Some(kind) if !kind.eq_ignore_ascii_case("DockerSocket") => {
            Err(EnvironmentError::Invalid {
                field: "type",
                message: "Type must be 'DockerSocket'".to_owned(),
            })
        }
        _ => Ok(()),
    }
}

async fn ask(engine: &dyn Engine, patience: Duration) -> Result<EngineInfo, String> {
    match tokio::time::timeout(patience, engine.info()).await {
        Ok(answer) => answer.map_err(|error| sentence(&error)),
        Err(_) => Err(format!(
            "The engine did not answer within {} seconds.",
            patience.as_secs()
        )),
    }
}

fn sentence(error: &EngineError) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).chain(['.']).collect()
}

fn tested(answer: Result<EngineInfo, String>) -> ConnectionTest {
    match answer {
        Ok(info) => ConnectionTest {
            success: true,
            message: format!(
                "Docker Engine {} answered (API {}, {}).",
                info.version, info.api_version, info.platform
            ),
            docker_version: Some(info.version),
        },
        Err(message) => ConnectionTest {
            success: false,
            message,
            docker_version: None,
        },
    }
}

/// The address in the form that the engine's client takes: a bare path is a socket.
fn socket_address(text: &str) -> Result<String, EnvironmentError> {
    let invalid = |message: &str| EnvironmentError::Invalid {
        field: "socketPath",
        message: message.to_owned(),
    };
    if text.is_empty() {
        return Err(invalid("Socket path is required"));
    }
    if text.starts_with('/') {
        return Ok(format!("unix://{text}"));
    }
    let known = ["unix:///", "tcp://"].iter().any(|scheme| {
        text.strip_prefix(scheme)
            .is_some_and(|rest| !rest.is_empty())
    });
    if known {
        Ok(text.to_owned())
    } else {
        Err(invalid(
            "Socket path must be an absolute path, unix:///path or tcp://host:port",
        ))
    }
}

#[async_trait::async_trait]
impl Engines for Environments {
    async fn engine(&self, id: EnvironmentId) -> Result<Arc<dyn Engine>, EngineUnavailable> {
        let environment = self
            .store
            .environment(id)
            .await
            .map_err(|error| EngineUnavailable(Box::new(error)))?
            .ok_or_else(|| {
                EngineUnavailable(Box::new(EnvironmentError::NotFound(id.to_string())))
            })?;
        self.engine_of(&environment)
            .map_err(|error| EngineUnavailable(Box::new(error)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_engines() {
        for (input, expect) in [
            ("/var/run/docker.sock", Ok("unix:///var/run/docker.sock")),
            ("unix:///run/d.sock", Ok("unix:///run/d.sock")),
            ("tcp://127.0.0.1:2375", Ok("tcp://127.0.0.1:2375")),
            ("", Err("Socket path is required")),
            (
                "docker.sock",
                Err("Socket path must be an absolute path, unix:///path or tcp://host:port"),
            ),
            (
                "unix://",
                Err("Socket path must be an absolute path, unix:///path or tcp://host:port"),
            ),
        ] {
            let result = socket_address(input).map_err(|error| error.to_string());
            assert_eq!(
                result,
                expect.map(str::to_owned).map_err(str::to_owned),
                "{input}"
            );
        }
    }
}
