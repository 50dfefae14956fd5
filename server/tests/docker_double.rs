//! A double of the Docker engine: its API on a Unix socket, served by the test's own process, with containers that have no process.
//!
//! The real server talks to it through the real adapter. What it made stays when that server is killed; every call and every effect
//! is counted; calls fail where a test says so. It speaks API 1.51 as engine 28.5.2 does, with that engine's status codes and
//! sentences, as far as the adapter and the tests use it; anything else is a 404.
//!
//! A container does what its environment says, in the words of the demo service (`demo-service --help`): `START_DELAY`,
//! `NEVER_HEALTHY`, `UNHEALTHY_AFTER`, `EXIT_AFTER`, `CRASH`, `EXIT_CODE`, `LOG_LINES`, `LOG_STDERR`, `IGNORE_SIGTERM`, and for
//! `migrate` `SCHEMA_VERSION`, `STEP_DELAY` and `HANG`. Only time is shorter: a health check counts as soon as its answer is known,
//! without waiting for the next interval, and a stop without a process takes none.

mod container;
mod events;
mod exec;
mod http;
mod life;
mod network;
mod record;
mod routes;
mod script;
mod show;
mod state;
mod streams;

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::net::UnixListener;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::watch;

pub(crate) use self::record::{Call, Fault, Record, Verb};
use self::state::State;

/// Longest that a test waits for anything: calls that hang one after the other take minutes.
const PATIENCE: Duration = Duration::from_secs(600);

/// An engine of a test's own; it ends with it.
pub(crate) struct DockerDouble {
    shared: Arc<Shared>,
    runtime: Option<Runtime>,
    folder: tempfile::TempDir,
}

/// What the connections and the lives of containers share.
struct Shared {
    state: Mutex<State>,
    /// For tests, which wait without a runtime.
    changed: Condvar,
    /// For streams.
    ticks: watch::Sender<u64>,
    runtime: Handle,
}

impl Shared {
    /// Looks at the state, or changes it; who waits is woken.
    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let before = state.version;
        let value = act(&mut state);
        let changed = state.version != before;
        drop(state);
        if changed {
            self.changed.notify_all();
            self.ticks.send_modify(|tick| *tick += 1);
        }
        value
    }
}

impl DockerDouble {
    /// Starts it, with these images in its registry and none on it.
    pub(crate) fn new(registry: &[&str]) -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("docker-double")
            .enable_all()
            .build()
            .unwrap();
        let shared = Arc::new(Shared {
            state: Mutex::new(State::new(registry)),
            changed: Condvar::new(),
            ticks: watch::channel(0).0,
            runtime: runtime.handle().clone(),
        });
        let folder = tempfile::tempdir().unwrap();
        let _inside = runtime.enter();
        let listener = UnixListener::bind(folder.path().join("engine.sock")).unwrap();
        let server = Arc::clone(&shared);
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&server);
                server.runtime.spawn(routes::connection(shared, stream));
            }
        });
        Self {
            shared,
            runtime: Some(runtime),
            folder,
        }
    }

    /// The same with its images already pulled.
    pub(crate) fn with_images(images: &[&str]) -> Self {
        let double = Self::new(images);
        double
            .shared
            .with(|state| images.iter().for_each(|image| state.add_image(image)));
        double
    }

    /// `unix:///…`
    pub(crate) fn address(&self) -> String {
        format!(
            "unix://{}",
            self.folder.path().join("engine.sock").display()
        )
    }

    /// Every call that changes something takes this long before its effect, and again after it.
    pub(crate) fn set_pace(&self, pace: Duration) {
        self.shared.with(|state| state.pace = pace);
    }

    /// Asks `plan` at every call whether it fails; the plan before is dropped.
    pub(crate) fn inject(&self, plan: impl FnMut(&Call) -> Option<Fault> + Send + 'static) {
        self.shared
            .with(|state| state.record.plan = Some(Box::new(plan)));
    }

    /// From now on no call fails.
    pub(crate) fn heal(&self) {
        self.shared.with(|state| state.record.plan = None);
    }

    /// Looks at what was called and done.
    pub(crate) fn record<T>(&self, look: impl FnOnce(&Record) -> T) -> T {
        self.shared.with(|state| look(&state.record))
    }

    /// Waits until what was called and done fits.
    pub(crate) fn wait_until(&self, what: &str, fits: impl Fn(&Record) -> bool) {
        let begun = Instant::now();
        let mut state = self.shared.state.lock().unwrap();
        while !fits(&state.record) {
            let left = PATIENCE.checked_sub(begun.elapsed());
            let left = left.unwrap_or_else(|| panic!("waited in vain for {what}"));
            state = self.shared.changed.wait_timeout(state, left).unwrap().0;
        }
    }
}

impl Drop for DockerDouble {
    fn drop(&mut self) {
        // Not waited for: connections may hang on purpose.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
