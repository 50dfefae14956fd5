//! What a release build must not have: points at which an environment variable kills the server.

use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn a_release_build_must_know_nothing_of_failpoints() {
    let module = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/failpoint.rs"));
    // The variables are named where the test thinks.
    assert!(
        fs::read_to_string(module)
            .unwrap()
            .contains("WINDLASS_FAILPOINT")
    );
    let folder = tempfile::tempdir().unwrap();
    let (source, program) = (folder.path().join("main.rs"), folder.path().join("main"));
    let text = format!(
        "#[path = {module:?}] mod failpoint;
         use failpoint::Moment::{{After, Before, Commit}};
         fn main() {{
             for moment in [Before, Commit, After] {{
                 failpoint::pass(\"store\", std::env::args().count(), moment);
             }}
         }}"
    );
    fs::write(&source, text).unwrap();
    let compiled = Command::new("rustc")
        .args(["--edition", "2024", "-O", "-o"])
        .args([&program, &source])
        .output()
        .unwrap();
    assert!(compiled.status.success(), "{compiled:?}");
    let bytes = fs::read(program).unwrap();
    let name = b"WINDLASS_FAILPOINT";
    assert!(!bytes.windows(name.len()).any(|window| window == name));
}
