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
    serve(context, routes(Arc::clone(context)))
}

fn routes(context: Arc<Context>) -> impl Fn(&Request) -> Option<Response> + Send + Sync + 'static {
    move |request| match request.path.as_str() {
        "/" => Some(Response::json(200, about(&context, ""))),
        "/neighbours" => Some(neighbours(&context.settings.neighbours)),
        _ => None,
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::role::Role;
    use crate::settings::Settings;

    fn context(environment: &[(&str, &str)]) -> Arc<Context> {
        let settings = Settings::read(Role::Web, |name| {
            environment
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        });
        Arc::new(Context::new(Role::Web, settings.expect("settings")))
    }

    /// A web service of its own on a free port of loopback; gives its address.
    fn started(environment: &[(&str, &str)]) -> Url {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let context = context(environment);
        let routes = routes(Arc::clone(&context));
        thread::spawn(move || server::serve(&listener, move |r| answer(&context, &routes, r)));
        Url::parse(&format!("http://127.0.0.1:{port}/")).expect("an address")
    }

    fn check(environment: &[(&str, &str)], method: &str, path: &str, expected: (u16, &str)) {
        let url = started(environment).with_path(path);
        let answer = client::request(method, &url, b"", NEIGHBOUR_TIMEOUT).expect("an answer");
        let (status, part) = expected;
        assert_eq!(answer.status, status, "{environment:?} {method} {path}");
        let body = answer.text_line();
        assert!(
            body.contains(part),
            "{environment:?} {method} {path}: {body}"
        );
    }

    #[test]
    fn health_and_routes_follow_the_environment() {
        check(&[], "GET", "/health", (200, "healthy"));
        check(
            &[("DEMO_VERSION", "1.1.0")],
            "GET",
            "/",
            (200, "\"version\":\"1.1.0\""),
        );
        check(&[], "GET", "/other", (404, "nothing here"));
        check(&[], "PUT", "/health", (405, "use GET"));
        check(
            &[("NEVER_HEALTHY", "1")],
            "GET",
            "/health",
            (503, "never healthy"),
        );
        check(
            &[("NEVER_HEALTHY", "1")],
            "GET",
            "/",
            (200, "uptimeSeconds"),
        );
        check(&[("START_DELAY", "1h")], "GET", "/", (503, "starting"));
        check(
            &[("UNHEALTHY_AFTER", "0s")],
            "GET",
            "/health",
            (503, "unhealthy"),
        );
    }

    #[test]
    fn neighbours_are_well_only_if_all_of_them_are() {
        let well = started(&[]).with_path("/health").to_string();
        let ill = started(&[("NEVER_HEALTHY", "1")])
            .with_path("/health")
            .to_string();
        check(&[], "GET", "/neighbours", (200, "\"ok\":true"));
        check(
            &[("NEIGHBOURS", &well)],
            "GET",
            "/neighbours",
            (200, "\"status\":200"),
        );
        let both = format!("{well},{ill}");
        check(
            &[("NEIGHBOURS", &both)],
            "GET",
            "/neighbours",
            (502, "\"status\":503"),
        );
        // Port 1 of loopback: nothing listens there.
        let gone = "http://127.0.0.1:1/";
        check(
            &[("NEIGHBOURS", gone)],
            "GET",
            "/neighbours",
            (502, "cannot connect"),
        );
    }
}
