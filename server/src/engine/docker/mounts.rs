//! Mounts of a service as the engine takes them: short binds where only those can do it, long mounts otherwise.

use bollard::models::{Mount, MountBindOptions, MountTmpfsOptions, MountType, MountVolumeOptions};
use domain::spec::MountSpec;

use super::api_version::ApiVersion;
use super::body::{Surroundings, enumerated};
use super::files;
use crate::engine::{EngineError, NewContainer};

/// Both forms; the engine mounts them together.
#[derive(Debug, Default)]
pub(super) struct Mounts {
    /// `source:target:options`.
    pub(super) binds: Vec<String>,
    /// The long form.
    pub(super) mounts: Vec<Mount>,
}

/// Every mount of the service, and the volumes that its files need.
pub(super) fn mounts(
    new: &NewContainer<'_>,
    around: &Surroundings<'_>,
) -> Result<Mounts, EngineError> {
    let mut all = Mounts::default();
    for mount in &new.service.mounts {
        match short_bind(mount) {
            Some(bind) => all.binds.push(bind),
            None => all.mounts.push(long_mount(mount, new, around)?),
        }
    }
    for folder in files::volumes_for_files(new.service, around.act)? {
        all.mounts.push(Mount {
            typ: Some(MountType::VOLUME),
            target: Some(folder),
            ..Default::default()
        });
    }
    Ok(all)
}

/// Only the short form sets SELinux labels, and on every engine it makes a missing host path. It cannot carry a colon in a path.
fn short_bind(mount: &MountSpec) -> Option<String> {
    let MountSpec::Bind {
        source,
        target,
        read_only,
        create_host_path,
        propagation,
        selinux,
    } = mount
    else {
        return None;
    };
    if !(*create_host_path || selinux.is_some()) || source.contains(':') || target.contains(':') {
        return None;
    }
    let options: Vec<&str> = [
        Some(if *read_only { "ro" } else { "rw" }),
        selinux.as_deref(),
        propagation.as_deref(),
    ]
    .into_iter()
    .flatten()
    .collect();
    Some(format!("{source}:{target}:{}", options.join(",")))
}

fn long_mount(
    mount: &MountSpec,
    new: &NewContainer<'_>,
    around: &Surroundings<'_>,
) -> Result<Mount, EngineError> {
    let act = around.act;
    Ok(match mount {
        MountSpec::Bind {
            source,
            target,
            read_only,
            create_host_path,
            propagation,
            selinux,
        } => {
            if selinux.is_some() {
                return Err(act.refuse(format!(
                    "'{source}' cannot be mounted with an SELinux option: the engine does not take a colon in such a path"
                )));
            }
            if *create_host_path {
                around
                    .api
                    .need(ApiVersion::CREATE_MOUNTPOINT, "create_host_path", act)?;
            }
            let propagation = propagation
                .as_deref()
                .map(|text| {
                    let allowed = "private, rprivate, shared, rshared, slave or rslave";
                    enumerated("bind.propagation", text, allowed, act)
                })
                .transpose()?;
            Mount {
                typ: Some(MountType::BIND),
                source: Some(source.clone()),
                target: Some(target.clone()),
                read_only: Some(*read_only),
                bind_options: Some(MountBindOptions {
                    propagation,
                    create_mountpoint: create_host_path.then_some(true),
                    ..Default::default()
                }),
                ..Default::default()
            }
        }
        MountSpec::Volume {
            source,
            target,
            read_only,
            nocopy,
            subpath,
        } => {
            if subpath.is_some() {
                around
                    .api
                    .need(ApiVersion::VOLUME_SUBPATH, "volume.subpath", act)?;
            }
            let name = source
                .as_deref()
                .map(|key| volume_name(key, new, around))
                .transpose()?;
            Mount {
                typ: Some(MountType::VOLUME),
                source: name,
                target: Some(target.clone()),
                read_only: Some(*read_only),
                volume_options: Some(MountVolumeOptions {
                    no_copy: Some(*nocopy),
                    subpath: subpath.clone(),
                    ..Default::default()
                }),
                ..Default::default()
            }
        }
        MountSpec::Tmpfs { target, size, mode } => Mount {
            typ: Some(MountType::TMPFS),
            target: Some(target.clone()),
            tmpfs_options: Some(MountTmpfsOptions {
                size_bytes: *size,
                mode: mode.map(i64::from),
                ..Default::default()
            }),
            ..Default::default()
        },
    })
}

fn volume_name(
    key: &str,
    new: &NewContainer<'_>,
    around: &Surroundings<'_>,
) -> Result<String, EngineError> {
    new.stack
        .volumes
        .get(key)
        .map(|volume| volume.name.clone())
        .ok_or_else(|| {
            around.act.refuse(format!(
                "volume '{key}' is not declared in stack '{}'",
                new.stack.stack
            ))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bind(create: bool, selinux: Option<&str>, source: &str) -> MountSpec {
        MountSpec::Bind {
            source: source.to_owned(),
            target: "/data".to_owned(),
            read_only: true,
            create_host_path: create,
            propagation: Some("rslave".to_owned()),
            selinux: selinux.map(str::to_owned),
        }
    }

    #[test]
    fn short_binds() {
        for (mount, expect) in [
            (bind(true, None, "/srv"), Some("/srv:/data:ro,rslave")),
            (
                bind(false, Some("Z"), "/srv"),
                Some("/srv:/data:ro,Z,rslave"),
            ),
            (bind(false, None, "/srv"), None),
            (bind(true, None, "/s:v"), None),
        ] {
            assert_eq!(short_bind(&mount).as_deref(), expect);
        }
    }
}
