//! Files of `NAME=VALUE` lines, such as `.env`: which lines they have, and what such a file says as values for a form.
//!
//! Comments, `export`, three ways of quoting and escapes are read as Compose reads them.

use std::fmt;

/// Most bytes that the values of one file may fill once references in them are replaced.
const MAX_VALUES: usize = 256 * 1024;

/// One line that names a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// 1-based, of its first line where a quoted value goes on over several.
    pub number: u32,
    pub name: String,
    pub value: Value,
}

/// What stands behind the name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing, not even an equals sign: the name alone.
    Missing,
    /// In single quotes: as it is.
    Literal(String),
    /// Bare or in double quotes: `$` begins a reference, a doubled one stands for itself.
    Template(String),
}

/// A line that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineError {
    /// 1-based.
    pub line: u32,
    pub fault: Fault,
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// No name, or one with characters that names cannot have; its beginning.
    Name(String),
    /// A quote without its end.
    Quote,
    /// Text after a closing quote.
    Trailing,
    /// The values would fill more than anybody means.
    TooLong,
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        match &self.fault {
            Fault::Name(name) => write!(f, "'{name}' is not a name"),
            Fault::Quote => f.write_str("the quote is not closed"),
            Fault::Trailing => f.write_str("there is text after the closing quote"),
            Fault::TooLong => write!(f, "the values fill more than {MAX_VALUES} bytes"),
        }
    }
}

impl std::error::Error for LineError {}

/// The lines of a file, one after the other. What cannot be read does not end it, but for a quote without its end.
#[derive(Debug, Clone)]
pub struct Lines<'a> {
    rest: &'a str,
    number: u32,
}

/// Reads a file line by line.
#[must_use]
pub fn lines(text: &str) -> Lines<'_> {
    Lines {
        rest: text.trim_start_matches('\u{feff}'),
        number: 0,
    }
}

impl Iterator for Lines<'_> {
    type Item = Result<Line, LineError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            self.number += 1;
            let (current, after) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
            let trimmed = current.trim();
            if trimmed.is_empty() || trimmed.starts_with('#') {
                self.rest = after;
                continue;
            }
            return Some(self.line(trimmed, after));
        }
        None
    }
}

impl Lines<'_> {
    fn line(&mut self, trimmed: &str, after: &'_ str) -> Result<Line, LineError> {
        // Borrowed anew, so that it lives as long as what is left.
        let after = &self.rest[self.rest.len() - after.len()..];
        let number = self.number;
        let failed = |fault| LineError {
            line: number,
            fault,
        };
        let trimmed = trimmed
            .strip_prefix("export ")
            .unwrap_or(trimmed)
            .trim_start();
        let (name, value) = match trimmed.split_once(['=', ':']) {
            Some((name, value)) => (name.trim_end(), Some(value.trim_start())),
            None => (trimmed, None),
        };
        if !is_name(name) {
            self.rest = after;
            return Err(failed(Fault::Name(name.chars().take(24).collect())));
        }
        let name = name.to_owned();
        let quote = value.and_then(|value| value.chars().next());
        let value = match (value, quote) {
            (None, _) => Value::Missing,
            (Some(_), Some(quote @ ('"' | '\''))) => {
                // A quoted value may go on over several lines, so it is read from the whole rest.
                let start = self.rest.len()
                    - self
                        .rest
                        .split_once(quote)
                        .map_or(0, |(_, tail)| tail.len());
                let body = &self.rest[start..];
                let Some(end) = closing(body, quote) else {
                    self.rest = "";
                    return Err(failed(Fault::Quote));
                };
                let text = &body[..end];
                let behind = &body[end + 1..];
                let (tail, next) = behind.split_once('\n').unwrap_or((behind, ""));
                let tail = tail.trim();
                self.rest = next;
                self.number += u32::try_from(text.matches('\n').count()).unwrap_or(0);
                if !tail.is_empty() && !tail.starts_with('#') {
                    return Err(failed(Fault::Trailing));
                }
                return Ok(Line {
                    number,
                    name,
                    value: match quote {
                        '\'' => Value::Literal(text.to_owned()),
                        _ => Value::Template(unescape(text)),
                    },
                });
            }
            (Some(value), _) => Value::Template(uncomment(value).to_owned()),
        };
        self.rest = after;
        Ok(Line {
            number,
            name,
            value,
        })
    }
}

/// Whether a variable may be called so.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let fits = |ch: char| ch.is_alphanumeric() || matches!(ch, '_' | '.' | '-' | '[' | ']' | '/');
    !name.is_empty() && name.chars().all(fits)
}

fn closing(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, ch) in text.char_indices() {
        match ch {
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            ch if ch == quote => return Some(at),
            _ => {}
        }
    }
    None
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(ch) = chars.next() {
        if ch != '\\' {
            out.push(ch);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            // Doubled, because references are replaced later.
            Some('$') => out.push_str("$$"),
            Some(ch @ ('"' | '\\' | '\'')) => out.push(ch),
            Some(ch) => {
                out.push('\\');
                out.push(ch);
            }
            None => out.push('\\'),
        }
    }
    out
}

/// A comment starts at a number sign after a blank.
fn uncomment(text: &str) -> &str {
    if text.starts_with('#') {
        return "";
    }
    let end = [" #", "\t#"]
        .iter()
        .filter_map(|mark| text.find(mark))
        .min();
    text[..end.unwrap_or(text.len())].trim_end()
}

/// What a file says as values, and the lines of it that say nothing that can be used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entries {
    /// In order of the file; of a name that comes twice, the last one.
    pub values: Vec<(String, String)>,
    pub problems: Vec<LineError>,
}

/// Reads a file for its values. `$NAME` and `${NAME}` stand for what the file said of that name before; other references stay as they
/// are, since whoever fills in a form may mean a password with a dollar sign. A name alone says nothing.
#[must_use]
pub fn entries(text: &str) -> Entries {
    let mut found = Entries::default();
    let mut total = 0;
    for line in lines(text) {
        let line = match line {
            Ok(line) => line,
            Err(error) => {
                found.problems.push(error);
                continue;
            }
        };
        let value = match line.value {
            Value::Missing => continue,
            Value::Literal(text) => text,
            Value::Template(text) => replaced(&text, &found.values),
        };
        total += value.len();
        if total > MAX_VALUES {
            found.problems.push(LineError {
                line: line.number,
                fault: Fault::TooLong,
            });
            break;
        }
        found.values.retain(|(name, _)| *name != line.name);
        found.values.push((line.name, value));
    }
    found
}

fn replaced(text: &str, known: &[(String, String)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            out.push('$');
            rest = after;
            continue;
        }
        let (name, behind) = match after.strip_prefix('{') {
            Some(inside) => inside.split_once('}').unwrap_or(("", after)),
            None => {
                let is_part = |ch: char| ch.is_ascii_alphanumeric() || ch == '_';
                let end = after.find(|ch| !is_part(ch)).unwrap_or(after.len());
                after.split_at(end)
            }
        };
        match known.iter().find(|(known, _)| known == name) {
            Some((_, value)) => {
                out.push_str(value);
                rest = behind;
            }
            None => {
                out.push('$');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, values: &[(&str, &str)], problems: &[&str]) {
        let found = entries(text);
        let said: Vec<_> = found
            .values
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(said, values, "{text}");
        let wrong: Vec<_> = found.problems.iter().map(ToString::to_string).collect();
        assert_eq!(wrong, problems, "{text}");
    }

    #[test]
    fn comments_exports_and_blanks() {
        check("", &[], &[]);
        check("\u{feff}A=1\r\nB=2", &[("A", "1"), ("B", "2")], &[]);
        check(
            "# c\n\n  A = 1 # c\nexport B=two words\nC=\nD=#c\nE=a#b\nF: yaml",
            &[
                ("A", "1"),
                ("B", "two words"),
                ("C", ""),
                ("D", ""),
                ("E", "a#b"),
                ("F", "yaml"),
            ],
            &[],
        );
        check("ALONE\nA=1\nA=2", &[("A", "2")], &[]);
    }

    #[test]
    fn quotes_and_escapes() {
        check("A='x $B # y\\n'", &[("A", "x $B # y\\n")], &[]);
        check(
            "A=\"a\\nb \\\"q\\\" \\x\" # c",
            &[("A", "a\nb \"q\" \\x")],
            &[],
        );
        check("A=\"l1\nl2\"\nB=3", &[("A", "l1\nl2"), ("B", "3")], &[]);
        check("A=it's", &[("A", "it's")], &[]);
    }

    #[test]
    fn references_to_what_the_file_said_before() {
        check(
            "A=1\nB=$A-${A}-$C-${C}",
            &[("A", "1"), ("B", "1-1-$C-${C}")],
            &[],
        );
        check(
            "P=pa$$w\nQ=\"\\$5\"\nR=a$",
            &[("P", "pa$w"), ("Q", "$5"), ("R", "a$")],
            &[],
        );
        check("A=${A", &[("A", "${A")], &[]);
    }

    #[test]
    fn what_cannot_be_read_does_not_hide_the_rest() {
        check(
            "A=1\nB C=2\n=3\nD='x'y\nE=5",
            &[("A", "1"), ("E", "5")],
            &[
                "line 2: 'B C' is not a name",
                "line 3: '' is not a name",
                "line 4: there is text after the closing quote",
            ],
        );
        check(
            "A=\"l1\nl2\" x\nB C=1",
            &[],
            &[
                "line 1: there is text after the closing quote",
                "line 3: 'B C' is not a name",
            ],
        );
        check(
            "A=1\nB=\"x\nC=1",
            &[("A", "1")],
            &["line 2: the quote is not closed"],
        );
    }

    #[test]
    fn values_that_repeat_each_other_have_an_end() {
        let doubled: String = (1..40)
            .map(|i| format!("A{i}=$A{0}$A{0}\n", i - 1))
            .collect();
        let found = entries(&format!("A0=xxxxxxxx\n{doubled}"));
        assert_eq!(found.problems.len(), 1);
        assert_eq!(found.problems[0].fault, Fault::TooLong);
    }
}
