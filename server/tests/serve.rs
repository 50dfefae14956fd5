//! Obligations of `windlass-server serve` itself.

use crate::server_process::{ServerProcess, program};

#[test]
fn a_started_server_must_be_ready_and_end_cleanly_on_sigterm() {
    let server = ServerProcess::start();
    assert!(server.get("/health/live").starts_with("HTTP/1.0 200"));
    assert!(server.get("/health/ready").starts_with("HTTP/1.0 200"));
    let start = server.get("/");
    assert!(start.starts_with("HTTP/1.0 200"), "{start}");
    assert!(start.contains("Dashboard"), "{start}");
    let page = server.get("/catalog");
    assert!(page.starts_with("HTTP/1.0 200"), "{page}");
    assert!(page.contains("<h1"), "{page}");
    assert!(server.get("/no/such/page").starts_with("HTTP/1.0 404"));
    assert!(
        server
            .get("/%2e%2e/%2e%2e/etc/passwd")
            .starts_with("HTTP/1.0 404")
    );

    let (status, log) = server.terminate();
    assert!(status.success(), "{status}: {log}");
    assert!(log.contains("SIGTERM"), "{log}");
}

#[test]
fn other_machines_must_not_reach_a_server_without_sign_in() {
    let refused = program()
        .args(["serve", "--listen", "0.0.0.0:0"])
        .output()
        .unwrap();
    assert!(!refused.status.success());
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("--insecure-no-auth"), "{said}");
}

#[test]
fn a_missing_site_must_be_named() {
    let refused = program()
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--site",
            "/nonexistent/site",
        ])
        .current_dir(tempfile::tempdir().unwrap().path())
        .output()
        .unwrap();
    assert!(!refused.status.success());
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("/nonexistent/site"), "{said}");
}
