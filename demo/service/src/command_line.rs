//! The command line: which part to play, and the text of `--help`.
//!
//! Invariant: the argument wins over `DEMO_ROLE`, and nothing else is read from the command line.

use crate::role::Role;

/// What one call of the binary is to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Play a part until told to stop (or, for `migrate`, until done).
    Run(Role),
    /// Ask one address once and tell by the exit code whether it is healthy.
    Check { url: String },
    /// Print [`HELP`].
    Help,
}

/// A command line that names nothing this binary knows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum CommandLineError {
    NoRole,
    UnknownRole(String),
    UnexpectedArgument(String),
}

impl std::fmt::Display for CommandLineError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoRole => {
                f.write_str("no role given: pass web, store, worker or migrate, or set DEMO_ROLE")
            }
            Self::UnknownRole(role) => write!(
                f,
                "unknown role \"{role}\": use web, store, worker, migrate or check; see --help"
            ),
            Self::UnexpectedArgument(argument) => {
                write!(f, "unexpected argument \"{argument}\"; see --help")
            }
        }
    }
}

/// Reads the arguments (without the program's name) and, where they name no role, `DEMO_ROLE`.
pub(crate) fn parse(
    arguments: &[String],
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Command, CommandLineError> {
    let mut rest = arguments.iter().map(String::as_str);
    let first = match rest.next() {
        Some(argument) => argument.to_owned(),
        None => variable("DEMO_ROLE").ok_or(CommandLineError::NoRole)?,
    };
    let command = match first.as_str() {
        "--help" | "-h" | "help" => Command::Help,
        "check" => Command::Check {
            url: rest
                .next()
                .map_or_else(|| own_health_url(&variable), str::to_owned),
        },
        role => Command::Run(
            Role::named(role).ok_or_else(|| CommandLineError::UnknownRole(role.to_owned()))?,
        ),
    };
    match rest.next() {
        Some(extra) => Err(CommandLineError::UnexpectedArgument(extra.to_owned())),
        None => Ok(command),
    }
}

/// `check` without an address asks the service of its own container.
fn own_health_url(variable: impl Fn(&str) -> Option<String>) -> String {
    let port = variable("PORT").unwrap_or_else(|| crate::settings::DEFAULT_PORT.to_string());
    format!("http://127.0.0.1:{port}/health")
}

/// What `--help` prints: the roles and every variable that changes their behaviour.
pub(crate) const HELP: &str = "\
demo-service: the small service the demo product is made of

USAGE
  demo-service ROLE          play a part (or set DEMO_ROLE)
  demo-service check [URL]   exit 0 when URL answers 2xx, else 1; one line of output.
                             Without URL: http://127.0.0.1:$PORT/health

ROLES
  web      HTTP: /health, / (name, version, host name, uptime), /neighbours (calls each
           neighbour; 502 when one of them fails)
  store    HTTP: /health, /, PUT and GET /kv/NAME; state in one file in DATA_DIR,
           written durably; counts its starts
  worker   calls its neighbours again and again, one log line a call; listens on no port
  load     calls its neighbours at a fixed rate for a while; tells in its last line how many
           were answered, repeated after a refused connection, and failed; exits 0
  migrate  raises a schema version step by step, in the store or in DATA_DIR; exits 0;
           running it again changes nothing

WHAT IT IS
  DEMO_NAME        name shown in / and in the log      (default: the role)
  DEMO_VERSION     version shown in /                  (default: 0.0.0)
  PORT             port of web and store               (default: 8080)
  NEIGHBOURS       addresses to call, separated by commas: http://identity-api:8080/health,…
  DATA_DIR         folder of the state                 (default: /data)
  STORE_URL        migrate: the store's address, e.g. http://store:8080; unset: DATA_DIR
  SCHEMA_VERSION   migrate: the version to reach       (default: 3)
  STEP_DELAY       migrate: time one step takes        (default: 0s)
  LOAD_RATE        load: calls a second               (default: 200)
  LOAD_FOR         load: how long                      (default: 10s)
  WORK_INTERVAL    worker: time between two rounds     (default: 5s)

HOW IT MISBEHAVES  (durations: 250ms, 3s, 2m, 1h; flags: 1 or true)
  START_DELAY      every answer is 503 until this much time has passed; a worker or a
                   migration waits this long before it begins
  LISTEN_DELAY     the port opens only after this much time
  UNHEALTHY_AFTER  /health is 503 from then on
  NEVER_HEALTHY    /health is always 503
  EXIT_AFTER       end with EXIT_CODE after this much time
  CRASH            end with EXIT_CODE at once, after the LOG_LINES
  EXIT_CODE        code for EXIT_AFTER and CRASH       (0 to 255, default: 1)
  LOG_LINES        write that many numbered lines      (default: 0)
  LOG_INTERVAL     time between two of them            (default: 0s)
  LOG_STDERR       write them to the standard error
  IGNORE_SIGTERM   go on when told to stop; only a kill ends it
  HANG             migrate: begin, then never end
  EAT_MEMORY       take that many megabytes at the start, and keep them

EXIT CODES
  0 done, or stopped by a signal; 1 failed; 64 wrong usage; EXIT_CODE where that was asked for";

#[cfg(test)]
mod tests {
    use super::*;

    fn check(
        arguments: &[&str],
        environment: &[(&str, &str)],
        expected: Result<Command, CommandLineError>,
    ) {
        let arguments: Vec<String> = arguments.iter().map(|s| (*s).to_owned()).collect();
        let variable = |name: &str| {
            environment
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        };
        assert_eq!(
            parse(&arguments, variable),
            expected,
            "{arguments:?} {environment:?}"
        );
    }

    #[test]
    fn the_argument_names_the_role_and_wins_over_the_environment() {
        check(&["web"], &[], Ok(Command::Run(Role::Web)));
        check(
            &[],
            &[("DEMO_ROLE", "store")],
            Ok(Command::Run(Role::Store)),
        );
        check(
            &["worker"],
            &[("DEMO_ROLE", "store")],
            Ok(Command::Run(Role::Worker)),
        );
        check(&["--help"], &[], Ok(Command::Help));
    }

    #[test]
    fn check_asks_its_own_container_unless_told_otherwise() {
        let url = |url: &str| {
            Ok(Command::Check {
                url: url.to_owned(),
            })
        };
        check(&["check"], &[], url("http://127.0.0.1:8080/health"));
        check(
            &["check"],
            &[("PORT", "9000")],
            url("http://127.0.0.1:9000/health"),
        );
        check(
            &["check", "http://a/b"],
            &[("PORT", "9000")],
            url("http://a/b"),
        );
    }

    #[test]
    fn what_it_does_not_know_it_names() {
        check(&[], &[], Err(CommandLineError::NoRole));
        check(
            &["sing"],
            &[],
            Err(CommandLineError::UnknownRole("sing".into())),
        );
        check(
            &["web", "now"],
            &[],
            Err(CommandLineError::UnexpectedArgument("now".into())),
        );
    }
}
