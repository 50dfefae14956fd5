//! Puts the parts together, listens, and takes everything down again in order.
//!
//! The only place that knows all parts. Nothing here decides anything about products.

use std::{
    io,
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{Router, extract::State, http::StatusCode, routing::get};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::{catch_panic::CatchPanicLayer, trace::TraceLayer};

use crate::{
    args::ServeArgs,
    ui::{self, UiError},
};

/// How long open requests may go on once the server was told to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// Why the server could not start, or stopped on its own.
#[derive(Debug, thiserror::Error)]
pub enum BootError {
    /// Other machines would reach a server that asks nobody to sign in.
    #[error(
        "will not listen on {0}: other machines would reach it, and nobody has to sign in yet. \
         Listen on 127.0.0.1, or accept the risk with --insecure-no-auth"
    )]
    OpenToOthers(SocketAddr),
    /// The data folder cannot be made.
    #[error("cannot make the data folder {}; name another one with --data-dir", .0.display())]
    DataDir(PathBuf, #[source] io::Error),
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
    tokio::fs::create_dir_all(&args.data_dir)
        .await
        .map_err(|error| BootError::DataDir(args.data_dir.clone(), error))?;

    let ready = Readiness::default();
    let app = Router::new()
        .merge(health(ready.clone()))
        .merge(ui::router(&args.site, None)?)
        .layer(CatchPanicLayer::new())
        .layer(TraceLayer::new_for_http());

    let in_use = |error| BootError::Listen(args.listen, error);
    let listener = TcpListener::bind(args.listen).await.map_err(in_use)?;
    let address = listener.local_addr().map_err(in_use)?;
    ready.set(true);
    tracing::info!(server.address = %address, "listening on http://{address}");

    let draining = shutdown.clone();
    let server = axum::serve(listener, app).with_graceful_shutdown(draining.cancelled_owned());
    let time_is_up = async {
        shutdown.cancelled().await;
        ready.set(false);
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        ended = server => ended.map_err(BootError::Serve)?,
        () = time_is_up => tracing::warn!("stopped with requests still open"),
    }
    tracing::info!("stopped");
    Ok(())
}

/// Until people can sign in, the only guard at the door is that nobody else reaches it.
fn refuse_strangers(args: &ServeArgs) -> Result<(), BootError> {
    if args.insecure_no_auth || args.listen.ip().is_loopback() {
        Ok(())
    } else {
        Err(BootError::OpenToOthers(args.listen))
    }
}

/// Whether requests may come: after the start, and until the end begins.
#[derive(Debug, Clone, Default)]
pub struct Readiness(Arc<AtomicBool>);

impl Readiness {
    fn set(&self, ready: bool) {
        self.0.store(ready, Ordering::Release);
    }

    fn get(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// `/health/live`: the process answers. `/health/ready`: it wants requests.
fn health(ready: Readiness) -> Router {
    Router::new()
        .route("/health/live", get(async || "live"))
        .route(
            "/health/ready",
            get(async |State(ready): State<Readiness>| match ready.get() {
                true => (StatusCode::OK, "ready"),
                false => (StatusCode::SERVICE_UNAVAILABLE, "not ready"),
            }),
        )
        .with_state(ready)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::{Args, Command};

    fn check(arguments: &[&str], allowed: bool) {
        let line = ["windlass-server", "serve"].iter().chain(arguments);
        let Command::Serve(args) = Args::try_parse_from(line).unwrap().command;
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
