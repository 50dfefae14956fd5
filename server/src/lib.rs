//! The Windlass server: doors (`api`, `ui`) call features, features call adapters (`engine`, `store`), all speak `domain`.

pub mod catalog;
pub mod engine;
