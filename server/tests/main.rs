//! The one integration binary of the server.

mod engine;
