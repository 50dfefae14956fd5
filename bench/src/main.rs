//! What `cargo xtask bench` cannot do from outside: write to a store as the server does, and ask a server more often than a
//! tool for the terminal could. Each command does one thing and prints one line of JSON. Never shipped.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool for the terminal"
)]

mod ask;
mod journal;
mod listen;
mod seed;
mod spread;
mod story;
mod watch;

use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use server::secrets::{KeyRing, SecretKey};
use server::store::{Store, StoreError};

/// Loads for `cargo xtask bench`.
#[derive(Debug, Parser)]
#[command(name = "bench", version)]
struct Args {
    #[command(subcommand)]
    load: Load,
}

#[derive(Debug, Subcommand)]
enum Load {
    /// Write steps to a journal, one after the other: milliseconds a step
    Journal {
        /// An empty database
        database_url: String,
        /// How many
        steps: u32,
    },
    /// Fill an empty database with deployments that have ended
    Seed {
        /// An empty database
        database_url: String,
        /// How many
        deployments: u32,
        /// The engine of their environment
        docker_host: String,
    },
    /// Ask for a page again and again over one connection: milliseconds an answer
    Ask {
        /// Host and port
        address: String,
        /// Starts with a slash
        path: String,
        /// How often
        times: u32,
    },
    /// Keep the health of deployed products current, on an engine in memory: milliseconds a look, a change and a list
    Watch {
        /// An empty database
        database_url: String,
        /// How many products, of six services each
        products: u32,
    },
    /// Follow an operation with many readers at once, to its end: milliseconds from an event to its reader
    Listen {
        /// Host and port
        address: String,
        /// Of the events
        path: String,
        /// How many
        readers: u32,
    },
}

/// Why a load came to nothing.
#[derive(Debug, thiserror::Error)]
enum LoadError {
    #[error("the store: {0}")]
    Store(#[from] StoreError),
    #[error("the engine: {0}")]
    Engine(#[from] server::engine::EngineError),
    #[error("the connection: {0}")]
    Connection(#[from] std::io::Error),
    #[error("not what was expected: {0}")]
    Unexpected(String),
    #[error("a reader broke: {0}")]
    Reader(#[from] tokio::task::JoinError),
}

/// A new database at an address, encrypted with a key that a server finds: in the folder of the file, or, where it is no file, nowhere.
async fn open(database_url: &str) -> Result<Store, LoadError> {
    let file = database_url.strip_prefix("sqlite://").map(Path::new);
    let ring = match file.and_then(Path::parent) {
        Some(folder) => KeyRing::in_file(&folder.join("secret.key")),
        None => SecretKey::random().map(KeyRing::of),
    };
    let ring = ring.map_err(StoreError::from)?;
    Ok(Store::open(database_url, ring).await?)
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Args::parse().load {
        Load::Journal {
            database_url,
            steps,
        } => journal::run(&database_url, steps).await,
        Load::Seed {
            database_url,
            deployments,
            docker_host,
        } => seed::run(&database_url, deployments, &docker_host).await,
        Load::Ask {
            address,
            path,
            times,
        } => ask::run(&address, &path, times).await,
        Load::Watch {
            database_url,
            products,
        } => watch::run(&database_url, products).await,
        Load::Listen {
            address,
            path,
            readers,
        } => listen::run(&address, &path, readers).await,
    };
    match done {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
