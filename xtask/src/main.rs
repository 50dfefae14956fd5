//! All automation of this repository: `cargo xtask …`. One file a verb; each says what it is about
//! to do before it does it, and undoes what it started.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool for the terminal"
)]

mod bench;
mod browser;
mod cargo;
mod demo;
mod ground;
mod http;
mod interrupt;
mod paths;
mod process;
mod run;
mod test;
mod tidy;
mod tools;
mod totals;
mod user_engine;
mod web;

use std::{process::ExitCode, time::Duration};

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
    ///
    /// Installs what is missing after saying so, uses the Docker engine that is reachable
    /// (DOCKER_HOST, Docker's current context, the default socket) or sets one up as root, and
    /// prints the address when Windlass is ready. Ctrl-C stops it.
    Run(run::RunArgs),
    /// Check everything that must hold: format, rules, lints, all tests
    ///
    /// Integration and browser tests run as root on a Docker engine, a registry and a PostgreSQL
    /// server of their own, inside a network namespace; all of it is removed at the end, also after
    /// a failure or Ctrl-C. The last line counts all tests.
    Test(test::TestArgs),
    /// Measure what is claimed: against Docker Compose, bare engine calls, and fixed targets
    ///
    /// Prints a table and writes BENCHMARKS.md. Needs root, as tests do, and a machine that does nothing else. Takes about
    /// half an hour.
    Bench(bench::BenchArgs),
    /// Check the rules that no compiler checks: dependency edges, file names and sizes
    Tidy,
    /// Build the files of the pages: WASM, scripts, style sheet, compressed
    Web(web::WebArgs),
    /// Make the demo product's images on a Docker engine, without a registry
    DemoImages {
        /// unix:///path or tcp://host:port
        #[arg(long, default_value = "unix:///var/run/docker.sock")]
        docker_host: String,
    },
    /// Push a demo image straight into a registry, without a Docker engine: what tests pull
    DemoPush(demo::PushArgs),
    /// Ask a server whether it is well; used inside the tests' network namespace
    #[command(hide = true)]
    Probe {
        /// Host and port
        address: String,
        /// Starts with a slash
        path: String,
    },
}

/// How long a probe waits for an answer.
const PROBE: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    let args = Args::parse();
    match interrupt::watch().and_then(|()| obey(args.verb)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn obey(verb: Verb) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::Run(args) => run::run(&args)?,
        Verb::Test(args) => return test::run(&args),
        Verb::Bench(args) => bench::run(&args)?,
        Verb::Tidy => tidy::run()?,
        Verb::Web(args) => {
            web::build(args.profile())?;
        }
        Verb::DemoImages { docker_host } => println!("{}", demo::build_images(&docker_host)?),
        Verb::DemoPush(args) => println!("{}", args.push()?),
        Verb::Probe { address, path } => {
            let answer = http::Peer::Tcp(address).ask("GET", &path, PROBE)?;
            if !(200..300).contains(&answer.status) {
                anyhow::bail!("it answers {}", answer.status);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
