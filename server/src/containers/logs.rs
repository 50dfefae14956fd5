//! What a container wrote: the last lines at once, or all as they come.

use std::time::Duration;

use domain::access::Actor;
use domain::wire::LogLineView;
use futures::stream::{self, BoxStream, Stream, StreamExt as _};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::resume::Resume;
use super::{ContainerError, Containers, look_at};
use crate::engine::{EngineError, LogLine, LogRange};

/// Lines where the request does not say how many.
pub const LAST_LINES: u32 = 200;
/// Most of the last lines that are given at once.
pub const MAX_LINES: u32 = 200_000;
/// Most lines that a page has before it runs.
const MAX_RENDERED: u32 = 1000;
/// How long to wait for a line that the reader has before what comes after it counts as new.
const HELD_FOR: Duration = Duration::from_millis(250);
/// How long a line may take to come where nobody waits for new ones.
const NEXT_WITHIN: Duration = Duration::from_secs(30);

/// Which lines are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogsWanted {
    /// So many of the last ones; at most [`MAX_LINES`].
    pub tail: Option<u32>,
    /// Only those after this one.
    pub after: Option<LineTime>,
    /// Whether to wait for more.
    pub follow: bool,
}

/// When a line was written, to the nanosecond: what it is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineTime(i64);

impl LineTime {
    /// Reads what [`LogLineView::at`] says; none where it is no time.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        i64::try_from(at.unix_timestamp_nanos()).ok().map(Self)
    }
}

impl Containers {
    /// The last lines, oldest first.
    ///
    /// # Errors
    /// Where there is no such container, or the engine does not answer.
    pub async fn last_log_lines(
        &self,
        actor: &Actor,
        environment: &str,
        id: &str,
        lines: u32,
    ) -> Result<Vec<LogLineView>, ContainerError> {
        let (_, engine) = self.engine(actor, environment).await?;
        let lines = engine.last_log_lines(id, lines.min(MAX_RENDERED));
        let lines = look_at(id, lines).await?;
        Ok(lines.into_iter().map(view).collect())
    }

    /// Lines as they come, until the container ends where they are followed, or to the last one.
    ///
    /// # Errors
    /// Where there is no such container, or the engine does not answer.
    pub async fn stream_log_lines(
        &self,
        actor: &Actor,
        environment: &str,
        id: &str,
        wanted: &LogsWanted,
    ) -> Result<
        impl Stream<Item = Result<LogLineView, ContainerError>> + Send + use<>,
        ContainerError,
    > {
        let (_, engine) = self.engine(actor, environment).await?;
        let resume = Resume::after(wanted.after.map(|line| line.0));
        let range = LogRange {
            tail: Some(wanted.tail.unwrap_or(LAST_LINES).min(MAX_LINES)),
            since: resume.since(),
            follow: wanted.follow,
        };
        let lines = look_at(id, engine.read_logs(id, range)).await?;
        let patience = (!wanted.follow).then_some(NEXT_WITHIN);
        Ok(resumed(lines, resume, patience).map(|line| Ok(view(line?))))
    }
}

struct Reading {
    lines: BoxStream<'static, Result<LogLine, EngineError>>,
    resume: Resume,
    /// How long a line may take; none waits for ever.
    patience: Option<Duration>,
    ended: bool,
}

fn resumed(
    lines: BoxStream<'static, Result<LogLine, EngineError>>,
    resume: Resume,
    patience: Option<Duration>,
) -> impl Stream<Item = Result<LogLine, ContainerError>> + Send {
    let reading = Reading {
        lines,
        resume,
        patience,
        ended: false,
    };
    stream::unfold(reading, |mut reading| async move {
        if reading.ended {
            return None;
        }
        let new = reading.next().await;
        Some((stream::iter(new), reading))
    })
    .flatten()
}

impl Reading {
    /// What the next line brings: nothing, itself, or what was held back.
    async fn next(&mut self) -> Vec<Result<LogLine, ContainerError>> {
        let holds = self.resume.holds();
        let limit = if holds { Some(HELD_FOR) } else { self.patience };
        let next = match limit {
            None => Ok(self.lines.next().await),
            Some(limit) => tokio::time::timeout(limit, self.lines.next()).await,
        };
        let new = match next {
            Ok(Some(Ok(line))) => self.resume.take(line),
            Ok(Some(Err(error))) => {
                self.ended = true;
                return vec![Err(error.into())];
            }
            Ok(None) => {
                self.ended = true;
                self.resume.give_up()
            }
            Err(_) if holds => self.resume.give_up(),
            Err(_) => {
                self.ended = true;
                let patience = self.patience.unwrap_or_default();
                return vec![Err(ContainerError::TooSlow(patience))];
            }
        };
        new.into_iter().map(Ok).collect()
    }
}

fn view(line: LogLine) -> LogLineView {
    LogLineView {
        at: line.nanos.map(stamp).unwrap_or_default(),
        stderr: line.stderr,
        text: line.text,
    }
}

/// Always with nine digits, so that times are as wide as each other.
fn stamp(nanos: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp_nanos(nanos.into())
        .unwrap_or(OffsetDateTime::UNIX_EPOCH);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second(),
        at.nanosecond()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_line_reads_back() {
        for nanos in [1, 1_795_257_665_123_456_789, 1_795_257_665_000_000_000] {
            assert_eq!(LineTime::parse(&stamp(nanos)), Some(LineTime(nanos)));
        }
        assert_eq!(stamp(1_000_000_001), "1970-01-01T00:00:01.000000001Z");
        assert_eq!(LineTime::parse("yesterday"), None);
    }
}
