//! All automation of this repository: `cargo xtask …`. One file a verb; each says what it is about
//! to do before it does it, and undoes what it started.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool for the terminal"
)]

mod cargo;
mod engine;
mod http;
mod interrupt;
mod paths;
mod process;
mod run;
mod tools;
mod web;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Everything that is done to this repository, in one program.
///
/// Needs Rust, Node and git; installs what else it needs and says so first.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Build everything and start Windlass with the demo catalog on this machine
    Run(run::RunArgs),
    /// Build the files of the pages: WASM, scripts, style sheet, compressed
    Web(web::WebArgs),
}

fn main() -> ExitCode {
    let args = Args::parse();
    let done = interrupt::watch().and_then(|()| match args.verb {
        Verb::Run(args) => run::run(&args),
        Verb::Web(args) => web::build(args.profile()).map(|_| ()),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
