//! What a fault test did and what came of it: one JSON line a case in the file that the run names, summed up by `cargo xtask test`.

use std::fs::OpenOptions;
use std::io::Write as _;

use serde::Serialize;

/// Faults of one kind that a test provoked, and how it ended.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Tally {
    /// `crash points`, `random kills`, `repeated steps`, `journal prefixes`, `cancels`, `clock`, `store`, `engine`, `registry`, `product`,
    /// `large product`.
    pub(crate) part: &'static str,
    /// How many faults were provoked.
    pub(crate) injected: usize,
    /// How many of them ended in a known state: the operation final, and nothing found by the doctor.
    pub(crate) known: usize,
    /// Containers that were there twice.
    pub(crate) duplicates: usize,
    /// Objects on the engine that no record knew.
    pub(crate) orphans: usize,
    /// A line of docs/faults.md; none for cases that come in numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) row: Option<Row>,
}

/// One fault as docs/faults.md shows it.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    /// `Registry cuts the connection in a layer`.
    pub(crate) fault: &'static str,
    /// The operation's and the product's final state: `failed, Failed`.
    pub(crate) ended: String,
    /// From the request to the end of the operation.
    pub(crate) seconds: f64,
    /// What the operator reads.
    pub(crate) sentence: String,
    /// What is kept: `exit code 3, 4 log lines`.
    pub(crate) evidence: String,
    /// What was done once the fault was gone, and its end: `a new deployment: Running`.
    pub(crate) afterwards: String,
}

impl Tally {
    /// Adds it to the run's file; without one, says it.
    pub(crate) fn record(&self) {
        let line = serde_json::to_string(self).unwrap();
        match std::env::var_os("WINDLASS_TEST_TALLY") {
            Some(file) => {
                let mut file = OpenOptions::new()
                    .create(true)
                    .append(true)
                    .open(file)
                    .unwrap();
                // One write, so that lines of tests that run side by side do not mix.
                file.write_all(format!("{line}\n").as_bytes()).unwrap();
            }
            None => println!("{line}"),
        }
    }
}

/// Whether the long form was asked for with `cargo xtask test --full`.
pub(crate) fn full() -> bool {
    std::env::var_os("WINDLASS_TEST_FULL").is_some()
}

/// The seed of everything random: the given one, else one of this run. It is printed, so that a failure can be repeated.
pub(crate) fn seed() -> u64 {
    let seed = match std::env::var("WINDLASS_TEST_SEED") {
        Ok(given) => given.parse().unwrap(),
        Err(_) => std::process::id().into(),
    };
    say(&format!(
        "seed {seed}; the same again: cargo xtask test --only faults --seed {seed}"
    ));
    seed
}

/// Says something that is seen also where the test passes.
pub(crate) fn say(text: &str) {
    // Past what the test runner keeps for failures.
    let line = format!("{text}\n");
    std::io::stdout().write_all(line.as_bytes()).unwrap();
}
