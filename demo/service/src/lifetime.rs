//! From start to end: signals, timers and the role's own thread, and the exit code that results.
//!
//! The first thread waits; whoever ends the process sends an [`Ending`] to it. Returning from
//! `main` is the only way out, so a stop signal never waits for a sleep or a neighbour, and for
//! those who are being answered only a moment. That is safe because the one role with state replaces its file in one step.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::http::server;
use crate::log;
use crate::role::{self, Role, RoleError};
use crate::settings::Settings;

/// How long those who are being answered may hold up the end.
const DRAIN: Duration = Duration::from_secs(2);

/// Why the process ends.
enum Ending {
    /// Told to stop.
    Signal(i32),
    /// `EXIT_AFTER` has passed.
    TimeIsUp,
    /// The role did all it had to do, or could not.
    Role(Result<(), RoleError>),
}

/// What a role gets to know about its process.
pub(crate) struct Context {
    pub(crate) role: Role,
    pub(crate) settings: Settings,
    started: Instant,
}

impl Context {
    pub(crate) fn new(role: Role, settings: Settings) -> Self {
        Self {
            role,
            settings,
            started: Instant::now(),
        }
    }

    pub(crate) fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// One log line, with the service's name in front.
    pub(crate) fn say(&self, text: &str) {
        log::out(&format!("{}: {text}", self.settings.name));
    }

    /// The `LOG_LINES`, one by one; returns after the last.
    pub(crate) fn write_log_lines(&self) {
        let Settings {
            log_lines,
            log_interval,
            log_stderr,
            ..
        } = self.settings;
        for number in 1..=log_lines {
            let line = format!("{}: log line {number} of {log_lines}", self.settings.name);
            if log_stderr {
                log::err(&line)
            } else {
                log::out(&line)
            }
            if !log_interval.is_zero() && number < log_lines {
                thread::sleep(log_interval);
            }
        }
    }
}

/// Plays `role` until something ends it.
pub(crate) fn run(role: Role, settings: Settings) -> ExitCode {
    let context = Arc::new(Context::new(role, settings));
    let (ending, endings) = mpsc::channel();
    // Handlers first: as process 1 the kernel drops every signal that has none.
    if let Err(error) = watch_signals(&context, ending.clone()) {
        log::err(&format!(
            "{}: cannot listen for signals: {error}",
            context.settings.name
        ));
        return ExitCode::FAILURE;
    }
    context.say(&format!(
        "{} {} starts",
        role.name(),
        context.settings.version
    ));
    watch_the_clock(&context, ending.clone());
    play(&context, ending);
    match endings.recv() {
        Ok(Ending::Signal(signal)) => {
            context.say(&format!("stops: signal {signal}"));
            server::drain(DRAIN);
            ExitCode::SUCCESS
        }
        Ok(Ending::TimeIsUp) => {
            let code = context.settings.exit_code;
            context.say(&format!("exits as told, with code {code}"));
            ExitCode::from(code)
        }
        Ok(Ending::Role(Ok(()))) => ExitCode::SUCCESS,
        Ok(Ending::Role(Err(error))) => {
            log::err(&format!("{}: {error}", context.settings.name));
            ExitCode::FAILURE
        }
        // Every sender gone means every thread is gone: there is nothing left to wait for.
        Err(mpsc::RecvError) => ExitCode::FAILURE,
    }
}

fn watch_signals(context: &Arc<Context>, ending: Sender<Ending>) -> std::io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGINT])?;
    let context = Arc::clone(context);
    thread::spawn(move || {
        for signal in signals.forever() {
            if signal == SIGTERM && context.settings.ignore_sigterm {
                context.say("ignores SIGTERM, as told");
            } else if ending.send(Ending::Signal(signal)).is_err() {
                return;
            }
        }
    });
    Ok(())
}

fn watch_the_clock(context: &Arc<Context>, ending: Sender<Ending>) {
    if let Some(limit) = context.settings.exit_after {
        thread::spawn(move || {
            thread::sleep(limit);
            // The receiver lives as long as the process: an error means that it already ends.
            drop(ending.send(Ending::TimeIsUp));
        });
    }
}

/// Written to, so that it is really taken, and never given back.
fn eat_memory(context: &Context) {
    let megabytes = context.settings.eat_memory;
    if megabytes > 0 {
        context.say(&format!("takes {megabytes} MB, as told"));
        std::mem::forget(std::hint::black_box(vec![1_u8; (megabytes as usize) << 20]));
    }
}

fn play(context: &Arc<Context>, ending: Sender<Ending>) {
    let context = Arc::clone(context);
    thread::spawn(move || {
        eat_memory(&context);
        let how = if context.settings.crash {
            context.write_log_lines();
            Ending::TimeIsUp
        } else {
            Ending::Role(role::play(&context))
        };
        drop(ending.send(how));
    });
}
