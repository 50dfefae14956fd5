//! The one signal that ends everything. SIGINT and SIGTERM cancel the token; whoever works in the
//! background watches it. A second signal is not caught twice: the process then ends at once.

use std::io;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Waits for SIGINT or SIGTERM, then cancels `shutdown`. Returns the signal's name.
///
/// # Errors
/// When the process may not install handlers.
pub async fn on_signal(shutdown: &CancellationToken) -> io::Result<&'static str> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let name = tokio::select! {
        _ = interrupt.recv() => "SIGINT",
        _ = terminate.recv() => "SIGTERM",
    };
    shutdown.cancel();
    Ok(name)
}
