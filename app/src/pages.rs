//! One file a page. A page arranges components; it holds no rules.

pub mod deployment;
pub mod deployments;
pub mod home;
pub mod not_found;
pub mod operation;
