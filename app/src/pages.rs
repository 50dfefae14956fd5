//! One file a page. A page arranges components; it holds no rules.

pub mod catalog;
pub mod change;
pub mod container;
pub mod container_logs;
pub mod containers;
pub mod dashboard;
pub mod deploy_product;
pub mod deployment;
pub mod deployments;
pub mod failed;
pub mod gallery;
pub mod health;
pub mod not_found;
pub mod operation;
pub mod operations;
pub mod product;
pub mod routes;
pub mod stack;
pub mod volume;
pub mod volumes;
