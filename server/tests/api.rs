//! Obligations of the REST door, asked in this process: no socket, a fresh database for each test, an engine in memory at most.

mod aliases;
mod bad_requests;
mod catalog;
mod changes;
mod configuration;
mod containers;
mod crowd;
mod deployments;
mod door;
mod environments;
mod events;
mod health;
mod live;
mod observers;
mod operations;
mod precheck;
mod problems;
mod releases;
mod stacks;
mod system;
mod test_app;
