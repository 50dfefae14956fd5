//! `load`: calls its neighbours at a fixed rate for a while, and tells in the end how many requests failed.
//!
//! A connection that is refused, not made within a second, or closed before an answer begins is tried once more, as every client of a service
//! that may be replaced does; how often that was needed is told as well.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::RoleError;
use super::web::NEIGHBOUR_TIMEOUT;
use crate::http::client::{self, ClientError};
use crate::http::url::Url;
use crate::lifetime::Context;

/// What came of all requests.
#[derive(Default)]
struct Counts {
    answered: AtomicU64,
    repeated: AtomicU64,
    failed: AtomicU64,
}

/// Calls until the time is up; the summary is the last line.
pub(super) fn run(context: &Arc<Context>) -> Result<(), RoleError> {
    let settings = &context.settings;
    let counts = Arc::new(Counts::default());
    let pause = Duration::from_secs(1) / settings.load_rate;
    let began = Instant::now();
    let mut calls = Vec::new();
    let mut number: u32 = 0;
    while began.elapsed() < settings.load_for {
        for url in &settings.neighbours {
            let (context, counts, url) = (Arc::clone(context), Arc::clone(&counts), url.clone());
            calls.push(thread::spawn(move || call(&context, &counts, &url)));
        }
        calls.retain(|call| !call.is_finished());
        number += 1;
        // Against the beginning, so that a late one does not make all that follow late.
        thread::sleep((pause * number).saturating_sub(began.elapsed()));
    }
    for call in calls {
        // A call that panicked has said so on the standard error.
        drop(call.join());
    }
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    context.say(&format!(
        "answered={} repeated={} failed={}",
        count(&counts.answered),
        count(&counts.repeated),
        count(&counts.failed)
    ));
    Ok(())
}

fn call(context: &Context, counts: &Counts, url: &Url) {
    let mut result = client::request("GET", url, b"", NEIGHBOUR_TIMEOUT);
    if matches!(
        result,
        Err(ClientError::Connect { .. } | ClientError::Exchange(_) | ClientError::NotHttp)
    ) {
        counts.repeated.fetch_add(1, Ordering::Relaxed);
        result = client::request("GET", url, b"", NEIGHBOUR_TIMEOUT);
    }
    match result {
        Ok(answer) if answer.is_success() => {
            counts.answered.fetch_add(1, Ordering::Relaxed);
        }
        Ok(answer) => {
            counts.failed.fetch_add(1, Ordering::Relaxed);
            context.say(&format!("{url} answered {}", answer.status));
        }
        Err(error) => {
            counts.failed.fetch_add(1, Ordering::Relaxed);
            context.say(&format!("{url} failed: {error}"));
        }
    }
}
