//! How this process behaves, read once from the environment.
//!
//! A value that cannot be understood stops the start with the variable's name and the reason: a
//! test that misspells a fault must not pass because nothing happened. An empty value counts as not
//! set.

use std::path::PathBuf;
use std::time::Duration;

use crate::duration::{self, DurationError};
use crate::http::url::{Url, UrlError};
use crate::role::Role;

/// Port of `web` and `store` where `PORT` names no other.
pub(crate) const DEFAULT_PORT: u16 = 8080;
/// Most neighbours one process calls.
const MAX_NEIGHBOURS: usize = 32;
/// Most lines `LOG_LINES` may ask for.
const MAX_LOG_LINES: u32 = 1_000_000;
/// Most megabytes `EAT_MEMORY` may ask for.
const MAX_EAT_MEMORY: u32 = 1024;
/// Most steps one migration has.
const MAX_SCHEMA_VERSION: u32 = 1_000;

/// Everything the environment can say.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) port: u16,
    pub(crate) neighbours: Vec<Url>,
    pub(crate) data_dir: PathBuf,
    pub(crate) store_url: Option<Url>,
    pub(crate) schema_version: u32,
    pub(crate) step_delay: Duration,
    pub(crate) work_interval: Duration,
    /// Calls a second of each neighbour.
    pub(crate) load_rate: u32,
    pub(crate) load_for: Duration,
    pub(crate) start_delay: Duration,
    pub(crate) listen_delay: Duration,
    pub(crate) unhealthy_after: Option<Duration>,
    pub(crate) never_healthy: bool,
    pub(crate) exit_after: Option<Duration>,
    pub(crate) crash: bool,
    pub(crate) exit_code: u8,
    pub(crate) log_lines: u32,
    pub(crate) log_interval: Duration,
    pub(crate) log_stderr: bool,
    pub(crate) ignore_sigterm: bool,
    pub(crate) hang: bool,
    /// Megabytes taken at the start and kept.
    pub(crate) eat_memory: u32,
}

/// A variable whose value cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SettingError {
    variable: &'static str,
    value: String,
    reason: Reason,
}

#[derive(Debug, PartialEq, Eq)]
enum Reason {
    Duration(DurationError),
    Number { min: u32, max: u32 },
    Flag,
    Url(UrlError),
    TooMany { max: usize },
}

impl std::fmt::Display for SettingError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}=\"{}\" ", self.variable, self.value)?;
        match &self.reason {
            Reason::Duration(error) => error.fmt(f),
            Reason::Number { min, max } => write!(f, "must be a whole number from {min} to {max}"),
            Reason::Flag => f.write_str("must be 1, 0, true or false"),
            Reason::Url(error) => error.fmt(f),
            Reason::TooMany { max } => write!(f, "names more than {max} addresses"),
        }
    }
}

impl Settings {
    /// Reads every variable; the first that cannot be used is the error.
    pub(crate) fn read(
        role: Role,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, SettingError> {
        let environment = Environment(variable);
        Ok(Self {
            name: environment
                .text("DEMO_NAME")
                .unwrap_or_else(|| role.name().to_owned()),
            version: environment
                .text("DEMO_VERSION")
                .unwrap_or_else(|| "0.0.0".to_owned()),
            port: environment.number("PORT", DEFAULT_PORT, 1, u16::MAX.into())?,
            neighbours: environment.urls("NEIGHBOURS")?,
            data_dir: environment
                .text("DATA_DIR")
                .unwrap_or_else(|| "/data".to_owned())
                .into(),
            store_url: environment.url("STORE_URL")?,
            schema_version: environment.number("SCHEMA_VERSION", 3, 1, MAX_SCHEMA_VERSION)?,
            step_delay: environment.duration("STEP_DELAY")?.unwrap_or_default(),
            work_interval: environment
                .duration("WORK_INTERVAL")?
                .unwrap_or(Duration::from_secs(5)),
            load_rate: environment.number("LOAD_RATE", 200, 1, 10_000)?,
            load_for: environment
                .duration("LOAD_FOR")?
                .unwrap_or(Duration::from_secs(10)),
            start_delay: environment.duration("START_DELAY")?.unwrap_or_default(),
            listen_delay: environment.duration("LISTEN_DELAY")?.unwrap_or_default(),
            unhealthy_after: environment.duration("UNHEALTHY_AFTER")?,
            never_healthy: environment.flag("NEVER_HEALTHY")?,
            exit_after: environment.duration("EXIT_AFTER")?,
            crash: environment.flag("CRASH")?,
            exit_code: environment.number("EXIT_CODE", 1, 0, u8::MAX.into())?,
            log_lines: environment.number("LOG_LINES", 0, 0, MAX_LOG_LINES)?,
            log_interval: environment.duration("LOG_INTERVAL")?.unwrap_or_default(),
            log_stderr: environment.flag("LOG_STDERR")?,
            ignore_sigterm: environment.flag("IGNORE_SIGTERM")?,
            hang: environment.flag("HANG")?,
            eat_memory: environment.number("EAT_MEMORY", 0, 0, MAX_EAT_MEMORY)?,
        })
    }

    /// What `/health` says at this age of the process; `Err` names why it is not healthy.
    pub(crate) fn health_at(&self, age: Duration) -> Result<(), &'static str> {
        if age < self.start_delay {
            Err("starting")
        } else if self.never_healthy {
            Err("never healthy")
        } else if self.unhealthy_after.is_some_and(|limit| age >= limit) {
            Err("unhealthy")
        } else {
            Ok(())
        }
    }
}

struct Environment<F>(F);

impl<F: Fn(&str) -> Option<String>> Environment<F> {
    fn text(&self, variable: &'static str) -> Option<String> {
        (self.0)(variable).filter(|value| !value.is_empty())
    }

    fn duration(&self, variable: &'static str) -> Result<Option<Duration>, SettingError> {
        self.parse(variable, |value| {
            duration::parse(value).map_err(Reason::Duration)
        })
    }

    fn number<T: TryFrom<u32>>(
        &self,
        variable: &'static str,
        default: T,
        min: u32,
        max: u32,
    ) -> Result<T, SettingError> {
        let parsed = self.parse(variable, |value| {
            let number = value.trim().parse::<u32>().ok();
            number
                .filter(|number| (min..=max).contains(number))
                .and_then(|number| T::try_from(number).ok())
                .ok_or(Reason::Number { min, max })
        })?;
        Ok(parsed.unwrap_or(default))
    }

    fn flag(&self, variable: &'static str) -> Result<bool, SettingError> {
        let parsed = self.parse(variable, |value| match value.trim() {
            "1" | "true" => Ok(true),
            "0" | "false" => Ok(false),
            _ => Err(Reason::Flag),
        })?;
        Ok(parsed.unwrap_or(false))
    }

    fn url(&self, variable: &'static str) -> Result<Option<Url>, SettingError> {
        self.parse(variable, |value| Url::parse(value).map_err(Reason::Url))
    }

    fn urls(&self, variable: &'static str) -> Result<Vec<Url>, SettingError> {
        let parsed = self.parse(variable, |value| {
            let addresses = value
                .split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty());
            let urls = addresses.map(Url::parse).collect::<Result<Vec<_>, _>>();
            let urls = urls.map_err(Reason::Url)?;
            if urls.len() > MAX_NEIGHBOURS {
                return Err(Reason::TooMany {
                    max: MAX_NEIGHBOURS,
                });
            }
            Ok(urls)
        })?;
        Ok(parsed.unwrap_or_default())
    }

    fn parse<T>(
        &self,
        variable: &'static str,
        parse: impl Fn(&str) -> Result<T, Reason>,
    ) -> Result<Option<T>, SettingError> {
        let Some(value) = self.text(variable) else {
            return Ok(None);
        };
        match parse(&value) {
            Ok(parsed) => Ok(Some(parsed)),
            Err(reason) => Err(SettingError {
                variable,
                value,
                reason,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(environment: &[(&str, &str)]) -> Result<Settings, SettingError> {
        Settings::read(Role::Web, |name| {
            environment
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn nothing_set_means_a_service_that_behaves() {
        let settings = read(&[("EXIT_AFTER", ""), ("CRASH", "0")]).expect("settings");
        assert_eq!(settings.name, "web");
        assert_eq!(settings.port, 8080);
        assert_eq!(settings.exit_after, None);
        assert!(!settings.crash);
        assert_eq!(settings.health_at(Duration::ZERO), Ok(()));
    }

    #[test]
    fn a_value_that_cannot_be_used_is_named_with_its_reason() {
        let check = |variable: &str, value: &str, expected: &str| {
            let error = read(&[(variable, value)]).expect_err("an error");
            assert_eq!(error.to_string(), expected);
        };
        check(
            "START_DELAY",
            "3",
            "START_DELAY=\"3\" needs a unit: ms, s, m or h, as in 3s",
        );
        check(
            "EXIT_CODE",
            "256",
            "EXIT_CODE=\"256\" must be a whole number from 0 to 255",
        );
        check(
            "PORT",
            "0",
            "PORT=\"0\" must be a whole number from 1 to 65535",
        );
        check("CRASH", "yes", "CRASH=\"yes\" must be 1, 0, true or false");
        check(
            "NEIGHBOURS",
            "http://a/,ftp://b",
            "NEIGHBOURS=\"http://a/,ftp://b\" must begin with http://",
        );
    }

    #[test]
    fn health_follows_the_age_of_the_process() {
        let check = |environment: &[(&str, &str)], seconds: u64, expected: Result<(), &str>| {
            let settings = read(environment).expect("settings");
            assert_eq!(settings.health_at(Duration::from_secs(seconds)), expected);
        };
        check(&[("START_DELAY", "3s")], 2, Err("starting"));
        check(&[("START_DELAY", "3s")], 3, Ok(()));
        check(&[("UNHEALTHY_AFTER", "10s")], 9, Ok(()));
        check(&[("UNHEALTHY_AFTER", "10s")], 10, Err("unhealthy"));
        check(&[("NEVER_HEALTHY", "1")], 99, Err("never healthy"));
    }
}
