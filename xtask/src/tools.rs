//! What the machine must have: asked for by what it is used for, installed by its package manager.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, bail};

use crate::{
    cargo,
    process::{output, run, succeeds},
};

/// Where programs are when `PATH` forgets the administrator's.
const EXTRA_PATHS: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// Finds a program as the shell would.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(EXTRA_PATHS.iter().map(PathBuf::from))
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// Whether this program may do everything.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Installs Debian packages, after saying so.
pub(crate) fn apt_install(packages: &[&str], purpose: &str) -> anyhow::Result<()> {
    let list = packages.join(" ");
    if !is_root() || find("apt-get").is_none() {
        bail!(
            "{purpose} needs these packages: {list}; please install them (apt-get install {list})"
        );
    }
    println!("installing {list} with apt-get: {purpose}");
    if succeeds(&mut apt(
        &["install", "-y", "--no-install-recommends"],
        packages,
    )) {
        return Ok(());
    }
    // Lists are old or missing. A foreign source that cannot be read must not stop us.
    if let Err(error) = run(&mut apt(&["update", "-q"], &[])) {
        println!("apt-get update had complaints: {error}");
    }
    run(&mut apt(
        &["install", "-y", "-q", "--no-install-recommends"],
        packages,
    ))
}

fn apt(verb: &[&str], packages: &[&str]) -> Command {
    let mut apt = Command::new("apt-get");
    apt.args(verb)
        .args(packages)
        .env("DEBIAN_FRONTEND", "noninteractive");
    // What a package brings is started by us, when it is needed, and not by the package.
    apt.env("RUNLEVEL", "1");
    // Another apt at work is waited for; a flaky mirror is asked again.
    apt.args(["-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3"]);
    apt
}

/// Adds a compile target to the toolchain when it is missing.
pub(crate) fn rust_target(target: &str) -> anyhow::Result<()> {
    let mut ask = Command::new("rustc");
    ask.args(["--print", "sysroot"])
        .current_dir(crate::paths::root());
    let sysroot = output(&mut ask).context("is Rust installed?")?;
    let library = Path::new(sysroot.trim())
        .join("lib/rustlib")
        .join(target)
        .join("lib");
    if library.is_dir() {
        return Ok(());
    }
    if find("rustup").is_none() {
        bail!("Rust has no target {target}, and rustup is not there to add it; please add it");
    }
    println!("adding the Rust target {target} with rustup");
    let mut add = Command::new("rustup");
    run(add
        .args(["target", "add", target])
        .current_dir(crate::paths::root()))
}

/// The compile targets of the server and the pages.
pub(crate) fn rust_targets() -> anyhow::Result<()> {
    [cargo::WASM, cargo::NATIVE]
        .into_iter()
        .try_for_each(rust_target)
}
