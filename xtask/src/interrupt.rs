//! Ctrl-C and SIGTERM set a flag; everything that waits looks at it and gives up with an error, so
//! that guards are dropped and take down what was started. A second signal ends the program at once.

use std::sync::{
    Arc, LazyLock,
    atomic::{AtomicBool, Ordering},
};

use anyhow::{Context as _, bail};
use signal_hook::{consts::TERM_SIGNALS, flag};

static FLAG: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Installs the handlers.
pub(crate) fn watch() -> anyhow::Result<()> {
    for &signal in TERM_SIGNALS {
        flag::register_conditional_shutdown(signal, 130, Arc::clone(&FLAG))
            .and_then(|_| flag::register(signal, Arc::clone(&FLAG)))
            .context("cannot handle signals")?;
    }
    Ok(())
}

/// Whether somebody asked to stop.
pub(crate) fn requested() -> bool {
    FLAG.load(Ordering::Acquire)
}

/// An error once somebody asked to stop.
pub(crate) fn check() -> anyhow::Result<()> {
    if requested() {
        bail!("interrupted");
    }
    Ok(())
}
