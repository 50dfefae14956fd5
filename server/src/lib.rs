//! The server of Windlass: doors (`api`, `ui`), features, adapters. A plain list of modules.

pub mod args;
pub mod boot;
pub mod shutdown;
pub mod telemetry;
pub mod ui;
