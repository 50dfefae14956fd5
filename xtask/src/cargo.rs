//! Cargo, always with the same flags for the same crate, so that nothing is built twice.
//!
//! One package a command: several at once unify features and rebuild Leptos. The server has an
//! explicit target, so that flags for it do not rebuild build scripts and macros.

use std::{path::PathBuf, process::Command};

use crate::paths;

/// What the server and its tests are built for.
pub(crate) const NATIVE: &str = "x86_64-unknown-linux-gnu";
/// What runs in the browser.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";

/// Types of views are erased: without that, pages compile many times as long, and optimised not at all (types nest deeper than
/// the compiler goes). Server and browser must agree on it.
const VIEWS: &str = "--cfg erase_components";

/// How much the compiler should try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Fast to build.
    Dev,
    /// Fast to run.
    Release,
}

impl Profile {
    /// Cargo's folder for results of the server.
    pub(crate) const fn folder(self) -> &'static str {
        match self {
            Self::Dev => "debug",
            Self::Release => "release",
        }
    }
}

/// `cargo VERB` for this machine.
pub(crate) fn native(verb: &str, profile: Profile) -> Command {
    let mut cargo = bare(verb);
    cargo.args(["--target", NATIVE]).env("RUSTFLAGS", VIEWS);
    if profile == Profile::Release {
        cargo.arg("--release");
    }
    cargo
}

/// `cargo VERB` for the browser.
pub(crate) fn wasm(verb: &str, profile: Profile) -> Command {
    let mut cargo = bare(verb);
    // What refers to what, by which the program is cut into parts.
    let flags = format!("{VIEWS} -Clink-args=--emit-relocs");
    cargo.args(["--target", WASM]).env("RUSTFLAGS", flags);
    // Lints share what other checks have built.
    if verb == "build" {
        cargo.args(["--profile", wasm_profile(profile)]);
    }
    cargo
}

/// The profile of what browsers run, which is also the name of its folder.
pub(crate) const fn wasm_profile(profile: Profile) -> &'static str {
    match profile {
        Profile::Dev => "wasm-dev",
        Profile::Release => "wasm-release",
    }
}

/// `cargo VERB` as it is, for this crate itself.
pub(crate) fn bare(verb: &str) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.arg(verb).current_dir(paths::root());
    if std::env::var_os("CI").is_some() {
        // Built once and thrown away: what would speed up the next build only costs time and space.
        cargo.env("CARGO_INCREMENTAL", "0");
    }
    cargo
}

/// Where Cargo puts a program.
pub(crate) fn program(name: &str, profile: Profile) -> PathBuf {
    paths::target()
        .join(NATIVE)
        .join(profile.folder())
        .join(name)
}
