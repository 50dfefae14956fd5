//! The rules of Windlass: what can be deployed, in which states it can be, and what to do next.
//!
//! Pure: no async, no clock, no randomness, no I/O. Values come in as arguments, so that every rule is a table test and
//! the same code runs in the browser.

pub mod access;
pub mod container;
pub mod deployment;
pub mod dotenv;
pub mod environment;
pub mod health;
pub mod id;
pub mod maintenance;
pub mod name;
pub mod operation;
pub mod plan;
pub mod product;
pub mod release;
pub mod spec;
pub mod timestamp;
pub mod variable;
pub mod wire;
