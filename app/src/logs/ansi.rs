//! Escape sequences of terminals: colours and weights become classes of ours, everything else is dropped.

use std::borrow::Cow;

const ESCAPE: char = '\u{1b}';
const BELL: char = '\u{7}';
/// What stands for a tab, so that every character is as wide as each other.
const TAB: &str = "    ";

/// How a piece of a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Style {
    /// 1 to 7: red to white, as terminals count them; 0 is the colour of the text.
    colour: u8,
    bold: bool,
    dim: bool,
    italic: bool,
    underlined: bool,
}

/// Classes by the number of the colour.
const COLOURS: [&str; 8] = [
    "",
    "log-red",
    "log-green",
    "log-yellow",
    "log-blue",
    "log-magenta",
    "log-cyan",
    "",
];

impl Style {
    /// The classes, which are all of ours; empty where nothing is special.
    #[must_use]
    pub fn classes(self) -> String {
        let named = |on: bool, name: &'static str| if on { name } else { "" };
        let all = [
            COLOURS[usize::from(self.colour & 7)],
            named(self.bold, "log-bold"),
            named(self.dim, "log-dim"),
            named(self.italic, "log-italic"),
            named(self.underlined, "log-underlined"),
        ];
        let mut classes = String::new();
        for class in all.into_iter().filter(|class| !class.is_empty()) {
            if !classes.is_empty() {
                classes.push(' ');
            }
            classes.push_str(class);
        }
        classes
    }

    /// Takes the numbers of one sequence.
    fn apply(&mut self, numbers: &str) {
        let mut numbers = numbers
            .split([';', ':'])
            .map(|text| text.parse().unwrap_or(0));
        while let Some(number) = numbers.next() {
            match number {
                0_u16 => *self = Self::default(),
                1 => self.bold = true,
                2 => self.dim = true,
                3 => self.italic = true,
                4 => self.underlined = true,
                22 => (self.bold, self.dim) = (false, false),
                23 => self.italic = false,
                24 => self.underlined = false,
                30..=37 => self.colour = low_byte(number - 30),
                90..=97 => self.colour = low_byte(number - 90),
                39 => self.colour = 0,
                // A colour of a palette or of its own; only the first sixteen have a name.
                38 | 48 => {
                    let colour = match numbers.next() {
                        Some(5) => numbers.next().filter(|colour| *colour < 16),
                        Some(2) => numbers.nth(2).and(None),
                        _ => None,
                    };
                    if number == 38 {
                        self.colour = colour.map_or(0, |colour| low_byte(colour % 8));
                    }
                }
                _ => {}
            }
        }
    }
}

const fn low_byte(number: u16) -> u8 {
    number.to_le_bytes()[0]
}

/// Calls for every run of text with its look.
fn walk<'a>(line: &'a str, mut run: impl FnMut(Style, &'a str)) {
    let mut style = Style::default();
    let mut rest = line;
    while let Some(at) = rest.find(|c: char| c.is_control()) {
        let (before, from) = rest.split_at(at);
        if !before.is_empty() {
            run(style, before);
        }
        let mut characters = from.chars();
        match characters.next() {
            Some('\t') => {
                run(style, TAB);
                rest = characters.as_str();
            }
            Some(ESCAPE) => rest = sequence(characters.as_str(), &mut style),
            _ => rest = characters.as_str(),
        }
    }
    if !rest.is_empty() {
        run(style, rest);
    }
}

/// What follows a sequence that has begun.
fn sequence<'a>(after: &'a str, style: &mut Style) -> &'a str {
    if let Some(body) = after.strip_prefix('[') {
        let is_end = |c: char| ('@'..='~').contains(&c);
        let Some(end) = body.find(is_end) else {
            return "";
        };
        let (numbers, end) = body.split_at(end);
        let mut end = end.chars();
        if end.next() == Some('m') {
            style.apply(numbers);
        }
        return end.as_str();
    }
    if let Some(body) = after.strip_prefix([']', 'P', 'X', '^', '_']) {
        // A title, a link, …: until a bell or the terminator.
        let Some(end) = body.find([BELL, ESCAPE]) else {
            return "";
        };
        let mut end = body[end..].chars();
        if end.next() == Some(ESCAPE) {
            let after = end.as_str();
            return after.strip_prefix('\\').unwrap_or(after);
        }
        return end.as_str();
    }
    let mut characters = after.chars();
    // A designation of characters has one more.
    if characters.next().is_some_and(|c| (' '..='/').contains(&c)) {
        characters.next();
    }
    characters.as_str()
}

/// What a terminal shows at the end: a carriage return begins the line anew.
fn last_written(line: &str) -> &str {
    let mut parts = line.rsplit('\r');
    parts.find(|part| !part.is_empty()).unwrap_or_default()
}

/// The text alone.
#[must_use]
pub fn plain(line: &str) -> Cow<'_, str> {
    if !line.contains(|c: char| c.is_control()) {
        return Cow::Borrowed(line);
    }
    let mut text = String::with_capacity(line.len());
    walk(last_written(line), |_, part| text.push_str(part));
    Cow::Owned(text)
}

/// A part of a line that looks alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub style: Style,
    /// Whether it is what was searched for.
    pub hit: bool,
    pub text: String,
}

/// The line in pieces; those that `needle` is found in are marked. It is in lower case, and nothing where nothing is searched for.
#[must_use]
pub fn pieces(line: &str, needle: &str) -> Vec<Piece> {
    let hits = super::find::ranges(&plain(line), needle);
    let mut pieces: Vec<Piece> = Vec::new();
    let mut at = 0;
    walk(last_written(line), |style, run| {
        let end = at + run.len();
        let mut from = at;
        while from < end {
            let within = hits.iter().find(|hit| hit.contains(&from));
            let next = hits.iter().map(|hit| hit.start).find(|start| *start > from);
            let to = within.map_or(next.unwrap_or(end), |hit| hit.end).min(end);
            pieces.push(Piece {
                style,
                hit: within.is_some(),
                text: run[from - at..to - at].to_owned(),
            });
            from = to;
        }
        at = end;
    });
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str) -> Vec<(String, String)> {
        let pieces = pieces(line, "").into_iter();
        pieces
            .map(|piece| (piece.style.classes(), piece.text))
            .collect()
    }

    fn check(line: &str, expected: &[(&str, &str)]) {
        let expected: Vec<_> = expected
            .iter()
            .map(|(class, text)| ((*class).to_owned(), (*text).to_owned()))
            .collect();
        assert_eq!(shown(line), expected, "{line:?}");
        let text: String = expected.into_iter().map(|(_, text)| text).collect();
        assert_eq!(plain(line), text, "{line:?}");
    }

    #[test]
    fn colours_become_classes() {
        check("plain", &[("", "plain")]);
        check(
            "\u{1b}[31mred\u{1b}[0m then \u{1b}[1;92mgood\u{1b}[39;22m!",
            &[
                ("log-red", "red"),
                ("", " then "),
                ("log-green log-bold", "good"),
                ("", "!"),
            ],
        );
        check(
            "\u{1b}[m\u{1b}[4;3;2mx",
            &[("log-dim log-italic log-underlined", "x")],
        );
        check(
            "\u{1b}[38;5;4mblue\u{1b}[38;2;1;2;3mown\u{1b}[48;5;1mback",
            &[("log-blue", "blue"), ("", "own"), ("", "back")],
        );
    }

    #[test]
    fn everything_else_of_terminals_is_dropped() {
        check(
            "a\u{1b}[2Kb\u{1b}[10;20Hc",
            &[("", "a"), ("", "b"), ("", "c")],
        );
        check(
            "\u{1b}]8;;https://evil.example\u{7}link\u{1b}]8;;\u{1b}\\!",
            &[("", "link"), ("", "!")],
        );
        check(
            "\u{1b}(Bx\u{8}\u{0}y\u{9b}z",
            &[("", "x"), ("", "y"), ("", "z")],
        );
        check("cut \u{1b}[3", &[("", "cut ")]);
        check("cut \u{1b}]title", &[("", "cut ")]);
        check("\u{1b}", &[]);
        check("a\tb", &[("", "a"), ("", TAB), ("", "b")]);
        check(" 10 %\r 20 %\r", &[("", " 20 %")]);
        check("<b>&amp;", &[("", "<b>&amp;")]);
    }

    #[test]
    fn what_was_searched_for_is_marked_across_colours() {
        let line = "one \u{1b}[31mTw\u{1b}[0mo two";
        let marked: Vec<_> = pieces(line, "two")
            .into_iter()
            .map(|piece| (piece.hit, piece.text))
            .collect();
        let expected = [
            (false, "one "),
            (true, "Tw"),
            (true, "o"),
            (false, " "),
            (true, "two"),
        ];
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(hit, text)| (hit, text.to_owned()))
            .collect();
        assert_eq!(marked, expected);
    }
}
