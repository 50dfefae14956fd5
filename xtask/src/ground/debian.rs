//! Packages of Debian, any suite, unpacked into a folder of ours: nothing is installed on the
//! machine, no service starts, the machine's own package lists stay as they are.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, bail};

use crate::process;

const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";
/// Written last: the folder is whole.
const COMPLETE: &str = "complete";

/// The machine's own suite, for example `bookworm`.
pub(crate) fn own_suite() -> anyhow::Result<String> {
    let facts = fs::read_to_string("/etc/os-release").context("this is not a Debian system")?;
    let name = facts
        .lines()
        .find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    Ok(name
        .context("/etc/os-release names no suite")?
        .trim_matches('"')
        .to_owned())
}

/// Downloads and unpacks packages; does nothing when that was done before.
pub(crate) fn unpack(suite: &str, packages: &[&str], folder: &Path) -> anyhow::Result<()> {
    if folder.join(COMPLETE).is_file() {
        return Ok(());
    }
    println!(
        "  unpacking {} of Debian's suite {suite} into {}",
        packages.join(" "),
        folder.display()
    );
    let work = folder.with_extension("download");
    for old in [folder, &work] {
        if old.exists() {
            fs::remove_dir_all(old)?;
        }
    }
    fs::create_dir_all(folder)?;
    let apt = Apt::prepare(&work, suite)?;
    process::run(apt.get(&["update", "-q"]).current_dir(&work))?;
    process::run(
        apt.get(&["download", "-q"])
            .args(packages)
            .current_dir(&work),
    )?;
    for entry in fs::read_dir(&work)? {
        let package = entry?.path();
        if package
            .extension()
            .is_some_and(|extension| extension == "deb")
        {
            process::run(Command::new("dpkg").arg("-x").arg(&package).arg(folder))?;
        }
    }
    fs::remove_dir_all(&work)?;
    fs::write(folder.join(COMPLETE), suite)?;
    Ok(())
}

/// `apt-get` with lists and cache of its own.
struct Apt {
    options: Vec<String>,
}

impl Apt {
    fn prepare(work: &Path, suite: &str) -> anyhow::Result<Self> {
        for folder in ["lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(work.join(folder))?;
        }
        let mirror = own_mirror()?;
        let list = work.join("sources.list");
        fs::write(
            &list,
            format!("deb [signed-by={KEYRING}] {mirror} {suite} main\n"),
        )?;
        let status = work.join("status");
        fs::write(&status, "")?;
        let path = |name: &str| work.join(name).display().to_string();
        let options = vec![
            format!("Dir::Etc::sourcelist={}", list.display()),
            "Dir::Etc::sourceparts=/dev/null".to_owned(),
            format!("Dir::State::lists={}", path("lists")),
            format!("Dir::State::status={}", status.display()),
            format!("Dir::Cache={}", path("cache")),
            "APT::Sandbox::User=root".to_owned(),
            "Acquire::Retries=3".to_owned(),
            // A mirror may stand still on purpose; what it serves is signed all the same.
            "Acquire::Check-Valid-Until=false".to_owned(),
            "Acquire::Languages=none".to_owned(),
        ];
        Ok(Self { options })
    }

    fn get(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("apt-get");
        for option in &self.options {
            command.args(["-o", option]);
        }
        command.args(arguments);
        command
    }
}

/// Where the machine gets its own packages from.
fn own_mirror() -> anyhow::Result<String> {
    let mut files = vec![PathBuf::from("/etc/apt/sources.list")];
    if let Ok(entries) = fs::read_dir("/etc/apt/sources.list.d") {
        files.extend(entries.flatten().map(|entry| entry.path()));
    }
    files.sort();
    for file in files {
        let Ok(text) = fs::read_to_string(file) else {
            continue;
        };
        if let Some(mirror) = mirror_in(&text) {
            return Ok(mirror);
        }
    }
    bail!("no Debian mirror is named in /etc/apt/sources.list or /etc/apt/sources.list.d")
}

/// The first address of Debian's main archive, in either notation.
fn mirror_in(text: &str) -> Option<String> {
    let addresses = text.lines().filter_map(|line| {
        let line = line.trim();
        match line.strip_prefix("URIs:") {
            Some(rest) => rest.split_whitespace().next(),
            None => line
                .strip_prefix("deb ")?
                .split_whitespace()
                .find(|word| word.starts_with("http")),
        }
    });
    addresses
        .map(|address| address.trim_end_matches('/'))
        .find(|address| address.ends_with("/debian"))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::mirror_in;

    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(mirror_in(text).as_deref(), expected, "{text}");
    }

    #[test]
    fn the_main_archive_is_found_in_both_notations() {
        check(
            "Types: deb\nURIs: http://m.example/debian\n",
            Some("http://m.example/debian"),
        );
        check("URIs: http://m.example/debian-security", None);
        check(
            "# c\ndeb http://m.example/debian/ bookworm main",
            Some("http://m.example/debian"),
        );
        check(
            "deb [signed-by=/k] https://m/debian bookworm main",
            Some("https://m/debian"),
        );
        check("deb https://other.example/node_20.x nodistro main", None);
    }
}
