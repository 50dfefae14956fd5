//! The program `windlass`: the client for the terminal and for scripts.
//!
//! Speaks REST and nothing else, so everything that it can do, another program can do. Decides nothing about products.

mod args;
mod change_args;
mod client;
mod commands;
mod env_file;
mod failure;
mod follow;
mod interrupt;
mod narrate;
mod printer;

use std::process::ExitCode;

use clap::Parser as _;

use args::Args;
use client::Client;
use printer::Printer;

fn main() -> ExitCode {
    let args = Args::parse();
    let mut printer = Printer::terminal(args.global.format());
    let client = Client::new(args.global.server);
    match commands::run(args.command, &client, &mut printer) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            printer.failure(&failure);
            failure.exit_code()
        }
    }
}
