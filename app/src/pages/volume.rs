//! `/volumes/:name`: one volume, what mounts it, and its removal, which gives up its data.

use domain::wire::VolumeView;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use super::containers::deeds::{Deeds, Refusal, here};
use super::containers::rows::Owner;
use super::failed::FailedPage;
use super::volumes::Use;
use crate::address;
use crate::calls::containers::{Deed, DoDeed, Shown, ShownVolume, WantedDeed, get_volume};
use crate::components::{
    Button, ButtonKind, Card, Crumb, Fact, Facts, Field, PageHeader, RelativeTime, Skeleton,
};
use crate::json::loaded;

/// The page.
#[component]
pub fn VolumePage() -> impl IntoView {
    let parameters = use_params_map();
    let name = Memo::new(move |_| parameters.with(|all| all.get("name").unwrap_or_default()));
    let volume = loaded(move || name.get(), get_volume);
    let content = move || {
        Suspend::new(async move {
            match volume.await {
                Ok(shown) => view! { <Content shown /> }.into_any(),
                Err(error) => view! {
                    <FailedPage problem=error.0 back_to="/volumes" back="Back to Volumes" />
                }
                .into_any(),
            }
        })
    };
    view! { <Transition fallback=|| view! { <Skeleton /> }>{content}</Transition> }
}

#[component]
fn Content(shown: Shown<ShownVolume>) -> impl IntoView {
    let entered = shown
        .refused
        .as_ref()
        .and_then(|refused| refused.deed.clone());
    let deeds = Deeds::new(shown.refused, Callback::new(|()| ()));
    let ShownVolume {
        environment,
        volume,
    } = shown.data;
    let crumbs = vec![Crumb::new("Volumes", "/volumes")];
    let used = volume.clone();
    let beside = move || view! { <Use volume=used.clone() /> };
    let created = volume
        .created_at
        .map(|at| view! { <Fact name="Created"><RelativeTime at=at /></Fact> });
    view! {
        <Title text=volume.name.clone() />
        <PageHeader title=volume.name.clone() crumbs beside />
        <Refusal deeds />
        <div class="with-side">
            <div class="stack-loose">
                <Users volume=volume.clone() />
                <Removal volume=volume.clone() environment entered deeds />
            </div>
            <aside class="stack" aria-label="Volume">
                <Card>
                    <div class="stack">
                        <h2>"Volume Details"</h2>
                        <Facts>
                            <Fact name="Product">
                                <Owner owner=volume.owner />
                            </Fact>
                            <Fact name="Driver">{volume.driver}</Fact>
                            <Fact name="Scope">{volume.scope}</Fact>
                            <Fact name="Path">
                                <code>{volume.mountpoint}</code>
                            </Fact>
                            {created}
                        </Facts>
                    </div>
                </Card>
            </aside>
        </div>
    }
}

/// The containers that mount it.
#[component]
fn Users(volume: VolumeView) -> impl IntoView {
    let header = || view! { <h2>"In use by"</h2> };
    let rows = volume.referenced_by_containers.into_iter().map(|name| {
        let href = address::container(&name);
        view! {
            <li class="concerned__row">
                <a href=href>{name}</a>
            </li>
        }
    });
    let rows: Vec<_> = rows.collect();
    let content = if rows.is_empty() {
        view! { <p class="soft create-volume__nobody">"No container mounts it."</p> }.into_any()
    } else {
        view! { <ul class="concerned">{rows}</ul> }.into_any()
    };
    view! {
        <Card header flush=true>
            {content}
        </Card>
    }
}

/// Its name is typed by whoever gives up what is in it.
#[component]
fn Removal(
    volume: VolumeView,
    environment: String,
    entered: Option<WantedDeed>,
    deeds: Deeds,
) -> impl IntoView {
    let busy = volume.busy.map(|busy| busy.sentence);
    let in_use =
        (!volume.is_orphaned).then(|| "Containers mount it. Remove those first.".to_owned());
    let reason = busy.or(in_use);
    let product = volume.owner.filter(|owner| owner.is_deployed);
    let typed = entered.map(|deed| deed.typed_name).unwrap_or_default();
    let typed = RwSignal::new(typed);
    let forced = RwSignal::new(false);
    let errors = deeds.errors("typedName");
    let name = volume.name;
    let wanted = {
        let (name, environment) = (name.clone(), environment.clone());
        move || WantedDeed {
            what: Deed::RemoveVolume,
            name: name.clone(),
            environment: environment.clone(),
            force: forced.get_untracked().then(|| "true".to_owned()),
            typed_name: typed.get_untracked(),
            driver: String::new(),
        }
    };
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let deed = wanted();
        deeds.action.dispatch(DoDeed { deed });
    };
    let check = product.map(|owner| {
        let sentence = format!(
            "It belongs to {}, which is deployed. Remove it all the same.",
            owner.product_name
        );
        view! {
            <label class="choice">
                <input
                    class="check"
                    type="checkbox"
                    name="deed[force]"
                    value="true"
                    on:change:target=move |event| forced.set(event.target().checked())
                />
                <span>{sentence}</span>
            </label>
        }
    });
    let header = || view! { <h2>"Remove"</h2> };
    let label = format!("Type {name} to give up what is in it");
    let pending = deeds.action.pending();
    view! {
        <Card header>
            <form class="stack" method="post" action=here() on:submit=send autocomplete="off">
                <p>"The volume and all data in it are gone then. Nothing brings them back."</p>
                <input type="hidden" name="deed[what]" value=Deed::RemoveVolume.as_str() />
                <input type="hidden" name="deed[name]" value=name />
                <input type="hidden" name="deed[environment]" value=environment />
                {check}
                <Field id="typed-name" label=label errors>
                    <input
                        class="input input--code"
                        id="typed-name"
                        name="deed[typed_name]"
                        value=typed.get_untracked()
                        on:input:target=move |event| typed.set(event.target().value())
                        autocapitalize="none"
                        spellcheck="false"
                        aria-invalid=move || errors.with(|errors| (!errors.is_empty()).then_some("true"))
                        aria-describedby="typed-name-error"
                    />
                </Field>
                <div class="row">
                    <Button submit=true kind=ButtonKind::Danger busy=pending reason=reason>
                        "Remove volume"
                    </Button>
                </div>
            </form>
        </Card>
    }
}
