//! The server's integration tests, one binary.
//!
//! `cargo xtask test` runs them in a network namespace with a Docker engine, a registry, a PostgreSQL and a MariaDB server, and says
//! where these are in `WINDLASS_TEST_*` variables.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "what a test cannot do, fails the test; what is not tried is said"
)]

mod api;
mod backup;
mod deploy;
mod docker_double;
mod engine;
mod faults;
mod maintenance;
mod orchestrator;
mod reconcile;
mod secret_key;
mod serve;
mod server_process;
mod signals;
mod store;
mod validate;
