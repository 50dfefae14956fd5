//! `windlass attach OPERATION`

use crate::client::Client;
use crate::failure::Failure;
use crate::follow::follow;
use crate::interrupt::Interrupt;
use crate::printer::Printer;

/// Follows an operation from its first event to its end.
pub(super) fn attach(
    operation: &str,
    client: &Client,
    printer: &mut Printer,
) -> Result<(), Failure> {
    // Asked first, so that a wrong id or address fails at once.
    let operation = client.operation(operation)?;
    let noun = operation.kind.noun().to_lowercase();
    let id = operation.operation_id;
    follow(client, printer, &noun, &id, &Interrupt::listen()?)
}
