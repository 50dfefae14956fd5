//! Points at which a test lets this process die, as a power cut would: before and after every write to the database, between
//! the statements of a write and its commit, and before and after every call to an engine.
//!
//! In debug builds only. In a release build [`pass`] is empty, and the names of the variables are not in the program.

use std::fmt::Display;
use std::future::Future;

/// Where around an act a point is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Nothing was done yet.
    Before,
    /// A transaction is complete, but not committed.
    Commit,
    /// It was done, and nobody here knows.
    After,
}

/// Work that has no points: it goes on all the time and changes nothing that has to be found again, so to die in it is to die
/// anywhere.
#[cfg(not(debug_assertions))]
pub(crate) async fn without<T>(work: impl Future<Output = T> + Send) -> T {
    work.await
}

/// Work that has no points: it goes on all the time and changes nothing that has to be found again, so to die in it is to die
/// anywhere.
#[cfg(debug_assertions)]
pub(crate) async fn without<T>(work: impl Future<Output = T> + Send) -> T {
    armed::WITHOUT.scope((), work).await
}

/// Goes past a point. Where it is the one that the environment names, the process ends here.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub(crate) fn pass(_adapter: &str, _act: impl Display, _moment: Moment) {}

/// Goes past a point. Where it is the one that the environment names, the process ends here.
#[cfg(debug_assertions)]
pub(crate) fn pass(adapter: &str, act: impl Display, moment: Moment) {
    if let Some(points) = armed::points()
        && armed::WITHOUT.try_with(|()| ()).is_err()
    {
        points.pass(&armed::name(adapter, act, moment));
    }
}

#[cfg(debug_assertions)]
mod armed {
    use std::collections::HashMap;
    use std::fmt::Display;
    use std::fs::{File, OpenOptions};
    use std::io::Write as _;
    use std::sync::{Mutex, OnceLock, PoisonError};

    use rustix::process::{Signal, getpid, kill_process};

    use super::Moment;

    /// `NAME#COUNT`: which passing of which point is the last thing that this process does.
    const DIE: &str = "WINDLASS_FAILPOINT";
    /// A file that gets a line with the name of each point that is passed.
    const TRACE: &str = "WINDLASS_FAILPOINT_TRACE";

    tokio::task_local! {
        /// Set in tasks whose work has no points.
        pub(super) static WITHOUT: ();
    }

    /// What the environment asked for.
    pub(super) struct Points {
        last: Option<(String, u64)>,
        trace: Option<File>,
        passed: Mutex<HashMap<String, u64>>,
    }

    /// None where nothing was asked for.
    pub(super) fn points() -> Option<&'static Points> {
        static POINTS: OnceLock<Option<Points>> = OnceLock::new();
        POINTS.get_or_init(read).as_ref()
    }

    fn read() -> Option<Points> {
        let last = std::env::var(DIE).ok().map(|text| parse(&text));
        let trace = std::env::var_os(TRACE).and_then(|path| {
            let file = OpenOptions::new().create(true).append(true).open(path);
            file.map_err(|error| tracing::error!(%error, "{TRACE} cannot be written"))
                .ok()
        });
        if last.is_none() && trace.is_none() {
            return None;
        }
        tracing::warn!(?last, "failpoints are on: this process is a test's");
        Some(Points {
            last,
            trace,
            passed: Mutex::default(),
        })
    }

    /// Without a count it is the first passing.
    fn parse(text: &str) -> (String, u64) {
        let counted = text
            .rsplit_once('#')
            .and_then(|(name, count)| Some((name.to_owned(), count.parse().ok()?)));
        counted.unwrap_or_else(|| (text.to_owned(), 1))
    }

    /// `engine.create_container.before`.
    pub(super) fn name(adapter: &str, act: impl Display, moment: Moment) -> String {
        let act = act.to_string().replace(' ', "_").replace('\'', "");
        let moment = match moment {
            Moment::Before => "before",
            Moment::Commit => "commit",
            Moment::After => "after",
        };
        format!("{adapter}.{act}.{moment}")
    }

    impl Points {
        pub(super) fn pass(&self, name: &str) {
            let mut passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
            let count = passed.entry(name.to_owned()).or_default();
            *count += 1;
            if let Some(mut trace) = self.trace.as_ref()
                && let Err(error) = trace.write_all(format!("{name}\n").as_bytes())
            {
                tracing::error!(%error, "{TRACE} cannot be written");
            }
            let is_last = self
                .last
                .as_ref()
                .is_some_and(|(last, at)| last == name && at == count);
            if is_last {
                // SIGKILL: no destructor runs, nothing is flushed. Until it arrives nobody goes past.
                if let Err(error) = kill_process(getpid(), Signal::KILL) {
                    tracing::error!(%error, "this process cannot kill itself");
                }
                loop {
                    std::thread::park();
                }
            }
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_point_is_named_by_what_is_done_and_counted_from_one() {
            assert_eq!(
                name("store", "write to an operation's journal", Moment::Commit),
                "store.write_to_an_operations_journal.commit"
            );
            assert_eq!(
                parse("engine.pull_image.after#3"),
                ("engine.pull_image.after".to_owned(), 3)
            );
            assert_eq!(
                parse("engine.pull_image.after"),
                ("engine.pull_image.after".to_owned(), 1)
            );
        }
    }
}
