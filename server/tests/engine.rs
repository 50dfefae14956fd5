//! The contract of `Engine`: the same cases against the fake and against a real Docker engine.
//!
//! The real one is at `WINDLASS_TEST_DOCKER_HOST`, with the image `WINDLASS_TEST_IMAGE`. What a case makes has a prefix of its own and
//! is removed also when the case fails.

mod api;
mod containers;
mod doubles;
mod every_field;
mod ground;
mod inventory;
mod lives;
mod logs;
mod networks;
mod pulls;
mod roles;
