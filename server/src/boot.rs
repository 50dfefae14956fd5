//! Puts the parts together, listens, and takes everything down again in order.
//!
//! The only place that knows all parts. Nothing here decides anything about products.

mod backup;
mod data_dir;
mod secret_key;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use domain::access::Actor;
use domain::environment::Connection;
use domain::wire::{CreateEnvironmentRequest, SystemSetting};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::api;
use crate::args::{DoctorArgs, KeyedDatabaseArgs, ServeArgs};
use crate::catalog::{Catalog, LocalSource};
use crate::clock::Clock;
use crate::doctor::{Doctor, Report};
use crate::engine::{Engine, docker::DockerEngine};
use crate::environments::{Connect, EnvironmentError, Environments};
use crate::maintenance::Poller;
use crate::orchestrator::{Orchestrator, Settings};
use crate::reconcile::{self, Reconciler};
use crate::state::AppState;
use crate::store::{Store, StoreError};
use crate::system::Facts;
use crate::ui::backend::{Gallery, UseCases};
use crate::ui::{self, UiError};

use secret_key::key_ring;

pub use backup::{BackupCommandError, back_up, is_pipe, restore};
pub use data_dir::{DataDir, DataDirError};
pub use secret_key::look_after_key;

/// How long open requests may go on once the server was told to stop.
const DRAIN: Duration = Duration::from_secs(10);
/// The environment that a first start makes, so that there is somewhere to deploy to.
const FIRST_ENVIRONMENT: &str = "Local Docker";
const DEFAULT_ENGINE: &str = "unix:///var/run/docker.sock";

/// Why the server could not start, or stopped on its own.
#[derive(Debug, thiserror::Error)]
pub enum BootError {
    /// Other machines would reach a server that asks nobody to sign in.
    #[error(
        "will not listen on {0}: other machines would reach it, and nobody has to sign in yet. \
         Listen on 127.0.0.1, or accept the risk with --insecure-no-auth"
    )]
    OpenToOthers(SocketAddr),
    /// The data folder cannot be used.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The database cannot be used.
    #[error("cannot open the database")]
    Store(#[from] StoreError),
    /// The first environment cannot be made.
    #[error("cannot set up the environment for --docker-host")]
    Environment(#[from] EnvironmentError),
    /// The sources could not be read to their end.
    #[error("reading the sources broke off")]
    Catalog(#[source] tokio::task::JoinError),
    /// The pages are missing.
    #[error(transparent)]
    Ui(#[from] UiError),
    /// The address is taken or not ours.
    #[error("cannot listen on {0}; is another server running there? Choose with --listen")]
    Listen(SocketAddr, #[source] io::Error),
    /// The listener broke.
    #[error("the listener stopped")]
    Serve(#[source] io::Error),
}

/// Runs the server until `shutdown` is cancelled and open requests are done, or their time is up.
///
/// # Errors
/// When a part cannot start; nothing is left running then.
pub async fn serve(args: ServeArgs, shutdown: CancellationToken) -> Result<(), BootError> {
    refuse_strangers(&args)?;
    let data_dir = DataDir::open(&args.data_dir)?;
    let ring = key_ring(&args.secret_key, data_dir.path()).map_err(StoreError::from)?;
    let url = database_url(args.database_url.as_deref(), data_dir.path());
    let store = Store::open(&url, ring).await?;
    let clock = Clock::system();
    let environments = Environments::new(store.clone(), clock.clone(), connect());
    first_environment(&environments, &args).await?;
    let catalog = Arc::new(read_sources(&args).await?);
    let settings = Settings {
        lease: Duration::from_secs(args.lease_seconds.into()),
        stable_for: Duration::from_millis(args.settle_milliseconds),
        pull_stall: Duration::from_secs(args.pull_stall_seconds),
        keep_releases: args.keep_releases.into(),
        ..Settings::default()
    };
    let orchestrator = Orchestrator::new(
        store.clone(),
        Arc::new(environments.clone()),
        clock.clone(),
        data_dir.node().to_owned(),
        settings,
    );
    let reconciler = Reconciler::new(
        store.clone(),
        Arc::new(environments.clone()),
        clock.clone(),
        orchestrator.turns(),
        reconcile::Settings::default(),
    );
    let state = AppState::new(
        store.clone(),
        catalog,
        environments,
        orchestrator.clone(),
        reconciler.clone(),
        clock,
    )
    .knowing(facts(&args, data_dir.path()));
    let poller = Poller::new(state.observers.clone());
    let door = doors(&args, state, &shutdown)?;
    let in_use = |error| BootError::Listen(args.listen, error);
    let listener = TcpListener::bind(args.listen).await.map_err(in_use)?;
    let address = listener.local_addr().map_err(in_use)?;
    orchestrator.start().await?;
    reconciler.start();
    poller.start();
    tracing::info!(server.address = %address, "listening on http://{address}");

    // Made into a service once: a router as it is would copy all its routes for each connection.
    let server = axum::serve(listener, door.into_make_service())
        .with_graceful_shutdown(shutdown.clone().cancelled_owned());
    let time_is_up = async {
        shutdown.cancelled().await;
        tokio::time::sleep(DRAIN).await;
    };
    let ended = tokio::select! {
        ended = server => ended.map_err(BootError::Serve),
        () = time_is_up => {
            tracing::warn!("stopped with requests still open");
            Ok(())
        }
    };
    // What is at work is left where it is and goes on at the next start.
    poller.stop().await;
    orchestrator.stop().await;
    reconciler.stop().await;
    store.close().await;
    drop(data_dir);
    tracing::info!("stopped");
    ended
}

/// What people who look after the server want to know of it.
fn facts(args: &ServeArgs, data_dir: &Path) -> Facts {
    let setting = |name: &str, value: String, option: Option<&str>| SystemSetting {
        name: name.to_owned(),
        value,
        option: option.map(str::to_owned),
    };
    Facts {
        data_folder: Some(data_dir.display().to_string()),
        listens_on: Some(args.listen.to_string()),
        settings: vec![
            setting(
                "Releases that are remembered",
                format!("{} of each product", args.keep_releases),
                Some("--keep-releases"),
            ),
            setting(
                "Lease of an operation",
                format!("{} s", args.lease_seconds),
                Some("--lease-seconds"),
            ),
            setting(
                "A service without a health check must stay up",
                format!("{} ms", args.settle_milliseconds),
                Some("--settle-milliseconds"),
            ),
            setting(
                "A pull may stand still",
                format!("{} s", args.pull_stall_seconds),
                Some("--pull-stall-seconds"),
            ),
            setting(
                "Largest request",
                format!("{} KiB", api::MAX_BODY / 1024),
                None,
            ),
            setting(
                "Changes of health that are remembered",
                format!("{} days", reconcile::KEEP_FOR.as_secs() / 86_400),
                None,
            ),
        ],
    }
}

fn doors(
    args: &ServeArgs,
    state: AppState,
    shutdown: &CancellationToken,
) -> Result<Router, BootError> {
    // Whoever works on the pages builds without optimisation.
    let gallery = match args.gallery || cfg!(debug_assertions) {
        true => Gallery::Shown,
        false => Gallery::Hidden,
    };
    let pages = ui::router(&args.site, Arc::new(UseCases(state.clone(), gallery)))?;
    let api = api::router(state, shutdown.clone());
    Ok(api::guard(api.merge(pages), args.insecure_no_auth))
}

/// Until people can sign in, the only guard at the door is that nobody else reaches it.
fn refuse_strangers(args: &ServeArgs) -> Result<(), BootError> {
    if args.insecure_no_auth || args.listen.ip().is_loopback() {
        Ok(())
    } else {
        Err(BootError::OpenToOthers(args.listen))
    }
}

/// Looks at the record and the engines of a server, which may be running.
///
/// # Errors
/// Where the record cannot be looked at.
pub async fn doctor(args: &DoctorArgs) -> Result<Report, StoreError> {
    let KeyedDatabaseArgs {
        database,
        secret_key,
    } = &args.database;
    let url = database_url(database.database_url.as_deref(), &database.data_dir);
    let ring = key_ring(secret_key, &database.data_dir)?;
    let store = Store::open_to_read(&url, &ring).await?;
    let (connect, moved) = (connect(), args.docker_host.clone());
    let examiner = Doctor::new(
        store.clone(),
        Arc::new(move |environment| match &moved {
            // As `serve` would move it; only that nothing is written.
            Some(wanted) if environment.name == FIRST_ENVIRONMENT => {
                connect(&Connection::DockerSocket {
                    socket_path: wanted.clone(),
                })
            }
            _ => connect(&environment.connection),
        }),
    );
    let report = examiner.look().await;
    store.close().await;
    report
}

fn database_url(given: Option<&str>, data_dir: &Path) -> String {
    named_database(given)
        .unwrap_or_else(|| format!("sqlite://{}", data_dir.join("windlass.db").display()))
}

/// The database that somebody named; none where it is the data folder's own.
fn named_database(given: Option<&str>) -> Option<String> {
    given.map(str::to_owned).or_else(|| {
        std::env::var("DATABASE_URL")
            .ok()
            .filter(|url| !url.is_empty())
    })
}

fn connect() -> Connect {
    Arc::new(|connection| {
        let Connection::DockerSocket { socket_path } = connection;
        let engine: Arc<dyn Engine> = Arc::new(DockerEngine::connect(socket_path)?);
        Ok(engine)
    })
}

/// Somewhere to deploy to. A later start with another `--docker-host` moves this environment along.
async fn first_environment(environments: &Environments, args: &ServeArgs) -> Result<(), BootError> {
    let wanted = args.docker_host.clone().or_else(|| {
        std::env::var("DOCKER_HOST")
            .ok()
            .filter(|host| !host.is_empty())
    });
    let actor = Actor::System;
    let known = environments.list_environments(&actor).await?;
    if let Some(first) = known
        .iter()
        .find(|environment| environment.name == FIRST_ENVIRONMENT)
    {
        let Connection::DockerSocket { socket_path } = &first.connection;
        if let Some(wanted) = wanted.filter(|wanted| wanted != socket_path) {
            tracing::info!(environment.id = %first.id, from = %socket_path, to = %wanted, "the environment follows --docker-host");
            environments
                .move_environment(&actor, first.id, &wanted)
                .await?;
        }
    } else if known.is_empty() {
        let request = CreateEnvironmentRequest {
            name: FIRST_ENVIRONMENT.to_owned(),
            kind: None,
            socket_path: Some(wanted.unwrap_or_else(|| DEFAULT_ENGINE.to_owned())),
        };
        environments.create_environment(&actor, &request).await?;
    }
    Ok(())
}

async fn read_sources(args: &ServeArgs) -> Result<Catalog, BootError> {
    let sources: Vec<LocalSource> = args
        .sources
        .iter()
        .map(|source| LocalSource {
            id: source.name.clone(),
            path: PathBuf::from(&source.path),
        })
        .collect();
    let catalog = tokio::task::spawn_blocking(move || Catalog::load(&sources))
        .await
        .map_err(BootError::Catalog)?;
    for found in catalog.problems() {
        tracing::warn!(source = found.source_id, "{}", found.problem);
    }
    Ok(catalog)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::{Args, Command};

    fn check(arguments: &[&str], allowed: bool) {
        let line = ["windlass-server", "serve"].iter().chain(arguments);
        let Command::Serve(args) = Args::try_parse_from(line).unwrap().command else {
            panic!("serve is not serve");
        };
        assert_eq!(refuse_strangers(&args).is_ok(), allowed, "{arguments:?}");
    }

    #[test]
    fn without_sign_in_only_this_machine_gets_in() {
        check(&["--listen", "127.0.0.1:8080"], true);
        check(&["--listen", "[::1]:8080"], true);
        check(&["--listen", "0.0.0.0:8080"], false);
        check(&["--listen", "[::]:8080"], false);
        check(&["--listen", "192.0.2.1:8080"], false);
        check(&["--listen", "0.0.0.0:8080", "--insecure-no-auth"], true);
    }
}
