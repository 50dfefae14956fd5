//! Output of containers as lines: frames joined, times split off, long lines cut.

use std::collections::VecDeque;

use bollard::container::LogOutput;
use bollard::errors::Error;
use futures::{Stream, StreamExt};

use super::observe::epoch_nanos;
use crate::engine::{EngineError, LogLine, MAX_LOG_LINE};

/// Longest time stamp that the engine writes before a line.
const MAX_STAMP: usize = 40;

/// Joins the frames of both streams to lines.
///
/// A line longer than the engine's buffer comes in several frames, each with a time of its own; only the last ends with a line feed.
#[derive(Default)]
pub(super) struct Lines {
    out: Partial,
    err: Partial,
    ready: VecDeque<LogLine>,
}

#[derive(Default)]
struct Partial {
    /// Epoch nanoseconds.
    at: Option<i64>,
    bytes: Vec<u8>,
    open: bool,
}

impl Partial {
    fn push(&mut self, bytes: &[u8]) {
        let room = MAX_LOG_LINE.saturating_sub(self.bytes.len());
        self.bytes
            .extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn take(&mut self, stderr: bool) -> LogLine {
        let mut bytes = std::mem::take(&mut self.bytes);
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        self.open = false;
        let nanos = self.at.take();
        LogLine {
            stderr,
            at: nanos.map(|nanos| nanos / 1_000_000),
            nanos,
            text: text_of(&bytes),
        }
    }
}

/// A cut in the middle of a character drops the rest of it; other invalid bytes become the replacement character.
fn text_of(bytes: &[u8]) -> String {
    let whole = match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() && bytes.len() == MAX_LOG_LINE => {
            &bytes[..error.valid_up_to()]
        }
        _ => bytes,
    };
    super::observe::cut(String::from_utf8_lossy(whole).into_owned(), MAX_LOG_LINE)
}

impl Lines {
    /// Takes a frame.
    pub(super) fn push(&mut self, frame: &LogOutput) {
        let (stderr, message) = match frame {
            LogOutput::StdErr { message } => (true, message),
            LogOutput::StdOut { message }
            | LogOutput::Console { message }
            | LogOutput::StdIn { message } => (false, message),
        };
        let partial = if stderr { &mut self.err } else { &mut self.out };
        for piece in message.split_inclusive(|byte| *byte == b'\n') {
            let (at, rest) = split_stamp(piece);
            if !partial.open {
                partial.at = at;
                partial.open = true;
            }
            match rest.strip_suffix(b"\n") {
                Some(line) => {
                    partial.push(line);
                    self.ready.push_back(partial.take(stderr));
                }
                None => partial.push(rest),
            }
        }
    }

    /// Flushes what ended without a line feed.
    pub(super) fn finish(&mut self) {
        if self.out.open {
            self.ready.push_back(self.out.take(false));
        }
        if self.err.open {
            self.ready.push_back(self.err.take(true));
        }
    }

    /// The next whole line.
    pub(super) fn next(&mut self) -> Option<LogLine> {
        self.ready.pop_front()
    }
}

/// `2026-01-02T03:04:05.000000006Z text`.
fn split_stamp(piece: &[u8]) -> (Option<i64>, &[u8]) {
    let head = &piece[..piece.len().min(MAX_STAMP)];
    let Some(space) = head.iter().position(|byte| *byte == b' ') else {
        return (None, piece);
    };
    match std::str::from_utf8(&piece[..space])
        .ok()
        .and_then(epoch_nanos)
    {
        Some(at) => (Some(at), &piece[space + 1..]),
        None => (None, piece),
    }
}

/// Lines of a stream of frames; ends after the first error.
pub(super) fn lines(
    frames: impl Stream<Item = Result<LogOutput, Error>> + Send + 'static,
    translate: impl Fn(Error) -> EngineError + Send + 'static,
) -> impl Stream<Item = Result<LogLine, EngineError>> + Send + 'static {
    let state = (Box::pin(frames), Lines::default(), translate, false);
    futures::stream::unfold(
        state,
        |(mut frames, mut lines, translate, mut ended)| async move {
            loop {
                if let Some(line) = lines.next() {
                    return Some((Ok(line), (frames, lines, translate, ended)));
                }
                if ended {
                    return None;
                }
                match frames.next().await {
                    Some(Ok(frame)) => lines.push(&frame),
                    Some(Err(error)) => {
                        let error = translate(error);
                        return Some((Err(error), (frames, lines, translate, true)));
                    }
                    None => {
                        ended = true;
                        lines.finish();
                    }
                }
            }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn out(text: &str) -> LogOutput {
        LogOutput::StdOut {
            message: text.as_bytes().to_vec().into(),
        }
    }

    fn err(text: &str) -> LogOutput {
        LogOutput::StdErr {
            message: text.as_bytes().to_vec().into(),
        }
    }

    fn all(frames: &[LogOutput]) -> Vec<(bool, Option<i64>, String)> {
        let mut lines = Lines::default();
        for frame in frames {
            lines.push(frame);
        }
        lines.finish();
        std::iter::from_fn(|| lines.next())
            .map(|line| (line.stderr, line.at, line.text))
            .collect()
    }

    const AT: &str = "1970-01-01T00:00:01.000000000Z";

    #[test]
    fn frames_become_lines() {
        let console = LogOutput::Console {
            message: format!("{AT} tty\r\n").into_bytes().into(),
        };
        let cases = [
            (
                vec![out(&format!("{AT} one\n"))],
                vec![(false, Some(1000), "one".to_owned())],
            ),
            (
                // Two parts of one line, with a line of the other stream between them.
                vec![
                    out(&format!("{AT} a")),
                    err(&format!("{AT} e\n")),
                    out(&format!("{AT} b\n")),
                ],
                vec![
                    (true, Some(1000), "e".to_owned()),
                    (false, Some(1000), "ab".to_owned()),
                ],
            ),
            (vec![console], vec![(false, Some(1000), "tty".to_owned())]),
            (
                vec![out(&format!("{AT} \n"))],
                vec![(false, Some(1000), String::new())],
            ),
            (
                vec![out("no time\n")],
                vec![(false, None, "no time".to_owned())],
            ),
            (
                vec![out(&format!("{AT} end"))],
                vec![(false, Some(1000), "end".to_owned())],
            ),
        ];
        for (frames, expect) in cases {
            assert_eq!(all(&frames), expect);
        }
    }

    #[test]
    fn long_lines_are_cut_at_a_character() {
        let long = "ä".repeat(MAX_LOG_LINE);
        let lines = all(&[
            out(&format!("{AT} x{long}\n")),
            out(&format!("{AT} next\n")),
        ]);
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0].2.len(), MAX_LOG_LINE - 1);
        assert!(lines[0].2.ends_with('ä'));
        assert_eq!(lines[1].2, "next");
    }

    #[test]
    fn invalid_bytes_are_replaced() {
        let frame = LogOutput::StdOut {
            message: b"a\xffb\n".to_vec().into(),
        };
        assert_eq!(all(&[frame])[0].2, "a\u{fffd}b");
    }
}
