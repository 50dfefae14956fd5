//! The parts this binary plays, and what can end them.

mod load;
mod migrate;
mod store;
mod web;
mod worker;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use crate::http::client::ClientError;
use crate::key_value::KeyValueError;
use crate::lifetime::Context;

/// One part of the demo product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Web,
    Store,
    Worker,
    Migrate,
    Load,
}

impl Role {
    const ALL: [Self; 5] = [
        Self::Web,
        Self::Store,
        Self::Worker,
        Self::Migrate,
        Self::Load,
    ];

    /// The role as it is written on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Store => "store",
            Self::Worker => "worker",
            Self::Migrate => "migrate",
            Self::Load => "load",
        }
    }

    /// The role with this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// Why a role cannot go on.
#[derive(Debug)]
pub(crate) enum RoleError {
    Listen {
        port: u16,
        source: io::Error,
    },
    Accept {
        source: io::Error,
    },
    KeyValue(KeyValueError),
    ReadVersion {
        path: PathBuf,
        source: io::Error,
    },
    WriteVersion {
        path: PathBuf,
        source: io::Error,
    },
    BadVersion {
        text: String,
    },
    NewerVersion {
        found: u32,
        wanted: u32,
    },
    StoreUnreachable {
        url: String,
        attempts: u32,
        source: ClientError,
    },
    StoreRefused {
        url: String,
        status: u16,
    },
}

impl std::fmt::Display for RoleError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Listen { port, source } => write!(f, "cannot listen on port {port}: {source}"),
            Self::Accept { source } => write!(f, "cannot accept connections any more: {source}"),
            Self::KeyValue(error) => error.fmt(f),
            Self::ReadVersion { path, source } => {
                write!(
                    f,
                    "cannot read the schema version in {}: {source}",
                    path.display()
                )
            }
            Self::WriteVersion { path, source } => {
                write!(
                    f,
                    "cannot write the schema version to {}: {source}",
                    path.display()
                )
            }
            Self::BadVersion { text } => {
                write!(
                    f,
                    "the stored schema version is \"{text}\", which is no number"
                )
            }
            Self::NewerVersion { found, wanted } => write!(
                f,
                "the schema is at version {found}, newer than {wanted}: a migration never goes back"
            ),
            Self::StoreUnreachable {
                url,
                attempts,
                source,
            } => {
                write!(
                    f,
                    "cannot reach the store at {url} after {attempts} attempts: {source}"
                )
            }
            Self::StoreRefused { url, status } => {
                write!(f, "the store answered {status} at {url}")
            }
        }
    }
}

/// Plays the context's role; returns when it is done or cannot go on.
pub(crate) fn play(context: &Arc<Context>) -> Result<(), RoleError> {
    match context.role {
        Role::Web => write_log_lines_beside(context, web::run),
        Role::Store => write_log_lines_beside(context, store::run),
        Role::Worker => write_log_lines_beside(context, worker::run),
        Role::Load => load::run(context),
        Role::Migrate => {
            // What an init container writes has to be complete when it ends.
            context.write_log_lines();
            migrate::run(context)
        }
    }
}

fn write_log_lines_beside(
    context: &Arc<Context>,
    run: fn(&Arc<Context>) -> Result<(), RoleError>,
) -> Result<(), RoleError> {
    let writer = Arc::clone(context);
    thread::spawn(move || writer.write_log_lines());
    run(context)
}
