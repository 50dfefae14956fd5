//! Obligations of a deployment on a real engine: from the request to running containers, through every kind of trouble.

mod cancelling;
mod crash;
mod deciding;
mod demo_product;
pub(crate) mod deployed;
mod doctor;
mod failed_upgrade;
mod failing;
mod health;
mod maintenance;
mod planning;
mod redeploying;
mod refusing;
mod removing;
mod rolling_back;
mod secrets;
mod stopping;
mod upgrading;
pub(crate) mod world;
