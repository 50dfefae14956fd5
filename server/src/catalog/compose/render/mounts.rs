//! Binds, volumes, tmpfs and devices of a service.

use domain::spec::{DeviceSpec, MountSpec};

use super::super::reader::At;
use super::super::units;

/// `volumes` of a service. `directory` is where relative paths start, on the machine of the catalog.
pub(super) fn mounts(at: &At<'_>, directory: Option<&str>) -> Vec<MountSpec> {
    at.items()
        .iter()
        .filter_map(|item| {
            let mount = if item.is_map() {
                long(item, directory)?
            } else {
                short(item, directory)?
            };
            let (MountSpec::Bind { target, .. }
            | MountSpec::Volume { target, .. }
            | MountSpec::Tmpfs { target, .. }) = &mount;
            if !target.starts_with('/') {
                item.error(
                    format!("The path in the container, '{target}', is not absolute."),
                    "Start it with a slash.",
                );
                return None;
            }
            Some(mount)
        })
        .collect()
}

/// `tmpfs` of a service: `/run` or `/run:size=64m,mode=1777`.
pub(super) fn tmpfs(at: &At<'_>) -> Vec<MountSpec> {
    at.one_or_more()
        .iter()
        .filter_map(|item| {
            let text = item.text()?;
            let (target, options) = text.split_once(':').unwrap_or((&text, ""));
            if !target.starts_with('/') {
                item.error(format!("'{target}' is not an absolute path."), "");
                return None;
            }
            let (mut size, mut mode) = (None, None);
            for option in options.split(',').filter(|option| !option.is_empty()) {
                let known = match option.split_once('=') {
                    Some(("size", value)) => {
                        size = units::bytes(value);
                        size.is_some()
                    }
                    Some(("mode", value)) => {
                        mode = units::mode(value, false);
                        mode.is_some()
                    }
                    // The engine's own defaults for tmpfs.
                    None => matches!(option, "rw" | "noexec" | "nosuid" | "nodev"),
                    Some(_) => false,
                };
                if !known {
                    item.error(
                        format!("The tmpfs option '{option}' is not supported."),
                        "Supported are size=64m and mode=1777.",
                    );
                }
            }
            Some(MountSpec::Tmpfs {
                target: target.to_owned(),
                size,
                mode,
            })
        })
        .collect()
}

/// `devices`: `HOST[:CONTAINER[:rwm]]` or a mapping.
pub(super) fn devices(at: &At<'_>) -> Vec<DeviceSpec> {
    at.items()
        .iter()
        .filter_map(|item| {
            let (source, target, permissions) = if item.is_map() {
                item.only(&["source", "target", "permissions"]);
                let part = |key| item.get(key).and_then(|at| at.text());
                (part("source")?, part("target"), part("permissions"))
            } else {
                let text = item.text()?;
                let mut parts = text.split(':').map(str::to_owned);
                (parts.next()?, parts.next(), parts.next())
            };
            if !source.starts_with('/') {
                item.error(
                    format!("'{source}' is not a device path."),
                    "Device names of other kinds (CDI) are not supported.",
                );
                return None;
            }
            let permissions = permissions.unwrap_or_else(|| "rwm".to_owned());
            if permissions.is_empty() || !permissions.chars().all(|ch| "rwm".contains(ch)) {
                item.error(
                    format!("'{permissions}' are not permissions of a device."),
                    "Write some of rwm.",
                );
            }
            Some(DeviceSpec {
                target: target.unwrap_or_else(|| source.clone()),
                source,
                permissions,
            })
        })
        .collect()
}

fn short(at: &At<'_>, directory: Option<&str>) -> Option<MountSpec> {
    let text = at.text()?;
    let mut parts = text.splitn(3, ':');
    let first = parts.next().unwrap_or_default();
    let Some(target) = parts.next() else {
        return Some(MountSpec::Volume {
            source: None,
            target: first.to_owned(),
            read_only: false,
            nocopy: false,
            subpath: None,
        });
    };
    let (mut read_only, mut nocopy, mut propagation, mut selinux) = (false, false, None, None);
    for option in parts.next().unwrap_or_default().split(',') {
        match option {
            "ro" => read_only = true,
            "" | "rw" | "cached" | "delegated" | "consistent" => {}
            "nocopy" => nocopy = true,
            "z" | "Z" => selinux = Some(option.to_owned()),
            _ if is_propagation(option) => propagation = Some(option.to_owned()),
            _ => at.error(
                format!("The mount option '{option}' is not known."),
                "Known are ro, rw, z, Z, nocopy and the propagation modes.",
            ),
        }
    }
    if first.is_empty() {
        at.error("The source of the mount is empty.", "");
        return None;
    }
    if is_path(first) {
        return Some(MountSpec::Bind {
            source: host_path(at, first, directory)?,
            target: target.to_owned(),
            read_only,
            create_host_path: true,
            propagation,
            selinux,
        });
    }
    Some(MountSpec::Volume {
        source: Some(first.to_owned()),
        target: target.to_owned(),
        read_only,
        nocopy,
        subpath: None,
    })
}

fn long(at: &At<'_>, directory: Option<&str>) -> Option<MountSpec> {
    at.only(&[
        "type",
        "source",
        "target",
        "read_only",
        "bind",
        "volume",
        "tmpfs",
        "image",
        "consistency",
    ]);
    let kind = at.get("type").and_then(|at| at.text());
    let source = at.get("source").and_then(|at| at.text());
    let Some(target) = at.get("target").and_then(|at| at.text()) else {
        at.error("'target' is missing.", "Name the path in the container.");
        return None;
    };
    let read_only = at
        .get("read_only")
        .and_then(|at| at.bool())
        .unwrap_or(false);
    match kind.as_deref() {
        Some("volume") => {
            let volume = at.get("volume");
            if let Some(volume) = &volume {
                volume.only(&["nocopy", "subpath"]);
            }
            let volume = volume.as_ref();
            Some(MountSpec::Volume {
                source,
                target,
                read_only,
                nocopy: volume
                    .and_then(|at| at.get("nocopy")?.bool())
                    .unwrap_or(false),
                subpath: volume.and_then(|at| at.get("subpath")?.text()),
            })
        }
        Some("bind") => {
            let Some(source) = source else {
                at.error("'source' is missing.", "Name the path on the host.");
                return None;
            };
            let bind = at.get("bind");
            if let Some(bind) = &bind {
                bind.only(&["propagation", "create_host_path", "selinux", "recursive"]);
                bind.unsupported(&["recursive"]);
            }
            let bind = bind.as_ref();
            let propagation = bind.and_then(|at| at.get("propagation"));
            if let Some(at) = &propagation
                && let Some(text) = at.text()
                && !is_propagation(&text)
            {
                at.error(format!("'{text}' is not a propagation mode."), "");
            }
            Some(MountSpec::Bind {
                source: host_path(at, &source, directory)?,
                target,
                read_only,
                create_host_path: bind
                    .and_then(|at| at.get("create_host_path")?.bool())
                    .unwrap_or(true),
                propagation: propagation.and_then(|at| at.as_text()),
                selinux: bind.and_then(|at| at.get("selinux")?.text()),
            })
        }
        Some("tmpfs") => {
            let tmpfs = at.get("tmpfs");
            if let Some(tmpfs) = &tmpfs {
                tmpfs.only(&["size", "mode"]);
            }
            let tmpfs = tmpfs.as_ref();
            Some(MountSpec::Tmpfs {
                target,
                size: tmpfs.and_then(|at| at.get("size")?.bytes()),
                mode: tmpfs.and_then(|at| at.get("mode")?.mode()),
            })
        }
        Some(other) => {
            at.error(
                format!("Mounts of type '{other}' are not supported."),
                "Supported are volume, bind and tmpfs.",
            );
            None
        }
        None => {
            at.error("'type' is missing.", "Write volume, bind or tmpfs.");
            None
        }
    }
}

/// Whether the source of a short mount is a path and not a volume's name.
fn is_path(source: &str) -> bool {
    source.starts_with(['/', '.', '~'])
}

fn is_propagation(text: &str) -> bool {
    matches!(
        text,
        "private" | "rprivate" | "shared" | "rshared" | "slave" | "rslave"
    )
}

/// The absolute path of a bind on the host.
fn host_path(at: &At<'_>, source: &str, directory: Option<&str>) -> Option<String> {
    if source.starts_with('/') {
        return Some(source.to_owned());
    }
    if source.starts_with('~') {
        at.error(
            format!("'{source}': whose home is meant cannot be known."),
            "Write an absolute path.",
        );
        return None;
    }
    let Some(directory) = directory else {
        at.error(
            format!("'{source}' is a relative path, and this product has no folder."),
            "Write an absolute path.",
        );
        return None;
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in source.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                if parts.pop().is_none() {
                    at.error(
                        format!("'{source}' leaves the folder of its file."),
                        "Write an absolute path.",
                    );
                    return None;
                }
            }
            part => parts.push(part),
        }
    }
    at.warn(
        format!("'{source}' is bound from the catalog's folder on the machine of Windlass."),
        "The engine must see the same folder; for single files use configs, which are recorded with the deployment.",
    );
    parts.insert(0, directory.trim_end_matches('/'));
    Some(parts.join("/"))
}
