//! Who may reach the door at all, until people can sign in: pages of other sites may not change anything, and a name that
//! somebody pointed at this machine (DNS rebinding) is not ours.

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use domain::wire::{Problem, ProblemKind};

use super::problem::{ApiError, problem};

/// The names by which this server may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hosts {
    /// `localhost`, `127.0.0.1` and `[::1]`: nobody has to sign in, so only this machine's own pages may ask.
    ThisMachine,
    /// Any: the operator accepted that others reach it.
    Any,
}

/// Refuses what should not come from where it comes from.
pub(super) async fn guard(State(hosts): State<Hosts>, request: Request, next: Next) -> Response {
    let called = called_host(&request);
    if let Some(refusal) = refuse(hosts, called.as_ref(), request.method(), request.headers()) {
        tracing::warn!(reason = refusal.detail, "refused at the door");
        return ApiError(refusal).into_response();
    }
    next.run(request).await
}

/// The host and port as the caller wrote them.
fn called_host(request: &Request) -> Option<Called> {
    match request.headers().get(header::HOST) {
        Some(host) => Some(
            host.to_str()
                .ok()
                .and_then(|host| host.parse().ok())
                .map_or(Called::Nonsense, Called::Host),
        ),
        // HTTP/2 has it in the address.
        None => request.uri().authority().cloned().map(Called::Host),
    }
}

/// What stands in the header `Host`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Called {
    Host(Authority),
    /// Not a host.
    Nonsense,
}

fn refuse(
    hosts: Hosts,
    called: Option<&Called>,
    method: &Method,
    headers: &HeaderMap,
) -> Option<Problem> {
    // Browsers always say which host they mean; whoever does not is no page.
    if hosts == Hosts::ThisMachine && called.is_some_and(|called| !is_this_machine(called)) {
        return Some(problem(
            ProblemKind::Misdirected,
            "unknown-host",
            "This server does not go by that name",
            "Windlass answers to localhost, 127.0.0.1 and [::1] only, because nobody has to sign in. Use one of these, \
             or start it with --insecure-no-auth to accept other names.",
        ));
    }
    if method.is_safe() {
        return None;
    }
    // `none` is the reader's own doing: an address typed, a bookmark.
    let cross_site = headers
        .get("sec-fetch-site")
        .is_some_and(|site| site != "same-origin" && site != "none");
    let other_origin = headers
        .get(header::ORIGIN)
        .is_some_and(|origin| !is_same_origin(origin.to_str().unwrap_or_default(), called));
    (cross_site || other_origin).then(|| {
        problem(
            ProblemKind::Forbidden,
            "cross-site",
            "A page of another site asked",
            "A page of another site may not change anything here. Open Windlass itself, or call it without the header Origin.",
        )
    })
}

fn is_this_machine(called: &Called) -> bool {
    match called {
        Called::Host(host) => {
            let name = host.host().trim_end_matches('.').to_ascii_lowercase();
            matches!(name.as_str(), "localhost" | "127.0.0.1" | "[::1]")
        }
        Called::Nonsense => false,
    }
}

fn is_same_origin(origin: &str, called: Option<&Called>) -> bool {
    let (scheme, default_port) = match origin.split_once("://") {
        Some(("http", rest)) => (rest, 80),
        Some(("https", rest)) => (rest, 443),
        _ => return false,
    };
    let (Ok(origin), Some(Called::Host(called))) = (scheme.parse::<Authority>(), called) else {
        return false;
    };
    let port = |authority: &Authority| authority.port_u16().unwrap_or(default_port);
    origin.host().eq_ignore_ascii_case(called.host()) && port(&origin) == port(called)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn check(hosts: Hosts, method: &str, headers: &[(&str, &str)], expected: Option<u16>) {
        let mut request = Request::builder().method(method).uri("/api/environments");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        let called = called_host(&request);
        let refused = refuse(hosts, called.as_ref(), request.method(), request.headers());
        assert_eq!(
            refused.map(|problem| problem.status),
            expected,
            "{method} {headers:?}"
        );
    }

    #[test]
    fn names_that_somebody_pointed_at_this_machine_are_not_ours() {
        for (host, expected) in [
            ("localhost", None),
            ("localhost:8080", None),
            ("LOCALHOST:8080", None),
            ("127.0.0.1:8080", None),
            ("[::1]:8080", None),
            ("localhost.", None),
            ("evil.example", Some(421)),
            ("evil.example:8080", Some(421)),
            ("localhost.evil.example", Some(421)),
            ("127.0.0.1.evil.example", Some(421)),
            ("evil.example/localhost", Some(421)),
            ("", Some(421)),
        ] {
            check(Hosts::ThisMachine, "GET", &[("host", host)], expected);
            check(Hosts::Any, "GET", &[("host", host)], None);
        }
        check(Hosts::ThisMachine, "GET", &[], None);
    }

    #[test]
    fn pages_of_other_sites_change_nothing() {
        let host = ("host", "localhost:8080");
        for (header, expected) in [
            (("origin", "http://localhost:8080"), None),
            (("origin", "http://LOCALHOST:8080"), None),
            (("origin", "http://localhost:3000"), Some(403)),
            (("origin", "http://localhost"), Some(403)),
            (("origin", "http://evil.example"), Some(403)),
            (("origin", "null"), Some(403)),
            (("origin", ""), Some(403)),
            (("sec-fetch-site", "cross-site"), Some(403)),
            (("sec-fetch-site", "same-site"), Some(403)),
            (("sec-fetch-site", "same-origin"), None),
            (("sec-fetch-site", "none"), None),
        ] {
            check(Hosts::ThisMachine, "POST", &[host, header], expected);
            check(Hosts::Any, "DELETE", &[host, header], expected);
            check(Hosts::ThisMachine, "GET", &[host, header], None);
        }
        let ports = [
            ("host", "windlass.example"),
            ("origin", "https://windlass.example:443"),
        ];
        check(Hosts::Any, "POST", &ports, None);
    }
}
