//! SVG as text. Whatever comes from a manifest passes [`escape`]: nobody's names become markup.

use std::fmt::Write as _;

/// Text between tags, or inside of an attribute.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(letter),
        }
    }
    out
}

/// At most so many letters; what is left out is marked.
#[must_use]
pub fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// `12.34%`: parts of ten thousand as a length in SVG.
#[must_use]
pub fn percent(parts: u32) -> String {
    format!("{}.{:02}%", parts / 100, parts % 100)
}

/// A bar that spans a part of the width. `y` and `height` are lengths in SVG.
pub fn bar(out: &mut String, class: &str, (from, width): (u32, u32), (y, height): (&str, &str)) {
    // Writing to a string cannot fail.
    let _ = write!(
        out,
        r#"<rect class="{class}" x="{}" width="{}" y="{y}" height="{height}" rx="2"/>"#,
        percent(from),
        percent(width)
    );
}

/// A line from top to bottom.
pub fn upright(out: &mut String, class: &str, at: u32) {
    let x = percent(at);
    // Writing to a string cannot fail.
    let _ = write!(
        out,
        r#"<line class="{class}" x1="{x}" x2="{x}" y1="0" y2="100%"/>"#
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_never_become_markup() {
        assert_eq!(
            escape(r#"<a href="x">'&'"#),
            "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;"
        );
    }

    #[test]
    fn long_names_are_shortened_by_letters() {
        assert_eq!(shortened("größer", 6), "größer");
        assert_eq!(shortened("größer als", 7), "größer…");
    }

    #[test]
    fn lengths_have_two_places() {
        assert_eq!(percent(0), "0.00%");
        assert_eq!(percent(1_205), "12.05%");
        assert_eq!(percent(10_000), "100.00%");
    }
}
