//! What is pressed, filled in or opened, and what things stand on.

use domain::variable::VariableType;
use leptos::prelude::*;

use super::Piece;
use super::samples::{plan, variable};
use crate::components::{
    Button, ButtonKind, Card, Copyable, Disclosure, EmptyState, Fact, Facts, Field, Glyph, Held,
    LinkButton, Plan, SectionTitle, TableList, Tags, VariableInput, bytes,
};

/// Buttons, fields, surfaces and the plan.
#[component]
pub fn Controls() -> impl IntoView {
    view! {
        <Buttons />
        <Fields />
        <Surfaces />
        <Piece name="plan" title="The plan of an operation">
            <Plan plan=plan() />
        </Piece>
    }
}

#[component]
fn Buttons() -> impl IntoView {
    let refused = Some("Exit maintenance first".to_owned());
    view! {
        <Piece name="buttons" title="Buttons and links">
            <div class="row">
                <Button kind=ButtonKind::Primary>"Deploy All Stacks"</Button>
                <Button>"Redeploy"</Button>
                <Button kind=ButtonKind::Danger>"Remove"</Button>
                <Button kind=ButtonKind::Quiet>"Cancel"</Button>
                <Button glyph=Glyph::Refresh>"Sync"</Button>
                <Button glyph=Glyph::Refresh busy=Signal::stored(true)>
                    "Syncing"
                </Button>
                <Button reason=refused>"Upgrade"</Button>
            </div>
            <div class="row">
                <LinkButton href="/gallery" kind=ButtonKind::Primary>
                    "Show progress"
                </LinkButton>
                <LinkButton href="/gallery">"View Details"</LinkButton>
                <LinkButton href="/gallery" kind=ButtonKind::Quiet glyph=Glyph::ArrowLeft>
                    "Back"
                </LinkButton>
                <Copyable text="demo:shop:web:1.1.0" what="stack id" />
            </div>
        </Piece>
    }
}

#[component]
fn Fields() -> impl IntoView {
    use VariableType as T;
    let kinds = [
        T::String,
        T::Number,
        T::Boolean,
        T::Select,
        T::Password,
        T::Port,
        T::MultiLine,
    ];
    let inputs = kinds.into_iter().map(|kind| {
        let view = variable(kind);
        let id = format!("sample-{}", view.variable.name.to_lowercase());
        let name = view.variable.name.clone();
        view! { <VariableInput view id name held=Held::Default errors=Signal::stored(Vec::new()) /> }
    });
    let wrong = variable(T::Port);
    let errors = Signal::stored(vec![
        "WEB_PORT is not a port: 70000. Give a number from 1 to 65535.".to_owned(),
    ]);
    view! {
        <Piece name="fields" title="Fields of a form">
            {inputs.collect_view()}
            <VariableInput view=wrong id="sample-wrong" name="WRONG" held=Held::Sent(Some("70000".to_owned())) errors />
            <Field
                id="sample-plain"
                label="Reason"
                about=Some("Everybody who looks sees it.".to_owned())
                errors=Signal::stored(Vec::new())
            >
                <input class="input" id="sample-plain" type="text" aria-describedby="sample-plain-about sample-plain-error" />
            </Field>
        </Piece>
    }
}

#[component]
fn Surfaces() -> impl IntoView {
    let header = move || view! { <h3>"A card"</h3> };
    let row = |name: &'static str, size| {
        view! {
            <tr>
                <th scope="row">{name}</th>
                <td data-label="Size" class="number">
                    {bytes(size)}
                </td>
            </tr>
        }
    };
    view! {
        <Piece name="surfaces" title="Cards, facts, tables, what opens, what is empty">
            <SectionTitle title="Stacks (3)">
                <span class="soft small">"Deployed one after the other"</span>
            </SectionTitle>
            <Card header>
                <Facts>
                    <Fact name="Stacks">"3"</Fact>
                    <Fact name="Source">"demo"</Fact>
                </Facts>
            </Card>
            <Card flush=true>
                <Facts across=true>
                    <Fact name="Healthy" boxed=true>
                        "12"
                    </Fact>
                    <Fact name="Degraded" boxed=true>
                        "1"
                    </Fact>
                    <Fact name="Total" boxed=true>
                        "13"
                    </Fact>
                </Facts>
                <TableList caption="Sample" columns=vec!["Image", "Size"]>
                    {row("shop/web:1.1.0", 12_300_000)}
                    {row("redis:7", 640_000)}
                </TableList>
            </Card>
            <Disclosure summary=|| view! { <span>"Closed"</span> }>"Not seen"</Disclosure>
            <Disclosure summary=|| view! { <span>"Open, with a frame"</span> } open=Signal::stored(true) card=true>
                <Tags words=vec!["shop".to_owned(), "demo".to_owned()] />
            </Disclosure>
            <EmptyState
                glyph=Glyph::Deployments
                title="Nothing is deployed in this environment."
                text="What is deployed is shown here once there is something."
            >
                <LinkButton href="/catalog">"Browse Catalog"</LinkButton>
            </EmptyState>
        </Piece>
    }
}
