//! Clears away what a test run made on the machine: processes, mounts, control groups, network
//! namespace, folders. Finds them by the run's name, never by what a program is called.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, anyhow};
use rustix::{
    mount::{UnmountFlags, unmount},
    process::{Pid, Signal, kill_process},
};

use super::PREFIX;
use crate::process::POLL;

const PATIENCE: Duration = Duration::from_secs(10);

/// Clears runs whose process is gone.
pub(super) fn clear_dead_runs() -> anyhow::Result<()> {
    for folder in ["/run", "/var/tmp", "/run/netns"] {
        let Ok(entries) = fs::read_dir(folder) else {
            continue;
        };
        for entry in entries {
            let name = entry?.file_name().to_string_lossy().into_owned();
            let Some(run) = run_of(&name) else {
                continue;
            };
            if is_xtask(run.trim_start_matches(PREFIX)) {
                continue;
            }
            println!("clearing away what an earlier run left: {name}");
            for complaint in clear(run) {
                println!("  {complaint:#}");
            }
        }
    }
    Ok(())
}

/// The run that something belongs to: its tests append to the run's name.
fn run_of(name: &str) -> Option<&str> {
    let rest = name.strip_prefix(PREFIX)?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits > 0 && matches!(rest.as_bytes().get(digits), None | Some(b'-'));
    whole.then(|| &name[..PREFIX.len() + digits])
}

/// The run's network namespaces, those of its tests' engines as well.
fn namespaces(name: &str) -> Vec<String> {
    let entries = fs::read_dir("/run/netns").into_iter().flatten().flatten();
    entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|namespace| run_of(namespace) == Some(name))
        .collect()
}

/// A number may belong to another program by now.
fn is_xtask(pid: &str) -> bool {
    fs::read_to_string(Path::new("/proc").join(pid).join("comm"))
        .is_ok_and(|name| name.trim() == "xtask")
}

/// Clears one run; returns what could not be cleared.
pub(super) fn clear(name: &str) -> Vec<anyhow::Error> {
    let mut complaints = Vec::new();
    if let Err(error) = kill_all(name) {
        complaints.push(error);
    }
    let folders = [
        Path::new("/run").join(name),
        Path::new("/var/tmp").join(name),
    ];
    for mount in mounts_below(&folders) {
        if let Err(error) = unmount(&mount, UnmountFlags::DETACH) {
            complaints.push(anyhow!(error).context(format!("cannot unmount {}", mount.display())));
        }
    }
    for namespace in namespaces(name) {
        // Not through `process::run`: that gives up once somebody asked to stop.
        let mut delete = Command::new("ip");
        let deleted = delete.args(["netns", "delete", &namespace]).status();
        if !deleted.is_ok_and(|status| status.success()) {
            complaints.push(anyhow!("cannot delete the network namespace {namespace}"));
        }
    }
    for group in control_groups(name) {
        remove_groups(&group);
    }
    for folder in folders {
        if folder.exists()
            && let Err(error) = fs::remove_dir_all(&folder)
        {
            complaints.push(anyhow!(error).context(format!("cannot remove {}", folder.display())));
        }
    }
    complaints
}

fn kill_all(name: &str) -> anyhow::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let found = processes(name)?;
        if found.is_empty() {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(anyhow!("processes of {name} cannot be ended: {found:?}"));
        }
        for pid in found {
            // An error means that it is gone already.
            let _gone = kill_process(pid, Signal::KILL);
        }
        thread::sleep(POLL);
    }
}

/// Processes in the run's network namespaces or in a control group of its containers.
fn processes(name: &str) -> anyhow::Result<Vec<Pid>> {
    let namespaces: Vec<u64> = namespaces(name)
        .iter()
        .filter_map(|namespace| inode(&Path::new("/run/netns").join(namespace)))
        .collect();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").context("cannot read /proc")? {
        let folder = entry?.path();
        let number = folder
            .file_name()
            .and_then(|text| text.to_str()?.parse().ok());
        let Some(pid) = number.and_then(Pid::from_raw) else {
            continue;
        };
        let inside = inode(&folder.join("ns/net")).is_some_and(|own| namespaces.contains(&own));
        let grouped = fs::read_to_string(folder.join("cgroup")).is_ok_and(|groups| {
            groups
                .lines()
                .any(|line| line.split('/').any(|part| part == name))
        });
        if (inside || grouped) && !is_dead(&folder) {
            found.push(pid);
        }
    }
    Ok(found)
}

/// Ended, but its parent has not looked yet.
fn is_dead(folder: &Path) -> bool {
    fs::read_to_string(folder.join("stat")).is_ok_and(|stat| {
        stat.rsplit(')')
            .next()
            .is_some_and(|rest| rest.trim().starts_with('Z'))
    })
}

fn inode(path: &Path) -> Option<u64> {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(path).ok().map(|facts| facts.ino())
}

/// Mount points, the deepest first.
fn mounts_below(folders: &[PathBuf]) -> Vec<PathBuf> {
    let table = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let mut found: Vec<PathBuf> = table
        .lines()
        .filter_map(|line| line.split(' ').nth(4))
        .map(|point| PathBuf::from(point.replace("\\040", " ")))
        .filter(|point| folders.iter().any(|folder| point.starts_with(folder)))
        .collect();
    found.reverse();
    found
}

/// The run's group in every hierarchy (version 1) or in the only one (version 2).
fn control_groups(name: &str) -> Vec<PathBuf> {
    let root = Path::new("/sys/fs/cgroup");
    let hierarchies = fs::read_dir(root)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path());
    std::iter::once(root.to_path_buf())
        .chain(hierarchies)
        .map(|hierarchy| hierarchy.join(name))
        .filter(|group| group.is_dir())
        .collect()
}

/// Groups are removed from the leaves; one that is busy for a moment disappears with the next run.
fn remove_groups(group: &Path) {
    for entry in fs::read_dir(group).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            remove_groups(&entry.path());
        }
    }
    let _busy = fs::remove_dir(group);
}

#[cfg(test)]
mod tests {
    use super::run_of;

    #[test]
    fn what_belongs_to_a_run_carries_its_name() {
        for (name, run) in [
            ("windlass-test-12", Some("windlass-test-12")),
            ("windlass-test-12-e34-1", Some("windlass-test-12")),
            ("windlass-test-123", Some("windlass-test-123")),
            ("windlass-test-12x", None),
            ("windlass-test-", None),
            ("other-12", None),
        ] {
            assert_eq!(run_of(name), run, "{name}");
        }
    }
}
