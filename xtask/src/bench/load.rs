//! The program `bench`, which has the store and the many connections that this tool has not.

use std::{
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::{
    cargo::{self, Profile},
    interrupt,
};

/// Where it is.
pub(super) fn program() -> PathBuf {
    cargo::program("bench", Profile::Release)
}

/// Runs it to its end; its last line is its answer. Lines before are handed on as they come.
pub(super) fn run(
    command: &mut Command,
    mut said: impl FnMut(&str) -> anyhow::Result<()>,
) -> anyhow::Result<Value> {
    interrupt::check()?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start the program `bench`")?;
    let output = child.stdout.take().context("no pipe")?;
    let mut answer = Ok(Value::Null);
    for line in BufReader::new(output).lines() {
        let line = line?;
        answer = match line.starts_with('{') {
            true => serde_json::from_str(&line).context("its answer is not JSON"),
            false => said(&line).map(|()| Value::Null),
        };
        if answer.is_err() {
            break;
        }
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("the program `bench` failed: {status}");
    }
    answer
}

/// A number of an answer.
pub(super) fn number(answer: &Value, pointer: &str) -> anyhow::Result<f64> {
    let found = answer.pointer(pointer).and_then(Value::as_f64);
    found.with_context(|| format!("no {pointer} in {answer}"))
}
