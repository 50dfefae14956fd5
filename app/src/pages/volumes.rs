//! `/volumes`: every volume of the environment, those that nothing mounts first; and a form that makes one.

use std::time::Duration;

use domain::wire::{VolumePage, VolumeQuery, VolumeView};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::Form;
use leptos_router::hooks::use_query_map;

use super::containers::deeds::{Deeds, Refusal, here};
use super::containers::rows::Owner;
use crate::address;
use crate::calls::containers::{Deed, DoDeed, Shown, WantedDeed, list_volumes};
use crate::components::{
    Button, Card, EmptyState, Field, FreshMark, Glyph, Icon, LinkButton, Look, PageHeader, Paging,
    Place, ProblemNotice, RelativeTime, Skeleton, StatusBadge, TableList, Tone,
};
use crate::json::loaded;
use crate::live::polled::{Polled, polled};

/// Between two questions.
const EVERY: Duration = Duration::from_secs(8);
/// The parameter of the address that names what is searched for.
const SEARCH: &str = "search";
/// The parameter that leaves out what containers mount.
const ORPHANED: &str = "orphaned";

/// The page.
#[component]
pub fn VolumesPage() -> impl IntoView {
    let parameters = use_query_map();
    let query = Memo::new(move |_| parameters.with(|all| read(|name| all.get(name))));
    let list = loaded(move || query.get(), list_volumes);
    let content = move || {
        Suspend::new(async move {
            let asked = query.get_untracked();
            match list.await {
                Ok(shown) => view! { <List shown query=asked /> }.into_any(),
                Err(error) => view! { <ProblemNotice problem=error.0 /> }.into_any(),
            }
        })
    };
    view! {
        <Title text="Volumes" />
        <PageHeader title="Volumes" />
        <Transition fallback=|| view! { <Skeleton /> }>{content}</Transition>
    }
}

/// From the parameters of the address.
fn read(parameter: impl Fn(&str) -> Option<String>) -> VolumeQuery {
    let search = parameter(SEARCH).map(|text| text.trim().to_owned());
    VolumeQuery {
        search: search.filter(|text| !text.is_empty()),
        orphaned: parameter(ORPHANED).is_some(),
        page: parameter("page")
            .and_then(|text| text.parse().ok())
            .filter(|page| *page > 1),
    }
}

/// The address of a page of the same list.
fn address_of(query: &VolumeQuery, page: u32) -> String {
    let mut parts = Vec::new();
    if let Some(search) = &query.search {
        parts.push(format!("{SEARCH}={}", address::segment(search)));
    }
    if query.orphaned {
        parts.push(format!("{ORPHANED}=true"));
    }
    if page > 1 {
        parts.push(format!("page={page}"));
    }
    match parts.is_empty() {
        true => "/volumes".to_owned(),
        false => format!("/volumes?{}", parts.join("&")),
    }
}

#[component]
fn List(shown: Shown<VolumePage>, query: VolumeQuery) -> impl IntoView {
    let refused = shown.refused.clone();
    let entered = shown
        .refused
        .as_ref()
        .and_then(|refused| refused.deed.clone());
    let environment = shown.data.environment_id.clone();
    let everything = shown.data.everything;
    let asked = query.clone();
    let polled = polled(shown, |_| EVERY, move || list_volumes(asked.clone()));
    // What is made has a page of its own, which is led to.
    let deeds = Deeds::new(refused, Callback::new(|()| ()));
    let filtered = query.search.is_some() || query.orphaned || query.page.is_some();
    let place = Signal::derive(move || {
        polled.data.with(|shown| Place {
            total: shown.data.total,
            page: shown.data.page,
            page_size: shown.data.page_size,
            rows: shown.data.volumes.len() as u64,
            noun: ("volume", "volumes"),
        })
    });
    let nothing = Memo::new(move |_| place.get().rows == 0);
    let of_paging = query.clone();
    let address = Callback::new(move |page| address_of(&of_paging, page));
    view! {
        <Refusal deeds />
        {(everything > 0).then(|| view! { <Filter query filtered /> })}
        {move || {
            if nothing.get() {
                view! { <Nothing filtered /> }.into_any()
            } else {
                view! {
                    <div class="deployments__mark">
                        <FreshMark polled />
                    </div>
                    <Rows polled />
                    <Paging place address />
                }
                    .into_any()
            }
        }}
        <Create environment entered deeds />
    }
}

#[component]
fn Nothing(filtered: bool) -> impl IntoView {
    if filtered {
        view! {
            <EmptyState
                glyph=Glyph::Search
                title="Nothing matches"
                text="No volume of this environment has this name and use."
            >
                <LinkButton href="/volumes">"Show all"</LinkButton>
            </EmptyState>
        }
        .into_any()
    } else {
        view! {
            <EmptyState
                glyph=Glyph::Volume
                title="No volumes in this environment."
                text="Volumes keep data of containers. Products bring their own when they are deployed; others are made below."
            >
                <LinkButton href="#create">"Create a volume"</LinkButton>
            </EmptyState>
        }
        .into_any()
    }
}

#[component]
fn Filter(query: VolumeQuery, filtered: bool) -> impl IntoView {
    view! {
        <Form method="GET" action="/volumes" attr:class="filter" attr:role="search">
            <label class="filter__search">
                <span class="unseen">"Search by name"</span>
                <Icon glyph=Glyph::Search />
                <input
                    class="input"
                    type="search"
                    name=SEARCH
                    placeholder="Search volumes..."
                    value=query.search.unwrap_or_default()
                    maxlength="100"
                />
            </label>
            <label class="choice">
                <input class="check" type="checkbox" name=ORPHANED value="true" checked=query.orphaned />
                <span>"Only orphaned"</span>
            </label>
            <button type="submit" class="button">
                "Apply"
            </button>
            {filtered.then(|| view! { <a class="filter__clear" href="/volumes">"Show all"</a> })}
        </Form>
    }
}

#[component]
fn Rows(polled: Polled<Shown<VolumePage>>) -> impl IntoView {
    let volumes = Memo::new(move |_| polled.data.with(|shown| shown.data.volumes.clone()));
    let rows = move || {
        let all = volumes.get().into_iter();
        all.map(|volume| view! { <Row volume /> }).collect_view()
    };
    view! {
        <div class="containers containers--volumes">
            <Card flush=true>
                <TableList
                    caption="Volumes"
                    columns=vec!["Volume", "Use", "Product", "Driver", "Created"]
                >
                    {rows}
                </TableList>
            </Card>
        </div>
    }
}

#[component]
fn Row(volume: VolumeView) -> impl IntoView {
    let href = address::volume(&volume.name);
    let created = volume.created_at.map(|at| view! { <RelativeTime at=at /> });
    view! {
        <tr>
            <th scope="row">
                <a class="containers__name" href=href>
                    {volume.name.clone()}
                </a>
            </th>
            <td data-label="Use">
                <Use volume=volume.clone() />
            </td>
            <td data-label="Product">
                <Owner owner=volume.owner />
            </td>
            <td data-label="Driver">{volume.driver}</td>
            <td data-label="Created">{created}</td>
        </tr>
    }
}

/// Whether containers mount it.
#[component]
pub fn Use(volume: VolumeView) -> impl IntoView {
    if volume.is_orphaned {
        let look = Look::new(Tone::Warn, Glyph::Gone, "Orphaned");
        return view! { <StatusBadge look outlined=true /> }.into_any();
    }
    let words = match volume.container_count {
        1 => "1 container".to_owned(),
        count => format!("{count} containers"),
    };
    view! { <span class="number">{words}</span> }.into_any()
}

/// The form that makes a volume.
#[component]
fn Create(environment: String, entered: Option<WantedDeed>, deeds: Deeds) -> impl IntoView {
    let entered = entered.filter(|deed| deed.what == Deed::CreateVolume);
    let (name, driver) = entered.map_or_else(Default::default, |deed| (deed.name, deed.driver));
    let name = RwSignal::new(name);
    let driver = RwSignal::new(driver);
    let errors = deeds.errors("name");
    let driver_errors = deeds.errors("driver");
    let of = environment.clone();
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let deed = WantedDeed {
            what: Deed::CreateVolume,
            name: name.get_untracked(),
            environment: of.clone(),
            force: None,
            typed_name: String::new(),
            driver: driver.get_untracked(),
        };
        deeds.action.dispatch(DoDeed { deed });
    };
    let header = || view! { <h2 id="create">"Create a volume"</h2> };
    let pending = deeds.action.pending();
    view! {
        <div class="create-volume">
            <Card header>
                <form class="stack" method="post" action=here() on:submit=send autocomplete="off">
                    <input type="hidden" name="deed[what]" value=Deed::CreateVolume.as_str() />
                    <input type="hidden" name="deed[environment]" value=environment />
                    <Field id="volume-name" label="Name" required=true errors>
                        <input
                            class="input input--code"
                            id="volume-name"
                            name="deed[name]"
                            value=name.get_untracked()
                            on:input:target=move |event| name.set(event.target().value())
                            autocapitalize="none"
                            spellcheck="false"
                            aria-invalid=move || errors.with(|errors| (!errors.is_empty()).then_some("true"))
                            aria-describedby="volume-name-error"
                        />
                    </Field>
                    <Field
                        id="volume-driver"
                        label="Driver"
                        about="The engine's own, local, where it is empty.".to_owned()
                        errors=driver_errors
                    >
                        <input
                            class="input input--code"
                            id="volume-driver"
                            name="deed[driver]"
                            value=driver.get_untracked()
                            on:input:target=move |event| driver.set(event.target().value())
                            autocapitalize="none"
                            spellcheck="false"
                            aria-describedby="volume-driver-about volume-driver-error"
                        />
                    </Field>
                    <div class="row">
                        <Button submit=true busy=pending>
                            "Create Volume"
                        </Button>
                    </div>
                </form>
            </Card>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_read_back() {
        let query = read(|name| (name != "page").then(|| "db".to_owned()));
        assert_eq!(
            address_of(&query, 2),
            "/volumes?search=db&orphaned=true&page=2"
        );
        assert_eq!(address_of(&read(|_| None), 1), "/volumes");
    }
}
