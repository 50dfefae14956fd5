//! What holds whatever fails: an operation always ends, in a state that the record and the engine agree about.
//!
//! `cargo xtask test --only faults` runs these, `--full` in their long form. Every test says in the [`tally`] what it did; the run
//! prints the sums and, with `--document`, writes docs/faults.md from it.

mod cancelled;
mod client;
mod clock;
mod crash_points;
mod database_proxy;
mod engine_faults;
mod large;
mod own_engine;
mod plain;
mod plain_http;
mod prefixes;
mod product_faults;
mod random;
mod registry_faults;
mod registry_image;
mod registry_proxy;
mod release;
mod repeated;
mod shop;
mod store;
mod tally;
mod trial;
mod walker;
mod witness;
