//! Ctrl-C while something is followed: noted, so that the last words can say how to come back. A second one ends at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::TERM_SIGNALS;
use signal_hook::flag;

use crate::failure::Failure;

/// The exit code of whoever does not wait for the last words.
const AT_ONCE: i32 = 130;

/// Whether somebody asked to stop.
#[derive(Debug)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens from now on.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let asked = Arc::new(AtomicBool::new(false));
        for &signal in TERM_SIGNALS {
            flag::register_conditional_shutdown(signal, AT_ONCE, Arc::clone(&asked))
                .and_then(|_| flag::register(signal, Arc::clone(&asked)))
                .map_err(Failure::Signals)?;
        }
        Ok(Self(asked))
    }

    /// Whether somebody asked.
    pub(crate) fn requested(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
