//! `web`: says that it is healthy, who it is, and whether its neighbours answer.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::RoleError;
use crate::http::client;
use crate::http::request::Request;
use crate::http::response::Response;
use crate::http::server;
use crate::http::url::Url;
use crate::json;
use crate::lifetime::Context;

/// A neighbour that takes longer than this counts as failed.
pub(super) const NEIGHBOUR_TIMEOUT: Duration = Duration::from_secs(3);

/// Serves until the process ends.
pub(super) fn run(context: &Arc<Context>) -> Result<(), RoleError> {
    let own = Arc::clone(context);
    serve(context, move |request| match request.path.as_str() {
        "/" => Some(Response::json(200, about(&own, ""))),
        "/neighbours" => Some(neighbours(&own.settings.neighbours)),
        _ => None,
    })
}

/// What `web` and `store` share: the delays, `/health`, 404 and 405. `routes` gets what is left.
pub(super) fn serve(
    context: &Arc<Context>,
    routes: impl Fn(&Request) -> Option<Response> + Send + Sync + 'static,
) -> Result<(), RoleError> {
    thread::sleep(context.settings.listen_delay);
    let port = context.settings.port;
    let listener = server::listen(port).map_err(|source| RoleError::Listen { port, source })?;
    context.say(&format!("listens on port {port}"));
    let own = Arc::clone(context);
    let source = server::serve(&listener, move |request| answer(&own, &routes, request));
    Err(RoleError::Accept { source })
}

fn answer(
    context: &Context,
    routes: &impl Fn(&Request) -> Option<Response>,
    request: &Request,
) -> Response {
    let health = context.settings.health_at(context.age());
    let reads = matches!(request.method.as_str(), "GET" | "HEAD");
    match (request.path.as_str(), health) {
        ("/health", _) if !reads => Response::error(405, "use GET"),
        ("/health", Ok(())) => Response::json(200, "{\"status\":\"healthy\"}\n".to_owned()),
        ("/health", Err(why)) => {
            Response::json(503, format!("{{\"status\":{}}}\n", json::string(why)))
        }
        // An unhealthy service still answers; one that has not started yet does not.
        (_, Err(why)) if context.age() < context.settings.start_delay => Response::error(503, why),
        ("/" | "/neighbours", _) if !reads => Response::error(405, "use GET"),
        _ => routes(request).unwrap_or_else(|| Response::error(404, "there is nothing here")),
    }
}

/// The JSON of `/`; `more` is further fields, each with a comma in front.
pub(super) fn about(context: &Context, more: &str) -> String {
    format!(
        "{{\"name\":{},\"role\":{},\"version\":{},\"hostname\":{},\"uptimeSeconds\":{}{more}}}\n",
        json::string(&context.settings.name),
        json::string(context.role.name()),
        json::string(&context.settings.version),
        json::string(&host_name()),
        context.age().as_secs(),
    )
}

fn host_name() -> String {
    match std::fs::read_to_string("/proc/sys/kernel/hostname") {
        Ok(name) => name.trim().to_owned(),
        Err(_) => "unknown".to_owned(),
    }
}

/// Calls every neighbour at the same time and reports them in the order they were named.
fn neighbours(urls: &[Url]) -> Response {
    let calls: Vec<_> = urls
        .iter()
        .map(|url| (url, spawn_call(url.clone())))
        .collect();
    let mut all_answer = true;
    let mut entries = Vec::with_capacity(calls.len());
    for (url, call) in calls {
        let (is_well, detail) = call
            .join()
            .unwrap_or_else(|_| (false, "\"error\":\"panic\"".into()));
        all_answer &= is_well;
        entries.push(format!(
            "{{\"url\":{},\"ok\":{is_well},{detail}}}",
            json::string(&url.to_string())
        ));
    }
    let status = if all_answer { 200 } else { 502 };
    Response::json(
        status,
        format!(
            "{{\"ok\":{all_answer},\"neighbours\":[{}]}}\n",
            entries.join(",")
        ),
    )
}

fn spawn_call(url: Url) -> thread::JoinHandle<(bool, String)> {
    thread::spawn(move || {
        let started = Instant::now();
        match client::request("GET", &url, b"", NEIGHBOUR_TIMEOUT) {
            Ok(answer) => {
                let took = started.elapsed().as_millis();
                (
                    answer.is_success(),
                    format!("\"status\":{},\"milliseconds\":{took}", answer.status),
                )
            }
            Err(error) => (
                false,
                format!("\"error\":{}", json::string(&error.to_string())),
            ),
        }
    })
}
