//! Secrets and configs: where they can be put, and the archives that carry them there before the container starts.
//!
//! Their content goes into the container's own layer, or into an anonymous volume that is removed with it; never into labels, the
//! environment or anything else that inspecting shows.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use domain::spec::{FileSpec, MountSpec, ServiceSpec};

use super::call::Act;
use crate::engine::EngineError;

/// Folders that get an anonymous volume, because the container's own file system is read-only and the engine refuses to put files into it.
pub(super) fn volumes_for_files(
    service: &ServiceSpec,
    act: &Act,
) -> Result<BTreeSet<String>, EngineError> {
    let mut folders = BTreeSet::new();
    for file in &service.files {
        check_target(service, file, act)?;
        if !service.runtime.read_only || covering_mount(service, &file.target).is_some() {
            continue;
        }
        let folder = parent(&file.target);
        if folder == "/" {
            return Err(act.refuse(format!(
                "file '{}' cannot be put into '/' of a service with 'read_only: true': give it a target in a folder of its own",
                file.target
            )));
        }
        folders.insert(folder.to_owned());
    }
    Ok(folders)
}

fn check_target(service: &ServiceSpec, file: &FileSpec, act: &Act) -> Result<(), EngineError> {
    let target = &file.target;
    let plain = target.starts_with('/')
        && !target.ends_with('/')
        && target[1..]
            .split('/')
            .all(|part| !part.is_empty() && part != "." && part != "..");
    if !plain {
        return Err(act.refuse(format!(
            "'{target}' is no target for a file: write an absolute path without '.' and '..'"
        )));
    }
    let reason = match covering_mount(service, target) {
        Some(MountSpec::Tmpfs { .. }) => "a tmpfs, which is empty at every start",
        Some(
            MountSpec::Bind {
                read_only: true, ..
            }
            | MountSpec::Volume {
                read_only: true, ..
            },
        ) => "a read-only mount",
        _ => return Ok(()),
    };
    Err(act.refuse(format!(
        "file '{target}' lies in {reason}: choose another target"
    )))
}

/// The deepest mount that a path lies in.
fn covering_mount<'a>(service: &'a ServiceSpec, path: &str) -> Option<&'a MountSpec> {
    service
        .mounts
        .iter()
        .filter(|mount| lies_in(path, target(mount)))
        .max_by_key(|mount| target(mount).trim_end_matches('/').len())
}

fn target(mount: &MountSpec) -> &str {
    match mount {
        MountSpec::Bind { target, .. }
        | MountSpec::Volume { target, .. }
        | MountSpec::Tmpfs { target, .. } => target,
    }
}

fn lies_in(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder.trim_end_matches('/'))
        .is_some_and(|rest| rest.starts_with('/'))
}

fn parent(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some(("", _)) | None => "/",
        Some((folder, _)) => folder,
    }
}

/// One archive for every folder that the engine is asked to unpack into.
pub(super) fn archives(service: &ServiceSpec) -> io::Result<BTreeMap<String, Vec<u8>>> {
    let mut groups: BTreeMap<&str, Vec<&FileSpec>> = BTreeMap::new();
    for file in &service.files {
        // Into a read-only container the engine unpacks only where the folder itself is a volume.
        let folder = if service.runtime.read_only {
            covering_mount(service, &file.target).map_or_else(|| parent(&file.target), target)
        } else {
            "/"
        };
        groups.entry(folder).or_default().push(file);
    }
    groups
        .into_iter()
        .map(|(folder, files)| Ok((folder.to_owned(), archive(folder, &files)?)))
        .collect()
}

/// Folders are not entries: the engine makes missing ones as root with 0755 and leaves existing ones as they are.
fn archive(folder: &str, files: &[&FileSpec]) -> io::Result<Vec<u8>> {
    let mut builder = tar::Builder::new(Vec::new());
    for file in files {
        let path = file
            .target
            .strip_prefix(folder.trim_end_matches('/'))
            .unwrap_or(&file.target)
            .trim_start_matches('/');
        let mut header = tar::Header::new_gnu();
        header.set_size(file.content.len() as u64);
        header.set_mode(file.mode & 0o7777);
        header.set_uid(file.uid);
        header.set_gid(file.gid);
        header.set_mtime(0);
        builder.append_data(&mut header, path, file.content.as_bytes())?;
    }
    builder.into_inner()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::super::body::tests::service;
    use super::*;

    fn file(target: &str) -> FileSpec {
        FileSpec {
            target: target.to_owned(),
            content: "pepper".to_owned(),
            uid: 7,
            gid: 8,
            mode: 0o440,
            secret: true,
        }
    }

    fn tmpfs(target: &str) -> MountSpec {
        MountSpec::Tmpfs {
            target: target.to_owned(),
            size: None,
            mode: None,
        }
    }

    fn volume(target: &str, read_only: bool) -> MountSpec {
        MountSpec::Volume {
            source: None,
            target: target.to_owned(),
            read_only,
            nocopy: false,
            subpath: None,
        }
    }

    #[test]
    fn a_file_goes_into_an_archive_with_its_owner_and_mode() {
        let mut service = service();
        service.files = vec![file("/run/secrets/key"), file("/etc/app.conf")];
        let archives = archives(&service).unwrap();
        let mut archive = tar::Archive::new(archives["/"].as_slice());
        let mut seen = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            let header = entry.header();
            seen.push((
                entry.path().unwrap().display().to_string(),
                header.mode().unwrap(),
                header.uid().unwrap(),
                header.gid().unwrap(),
                text,
            ));
        }
        let expect = |path: &str| (path.to_owned(), 0o440, 7, 8, "pepper".to_owned());
        assert_eq!(seen, [expect("run/secrets/key"), expect("etc/app.conf")]);
    }

    #[test]
    fn a_read_only_service_gets_a_volume_for_its_files() {
        let act = Act::new("create", "container a");
        let mut service = service();
        service.runtime.read_only = true;
        service.files = vec![
            file("/run/secrets/a"),
            file("/run/secrets/b"),
            file("/data/x/c"),
        ];
        service.mounts = vec![volume("/data", false)];
        let folders = volumes_for_files(&service, &act).unwrap();
        assert_eq!(folders.into_iter().collect::<Vec<_>>(), ["/run/secrets"]);
        let folders: Vec<String> = archives(&service).unwrap().into_keys().collect();
        assert_eq!(folders, ["/data", "/run/secrets"]);
    }

    #[test]
    fn a_file_that_would_not_be_seen_is_refused() {
        let act = Act::new("create", "container a");
        for (target, mount, read_only, reason) in [
            ("/run/secrets/a", Some(tmpfs("/run")), false, "a tmpfs"),
            (
                "/data/a",
                Some(volume("/data", true)),
                false,
                "read-only mount",
            ),
            ("/app.conf", None, true, "read_only: true"),
            ("relative", None, false, "absolute path"),
            ("/a/../b", None, false, "absolute path"),
            ("/a/", None, false, "absolute path"),
        ] {
            let mut service = service();
            service.runtime.read_only = read_only;
            service.mounts = mount.into_iter().collect();
            service.files = vec![file(target)];
            let error = volumes_for_files(&service, &act).unwrap_err().to_string();
            assert!(error.contains(reason) && error.contains(target), "{error}");
        }
        let mut service = service();
        service.mounts = vec![tmpfs("/running")];
        service.files = vec![file("/run/a")];
        assert!(volumes_for_files(&service, &act).is_ok());
    }
}
