//! The Windlass server: doors (`api`, `ui`) call features, features call adapters (`engine`, `store`), all speak `domain`.

pub mod args;
pub mod boot;
pub mod catalog;
pub mod clock;
pub mod engine;
pub mod orchestrator;
pub mod shutdown;
pub mod store;
pub mod telemetry;
pub mod ui;
