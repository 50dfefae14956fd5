//! The user interface of Windlass: rendered by the server, then hydrated in the browser.
//!
//! Knows nothing of databases or engines. What it shows comes from the server through wire types.

#[cfg(feature = "ssr")]
pub mod backend;
pub mod calls;
pub mod clock;
pub mod components;
pub mod document;
pub mod layouts;
pub mod live;
pub mod pages;
pub mod theme;

pub use document::{App, shell};
