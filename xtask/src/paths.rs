//! Where things are in the repository and where results go.

use std::path::{Path, PathBuf};

/// The repository's root: the folder above this crate, wherever it was built.
pub(crate) fn root() -> PathBuf {
    let crate_folder = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    crate_folder
        .parent()
        .map_or(crate_folder.clone(), Path::to_path_buf)
}

/// Cargo's target folder.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root().join("target"), |folder| root().join(folder))
}

/// Downloaded tools, kept between runs.
pub(crate) fn tools() -> PathBuf {
    target().join("tools")
}
