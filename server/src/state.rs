//! The use cases, put together at boot and handed to the doors. Doors call these and nothing below.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use crate::deployments::Deployments;
use crate::environments::Environments;
use crate::operations::Operations;
use crate::products::Products;

/// How long a part may take to say that it is there.
const READY_WITHIN: Duration = Duration::from_secs(2);

/// Narrow handles, each cheap to clone.
#[derive(Clone)]
pub struct AppState {
    pub environments: Environments,
    pub products: Products,
    pub deployments: Deployments,
    pub operations: Operations,
    /// Cancelled when the server stops: answers that would go on for long end then.
    pub shutdown: CancellationToken,
}

/// Whether requests may come: after the start, until the end begins, and while every part answers.
#[derive(Clone, Default)]
pub struct Readiness {
    open: Arc<AtomicBool>,
    parts: Vec<(&'static str, Ask)>,
}

type Cause = Box<dyn std::error::Error + Send + Sync>;
type Ask = Arc<dyn Fn() -> BoxFuture<'static, Result<(), Cause>> + Send + Sync>;

/// Why requests should not come. Says which part; what the part said is the source.
#[derive(Debug, thiserror::Error)]
pub enum NotReady {
    /// The server starts or stops.
    #[error("Windlass is starting or stopping.")]
    Closed,
    /// A part says that it does not work.
    #[error("Not ready: the {part} does not work.")]
    Broken {
        /// Such as `database`.
        part: &'static str,
        /// What it said.
        #[source]
        source: Cause,
    },
    /// A part says nothing.
    #[error("Not ready: the {part} did not answer within {} s.", READY_WITHIN.as_secs())]
    Silent {
        /// Such as `database`.
        part: &'static str,
    },
}

impl Readiness {
    /// The same, which also asks a part each time.
    #[must_use]
    pub fn asking<F, E>(
        mut self,
        part: &'static str,
        ask: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<Cause> + 'static,
    {
        self.parts.push((
            part,
            Arc::new(move || {
                let answer = ask();
                Box::pin(async move { answer.await.map_err(Into::into) })
            }),
        ));
        self
    }

    /// Opens or closes the door.
    pub fn set(&self, open: bool) {
        self.open.store(open, Ordering::Release);
    }

    /// Asks every part.
    ///
    /// # Errors
    /// The first part that is not ready.
    pub async fn check(&self) -> Result<(), NotReady> {
        if !self.open.load(Ordering::Acquire) {
            return Err(NotReady::Closed);
        }
        for (part, ask) in &self.parts {
            match tokio::time::timeout(READY_WITHIN, ask()).await {
                Ok(Ok(())) => {}
                Ok(Err(source)) => return Err(NotReady::Broken { part, source }),
                Err(_) => return Err(NotReady::Silent { part }),
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<_> = self.parts.iter().map(|(part, _)| part).collect();
        f.debug_struct("Readiness")
            .field("open", &self.open)
            .field("parts", &parts)
            .finish()
    }
}
