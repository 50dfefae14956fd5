//! `windlass-server validate` as a CI job sees it: the exit code, and findings alone on standard output.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn validate(folders: &[&Path]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_windlass-server"));
    command.arg("validate").args(folders).output().unwrap()
}

#[test]
fn the_exit_code_says_whether_everything_can_be_used() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("compose.yaml"),
        "services: {web: {image: 'web:1'}}\n",
    )
    .unwrap();
    let good = validate(&[folder.path()]);
    assert_eq!(good.status.code(), Some(0), "{good:?}");
    assert!(good.stderr.is_empty(), "{good:?}");

    fs::write(folder.path().join("compose.yaml"), "services: [web]\n").unwrap();
    let broken = validate(&[folder.path()]);
    assert_eq!(broken.status.code(), Some(2), "{broken:?}");
    let said = String::from_utf8(broken.stdout).unwrap();
    let file = folder.path().join("compose.yaml");
    assert!(
        said.starts_with(&format!("{}:1:", file.display())),
        "{said}"
    );

    assert_eq!(validate(&[]).status.code(), Some(2));
}
