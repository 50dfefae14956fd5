//! Server functions, one file each: take the backend and the actor from the context, make one call, answer in wire types.
//!
//! Each is a public endpoint under `/ui`; what somebody may do is decided in the use case behind `Backend`.

pub mod call_error;
#[cfg(feature = "ssr")]
pub mod caller;
pub mod cancel_operation;
pub mod catalog;
pub mod change;
pub mod containers;
pub mod dashboard;
pub mod deploy_custom;
pub mod deploy_form;
pub mod deploy_product;
pub mod deployments;
pub mod environments;
pub mod find;
pub mod gallery;
pub mod health;
pub mod operations;
pub mod precheck;
pub mod product;
pub mod releases;
pub mod set_theme;
pub mod settings;
pub mod stack;
pub mod sync_catalog;

pub use call_error::CallError;
