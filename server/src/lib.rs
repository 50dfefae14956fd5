//! The Windlass server: doors (`api`, `ui`) call features, features call adapters (`engine`, `store`), all speak `domain`.

pub mod activity;
pub mod api;
pub mod args;
pub mod backup;
pub mod boot;
pub mod catalog;
pub mod clock;
pub mod containers;
pub mod deployments;
pub mod doctor;
pub mod engine;
pub mod environments;
mod failpoint;
pub mod health;
pub mod maintenance;
pub mod operations;
pub mod orchestrator;
pub mod products;
pub mod reconcile;
pub mod shutdown;
pub mod signals;
pub mod state;
pub mod store;
pub mod system;
pub mod telemetry;
pub mod ui;
pub mod validate;
