//! `/settings/system`: what the server is, what it is set to, and how the engines answer.

use domain::wire::{EngineView, SystemInfo, SystemSetting};
use leptos::prelude::*;
use leptos_meta::Title;

use super::crumbs;
use crate::calls::settings::load_system;
use crate::components::{
    Card, Fact, Facts, Glyph, Look, PageHeader, RelativeTime, StatusBadge, TableList, Tone,
};
use crate::json::loaded;
use crate::pages::frame::{Otherwise, framed};

/// The page.
#[component]
pub fn SystemPage() -> impl IntoView {
    let system = loaded(|| (), |()| load_system());
    view! {
        <Title text="System" />
        <PageHeader
            title="System"
            crumbs=crumbs()
            lead="What this server is and what it is set to. Everything here is set where the server is started."
                .to_owned()
        />
        {framed(system, Otherwise::InPlace, |system| view! { <Content system /> }.into_any())}
    }
}

#[component]
fn Content(system: SystemInfo) -> impl IntoView {
    let server = move || view! { <h2>"Server"</h2> };
    let unknown = || "Not known".to_owned();
    let version = format!("{} ({})", system.server_version, system.build);
    view! {
        <div class="stack-loose">
            <Card header=server>
                <Facts>
                    <Fact name="Version">{version}</Fact>
                    <Fact name="Platform">{system.platform}</Fact>
                    <Fact name="Running since">
                        <RelativeTime at=system.started_at />
                    </Fact>
                    <Fact name="Database">{system.database}</Fact>
                    <Fact name="Data folder">
                        <code>{system.data_folder.unwrap_or_else(unknown)}</code>
                    </Fact>
                    <Fact name="Listens on">
                        <code>{system.listens_on.unwrap_or_else(unknown)}</code>
                    </Fact>
                </Facts>
            </Card>
            <Engines engines=system.engines />
            <Settings settings=system.settings />
        </div>
    }
}

#[component]
fn Engines(engines: Vec<EngineView>) -> impl IntoView {
    let header = move || view! { <h2>"Docker engines"</h2> };
    let rows = engines
        .into_iter()
        .map(|engine| {
            let look = match engine.error {
                None => Look::new(Tone::Good, Glyph::Running, "Answers"),
                Some(_) => Look::new(Tone::Idle, Glyph::Unknown, "Silent"),
            };
            let nothing = || "–".to_owned();
            let said = engine.version.unwrap_or_else(nothing);
            view! {
                <tr>
                    <th scope="row">{engine.environment_name}</th>
                    <td data-label="State">
                        <StatusBadge look />
                        {engine.error.map(|error| view! { <p class="soft small">{error}</p> })}
                    </td>
                    <td data-label="Docker">{said}</td>
                    <td data-label="API">{engine.api_version.unwrap_or_else(nothing)}</td>
                    <td data-label="Platform">{engine.platform.unwrap_or_else(nothing)}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <Card header flush=true>
            <TableList
                caption="Docker engines"
                columns=vec!["Environment", "State", "Docker", "API", "Platform"]
            >
                {rows}
            </TableList>
        </Card>
    }
}

#[component]
fn Settings(settings: Vec<SystemSetting>) -> impl IntoView {
    (!settings.is_empty()).then(|| {
        let header = move || view! { <h2>"Limits"</h2> };
        let rows = settings
            .into_iter()
            .map(|setting| {
                let option = match setting.option {
                    Some(option) => view! { <code>{option}</code> }.into_any(),
                    None => view! { <span class="soft">"fixed"</span> }.into_any(),
                };
                view! {
                    <tr>
                        <th scope="row">{setting.name}</th>
                        <td data-label="Value">{setting.value}</td>
                        <td data-label="Option">{option}</td>
                    </tr>
                }
            })
            .collect_view();
        view! {
            <Card header flush=true>
                <TableList caption="Limits" columns=vec!["Limit", "Value", "Option"]>
                    {rows}
                </TableList>
            </Card>
        }
    })
}
