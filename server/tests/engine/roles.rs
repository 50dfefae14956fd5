//! What containers of a case do: for the real engine as command and environment of the demo service, for the fake as a script.

use std::time::Duration;

use domain::spec::{Healthcheck, ServiceSpec};
use server::engine::fake::{HealthScript, Script};

/// The image of every case.
pub(crate) fn image() -> String {
    std::env::var("WINDLASS_TEST_IMAGE").unwrap_or_else(|_| "windlass-demo/web:1.0.0".to_owned())
}

/// The program in the image.
pub(crate) const PROGRAM: &str = "/demo-service";

/// What a container does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Runs on, without a health check.
    Serve,
    /// Is healthy a moment after its start.
    Healthy,
    /// Its health check always fails.
    NeverHealthy,
    /// Ends at once with this code.
    ExitWith(u8),
    /// Writes so many lines and ends.
    Lines(u8),
    /// Writes so many lines to standard error and ends.
    ErrorLines(u8),
    /// Does not end when it is told to.
    Deaf,
    /// Its entry point is not in the image.
    BadEntrypoint,
}

/// Line `number` of [`Role::Lines`].
pub(crate) fn line(number: u8, of: u8) -> String {
    format!("demo: log line {number} of {of}")
}

impl Role {
    /// For the real engine.
    pub(crate) fn dress(self, service: &mut ServiceSpec) {
        service.entrypoint = Some(vec![PROGRAM.to_owned()]);
        service.command = Some(vec!["web".to_owned()]);
        service.healthcheck = Some(Healthcheck {
            test: Some(vec!["NONE".to_owned()]),
            ..Default::default()
        });
        let mut set = |name: &str, value: &str| {
            service
                .environment
                .insert(name.to_owned(), Some(value.to_owned()));
        };
        set("DEMO_NAME", "demo");
        match self {
            Self::Serve => {}
            Self::Healthy => service.healthcheck = Some(check()),
            Self::NeverHealthy => {
                set("NEVER_HEALTHY", "1");
                service.healthcheck = Some(check());
            }
            Self::ExitWith(code) => {
                set("CRASH", "1");
                set("EXIT_CODE", &code.to_string());
            }
            Self::Lines(count) | Self::ErrorLines(count) => {
                set("CRASH", "1");
                set("EXIT_CODE", "0");
                set("LOG_LINES", &count.to_string());
                if matches!(self, Self::ErrorLines(_)) {
                    set("LOG_STDERR", "1");
                }
            }
            Self::Deaf => set("IGNORE_SIGTERM", "1"),
            Self::BadEntrypoint => service.entrypoint = Some(vec!["/not/there".to_owned()]),
        }
    }

    /// For the fake.
    pub(crate) fn script(self) -> Script {
        let mut script = Script::default();
        let moment = Duration::from_millis(5);
        match self {
            Self::Serve => {}
            Self::Healthy => script.health = HealthScript::HealthyAfter(moment),
            Self::NeverHealthy => script.health = HealthScript::UnhealthyAfter(moment),
            Self::ExitWith(code) => script.exit = Some((moment, code.into())),
            Self::Lines(count) | Self::ErrorLines(count) => {
                let stderr = matches!(self, Self::ErrorLines(_));
                script
                    .lines
                    .push((false, "demo: web 1.0.0 starts".to_owned()));
                script
                    .lines
                    .extend((1..=count).map(|number| (stderr, line(number, count))));
                script.exit = Some((moment, 0));
            }
            Self::Deaf => script.ignores_stop = true,
            Self::BadEntrypoint => {
                script.start_fault = Some(server::engine::fake::Fault::Refused(
                    "the image does not have the command or entry point".to_owned(),
                ));
            }
        }
        script
    }
}

/// Fails for good after three misses.
fn check() -> Healthcheck {
    Healthcheck {
        test: Some(vec![
            "CMD".to_owned(),
            PROGRAM.to_owned(),
            "check".to_owned(),
        ]),
        interval: Some(Duration::from_millis(300)),
        timeout: Some(Duration::from_secs(5)),
        retries: Some(2),
        start_period: None,
        start_interval: None,
    }
}
