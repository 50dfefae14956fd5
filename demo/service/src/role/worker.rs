//! `worker`: calls its neighbours again and again and tells each result in one line.
//!
//! A neighbour that fails is reported, never a reason to end: that is what a worker in a product
//! does while others are being replaced.

use std::sync::Arc;
use std::thread;
use std::time::Instant;

use super::RoleError;
use super::web::NEIGHBOUR_TIMEOUT;
use crate::http::client;
use crate::lifetime::Context;

/// Works until the process ends.
pub(super) fn run(context: &Arc<Context>) -> Result<(), RoleError> {
    let settings = &context.settings;
    thread::sleep(settings.start_delay);
    if settings.neighbours.is_empty() {
        context.say("has no neighbours to call");
    }
    let mut round: u64 = 0;
    loop {
        round += 1;
        for url in &settings.neighbours {
            let started = Instant::now();
            match client::request("GET", url, b"", NEIGHBOUR_TIMEOUT) {
                Ok(answer) => context.say(&format!(
                    "round {round}: {url} answered {} in {} ms",
                    answer.status,
                    started.elapsed().as_millis()
                )),
                Err(error) => context.say(&format!("round {round}: {url} failed: {error}")),
            }
        }
        thread::sleep(settings.work_interval);
    }
}
