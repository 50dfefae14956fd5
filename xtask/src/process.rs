//! Starting other programs: each in a process group of its own, without a standard input, and ended
//! with everything it started when this program is interrupted or gives up.

use std::{
    ffi::OsStr,
    io::{BufRead as _, BufReader, Write as _},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::interrupt;

/// How often a wait looks whether it is over.
pub(crate) const POLL: Duration = Duration::from_millis(50);
/// How long a program may take to end itself before it is killed.
const GRACE: Duration = Duration::from_secs(20);
/// For programs that may take as long as they like.
const NEVER: Duration = Duration::MAX;
/// How much of a log an error shows.
const TAIL_LINES: usize = 20;

/// Runs a command to its end, its output shown; an error unless it succeeds.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let shown = show(command);
    let status = wait(spawn(command)?, NEVER)?;
    if !status.success() {
        bail!("`{shown}` failed ({status})");
    }
    Ok(())
}

/// Runs a command to its end and returns what it wrote to standard output.
pub(crate) fn output(command: &mut Command) -> anyhow::Result<String> {
    let mut text = String::new();
    let status = each_line(command, NEVER, |line| {
        text.push_str(line);
        text.push('\n');
    })?;
    if !status.success() {
        bail!("`{}` failed ({status})", show(command));
    }
    Ok(text)
}

/// Whether a command ends well; what it says is nobody's business.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null());
    spawn(command)
        .and_then(|child| wait(child, NEVER))
        .is_ok_and(|status| status.success())
}

/// The last lines of a log, for an error.
pub(crate) fn tail(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines
        .iter()
        .skip(lines.len().saturating_sub(TAIL_LINES))
        .copied()
        .collect::<Vec<_>>()
        .join("\n")
}

/// Runs a command to its end, its output shown and every line of standard output looked at.
pub(crate) fn run_watched(
    command: &mut Command,
    time: Duration,
    mut look: impl FnMut(&str) + Send,
) -> anyhow::Result<ExitStatus> {
    each_line(command, time, |line| {
        // A closed standard output must not end the tests.
        let _closed = writeln!(std::io::stdout(), "{line}");
        look(line);
    })
}

fn each_line(
    command: &mut Command,
    time: Duration,
    mut look: impl FnMut(&str) + Send,
) -> anyhow::Result<ExitStatus> {
    let mut child = spawn(command.stdout(Stdio::piped()))?;
    let group = group_of(&child);
    let stdout = child
        .stdout
        .take()
        .context("standard output is not a pipe")?;
    thread::scope(|scope| {
        let reader = scope.spawn(move || {
            for line in BufReader::new(stdout).split(b'\n') {
                let Ok(line) = line else { break };
                look(String::from_utf8_lossy(&line).trim_end_matches('\r'));
            }
        });
        let status = wait(child, time).with_context(|| format!("`{}`", show(command)));
        // Whatever it left running would keep the pipe open, and us waiting.
        kill_group(group, Signal::KILL);
        drop(reader.join());
        status
    })
}

fn spawn(command: &mut Command) -> anyhow::Result<Child> {
    interrupt::check()?;
    command
        .stdin(Stdio::null())
        .process_group(0)
        .spawn()
        .with_context(|| format!("cannot start `{}`", show(command)))
}

fn wait(mut child: Child, time: Duration) -> anyhow::Result<ExitStatus> {
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait().context("cannot wait for a program")? {
            return Ok(status);
        }
        if interrupt::requested() {
            end(&mut child);
            interrupt::check()?;
        }
        if began.elapsed() > time {
            end(&mut child);
            bail!("not done after {} s", time.as_secs());
        }
        thread::sleep(POLL);
    }
}

/// The command as a person would type it.
fn show(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Ends a program and its group: politely, then not.
fn end(child: &mut Child) {
    let group = group_of(child);
    let deadline = Instant::now() + GRACE;
    kill_group(group, Signal::TERM);
    while Instant::now() < deadline {
        if !matches!(child.try_wait(), Ok(None)) {
            break;
        }
        thread::sleep(POLL);
    }
    kill_group(group, Signal::KILL);
    // An error means that it was waited for already.
    let _gone = child.wait();
}

/// Every program is the first of a group of its own.
fn group_of(child: &Child) -> Option<Pid> {
    i32::try_from(child.id()).ok().and_then(Pid::from_raw)
}

fn kill_group(group: Option<Pid>, signal: Signal) {
    if let Some(group) = group {
        // An error means that nobody is left in it.
        let _gone = kill_process_group(group, signal);
    }
}

/// A program in the background; ended when this is dropped.
#[derive(Debug)]
pub(crate) struct Background {
    name: &'static str,
    child: Child,
}

impl Background {
    /// Starts it. Its output goes to `log`, or is shown when there is none.
    pub(crate) fn start(
        name: &'static str,
        command: &mut Command,
        log: Option<&Path>,
    ) -> anyhow::Result<Self> {
        if let Some(path) = log {
            let file = std::fs::File::create(path)
                .with_context(|| format!("cannot write {}", path.display()))?;
            command.stderr(file.try_clone()?).stdout(file);
        }
        Ok(Self {
            name,
            child: spawn(command)?,
        })
    }

    /// Waits until `ready` says so, the program ends, or the time is up.
    pub(crate) fn wait_until(
        &mut self,
        time: Duration,
        mut ready: impl FnMut() -> bool,
    ) -> anyhow::Result<()> {
        let deadline = Instant::now() + time;
        loop {
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended while it started ({status})", self.name);
            }
            if ready() {
                return Ok(());
            }
            interrupt::check()?;
            if Instant::now() > deadline {
                bail!("{} was not ready within {} s", self.name, time.as_secs());
            }
            thread::sleep(POLL);
        }
    }

    /// Waits for its end; on an interruption, ends it and returns well.
    pub(crate) fn wait(mut self) -> anyhow::Result<()> {
        loop {
            if let Some(status) = self.child.try_wait()? {
                if status.success() || interrupt::requested() {
                    return Ok(());
                }
                bail!("{} ended ({status})", self.name);
            }
            if interrupt::requested() {
                end(&mut self.child);
                return Ok(());
            }
            thread::sleep(POLL);
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            end(&mut self.child);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn output_is_read_to_its_end_and_failures_are_errors() {
        assert_eq!(output(&mut shell("echo a; echo b")).unwrap(), "a\nb\n");
        assert!(output(&mut shell("echo a; exit 3")).is_err());
        assert!(run(&mut shell("exit 0")).is_ok());
        assert!(run(&mut shell("exit 1")).is_err());
        assert!(run(&mut Command::new("no-such-program")).is_err());
    }

    #[test]
    fn what_a_program_leaves_running_is_ended() {
        let began = Instant::now();
        assert_eq!(
            output(&mut shell("sleep 300 & echo done")).unwrap(),
            "done\n"
        );
        assert!(began.elapsed() < Duration::from_secs(60));
    }

    #[test]
    fn a_program_that_takes_too_long_is_ended() {
        let ended = run_watched(&mut shell("sleep 300"), Duration::from_millis(10), |_| {});
        assert!(ended.unwrap_err().to_string().contains("sleep 300"));
    }

    #[test]
    fn a_background_program_ends_with_its_guard() {
        let guard = Background::start("sleep", &mut shell("exec sleep 300"), None).unwrap();
        let process = format!("/proc/{}", guard.child.id());
        assert!(Path::new(&process).exists());
        drop(guard);
        assert!(!Path::new(&process).exists());
    }

    #[test]
    fn a_background_program_that_ends_early_is_never_ready() {
        let mut guard = Background::start("it", &mut shell("exit 4"), None).unwrap();
        let said = guard
            .wait_until(Duration::from_secs(60), || false)
            .unwrap_err()
            .to_string();
        assert!(said.contains("ended while it started"), "{said}");
    }
}
