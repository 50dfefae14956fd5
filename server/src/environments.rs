//! Use cases of environments, and the engines behind them: one client an environment, made when it is first needed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::access::Actor;
use domain::environment::{Connection, Environment, MAX_NAME};
use domain::id::EnvironmentId;
use domain::wire::CreateEnvironmentRequest;

use crate::clock::{Clock, new_id};
use crate::engine::{Engine, EngineError};
use crate::orchestrator::{EngineUnavailable, Engines};
use crate::store::{Store, StoreError};

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
        if request
            .kind
            .as_deref()
            .is_some_and(|kind| !kind.eq_ignore_ascii_case("DockerSocket"))
        {
            return Err(invalid("type", "Type must be 'DockerSocket'"));
        }
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
