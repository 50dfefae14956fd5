//! Obligations of the REST door, asked in this process: no socket, no engine, a fresh database for each test.

mod bad_requests;
mod catalog;
mod crowd;
mod deployments;
mod door;
mod environments;
mod events;
mod operations;
mod problems;
mod test_app;
