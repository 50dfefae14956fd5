//! The one integration binary of the server.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot go on has failed, and one that is left out says so"
)]

mod engine;
