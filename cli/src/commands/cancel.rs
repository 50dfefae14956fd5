//! `windlass cancel OPERATION`

use crate::client::Client;
use crate::failure::Failure;
use crate::printer::{Format, Printer};

/// Asks an operation to stop; asking twice is asking once.
pub(super) fn cancel_operation(
    operation: &str,
    client: &Client,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let operation = client.cancel(operation)?;
    match printer.format() {
        Format::Text => printer.line(&format!(
            "The operation is being cancelled. Follow it with `windlass attach {}`.",
            operation.operation_id
        )),
        Format::Json | Format::JsonLines => printer.json(&operation),
    }
}
