//! An operation along its time: a row for each stack, behind it one for each step, and the same as a table.
//!
//! What is drawn comes from [`crate::pictures::timeline`]. Rows keep their place while they grow, so an open row stays open.

use std::time::Duration;

use leptos::prelude::*;

use super::disclosure::Disclosure;
use super::icon::{Glyph, Icon};
use super::status_badge::Look;
use super::table_list::TableList;
use super::time::humane;
use crate::pictures::markup::{bar, escape, percent, upright};
use crate::pictures::timeline::{Course, Row, Timeline as Drawn, estimate};

/// The picture with its heading, its legend and its table.
#[component]
pub fn Timeline(
    #[prop(into)] drawn: Signal<Drawn>,
    /// Of its heading: each on a page has its own.
    #[prop(default = "timeline-title")]
    id: &'static str,
    #[prop(default = "Timeline")] title: &'static str,
) -> impl IntoView {
    let usually = move || drawn.with(estimate);
    let groups = Memo::new(move |_| drawn.with(|drawn| drawn.groups.len()));
    let acts = Memo::new(move |_| drawn.with(|drawn| drawn.acts.clone()));
    let legend = move || {
        let each = acts.get().into_iter().map(|act| {
            view! {
                <li>
                    <span class=format!("timeline__swatch {}", act.class()) aria-hidden="true"></span>
                    {act.label()}
                </li>
            }
        });
        each.collect_view()
    };
    let ghost = move || {
        drawn.with(|drawn| drawn.usual.is_some()).then(|| {
            view! {
                <li>
                    <span class="timeline__swatch timeline__swatch--ghost" aria-hidden="true"></span>
                    "Last run"
                </li>
            }
        })
    };
    view! {
        <section class="card timeline" aria-labelledby=id>
            <div class="card__header">
                <h2 id=id>{title}</h2>
                <span class="soft number timeline__usually">{usually}</span>
            </div>
            <div class="timeline__body">
                <ul class="timeline__legend small soft" aria-label="Colours of the bars">
                    {legend}
                    {ghost}
                </ul>
                <Axis drawn />
                <ol class="timeline__groups">
                    <For each=move || 0..groups.get() key=|group| *group children=move |group| view! { <Group drawn group /> } />
                </ol>
                <AsTable drawn />
            </div>
        </section>
    }
}

/// The times along the top.
#[component]
fn Axis(drawn: Signal<Drawn>) -> impl IntoView {
    let marks = Memo::new(move |_| {
        drawn.with(|drawn| {
            let mut text = String::new();
            for (at, label) in &drawn.ticks {
                text.push_str(&format!(
                    r#"<text x="{}" y="12">{}</text>"#,
                    percent(*at),
                    escape(label)
                ));
            }
            text
        })
    });
    view! {
        <div class="timeline__row timeline__row--axis" aria-hidden="true">
            <svg class="timeline__axis" inner_html=move || marks.get()></svg>
        </div>
    }
}

/// A row by its numbers: that of its group and that of a step in it.
fn row_at(drawn: Signal<Drawn>, group: usize, step: Option<usize>) -> Memo<Option<Row>> {
    Memo::new(move |_| {
        drawn.with(|drawn| {
            let group = drawn.groups.get(group)?;
            match step {
                None => Some(group.row.clone()),
                Some(step) => group.steps.get(step).cloned(),
            }
        })
    })
}

#[component]
fn Group(drawn: Signal<Drawn>, group: usize) -> impl IntoView {
    let steps = Memo::new(move |_| {
        drawn.with(|drawn| drawn.groups.get(group).map_or(0, |group| group.steps.len()))
    });
    view! {
        <li>
            <details class="timeline__group">
                <summary class="timeline__row">
                    <Icon glyph=Glyph::ChevronRight />
                    <Cells drawn row=row_at(drawn, group, None) />
                </summary>
                <ol>
                    <For
                        each=move || 0..steps.get()
                        key=|step| *step
                        children=move |step| {
                            view! {
                                <li class="timeline__row timeline__row--step">
                                    <Cells drawn row=row_at(drawn, group, Some(step)) />
                                </li>
                            }
                        }
                    />
                </ol>
            </details>
        </li>
    }
}

/// Name, words, bars and duration of a row.
#[component]
fn Cells(drawn: Signal<Drawn>, row: Memo<Option<Row>>) -> impl IntoView {
    let look = Memo::new(move |_| {
        row.with(|row| {
            row.as_ref()
                .map_or(Look::from(domain::operation::StepState::Pending), |row| {
                    row.look
                })
        })
    });
    let tone = move || format!("timeline__name {}", look.get().tone.class());
    let name = move || row.with(|row| row.as_ref().map(|row| row.name.clone()));
    let words = move || row.with(|row| row.as_ref().map(|row| row.words.clone()));
    let took = move || row.with(|row| row.as_ref()?.took.map(in_words));
    let ticks = Memo::new(move |_| {
        drawn.with(|drawn| {
            let mut text = String::new();
            for (at, _) in &drawn.ticks {
                upright(&mut text, "timeline__tick", *at);
            }
            text
        })
    });
    let bars = move || row.with(|row| row.as_ref().map_or_else(String::new, bars));
    let empty = move || {
        row.with(|row| {
            row.as_ref()
                .is_none_or(|row| row.bars.is_empty() && row.ghost.is_none())
        })
    };
    let label = move || row.with(|row| row.as_ref().map_or_else(String::new, spoken));
    view! {
        <span class=tone>
            <Icon glyph=Signal::derive(move || look.get().glyph) />
            <span>{name}</span>
        </span>
        <span class="timeline__words soft small">{words}</span>
        <svg
            class="timeline__track"
            class:timeline__track--empty=empty
            role="img"
            aria-label=label
            inner_html=move || format!("{}{}", ticks.get(), bars())
        ></svg>
        <span class="timeline__time soft small number">{took}</span>
    }
}

/// The ghost behind, then what happened.
fn bars(row: &Row) -> String {
    let mut text = String::new();
    if let Some(place) = row.ghost {
        bar(&mut text, "timeline__ghost", place, ("1", "18"));
    }
    for each in &row.bars {
        let course = match each.course {
            Course::Done => "",
            Course::Running => " timeline__bar--running",
            Course::Failed => " timeline__bar--failed",
        };
        let class = format!("timeline__bar {}{course}", each.act.class());
        bar(&mut text, &class, each.place, ("4", "12"));
    }
    text
}

/// What the bars of a row say to those who do not see them.
fn spoken(row: &Row) -> String {
    match row.done {
        Some((from, until)) => format!(
            "{}: from {} until {}",
            row.name,
            in_words(from),
            in_words(until)
        ),
        None => format!("{}: {}", row.name, row.words),
    }
}

fn in_words(millis: u64) -> String {
    humane(Duration::from_millis(millis))
}

#[component]
fn AsTable(drawn: Signal<Drawn>) -> impl IntoView {
    let keys = Memo::new(move |_| {
        drawn.with(|drawn| {
            let groups = drawn.groups.iter().enumerate();
            let rows = groups.flat_map(|(number, group)| {
                let steps = (0..group.steps.len()).map(move |step| (number, Some(step)));
                std::iter::once((number, None)).chain(steps)
            });
            rows.collect::<Vec<_>>()
        })
    });
    let span = move || drawn.with(|drawn| drawn.span.to_string());
    view! {
        <Disclosure summary=|| view! { <span>"As a table"</span> }>
            <div class="timeline__table" data-span=span>
                <TableList
                    caption="Stacks and steps of this operation"
                    columns=vec!["What", "Kind", "State", "From", "Until"]
                >
                    <For
                        each=move || keys.get()
                        key=|key| *key
                        children=move |(group, step)| {
                            view! { <TableRow row=row_at(drawn, group, step) is_step=step.is_some() /> }
                        }
                    />
                </TableList>
            </div>
        </Disclosure>
    }
}

#[component]
fn TableRow(row: Memo<Option<Row>>, is_step: bool) -> impl IntoView {
    let name = move || row.with(|row| row.as_ref().map(|row| row.name.clone()));
    let kind = move || {
        row.with(|row| {
            let act = row.as_ref().and_then(|row| row.act);
            act.map_or(if is_step { "Record" } else { "Stack" }, |act| act.label())
        })
    };
    let words = move || row.with(|row| row.as_ref().map(|row| row.words.clone()));
    let from = Memo::new(move |_| row.with(|row| Some(row.as_ref()?.done?.0)));
    let until = Memo::new(move |_| row.with(|row| Some(row.as_ref()?.done?.1)));
    view! {
        <tr class=if is_step { "timeline__step" } else { "timeline__stack" }>
            <th scope="row">{name}</th>
            <td data-label="Kind">{kind}</td>
            <td data-label="State">{words}</td>
            <td data-label="From">
                <Millis value=from />
            </td>
            <td data-label="Until">
                <Millis value=until />
            </td>
        </tr>
    }
}

/// A duration in words, and exactly for programs.
#[component]
fn Millis(value: Memo<Option<u64>>) -> impl IntoView {
    move || match value.get() {
        Some(millis) => {
            view! { <data class="number" value=millis.to_string()>{in_words(millis)}</data> }
                .into_any()
        }
        None => view! { <span class="soft">"–"</span> }.into_any(),
    }
}
