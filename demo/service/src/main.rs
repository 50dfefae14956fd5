//! The demo service: one static binary that plays every part of the demo product.
//!
//! The first argument (or `DEMO_ROLE`) names the part: `web`, `store`, `worker`, `migrate`, or
//! `check URL`, the health-check client. How it behaves (starts slowly, turns unhealthy, exits with
//! a code, ignores the stop signal, …) is told by environment, so that tests break the same image
//! that the demo runs. Every variable is described in [`command_line::HELP`], which is what
//! `--help` prints.
//!
//! It must not need anything but itself: no shell, no C library, no file of the image beyond
//! `/data`. As process 1 of a container it installs its own handlers, so a stop signal ends it at
//! once.

mod check;
mod command_line;
mod duration;
mod http;
mod json;
mod key_value;
mod lifetime;
mod log;
mod role;
mod settings;

use std::process::ExitCode;

use command_line::Command;
use settings::Settings;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let variable = |name: &str| std::env::var(name).ok();
    match command_line::parse(&arguments, variable) {
        Ok(Command::Help) => {
            log::out(command_line::HELP);
            ExitCode::SUCCESS
        }
        Ok(Command::Check { url }) => check::run(&url),
        Ok(Command::Run(role)) => match Settings::read(role, variable) {
            Ok(settings) => lifetime::run(role, settings),
            Err(error) => usage(&error.to_string()),
        },
        Err(error) => usage(&error.to_string()),
    }
}

/// Exit code of a call that cannot be understood, as most Unix tools have it.
const USAGE_EXIT_CODE: u8 = 64;

fn usage(message: &str) -> ExitCode {
    log::err(&format!("demo-service: {message}"));
    ExitCode::from(USAGE_EXIT_CODE)
}
