//! What the fault tests did, from the lines that they wrote: sums on the terminal, and the table of docs/faults.md.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use anyhow::{Context as _, ensure};
use serde::Deserialize;

use crate::paths;

/// One line of a test, as `server/tests/faults/tally.rs` writes it.
#[derive(Debug, Deserialize)]
struct Tally {
    part: String,
    injected: u64,
    known: u64,
    duplicates: u64,
    orphans: u64,
    row: Option<Row>,
}

#[derive(Debug, Deserialize)]
struct Row {
    fault: String,
    ended: String,
    seconds: f64,
    sentence: String,
    evidence: String,
    afterwards: String,
}

#[derive(Debug, Default)]
struct Sum {
    injected: u64,
    known: u64,
    duplicates: u64,
    orphans: u64,
}

impl Sum {
    fn add(&mut self, tally: &Tally) {
        self.injected += tally.injected;
        self.known += tally.known;
        self.duplicates += tally.duplicates;
        self.orphans += tally.orphans;
    }
}

/// Prints the sums of each part and of all; writes docs/faults.md where that is asked for.
///
/// # Errors
/// Where a fault did not end in a known state, or the tests wrote nothing.
pub(super) fn sum_up(file: &Path, document: bool) -> anyhow::Result<()> {
    let text = fs::read_to_string(file).context("the fault tests wrote no tally")?;
    let tallies: Vec<Tally> = text
        .lines()
        .map(|line| serde_json::from_str(line).with_context(|| format!("not a tally: {line}")))
        .collect::<anyhow::Result<_>>()?;
    let mut parts: BTreeMap<&str, Sum> = BTreeMap::new();
    let mut all = Sum::default();
    for tally in &tallies {
        parts.entry(&tally.part).or_default().add(tally);
        all.add(tally);
    }
    println!("\nfaults injected, ended in a known state, duplicates, orphans:");
    for (part, sum) in parts.iter().chain([(&"all", &all)]) {
        println!(
            "  {part:<16} {:>6} {:>6} {:>4} {:>4}",
            sum.injected, sum.known, sum.duplicates, sum.orphans
        );
    }
    if document {
        let target = paths::root().join("docs/faults.md");
        fs::create_dir_all(paths::root().join("docs"))?;
        fs::write(&target, table(&tallies))?;
        println!("  written: {}", target.display());
    }
    ensure!(
        all.known == all.injected && all.duplicates == 0 && all.orphans == 0,
        "not every fault ended in a known state"
    );
    Ok(())
}

fn table(tallies: &[Tally]) -> String {
    let mut text = "# Faults and how they end\n\n\
        Written by `cargo xtask test --only faults --document`: every fault is provoked on a real engine, a real registry and a real \
        database, and the sentence is the one that the operator reads.\n\n\
        | Fault | Ends as | After | What is shown | Evidence kept | Once the fault is gone |\n\
        |---|---|---|---|---|---|\n"
        .to_owned();
    let mut rows: Vec<(&str, &Row)> = tallies
        .iter()
        .filter_map(|tally| Some((tally.part.as_str(), tally.row.as_ref()?)))
        .collect();
    rows.sort_by_key(|(part, row)| (*part, row.fault.as_str()));
    for (_, row) in rows {
        let cells = [&row.ended, &row.sentence, &row.evidence, &row.afterwards]
            .map(|cell| cell.replace('|', "\\|").replace('\n', " "));
        let [ended, sentence, evidence, afterwards] = cells;
        let line = writeln!(
            text,
            "| {} | {ended} | {:.1} s | {sentence} | {evidence} | {afterwards} |",
            row.fault, row.seconds
        );
        debug_assert!(line.is_ok(), "a string takes everything");
    }
    text
}
