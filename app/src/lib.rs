//! The user interface of Windlass: rendered by the server, then hydrated in the browser.
//!
//! Knows nothing of databases or engines. What it shows comes from the server through wire types.

#![recursion_limit = "256"]

pub mod address;
#[cfg(feature = "ssr")]
pub mod backend;
pub mod calls;
pub mod clock;
pub mod components;
pub mod document;
pub mod draft;
pub mod entered;
pub mod env_import;
pub mod form_field;
pub mod json;
pub mod layouts;
pub mod live;
pub mod logs;
pub mod pages;
pub mod pictures;
pub mod stack_order;
pub mod theme;
pub mod variables;

pub use document::{App, shell};
