//! The door for people: renders the pages and delivers their files. Holds no rules.
//!
//! Files under `/pkg` lie in a folder named by a hash of their content, so browsers may keep them for ever;
//! pages themselves are always asked for again.

pub mod backend;
mod change_form;
mod custom_form;
mod deed_form;
mod deploy_form;
mod plain_form;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use app::{App, backend::Backend, shell};
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use domain::access::Actor;
use futures::StreamExt as _;
use leptos::{config::LeptosOptions, prelude::provide_context};
use leptos_axum::{LeptosRoutes as _, generate_route_list};
use tower::ServiceExt as _;
use tower_http::{
    limit::RequestBodyLimitLayer, services::ServeDir, set_header::SetResponseHeaderLayer,
};

/// More than any form of ours holds, in bytes.
const LARGEST_FORM: usize = 1024 * 1024;
/// Most bytes that are read of a larger one, and for how long: a browser that is still sending does not read the answer.
const HEARD_OUT: usize = 32 * 1024 * 1024;
const HEARD_OUT_WITHIN: Duration = Duration::from_secs(10);
/// Must equal `LEPTOS_OUTPUT_NAME` in `.cargo/config.toml`.
const OUTPUT_NAME: &str = "windlass";
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ONE_HOUR: HeaderValue = HeaderValue::from_static("public, max-age=3600");
const BY_ENCODING: HeaderValue = HeaderValue::from_static("accept-encoding");

/// The pages' files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum UiError {
    /// The folder, or its list of hashed names, is not there.
    #[error(
        "the pages' files are not in {}; build them with `cargo xtask web`, \
         or name their folder with --site",
        site.display()
    )]
    SiteMissing {
        /// Where they were looked for.
        site: PathBuf,
        /// What the file system said.
        #[source]
        source: std::io::Error,
    },
}

/// Everything a browser asks for: pages, calls of the pages, files.
///
/// # Errors
/// When `site` does not hold a built site.
pub fn router(site: &Path, backend: Arc<dyn Backend>) -> Result<Router, UiError> {
    let missing = |source| UiError::SiteMissing {
        site: site.to_path_buf(),
        source,
    };
    let site = site.canonicalize().map_err(missing)?;
    let package = std::fs::read_to_string(site.join("pkg.txt")).map_err(missing)?;

    let options = LeptosOptions::builder()
        .output_name(OUTPUT_NAME)
        .site_root(site.to_string_lossy())
        .site_pkg_dir(package)
        .build();
    let pages = Pages {
        options,
        backend,
        public: site.join("public"),
    };

    let hashed = Router::new()
        .fallback_service(
            ServeDir::new(site.join("pkg"))
                .precompressed_br()
                .precompressed_gzip(),
        )
        .layer(axum::middleware::map_response(
            async |mut response: Response| {
                if response.status().is_success() {
                    let headers = response.headers_mut();
                    headers.insert(header::CACHE_CONTROL, IMMUTABLE);
                    headers.insert(header::VARY, BY_ENCODING);
                }
                response
            },
        ));

    let routes = generate_route_list(App);
    let shell_options = pages.options.clone();
    let context = pages.context();
    Ok(Router::new()
        .leptos_routes_with_context(&pages, routes, context, move || {
            shell(shell_options.clone())
        })
        .merge(deploy_form::routes())
        .route(custom_form::ADDRESS, axum::routing::post(custom_form::post))
        .merge(change_form::routes())
        .merge(deed_form::routes())
        .nest("/pkg", hashed)
        .fallback(file_or_page)
        .layer(RequestBodyLimitLayer::new(LARGEST_FORM))
        .layer(axum::middleware::from_fn(hear_out))
        .layer(SetResponseHeaderLayer::if_not_present(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ))
        .with_state(pages))
}

/// Refuses what announces that it is too large, once its sender is ready to read that.
async fn hear_out(request: Request, next: Next) -> Response {
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_none_or(|length| length <= LARGEST_FORM) {
        return next.run(request).await;
    }
    let mut body = request.into_body().into_data_stream();
    let discard = async {
        let mut seen = 0_usize;
        while let Some(Ok(chunk)) = body.next().await
            && seen < HEARD_OUT
        {
            seen = seen.saturating_add(chunk.len());
        }
    };
    if tokio::time::timeout(HEARD_OUT_WITHIN, discard)
        .await
        .is_err()
    {
        tracing::debug!("a form that is too large did not arrive in time");
    }
    StatusCode::PAYLOAD_TOO_LARGE.into_response()
}

/// What rendering needs.
#[derive(Clone)]
struct Pages {
    options: LeptosOptions,
    backend: Arc<dyn Backend>,
    public: PathBuf,
}

impl Pages {
    /// Puts the use cases, and who asks for them, into the context of a request.
    fn context(&self) -> impl Fn() + Clone + Send + Sync + 'static {
        let backend = Arc::clone(&self.backend);
        move || {
            provide_context(Arc::clone(&backend));
            provide_context(Actor::LocalOperator);
        }
    }
}

impl axum::extract::FromRef<Pages> for LeptosOptions {
    fn from_ref(pages: &Pages) -> Self {
        pages.options.clone()
    }
}

/// A file of `public/`, or the page that says that there is nothing.
async fn file_or_page(State(pages): State<Pages>, request: Request) -> Response {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return StatusCode::NOT_FOUND.into_response();
    }
    let (parts, _) = request.into_parts();
    let for_file = Request::from_parts(parts.clone(), Body::empty());
    match ServeDir::new(&pages.public)
        .append_index_html_on_directories(false)
        .oneshot(for_file)
        .await
    {
        Ok(found) if found.status() != StatusCode::NOT_FOUND => {
            let mut found = found.into_response();
            found.headers_mut().insert(header::CACHE_CONTROL, ONE_HOUR);
            found
        }
        Ok(_) => {
            let options = pages.options.clone();
            let render = leptos_axum::render_app_async_with_context(pages.context(), move || {
                shell(options.clone())
            });
            let mut page = render(Request::from_parts(parts, Body::empty()))
                .await
                .into_response();
            *page.status_mut() = StatusCode::NOT_FOUND;
            page
        }
        Err(never) => match never {},
    }
}
