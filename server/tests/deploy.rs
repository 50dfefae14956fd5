//! Obligations of a deployment on a real engine: from the request to running containers, through every kind of trouble.

mod cancelling;
mod crash;
mod demo_product;
mod doctor;
mod failing;
mod health;
mod refusing;
pub(crate) mod world;
