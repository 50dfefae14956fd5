//! Probes that Windlass makes itself, at the container's address on its network.

use std::time::Duration;

use domain::operation::failure::Failure;
use domain::spec::{Probe, ProbeKind, ServiceSpec};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::gate::MIN_PROBE_INTERVAL;
use super::{Context, Done, Stop};
use crate::engine::EngineError;

/// A status line is shorter than this.
const MAX_STATUS_LINE: usize = 1024;

/// Asks until it is healthy, or until too many attempts in a row failed after the start period.
pub(super) async fn pass(
    context: &Context,
    service: &ServiceSpec,
    spec: &Probe,
    name: &str,
) -> Done {
    let begun = Instant::now();
    let mut failures = 0;
    loop {
        match attempt(context, service, spec, name).await? {
            Ok(()) => return Ok(Some("its probe succeeded".to_owned())),
            Err(why) => {
                if begun.elapsed() >= spec.start_period {
                    failures += 1;
                }
                if failures >= spec.retries.max(1) {
                    let mut failure = Failure::new(format!(
                        "{} is unhealthy: its probe failed {failures} times",
                        service.name
                    ));
                    failure.health_output = Some(why);
                    return Err(context.evidence(name, failure).await.into());
                }
            }
        }
        context.pause(spec.interval.max(MIN_PROBE_INTERVAL)).await?;
    }
}

/// One attempt; the inner error is what the probe saw.
async fn attempt(
    context: &Context,
    service: &ServiceSpec,
    spec: &Probe,
    name: &str,
) -> Result<Result<(), String>, Stop> {
    if let ProbeKind::Exec { command } = &spec.kind {
        return match context
            .engine()
            .await
            .exec(name, command, spec.timeout)
            .await
        {
            Ok(0) => Ok(Ok(())),
            Ok(code) => Ok(Err(format!("exit code {code}"))),
            // It is restarting: the attempt failed, and whether it runs again is the gate's question.
            Err(EngineError::Conflict { message, .. }) => Ok(Err(message)),
            Err(EngineError::NoAnswer { after, .. }) => {
                // The command was too slow, or the engine does not answer at all: that is asked here.
                context.engine().await.inspect_container(name).await?;
                Ok(Err(format!("no answer within {} ms", after.as_millis())))
            }
            Err(error) => Err(error.into()),
        };
    }
    let details = context.engine().await.inspect_container(name).await?;
    let Some(host) = details
        .addresses
        .values()
        .find(|address| !address.is_empty())
    else {
        return Ok(Err("the container has no address yet".to_owned()));
    };
    let (ProbeKind::Http { port, .. } | ProbeKind::Tcp { port }) = &spec.kind else {
        return Ok(Ok(()));
    };
    let Some(port) = port.or_else(|| first_port(service)) else {
        return Err(Failure::new(format!(
            "the probe of {} names no port, and the service exposes none",
            service.name
        ))
        .into());
    };
    let asked = async {
        let mut stream = TcpStream::connect((host.as_str(), port))
            .await
            .map_err(|error| error.to_string())?;
        match &spec.kind {
            ProbeKind::Http {
                path,
                expected_status_codes,
                ..
            } => {
                let status = http_status(&mut stream, host, port, path).await?;
                if expected_status_codes.contains(&status) {
                    Ok(())
                } else {
                    Err(format!("GET {path} answered {status}"))
                }
            }
            ProbeKind::Tcp { .. } | ProbeKind::Exec { .. } => Ok(()),
        }
    };
    let timeout = spec.timeout.max(Duration::from_millis(1));
    Ok(match tokio::time::timeout(timeout, asked).await {
        Ok(result) => result,
        Err(_) => Err(format!("no answer within {} ms", timeout.as_millis())),
    })
}

fn first_port(service: &ServiceSpec) -> Option<u16> {
    let exposed = service
        .expose
        .iter()
        .filter_map(|port| port.split('/').next()?.parse().ok());
    service
        .ports
        .iter()
        .map(|port| port.target)
        .chain(exposed)
        .next()
}

/// The status of a GET; nothing of the body is of interest.
async fn http_status(
    stream: &mut TcpStream,
    host: &str,
    port: u16,
    path: &str,
) -> Result<u16, String> {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUser-Agent: windlass\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    );
    stream
        .write_all(request.as_bytes())
        .await
        .map_err(|error| error.to_string())?;
    let mut head = Vec::new();
    let mut chunk = [0; 256];
    while !head.contains(&b'\n') && head.len() < MAX_STATUS_LINE {
        let read = stream
            .read(&mut chunk)
            .await
            .map_err(|error| error.to_string())?;
        if read == 0 {
            break;
        }
        head.extend_from_slice(&chunk[..read]);
    }
    let line = String::from_utf8_lossy(&head);
    line.split_whitespace()
        .nth(1)
        .filter(|_| line.starts_with("HTTP/1."))
        .and_then(|status| status.parse().ok())
        .ok_or_else(|| "the answer is not HTTP".to_owned())
}
