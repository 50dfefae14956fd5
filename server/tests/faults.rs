//! What holds whatever fails: an operation always ends, in a state that the record and the engine agree about.
//!
//! `cargo xtask test --only faults` runs these, `--full` in their long form. Every test says in the [`tally`] what it did, and the
//! run prints the sums and writes docs/faults.md from it.

mod engine_faults;
mod own_engine;
mod plain_http;
mod product_faults;
mod registry_faults;
mod registry_image;
mod registry_proxy;
mod tally;
mod trial;
