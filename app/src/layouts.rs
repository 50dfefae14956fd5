//! What stands around the pages.

pub mod shell;
pub mod theme_switch;

pub use shell::Shell;
