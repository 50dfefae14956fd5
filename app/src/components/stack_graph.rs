//! Stacks and what they depend on, drawn in layers, with what is inside of each; and the same as a table.
//!
//! One drawing for wide windows and one for phones: which is seen is the style sheet's choice.

use std::fmt::Write as _;

use leptos::prelude::*;

use super::disclosure::Disclosure;
use super::status_badge::{Look, StatusBadge};
use super::table_list::TableList;
use crate::pictures::layers::{Drawing, Flow, Node, baseline, draw, shown_lines};
use crate::pictures::markup::{escape, shortened};

/// Width of a box, in pixels, in a wide window and on a phone.
const WIDE: u32 = 184;
const NARROW: u32 = 140;
/// Boxes side by side on a phone.
const IN_ROW_NARROW: usize = 2;
/// The widest drawing that stays legible in a wide window; a longer chain goes downwards.
const WIDEST: u32 = 1_120;
/// Boxes side by side where a wide drawing goes downwards.
const IN_ROW_WIDE: usize = 5;
/// Pixels of a letter, on average, and of the edges of a box.
const LETTER: u32 = 7;
const EDGES: u32 = 22;

/// One stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackBox {
    /// As others name it.
    pub name: String,
    pub title: String,
    pub depends_on: Vec<String>,
    /// How it is; none where that is not known here.
    pub look: Option<Look>,
    /// Names of what is inside.
    pub services: Vec<String>,
}

/// Nothing for a single stack; a sentence where none depends on another.
#[component]
pub fn StackGraph(stacks: Vec<StackBox>) -> impl IntoView {
    if stacks.len() < 2 {
        return ().into_any();
    }
    if stacks.iter().all(|stack| stack.depends_on.is_empty()) {
        let names: Vec<_> = stacks.iter().map(|stack| stack.title.as_str()).collect();
        let order = format!(
            "No stack depends on another. They are deployed one after the other: {}.",
            names.join(", ")
        );
        return view! { <p class="soft stack-graph__plain">{order}</p> }.into_any();
    }
    let label = spoken(&stacks);
    let wide = wide(&stacks);
    let narrow = draw(
        &nodes(&stacks),
        Flow::Down {
            in_row: IN_ROW_NARROW,
        },
        NARROW,
    );
    view! {
        <div class="stack-graph">
            <Picture stacks=stacks.clone() drawing=wide class="stack-graph__wide" label=label.clone() />
            <Picture stacks=stacks.clone() drawing=narrow class="stack-graph__narrow" label />
            <AsTable stacks />
        </div>
    }
    .into_any()
}

fn wide(stacks: &[StackBox]) -> Drawing {
    let nodes = nodes(stacks);
    let across = draw(&nodes, Flow::Across, WIDE);
    if across.width <= WIDEST {
        return across;
    }
    draw(
        &nodes,
        Flow::Down {
            in_row: IN_ROW_WIDE,
        },
        WIDE,
    )
}

fn nodes(stacks: &[StackBox]) -> Vec<Node> {
    let each = stacks.iter().map(|stack| Node {
        name: stack.name.clone(),
        depends_on: stack.depends_on.clone(),
        lines: usize::from(stack.look.is_some()) + stack.services.len(),
    });
    each.collect()
}

/// `Web after Identity and Data`, one clause a stack.
fn spoken(stacks: &[StackBox]) -> String {
    let each = stacks.iter().map(|stack| {
        let state = stack.look.map_or("", |look| look.word);
        let after = titles(stack, stacks);
        match (state, after.is_empty()) {
            ("", true) => format!("{} first", stack.title),
            ("", false) => format!("{} after {}", stack.title, after.join(", ")),
            (state, true) => format!("{} ({state}) first", stack.title),
            (state, false) => format!("{} ({state}) after {}", stack.title, after.join(", ")),
        }
    });
    format!(
        "Stacks in the order of their dependencies: {}",
        each.collect::<Vec<_>>().join("; ")
    )
}

/// What people call the stacks that come before one.
fn titles(stack: &StackBox, all: &[StackBox]) -> Vec<String> {
    let each = stack.depends_on.iter().map(|name| {
        let known = all.iter().find(|other| other.name == *name);
        known.map_or_else(|| name.clone(), |other| other.title.clone())
    });
    each.collect()
}

#[component]
fn Picture(
    stacks: Vec<StackBox>,
    drawing: Drawing,
    class: &'static str,
    label: String,
) -> impl IntoView {
    let Drawing { width, height, .. } = drawing;
    // Lines and frames are as wide as they are drawn: half of them lies outside.
    let view_box = format!("-1 -1 {} {}", width + 2, height + 2);
    let content = content(&stacks, &drawing);
    view! {
        <svg
            class=class
            role="img"
            aria-label=label
            viewBox=view_box
            width=(width + 2).to_string()
            height=(height + 2).to_string()
            inner_html=content
        ></svg>
    }
}

fn content(stacks: &[StackBox], drawing: &Drawing) -> String {
    let mut out = String::new();
    for edge in &drawing.edges {
        push(
            &mut out,
            format_args!(r#"<path class="stack-graph__edge" d="{edge}"/>"#),
        );
    }
    for (stack, place) in stacks.iter().zip(&drawing.places) {
        let tone = stack.look.map_or("", |look| look.tone.class());
        let letters = usize::try_from((place.width - EDGES) / LETTER).unwrap_or(usize::MAX);
        push(
            &mut out,
            format_args!(
                r#"<g class="stack-graph__box {tone}" transform="translate({} {})"><title>{}</title><rect width="{}" height="{}" rx="6"/>"#,
                place.x,
                place.y,
                escape(&stack.title),
                place.width,
                place.height
            ),
        );
        text(
            &mut out,
            "stack-graph__title",
            12,
            0,
            &shortened(&stack.title, letters),
        );
        let mut line = 1;
        if let Some(look) = stack.look {
            let y = baseline(line);
            push(
                &mut out,
                format_args!(
                    r#"<g class="stack-graph__glyph" transform="translate(12 {}) scale(0.8125)">{}</g>"#,
                    y - 11,
                    look.glyph.drawing()
                ),
            );
            text(&mut out, "stack-graph__word", 30, line, look.word);
            line += 1;
        }
        services(&mut out, stack, line, letters);
        out.push_str("</g>");
    }
    out
}

fn services(out: &mut String, stack: &StackBox, first: u32, letters: usize) {
    let (mut line, taken) = (first, usize::from(stack.look.is_some()));
    let (shown, more) = shown_lines(taken + stack.services.len());
    let shown = shown - taken;
    for service in stack.services.iter().take(shown) {
        text(
            out,
            "stack-graph__service",
            12,
            line,
            &shortened(service, letters),
        );
        line += 1;
    }
    if more {
        let rest = format!("and {} more", stack.services.len() - shown);
        text(out, "stack-graph__service", 12, line, &rest);
    }
}

fn text(out: &mut String, class: &str, x: u32, line: u32, words: &str) {
    push(
        out,
        format_args!(
            r#"<text class="{class}" x="{x}" y="{}">{}</text>"#,
            baseline(line),
            escape(words)
        ),
    );
}

fn push(out: &mut String, part: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = out.write_fmt(part);
}

#[component]
fn AsTable(stacks: Vec<StackBox>) -> impl IntoView {
    let known = stacks.iter().any(|stack| stack.look.is_some());
    let rows = stacks
        .iter()
        .map(|stack| {
            let after = titles(stack, &stacks);
            let first = after.is_empty();
            let after = if first {
                "–".to_owned()
            } else {
                after.join(", ")
            };
            let state = stack.look.map(|look| {
                view! {
                    <td data-label="Status">
                        <StatusBadge look bare=true />
                    </td>
                }
            });
            view! {
                <tr>
                    <th scope="row">{stack.title.clone()}</th>
                    <td data-label="After" data-empty=first>
                        {after}
                    </td>
                    {state}
                    <td data-label="Services">{stack.services.join(", ")}</td>
                </tr>
            }
        })
        .collect_view();
    let columns = match known {
        true => vec!["Stack", "After", "Status", "Services"],
        false => vec!["Stack", "After", "Services"],
    };
    view! {
        <Disclosure summary=|| view! { <span>"As a table"</span> }>
            <TableList caption="Stacks and what they wait for" columns>
                {rows}
            </TableList>
        </Disclosure>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stack(name: &str, depends_on: &[&str], services: usize) -> StackBox {
        StackBox {
            name: name.to_owned(),
            title: name.to_uppercase(),
            depends_on: depends_on.iter().map(|&name| name.to_owned()).collect(),
            look: None,
            services: (0..services).map(|number| format!("<{number}>")).collect(),
        }
    }

    #[test]
    fn the_drawing_says_in_words_what_it_shows() {
        let stacks = [stack("web", &["data"], 0), stack("data", &[], 0)];
        assert_eq!(
            spoken(&stacks),
            "Stacks in the order of their dependencies: WEB after DATA; DATA first"
        );
    }

    #[test]
    fn names_are_text_and_many_services_are_counted() {
        let stacks = [stack("web", &["data"], 7), stack("data", &[], 1)];
        let drawn = content(&stacks, &wide(&stacks));
        assert!(!drawn.contains("<0>"), "{drawn}");
        assert!(
            drawn.contains("&lt;0&gt;") && drawn.contains("and 4 more"),
            "{drawn}"
        );
    }

    #[test]
    fn a_long_chain_goes_downwards() {
        let names: Vec<String> = (0..12).map(|number| number.to_string()).collect();
        let chain: Vec<StackBox> = (0..12)
            .map(|number: usize| {
                let before: Vec<&str> = number
                    .checked_sub(1)
                    .map(|one: usize| names[one].as_str())
                    .into_iter()
                    .collect();
                stack(&names[number], &before, 1)
            })
            .collect();
        assert!(wide(&chain).width <= WIDEST);
    }
}
