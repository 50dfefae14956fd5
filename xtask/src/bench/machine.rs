//! On what it was measured: figures without that are worth nothing.

use std::{fs, process::Command};

use crate::{paths, process};

/// One line for each fact.
pub(super) fn facts() -> Vec<(&'static str, String)> {
    vec![
        ("Machine", machine()),
        ("System", system()),
        ("Rust", said(Command::new("rustc").arg("--version"))),
    ]
}

/// Today, in UTC.
pub(super) fn date() -> String {
    said(Command::new("date").args(["-u", "+%Y-%m-%d %H:%M UTC"]))
}

/// Work that waits for a core: above the number of cores, times are distorted.
pub(super) fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or_default().to_owned()
}

fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let processor = after(&processors, "model name");
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kilobytes: u64 = after(&memory, "MemTotal")
        .trim_end_matches(" kB")
        .parse()
        .unwrap_or_default();
    format!(
        "{cores} cores, {processor}, {} GiB of memory",
        kilobytes.div_ceil(1024 * 1024)
    )
}

fn system() -> String {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let facts = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = facts
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="));
    format!(
        "{}, Linux {}",
        name.unwrap_or_default().trim_matches('"'),
        release.trim()
    )
}

/// The version that is measured.
pub(super) fn windlass() -> String {
    let commit = said(
        Command::new("git")
            .args(["describe", "--always", "--dirty"])
            .current_dir(paths::root()),
    );
    format!(
        "{} ({commit}), built for release",
        env!("CARGO_PKG_VERSION")
    )
}

/// What follows `name :` in a list of the kernel's.
fn after<'a>(text: &'a str, name: &str) -> &'a str {
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.trim() == name)
        .map_or("", |(_, value)| value.trim())
}

fn said(command: &mut Command) -> String {
    process::output(command).map_or_else(|_| "unknown".to_owned(), |text| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::after;

    #[test]
    fn facts_are_found_by_their_whole_name() {
        let text = "MemTotalX: 1 kB\nMemTotal:   24 kB\nmodel name\t: A CPU\n";
        assert_eq!(after(text, "MemTotal"), "24 kB");
        assert_eq!(after(text, "model name"), "A CPU");
        assert_eq!(after(text, "none"), "");
    }
}
