//! What stands around the pages.

pub mod environment_switch;
pub mod keys;
pub mod palette;
pub mod shell;
pub mod theme_switch;
pub mod tray;

pub use shell::Shell;
