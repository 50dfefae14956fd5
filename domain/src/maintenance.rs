//! Maintenance: who may switch it, what a manifest says about observing and announcing it, and what an observed value means.
//!
//! Whoever activated maintenance also controls when it ends. Nothing here asks the outside; the server does that and brings what it saw.

mod check;
mod config;
mod connection;
mod fill;
mod json_path;
mod meaning;
mod pattern;
mod period;
mod reading;
mod secret;
mod switch;
mod trigger;

pub use check::{CheckOutcome, ObserverCheck};
pub use config::{
    DEFAULT_POLLING_INTERVAL, FileReading, FileSource, HttpMethod, HttpSource,
    MIN_POLLING_INTERVAL, MaintenanceConfig, ObserverConfig, ObserverKind, ObserverSource,
    SetterConfig, SetterTarget, Webhook,
};
pub use connection::{Connection, DatabaseKind, Encryption, InvalidConnection};
pub use json_path::{InvalidPath, JsonPath};
pub use meaning::Meaning;
pub use pattern::{Pattern, TooMuchBacktracking};
pub use reading::ConfigProblem;
pub use secret::Secret;
pub use switch::{HELD_BY_OBSERVER, Switch, switch};
pub use trigger::{MaintenanceTrigger, TriggerSource};
