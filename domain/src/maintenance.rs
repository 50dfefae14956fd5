//! Maintenance: who may switch it, what a manifest says about observing and announcing it, and what an observed value means.
//!
//! Whoever activated maintenance also controls when it ends. Nothing here asks the outside; the server does that and brings what it saw.

mod switch;
mod trigger;

pub use switch::{HELD_BY_OBSERVER, Switch, switch};
pub use trigger::{MaintenanceTrigger, TriggerSource};
