//! One file a page. A page arranges components; it holds no rules.

pub mod catalog;
pub mod change;
pub mod configuration;
pub mod container;
pub mod container_logs;
pub mod containers;
pub mod dashboard;
pub mod deploy_custom;
pub mod deploy_product;
pub mod deployment;
pub mod deployments;
pub mod failed;
pub mod frame;
pub mod gallery;
pub mod health;
pub mod not_found;
pub mod operation;
pub mod operations;
pub mod precheck;
pub mod product;
pub mod routes;
pub mod settings;
pub mod stack;
pub mod volume;
pub mod volumes;
