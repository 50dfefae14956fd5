//! Obligations of `windlass-server` about its secret key: where it is, what it refuses, and `windlass-server key`.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Output;

use crate::server_process::{ServerProcess, program};

/// `windlass-server key …` on a data folder.
fn key(data: &Path, arguments: &[&str]) -> Output {
    let folder = ["--data-dir", data.to_str().unwrap()];
    let all = [&["key"], arguments, &folder].concat();
    program().args(all).output().unwrap()
}

fn said(output: &Output) -> String {
    let (out, errors) = (&output.stdout, &output.stderr);
    String::from_utf8([out.as_slice(), errors].concat()).unwrap()
}

/// Why a server did not start.
fn refusal(data: &Path, variables: &[(&str, &str)]) -> String {
    match ServerProcess::try_start_in(data, &[], variables) {
        Ok(_) => panic!("it started"),
        Err((ended, said)) => {
            assert_eq!(ended.code(), Some(1), "{said}");
            said
        }
    }
}

#[test]
fn a_first_start_must_make_a_key_that_every_later_one_needs() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    ServerProcess::start_in(&data, &[]).terminate();
    let file = data.join("secret.key");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let shown = said(&key(&data, &["show-id"]));
    let id = shown.trim().rsplit(' ').next().unwrap().to_owned();
    assert_eq!(
        shown,
        format!(
            "the file {} has key {id}\nthe database is encrypted with key {id}\n",
            file.display()
        )
    );
    ServerProcess::start_in(&data, &[]).terminate();

    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    let refused = refusal(&data, &[]);
    assert!(
        refused.contains("can be read by others (mode 0644)"),
        "{refused}"
    );
    assert!(refused.contains("chmod 600"), "{refused}");
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();

    let elsewhere = folder.path().join("elsewhere.key");
    fs::rename(&file, &elsewhere).unwrap();
    let refused = refusal(&data, &[]);
    assert!(refused.contains(&id), "{refused}");
    assert!(refused.contains("there is no file"), "{refused}");
    assert!(refused.contains("--secret-key-file"), "{refused}");
    assert!(!file.exists());
    // Nor does the doctor look without it.
    let doctor = program()
        .args(["doctor", "--data-dir", data.to_str().unwrap()])
        .output()
        .unwrap();
    assert_eq!(doctor.status.code(), Some(2), "{doctor:?}");
    assert!(said(&doctor).contains(&id), "{doctor:?}");

    // Elsewhere, as a file or as a variable, it is as good.
    let named = ["--secret-key-file", elsewhere.to_str().unwrap()];
    ServerProcess::start_in(&data, &named).terminate();
    let text = fs::read_to_string(&elsewhere).unwrap();
    let variable = [("WINDLASS_SECRET_KEY", text.as_str())];
    let started = ServerProcess::try_start_in(&data, &[], &variable);
    let (ended, log) = started.unwrap().terminate();
    assert!(ended.success());
    assert!(!log.contains(text.trim()), "{log}");
    let refused = refusal(&data, &[("WINDLASS_SECRET_KEY", "hunter2")]);
    assert!(refused.contains("holds no secret key"), "{refused}");
    assert!(!refused.contains("hunter2"), "{refused}");
}

#[test]
fn the_key_must_be_changed_only_while_no_server_runs() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let new = folder.path().join("new.key");
    let rotate = ["rotate", "--new-key-file", new.to_str().unwrap()];
    // Nothing is made where there is nothing to change.
    let refused = key(&data, &rotate);
    assert!(!refused.status.success(), "{refused:?}");
    assert!(
        said(&refused).contains("there is no database"),
        "{refused:?}"
    );
    assert!(!data.exists() && !new.exists());
    assert!(said(&key(&data, &["show-id"])).contains("there is no database yet"));

    let server = ServerProcess::start_in(&data, &[]);
    let refused = key(&data, &rotate);
    assert!(!refused.status.success(), "{refused:?}");
    assert!(
        said(&refused).contains("is used by another windlass-server"),
        "{refused:?}"
    );
    server.terminate();

    let changed = key(&data, &rotate);
    assert!(changed.status.success(), "{changed:?}");
    let named = ["--secret-key-file", new.to_str().unwrap()];
    let way = named.join(" ");
    assert!(said(&changed).contains(&way), "{changed:?}");
    assert_eq!(new.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(refusal(&data, &[]).contains("which was not found"));
    ServerProcess::start_in(&data, &named).terminate();
    // Or in the place of the old one.
    fs::rename(&new, data.join("secret.key")).unwrap();
    ServerProcess::start_in(&data, &[]).terminate();
    let again = key(
        &data,
        &[
            "rotate",
            "--new-key-file",
            data.join("secret.key").to_str().unwrap(),
        ],
    );
    assert!(said(&again).contains("already"), "{again:?}");
}
