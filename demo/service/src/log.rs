//! Lines to the standard output and the standard error, flushed one by one.
//!
//! A closed pipe is no reason to stop serving and leaves nobody to tell, so a failed write is
//! dropped here, and only here.

use std::io::Write;

/// One line (or block) to the standard output.
pub(crate) fn out(text: &str) {
    write_line(std::io::stdout().lock(), text);
}

/// One line to the standard error.
pub(crate) fn err(text: &str) {
    write_line(std::io::stderr().lock(), text);
}

fn write_line(mut stream: impl Write, text: &str) {
    // One write a line: lines of several threads never mix.
    let line = format!("{text}\n");
    drop(
        stream
            .write_all(line.as_bytes())
            .and_then(|()| stream.flush()),
    );
}
