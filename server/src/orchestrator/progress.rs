//! Notes that steps send while they are at work, gathered so that the journal gets few and bounded events.

use std::collections::HashMap;
use std::time::Duration;

use domain::operation::event::{EventBody, Level, OutputLine};
use domain::plan::StepKey;
use tokio::sync::mpsc;

use super::redact::Redactor;

/// Notes that may wait for the runner; a step that sends more waits for it.
const WAITING_NOTES: usize = 256;
/// How long notes are gathered before they are written.
pub(super) const GATHER: Duration = Duration::from_millis(200);
/// Most lines of output that one event carries.
const MAX_LINES_PER_EVENT: usize = 100;
/// Most lines of output recorded of one step: the rest is counted, not kept.
const MAX_LINES_PER_STEP: usize = 5_000;

/// What a step says while it is at work.
pub(super) enum Note {
    Progress {
        step: StepKey,
        message: String,
        current: u64,
        total: u64,
    },
    Output {
        step: StepKey,
        line: OutputLine,
    },
}

/// Where steps send their notes.
#[derive(Clone)]
pub(super) struct Notes(mpsc::Sender<Note>);

pub(super) fn channel() -> (Notes, mpsc::Receiver<Note>) {
    let (sender, receiver) = mpsc::channel(WAITING_NOTES);
    (Notes(sender), receiver)
}

impl Notes {
    /// Newer progress replaces older, so it is dropped where the runner is busy.
    pub(super) fn progress(&self, step: &StepKey, message: String, current: u64, total: u64) {
        let note = Note::Progress {
            step: step.clone(),
            message,
            current,
            total,
        };
        drop(self.0.try_send(note));
    }

    /// Output is never dropped here: the step waits.
    pub(super) async fn output(&self, step: &StepKey, line: OutputLine) {
        // The runner is gone only when the operation is being left; then nobody needs the line.
        drop(
            self.0
                .send(Note::Output {
                    step: step.clone(),
                    line,
                })
                .await,
        );
    }
}

/// Notes gathered since the last write.
#[derive(Default)]
pub(super) struct Gathered {
    progress: Vec<(StepKey, EventBody)>,
    output: Vec<(StepKey, Vec<OutputLine>)>,
    counts: Vec<(StepKey, usize)>,
}

impl Gathered {
    /// Goes on where an earlier run ended; `heard` are the lines that the journal has.
    pub(super) fn after(heard: &HashMap<StepKey, usize>) -> Self {
        Self {
            counts: heard
                .iter()
                .map(|(step, lines)| (step.clone(), *lines))
                .collect(),
            ..Self::default()
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.progress.is_empty() && self.output.is_empty()
    }

    pub(super) fn add(&mut self, note: Note, redactor: &Redactor) {
        match note {
            Note::Progress {
                step,
                message,
                current,
                total,
            } => {
                self.progress.retain(|(other, _)| *other != step);
                let message = redactor.strike(&message);
                let body = EventBody::StepProgress {
                    step: step.clone(),
                    message,
                    current,
                    total,
                };
                self.progress.push((step, body));
            }
            Note::Output { step, mut line } => {
                let count = self.count(&step);
                if *count > MAX_LINES_PER_STEP {
                    return;
                }
                *count += 1;
                if *count > MAX_LINES_PER_STEP {
                    line.text =
                        format!("… output beyond {MAX_LINES_PER_STEP} lines is not recorded");
                } else {
                    line.text = redactor.strike(&line.text);
                }
                match self.output.iter_mut().find(|(other, _)| *other == step) {
                    Some((_, lines)) => lines.push(line),
                    None => self.output.push((step, vec![line])),
                }
            }
        }
    }

    fn count(&mut self, step: &StepKey) -> &mut usize {
        let position = self
            .counts
            .iter()
            .position(|(other, _)| other == step)
            .unwrap_or_else(|| {
                self.counts.push((step.clone(), 0));
                self.counts.len() - 1
            });
        &mut self.counts[position].1
    }

    /// What is to be written; the counts stay.
    pub(super) fn take(&mut self) -> Vec<(Level, EventBody)> {
        let output = self.output.drain(..).flat_map(|(step, lines)| {
            lines
                .chunks(MAX_LINES_PER_EVENT)
                .map(|lines| EventBody::StepOutput {
                    step: step.clone(),
                    lines: lines.to_vec(),
                })
                .collect::<Vec<_>>()
        });
        let progress = self.progress.drain(..).map(|(_, body)| body);
        progress
            .chain(output)
            .map(|body| (Level::Detail, body))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(step: &str, text: &str) -> Note {
        let line = OutputLine {
            stderr: false,
            text: text.to_owned(),
        };
        Note::Output {
            step: StepKey::new(step),
            line,
        }
    }

    #[test]
    fn progress_is_replaced_and_output_is_kept() {
        let mut gathered = Gathered::default();
        for current in 1..=3 {
            let (step, message) = (StepKey::new("pull a"), String::new());
            gathered.add(
                Note::Progress {
                    step,
                    message,
                    current,
                    total: 3,
                },
                &Redactor::default(),
            );
        }
        gathered.add(line("init a", "one"), &Redactor::default());
        gathered.add(line("init a", "two"), &Redactor::default());
        let events = gathered.take();
        assert_eq!(events.len(), 2);
        assert!(matches!(
            &events[0].1,
            EventBody::StepProgress { current: 3, .. }
        ));
        assert!(matches!(&events[1].1, EventBody::StepOutput { lines, .. } if lines.len() == 2));
        assert!(gathered.is_empty());
    }

    #[test]
    fn output_is_bounded_over_all_writes() {
        let mut gathered = Gathered::default();
        let mut lines = Vec::new();
        for round in 0..(MAX_LINES_PER_STEP + 10) {
            gathered.add(line("init a", "x"), &Redactor::default());
            if round % 500 == 0 {
                lines.extend(lines_of(gathered.take()));
            }
        }
        lines.extend(lines_of(gathered.take()));
        assert_eq!(lines.len(), MAX_LINES_PER_STEP + 1);
        assert!(lines[MAX_LINES_PER_STEP].starts_with("… output beyond"));
    }

    #[test]
    fn lines_of_an_earlier_run_count() {
        let heard = [(StepKey::new("init a"), MAX_LINES_PER_STEP)];
        let mut gathered = Gathered::after(&HashMap::from(heard));
        gathered.add(line("init a", "x"), &Redactor::default());
        gathered.add(line("init a", "x"), &Redactor::default());
        let lines = lines_of(gathered.take());
        assert_eq!(lines.len(), 1);
        assert!(lines[0].starts_with("… output beyond"));
    }

    fn lines_of(events: Vec<(Level, EventBody)>) -> Vec<String> {
        events
            .into_iter()
            .flat_map(|(_, body)| match body {
                EventBody::StepOutput { lines, .. } => lines,
                _ => Vec::new(),
            })
            .map(|line| line.text)
            .collect()
    }
}
