//! Lines of a program for the log viewer: what is kept of them, how they look, what is found in them. Pure; the viewer is a component.

pub mod ansi;
pub mod buffer;
pub mod find;

pub use buffer::LogBuffer;
pub use find::Find;
