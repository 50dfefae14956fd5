//! The server's integration tests, one binary.

#![expect(
    clippy::unwrap_used,
    reason = "the setting for tests does not reach the functions that tests call"
)]

mod store;
