//! `windlass products`

use crate::client::Client;
use crate::failure::Failure;
use crate::printer::{Format, Printer};

/// Lists the newest version of every product.
pub(super) fn list_products(client: &Client, printer: &mut Printer) -> Result<(), Failure> {
    let products = client.products()?;
    match printer.format() {
        Format::Json => printer.json(&products),
        Format::JsonLines => products.iter().try_for_each(|one| printer.json(one)),
        Format::Text if products.is_empty() => {
            printer
                .note("The catalog is empty. Add a folder with --source when the server starts.");
            Ok(())
        }
        Format::Text => {
            let rows: Vec<_> = products
                .into_iter()
                .map(|product| {
                    [
                        product.name,
                        product.version.unwrap_or_default(),
                        product.stacks.len().to_string(),
                        product.total_services.to_string(),
                        product.id,
                    ]
                })
                .collect();
            printer.table(["PRODUCT", "VERSION", "STACKS", "SERVICES", "ID"], &rows)
        }
    }
}
