//! The document around every page, and the table of routes.
//!
//! The document is complete without JavaScript; scripts only add to it. Every script carries the
//! nonce of the response, so the content security policy can forbid all others.

use leptos::{config::LeptosOptions, nonce::use_nonce, prelude::*};
use leptos_meta::{HashedStylesheet, MetaTags, Title, provide_meta_context};
use leptos_router::{
    Lazy, SsrMode,
    components::{Outlet, ParentRoute, Route, Router, Routes},
    path,
};

use crate::{
    clock::provide_clock,
    draft::provide_drafts,
    layouts::Shell,
    live::tab::provide_tab,
    pages::{
        not_found::NotFoundPage,
        routes::{
            CatalogRoute, ChangeRoute, ContainerLogsRoute, ContainerRoute, ContainersRoute,
            DashboardRoute, DeployCustomRoute, DeployProductRoute, DeploymentRoute,
            DeploymentsRoute, EnvironmentsRoute, GalleryRoute, HealthRoute, OperationRoute,
            OperationsRoute, PrecheckRoute, ProductRoute, SettingsRoute, SourcesRoute, StackRoute,
            SystemRoute, VolumeRoute, VolumesRoute,
        },
    },
    theme,
};

/// A network that changes, or a server that starts again, may break the request for the program itself, which browsers make once only. Then
/// the page is loaded anew, a few times at most: nothing is lost but the moment. Its parts are asked for again by themselves.
const BEGIN_AGAIN: &str = "\
addEventListener('unhandledrejection', (event) => {
  if (!/dynamically imported module|module script failed/i.test(event.reason)) return;
  event.preventDefault();
  const times = Number(sessionStorage.getItem('windlass-began-again') ?? 0);
  if (times >= 5) return;
  sessionStorage.setItem('windlass-began-again', times + 1);
  setTimeout(() => location.reload(), 200 * 2 ** times);
});
setTimeout(() => sessionStorage.removeItem('windlass-began-again'), 30000);
";

/// The whole HTML document, rendered once a request by the server.
#[must_use]
pub fn shell(options: LeptosOptions) -> impl IntoView {
    #[cfg(feature = "ssr")]
    security::protect_response();

    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme::of_request().map(|theme| theme.as_str())>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <Preload file="/fonts/geist-latin.woff2" />
                <Preload file="/fonts/geist-mono-latin.woff2" />
                <HashedStylesheet options=options.clone() id="windlass-style" />
                <script nonce=use_nonce()>{BEGIN_AGAIN}</script>
                <HydrationScripts options />
                <MetaTags />
            </head>
            <body>
                <App />
                <Broken />
            </body>
        </html>
    }
}

/// Shown when the page's program breaks: what was rendered stays, and says that it is old.
#[component]
fn Broken() -> impl IntoView {
    view! {
        <div class="page-broken" role="alert">
            <p>
                <strong>"This page has stopped following."</strong>
                " Operations go on: nothing on the server is affected."
            </p>
            <a class="button" href="">
                "Reload the page"
            </a>
        </div>
    }
}

/// A font that every page needs: asked for before the style sheet was read.
#[component]
fn Preload(file: &'static str) -> impl IntoView {
    view! { <link rel="preload" href=file r#as="font" r#type="font/woff2" crossorigin="anonymous" /> }
}

/// The application: the same tree on the server and in the browser.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    provide_clock();
    provide_tab();
    provide_drafts();

    view! {
        <Title formatter=|title: String| {
            if title.is_empty() { "Windlass".to_owned() } else { format!("{title} · Windlass") }
        } />
        <Router>
            <Shell>
                <Routes fallback=NotFoundPage>
                    <Route path=path!("/") view={Lazy::<DashboardRoute>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/operations") view={Lazy::<OperationsRoute>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/deployments") view={Lazy::<DeploymentsRoute>::new()} ssr=SsrMode::Async />
                    <Route
                        path=path!("/product-deployments/:id")
                        view={Lazy::<DeploymentRoute>::new()}
                        ssr=SsrMode::Async
                    />
                    <Route path=path!("/operations/:id") view={Lazy::<OperationRoute>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/catalog") view={Lazy::<CatalogRoute>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/catalog/:productId") view={Lazy::<ProductRoute>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/health") view={Lazy::<HealthRoute>::new()} ssr=SsrMode::Async />
                    <Deploying />
                    <Settings />
                    <Changes />
                    <OnTheEngine />
                    <Pictures />
                </Routes>
            </Shell>
        </Router>
    }
}

/// Forms that deploy something, and what they lead to before that.
#[component(transparent)]
fn Deploying() -> impl leptos_router::MatchNestedRoutes + Clone {
    view! {
        <ParentRoute path=path!("") view=Outlet>
            <Route
                path=path!("/deploy-product/:productId")
                view={Lazy::<DeployProductRoute>::new()}
                ssr=SsrMode::Async
            />
            <Route
                path=path!("/deploy-product/:productId/precheck")
                view={Lazy::<PrecheckRoute>::new()}
                ssr=SsrMode::Async
            />
            <Route path=path!("/deploy-custom") view={Lazy::<DeployCustomRoute>::new()} ssr=SsrMode::Async />
        </ParentRoute>
    }
    .into_inner()
}

/// What can be looked at and set.
#[component(transparent)]
fn Settings() -> impl leptos_router::MatchNestedRoutes + Clone {
    view! {
        <ParentRoute path=path!("") view=Outlet>
            <Route path=path!("/environments") view={Lazy::<EnvironmentsRoute>::new()} ssr=SsrMode::Async />
            <Route path=path!("/settings") view={Lazy::<SettingsRoute>::new()} ssr=SsrMode::Async />
            <Route path=path!("/settings/stack-sources") view={Lazy::<SourcesRoute>::new()} ssr=SsrMode::Async />
            <Route path=path!("/settings/system") view={Lazy::<SystemRoute>::new()} ssr=SsrMode::Async />
        </ParentRoute>
    }
    .into_inner()
}

/// Pages that ask whether an operation is meant: one page with many addresses.
#[component(transparent)]
fn Changes() -> impl leptos_router::MatchNestedRoutes + Clone {
    view! {
        <ParentRoute path=path!("") view=Outlet>
            <Route path=path!("/redeploy-product/:id") view={Lazy::<ChangeRoute>::new()} ssr=SsrMode::Async />
            <Route path=path!("/retry-product/:id") view={Lazy::<ChangeRoute>::new()} ssr=SsrMode::Async />
            <Route path=path!("/upgrade-product/:id") view={Lazy::<ChangeRoute>::new()} ssr=SsrMode::Async />
            <Route path=path!("/rollback-product/:id") view={Lazy::<ChangeRoute>::new()} ssr=SsrMode::Async />
            <Route path=path!("/stop-product/:id") view={Lazy::<ChangeRoute>::new()} ssr=SsrMode::Async />
            <Route path=path!("/restart-product/:id") view={Lazy::<ChangeRoute>::new()} ssr=SsrMode::Async />
            <Route path=path!("/enter-maintenance/:id") view={Lazy::<ChangeRoute>::new()} ssr=SsrMode::Async />
            <Route path=path!("/exit-maintenance/:id") view={Lazy::<ChangeRoute>::new()} ssr=SsrMode::Async />
            <Route path=path!("/remove-product/:id") view={Lazy::<ChangeRoute>::new()} ssr=SsrMode::Async />
        </ParentRoute>
    }
    .into_inner()
}

/// Pages about what is on the engine, whoever made it.
#[component(transparent)]
fn OnTheEngine() -> impl leptos_router::MatchNestedRoutes + Clone {
    view! {
        <ParentRoute path=path!("") view=Outlet>
            <Route path=path!("/containers") view={Lazy::<ContainersRoute>::new()} ssr=SsrMode::Async />
            <Route path=path!("/containers/:id") view={Lazy::<ContainerRoute>::new()} ssr=SsrMode::Async />
            <Route path=path!("/containers/:id/logs") view={Lazy::<ContainerLogsRoute>::new()} ssr=SsrMode::Async />
            <Route path=path!("/volumes") view={Lazy::<VolumesRoute>::new()} ssr=SsrMode::Async />
            <Route path=path!("/volumes/:name") view={Lazy::<VolumeRoute>::new()} ssr=SsrMode::Async />
        </ParentRoute>
    }
    .into_inner()
}

/// A stack by itself, and the components by themselves.
#[component(transparent)]
fn Pictures() -> impl leptos_router::MatchNestedRoutes + Clone {
    view! {
        <ParentRoute path=path!("") view=Outlet>
            <Route
                path=path!("/product-deployments/:id/stacks/:name")
                view={Lazy::<StackRoute>::new()}
                ssr=SsrMode::Async
            />
            <Route path=path!("/gallery") view={Lazy::<GalleryRoute>::new()} ssr=SsrMode::Async />
        </ParentRoute>
    }
    .into_inner()
}

#[cfg(feature = "ssr")]
mod security {
    //! What the browser may load and run. Strict enough that injected markup cannot do anything.

    use http::{HeaderName, HeaderValue, header};
    use leptos::{nonce::use_nonce, prelude::use_context};
    use leptos_axum::ResponseOptions;

    pub(super) fn protect_response() {
        // While the table of routes is collected there is no response to protect.
        let (Some(nonce), Some(response)) = (use_nonce(), use_context::<ResponseOptions>()) else {
            return;
        };
        let policy = format!(
            "default-src 'self'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; \
             style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; font-src 'self'; \
             connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; \
             frame-ancestors 'none'"
        );
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
        }
        for (name, value) in FIXED {
            response.insert_header(name, value);
        }
    }

    const FIXED: [(HeaderName, HeaderValue); 3] = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
        (
            header::REFERRER_POLICY,
            HeaderValue::from_static("same-origin"),
        ),
    ];
}
