//! Follows an operation to its end, page by page of its journal.
//!
//! Stateless between two pages but for the number of the last event, so a server that restarts is simply asked again:
//! nothing is missed and nothing is told twice.

use std::thread;
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::narrate::Narrator;
use crate::printer::{Format, Printer};

/// Between two looks at the journal while nothing new is there.
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// How long a server may be silent, for example because it is being restarted.
const PATIENCE: Duration = Duration::from_secs(120);

/// Tells every event as it comes; an error where the operation did not end well.
pub(crate) fn follow(
    client: &Client,
    printer: &mut Printer,
    noun: &str,
    operation: &str,
    interrupt: &Interrupt,
) -> Result<(), Failure> {
    let mut narrator = Narrator::default();
    let mut after = 0;
    let mut silent_since = None;
    loop {
        if interrupt.requested() {
            return Err(Failure::Interrupted {
                operation: operation.to_owned(),
            });
        }
        match client.events(operation, after) {
            Ok(page) => {
                silent_since = None;
                for event in &page.events {
                    let lines = narrator.tell(event);
                    match printer.format() {
                        Format::Text => lines.iter().try_for_each(|line| printer.line(line))?,
                        Format::JsonLines => printer.json(event)?,
                        Format::Json => {}
                    }
                }
                after = page.next_after;
                if page.complete {
                    break;
                }
                if page.has_more {
                    continue;
                }
            }
            Err(failure) if failure.may_pass() => {
                if silent_since.is_none() {
                    printer.note("Windlass does not answer; asking again …");
                }
                let since: &mut Instant = silent_since.get_or_insert_with(Instant::now);
                if since.elapsed() > PATIENCE {
                    printer.note(&format!(
                        "The operation goes on when Windlass does: `windlass attach {operation}`"
                    ));
                    return Err(failure);
                }
            }
            Err(failure) => return Err(failure),
        }
        thread::sleep(LOOK_AGAIN);
    }
    if printer.format() == Format::Json {
        printer.json(&client.operation(operation)?)?;
    }
    match narrator.ending() {
        Some(ending) if ending.well => Ok(()),
        ending => Err(Failure::NotDone {
            noun: noun.to_owned(),
            operation: operation.to_owned(),
            message: ending.map(|ending| ending.message).unwrap_or_default(),
        }),
    }
}
