//! Refuses requests that change something and were started by another site's page.
//!
//! Browsers say where a request comes from (`Sec-Fetch-Site`, older ones `Origin`); programs say neither and are let
//! through: they hold no session that a page could abuse.

use axum::{
    extract::Request,
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

/// The middleware.
pub(super) async fn refuse_other_sites(request: Request, next: Next) -> Response {
    if changes_something(request.method()) && !is_same_site(request.headers()) {
        tracing::warn!(
            request.path = request.uri().path(),
            "refused a request from another site's page"
        );
        let what = "Refused: this request was started by a page of another site. \
                    Open Windlass itself and try again.";
        return (StatusCode::FORBIDDEN, what).into_response();
    }
    next.run(request).await
}

fn changes_something(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn is_same_site(headers: &HeaderMap) -> bool {
    // `none` is the reader's own doing: an address typed, a bookmark.
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let origin = origin
        .to_str()
        .ok()
        .and_then(|origin| origin.split_once("://"));
    matches!((origin, host), (Some((_, origin)), Some(host)) if origin.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn check(headers: &[(&'static str, &'static str)], expected: bool) {
        let map = headers
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect();
        assert_eq!(is_same_site(&map), expected, "{headers:?}");
    }

    #[test]
    fn only_our_own_pages_and_programs_get_through() {
        check(&[], true);
        check(&[("sec-fetch-site", "same-origin")], true);
        check(&[("sec-fetch-site", "none")], true);
        check(&[("sec-fetch-site", "cross-site")], false);
        check(&[("sec-fetch-site", "same-site")], false);
        let host = ("host", "127.0.0.1:8080");
        check(&[host, ("origin", "http://127.0.0.1:8080")], true);
        check(&[host, ("origin", "http://127.0.0.1:9090")], false);
        check(&[host, ("origin", "null")], false);
        check(
            &[
                ("sec-fetch-site", "cross-site"),
                host,
                ("origin", "http://127.0.0.1:8080"),
            ],
            false,
        );
    }

    #[test]
    fn reading_is_open_to_links_from_anywhere() {
        assert!(!changes_something(&Method::GET));
        assert!(!changes_something(&Method::HEAD));
        assert!(changes_something(&Method::POST));
        assert!(changes_something(&Method::DELETE));
    }
}
