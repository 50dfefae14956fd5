//! Text that somebody wrote in Markdown, such as a changelog: headings, lists, paragraphs, code. Everything else stays as it
//! was written; nothing in it becomes markup of its own, so nobody's manifest can put scripts or pictures into the page.

use leptos::prelude::*;

/// What a text consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Block {
    Heading { level: usize, text: String },
    List(Vec<String>),
    Paragraph(String),
    Code(String),
}

/// The text, shown.
#[component]
pub fn Prose(
    #[prop(into)] text: String,
    /// The page has given it a title: its own is left out.
    #[prop(optional)]
    untitled: bool,
) -> impl IntoView {
    let mut blocks = blocks(&text);
    if untitled && matches!(blocks.first(), Some(Block::Heading { level: 1, .. })) {
        blocks.remove(0);
    }
    let blocks = blocks.into_iter().map(|block| match block {
        // The page has headings of its own above these.
        Block::Heading { level: 0..=2, text } => view! { <h3>{spans(&text)}</h3> }.into_any(),
        Block::Heading { text, .. } => view! { <h4>{spans(&text)}</h4> }.into_any(),
        Block::Paragraph(text) => view! { <p>{spans(&text)}</p> }.into_any(),
        Block::Code(text) => view! { <pre tabindex="0">{text}</pre> }.into_any(),
        Block::List(items) => {
            let items = items
                .into_iter()
                .map(|item| view! { <li>{spans(&item)}</li> });
            view! { <ul>{items.collect_view()}</ul> }.into_any()
        }
    });
    view! { <div class="prose">{blocks.collect_view()}</div> }
}

/// Code between back-ticks, and what is strong outside of it.
fn spans(text: &str) -> impl IntoView + use<> {
    let parts = marked(text, "`").into_iter().map(|(code, part)| {
        if code {
            return view! { <code>{part}</code> }.into_any();
        }
        let parts = marked(&part, "**").into_iter().map(|(strong, part)| {
            if strong {
                view! { <strong>{part}</strong> }.into_any()
            } else {
                part.into_any()
            }
        });
        parts.collect_view().into_any()
    });
    parts.collect_view()
}

/// The parts of a text, and whether each stands between two marks. A mark that nothing closes is text.
fn marked(text: &str, mark: &str) -> Vec<(bool, String)> {
    let mut parts: Vec<String> = text.split(mark).map(str::to_owned).collect();
    if parts.len().is_multiple_of(2)
        && let Some(last) = parts.pop()
        && let Some(before) = parts.last_mut()
    {
        before.push_str(mark);
        before.push_str(&last);
    }
    let numbered = parts.into_iter().enumerate();
    numbered
        .map(|(index, part)| (index % 2 == 1, part))
        .collect()
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut code: Option<String> = None;
    let mut open = false;
    for line in text.lines() {
        let line = line.trim_end();
        if let Some(content) = &mut code {
            if line.trim_start().starts_with("```") {
                blocks.extend(code.take().map(Block::Code));
            } else {
                content.push_str(line);
                content.push('\n');
            }
            continue;
        }
        let bare = line.trim_start();
        let hashes = bare.len() - bare.trim_start_matches('#').len();
        if bare.starts_with("```") {
            code = Some(String::new());
        } else if bare.is_empty() {
            open = false;
        } else if (1..=6).contains(&hashes) && bare[hashes..].starts_with(' ') {
            let text = bare[hashes..].trim().to_owned();
            blocks.push(Block::Heading {
                level: hashes,
                text,
            });
            open = false;
        } else if let Some(item) = bare.strip_prefix("- ").or_else(|| bare.strip_prefix("* ")) {
            match blocks.last_mut() {
                Some(Block::List(items)) => items.push(item.trim().to_owned()),
                _ => blocks.push(Block::List(vec![item.trim().to_owned()])),
            }
            open = true;
        } else {
            go_on(&mut blocks, bare, open);
            open = true;
        }
    }
    blocks.extend(code.map(Block::Code));
    blocks
}

/// A line without a mark: goes on with what is open, or begins a paragraph.
fn go_on(blocks: &mut Vec<Block>, line: &str, open: bool) {
    let unfinished = match blocks.last_mut() {
        Some(Block::Paragraph(text)) if open => Some(text),
        Some(Block::List(items)) if open => items.last_mut(),
        _ => None,
    };
    match unfinished {
        Some(text) => {
            text.push(' ');
            text.push_str(line);
        }
        None => blocks.push(Block::Paragraph(line.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[Block]) {
        assert_eq!(blocks(text), expected, "{text}");
    }

    #[test]
    fn marks_come_in_pairs() {
        let check = |text: &str, expected: &[(bool, &str)]| {
            let expected: Vec<_> = expected
                .iter()
                .map(|(inside, part)| (*inside, (*part).to_owned()))
                .collect();
            assert_eq!(marked(text, "**"), expected, "{text}");
        };
        check("a **b** c", &[(false, "a "), (true, "b"), (false, " c")]);
        check("a ** b", &[(false, "a ** b")]);
        check("**a** ** b", &[(false, ""), (true, "a"), (false, " ** b")]);
        check("", &[(false, "")]);
    }

    #[test]
    fn a_changelog_is_headings_lists_and_paragraphs() {
        let heading = |level, text: &str| Block::Heading {
            level,
            text: text.to_owned(),
        };
        let list =
            |items: &[&str]| Block::List(items.iter().map(|&item| item.to_owned()).collect());
        let paragraph = |text: &str| Block::Paragraph(text.to_owned());
        check(
            "# Changes\n\n## 1.1\n- one\n  goes on\n- two\n\nA line\nand another.\n",
            &[
                heading(1, "Changes"),
                heading(2, "1.1"),
                list(&["one goes on", "two"]),
                paragraph("A line and another."),
            ],
        );
        check("#5 is fixed", &[paragraph("#5 is fixed")]);
        check("<script>x</script>", &[paragraph("<script>x</script>")]);
        check(
            "```\na  b\n# c\n```\nd",
            &[Block::Code("a  b\n# c\n".to_owned()), paragraph("d")],
        );
        check(
            "```\nnever closed",
            &[Block::Code("never closed\n".to_owned())],
        );
        check("", &[]);
    }
}
