//! Compiles the demo service for a system without any C library, and reads the result.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::tools;

/// The package, which is also the binary's name.
pub(super) const PACKAGE: &str = "demo-service";
const TARGET: &str = "x86_64-unknown-linux-musl";
/// The profile of the workspace that makes it small.
const PROFILE: &str = "demo";

/// Builds the binary (nothing happens where nothing changed) and returns its bytes.
pub(super) fn build() -> Result<Vec<u8>> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let workspace = workspace.context("xtask lies outside of the workspace")?;
    tools::rust_target(TARGET)?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    // Cargo tells where it put the binary; guessing would have to know every way to move the target
    // folder.
    let output = Command::new(cargo)
        .current_dir(workspace)
        .args([
            "build",
            "--package",
            PACKAGE,
            "--profile",
            PROFILE,
            "--target",
            TARGET,
        ])
        .args([
            "--locked",
            "--quiet",
            "--message-format",
            "json-render-diagnostics",
        ])
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run cargo")?;
    if !output.status.success() {
        bail!("building {PACKAGE} for {TARGET} failed");
    }
    let messages = String::from_utf8(output.stdout).context("cargo's messages are not UTF-8")?;
    let path = executable(&messages).context("cargo did not say where it put the binary")?;
    std::fs::read(&path).with_context(|| format!("cannot read {path}"))
}

fn executable(messages: &str) -> Option<String> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == PACKAGE)
        .find_map(|message| message["executable"].as_str().map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_executable_is_the_one_of_the_package() {
        let messages = r#"{"reason":"compiler-artifact","target":{"name":"libc"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"demo-service"},"executable":"/t/demo-service"}
{"reason":"build-finished","success":true}"#;
        assert_eq!(executable(messages).as_deref(), Some("/t/demo-service"));
        assert_eq!(executable(""), None);
    }
}
