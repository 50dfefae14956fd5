//! How answers reach the reader: text or JSON on standard output, everything else on standard error.
//!
//! The only place that writes. Text that comes from containers never reaches a terminal as control characters.

use std::io::{self, Write};

use serde::Serialize;

use crate::failure::Failure;

/// How answers are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// One document.
    Json,
    /// One document a line.
    JsonLines,
}

/// Where answers go.
pub(crate) struct Printer {
    format: Format,
    out: Box<dyn Write>,
    notes: Box<dyn Write>,
}

impl Printer {
    /// Standard output and standard error.
    pub(crate) fn terminal(format: Format) -> Self {
        Self {
            format,
            out: Box::new(io::stdout()),
            notes: Box::new(io::stderr()),
        }
    }

    /// How answers are wanted.
    pub(crate) const fn format(&self) -> Format {
        self.format
    }

    /// A line for people.
    pub(crate) fn line(&mut self, text: &str) -> Result<(), Failure> {
        writeln!(self.out, "{}", harmless(text)).map_err(Failure::Output)
    }

    /// A document, on many lines or on one.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let text = match self.format {
            Format::Json => serde_json::to_string_pretty(value),
            Format::Text | Format::JsonLines => serde_json::to_string(value),
        };
        // Wire types are made of strings, numbers and lists: they always have a JSON form.
        let text = text.map_err(|error| Failure::Output(error.into()))?;
        writeln!(self.out, "{text}").map_err(Failure::Output)
    }

    /// A table with a heading; columns are as wide as their widest cell.
    pub(crate) fn table<const N: usize>(
        &mut self,
        heading: [&str; N],
        rows: &[[String; N]],
    ) -> Result<(), Failure> {
        for line in table(heading, rows) {
            self.line(&line)?;
        }
        Ok(())
    }

    /// Something beside the answer.
    pub(crate) fn note(&mut self, text: &str) {
        // Where not even this can be written, there is nowhere left to say so.
        let _ = writeln!(self.notes, "{}", harmless(text));
    }

    /// What, why, and the way out, each on lines of their own.
    pub(crate) fn failure(&mut self, failure: &Failure) {
        for line in failure.lines() {
            self.note(&line);
        }
    }
}

fn table<const N: usize>(heading: [&str; N], rows: &[[String; N]]) -> Vec<String> {
    let mut widths = heading.map(|cell| cell.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let show = |cells: &[String; N]| {
        let mut line = String::new();
        for (cell, width) in cells.iter().zip(widths) {
            line.push_str(&format!("{cell:<width$}  "));
        }
        line.trim_end().to_owned()
    };
    std::iter::once(show(&heading.map(str::to_owned)))
        .chain(rows.iter().map(show))
        .collect()
}

/// The text without characters that would move the cursor or change colours.
fn harmless(text: &str) -> String {
    text.chars()
        .map(|each| match each {
            '\t' => ' ',
            each if each.is_control() => char::REPLACEMENT_CHARACTER,
            each => each,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_aligned() {
        let rows = [
            ["a".to_owned(), "long".to_owned()],
            ["über".to_owned(), String::new()],
        ];
        assert_eq!(
            table(["NAME", "B"], &rows),
            ["NAME  B", "a     long", "über"]
        );
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(harmless("a\tb\x1b[31mc\r"), "a b\u{fffd}[31mc\u{fffd}");
    }
}
