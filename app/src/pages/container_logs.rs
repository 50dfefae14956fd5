//! `/containers/:id/logs`: what a container wrote and writes.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use super::containers::rows::State;
use super::failed::FailedPage;
use crate::address;
use crate::calls::containers::{ContainerOutput, get_container_output};
use crate::components::{Crumb, LogViewer, PageHeader, Skeleton};
use crate::json::loaded;
use crate::live::logs::{LogFeed, follow_logs};

/// Lines that are asked for: as many as the viewer keeps.
const LINES: usize = crate::logs::buffer::MAX_LINES;

/// The page.
#[component]
pub fn ContainerLogsPage() -> impl IntoView {
    let parameters = use_params_map();
    let id = Memo::new(move |_| parameters.with(|all| all.get("id").unwrap_or_default()));
    let output = loaded(move || id.get(), get_container_output);
    let content = move || {
        Suspend::new(async move {
            match output.await {
                Ok(output) => view! { <Content output /> }.into_any(),
                Err(error) => view! {
                    <FailedPage problem=error.0 back_to="/containers" back="Back to Containers" />
                }
                .into_any(),
            }
        })
    };
    view! { <Transition fallback=|| view! { <Skeleton /> }>{content}</Transition> }
}

#[component]
fn Content(output: ContainerOutput) -> impl IntoView {
    let detail = output.container;
    let container = detail.container;
    let name = container.name.clone();
    let crumbs = vec![
        Crumb::new("Containers", "/containers"),
        Crumb::new(name.clone(), address::container(&container.id)),
    ];
    let all = format!(
        "/api/containers/{}/logs?environment={}&tail={LINES}",
        container.id, detail.environment_id
    );
    let feed = LogFeed::new(output.lines);
    follow_logs(feed, detail.environment_id, container.id.clone());
    let download = Some((format!("{all}&timestamps=true"), format!("{name}.log")));
    let beside = move || view! { <State container=container.clone() /> };
    let label = format!("Output of {name}");
    view! {
        <Title text=format!("Logs of {name}") />
        <PageHeader title="Logs" crumbs beside lead=format!("Both outputs of {name}.") />
        <LogViewer feed label download />
    }
}
