//! The engine's health check, and the probe that is made from outside the container.

use std::time::Duration;

use domain::spec::{Healthcheck, Probe, ProbeKind};

use super::super::reader::At;

const PROBE_INTERVAL: Duration = Duration::from_secs(10);
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);
const PROBE_RETRIES: i64 = 3;

pub(super) fn healthcheck(at: &At<'_>) -> Healthcheck {
    at.only(&[
        "test",
        "interval",
        "timeout",
        "retries",
        "start_period",
        "start_interval",
        "disable",
    ]);
    if at.get("disable").and_then(|at| at.bool()) == Some(true) {
        return Healthcheck {
            test: Some(vec!["NONE".to_owned()]),
            ..Healthcheck::default()
        };
    }
    let test = at.get("test").and_then(|at| {
        if !at.is_list() {
            return Some(vec!["CMD-SHELL".to_owned(), at.text()?]);
        }
        let words = at.texts();
        let fits = match words.first().map(String::as_str) {
            Some("NONE") => true,
            Some("CMD" | "CMD-SHELL") => words.len() > 1,
            _ => false,
        };
        if !fits {
            at.error(
                "A list starts with CMD, CMD-SHELL or NONE, followed by the command.",
                "Write [CMD, program, argument], or the command as text.",
            );
        }
        Some(words)
    });
    let duration = |key| at.get(key).and_then(|at: At<'_>| at.duration());
    Healthcheck {
        test,
        interval: duration("interval"),
        timeout: duration("timeout"),
        retries: at
            .get("retries")
            .and_then(|at| at.int_in(0, 10_000))
            .and_then(|count| u32::try_from(count).ok()),
        start_period: duration("start_period"),
        start_interval: duration("start_interval"),
    }
}

/// Probes speak plain HTTP: what cannot be asked is said before anything starts.
fn over_tls(at: &At<'_>) -> bool {
    let Some(https) = at.get("https") else {
        return false;
    };
    let wanted = https.bool().unwrap_or(false);
    if wanted {
        https.error(
            "Probes over TLS are not supported.",
            "Probe a plain HTTP port, write type: tcp, or use a health check inside the container.",
        );
    }
    wanted
}

pub(super) fn probe(at: &At<'_>) -> Option<Probe> {
    at.only(&[
        "type",
        "path",
        "port",
        "https",
        "expectedStatusCodes",
        "command",
        "interval",
        "timeout",
        "retries",
        "startPeriod",
    ]);
    let port = at.get("port").and_then(|at| at.port());
    let kind = match at.get("type").and_then(|at| at.text()).as_deref() {
        Some("http") => ProbeKind::Http {
            path: at
                .get("path")
                .and_then(|at| at.text())
                .map(|path| {
                    if path.starts_with('/') {
                        path
                    } else {
                        format!("/{path}")
                    }
                })
                .unwrap_or_else(|| "/".to_owned()),
            port,
            https: over_tls(at),
            expected_status_codes: at
                .get("expectedStatusCodes")
                .map(|at| {
                    at.one_or_more()
                        .iter()
                        .filter_map(|at| u16::try_from(at.int_in(100, 599)?).ok())
                        .collect()
                })
                .unwrap_or_else(|| vec![200]),
        },
        Some("tcp") => ProbeKind::Tcp { port },
        Some("exec") => {
            let Some(command) = at.get("command").and_then(|at| at.command()) else {
                at.error("'command' is missing.", "");
                return None;
            };
            ProbeKind::Exec { command }
        }
        _ => {
            at.error(
                "The type of the probe is missing or not known.",
                "Write http, tcp or exec.",
            );
            return None;
        }
    };
    let positive = |key, default: Duration| {
        at.get(key)
            .and_then(|at: At<'_>| at.duration_or_seconds())
            .filter(|value| !value.is_zero())
            .unwrap_or(default)
    };
    let retries = at.get("retries").and_then(|at| at.int_in(1, 10_000));
    Some(Probe {
        kind,
        interval: positive("interval", PROBE_INTERVAL),
        timeout: positive("timeout", PROBE_TIMEOUT),
        retries: u32::try_from(retries.unwrap_or(PROBE_RETRIES)).unwrap_or(1),
        start_period: at
            .get("startPeriod")
            .and_then(|at| at.duration_or_seconds())
            .unwrap_or_default(),
    })
}
