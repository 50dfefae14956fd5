//! Files of `NAME=VALUE` lines: `.env`, `env_file` and `label_file`, as Compose reads them.

use super::interpolate::{InterpolationError, Template};

/// Most bytes that the values of one file may fill once their variables are replaced.
const MAX_TEXT: usize = 4 * 1024 * 1024;

/// A line that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum DotenvError {
    /// No name, or one with characters that names cannot have.
    #[error("line {line}: '{name}' is not a name")]
    Name {
        /// 1-based.
        line: u32,
        /// What stands there.
        name: String,
    },
    /// A quote without its end.
    #[error("line {line}: the quote is not closed")]
    Quote {
        /// 1-based.
        line: u32,
    },
    /// Text after a closing quote.
    #[error("line {line}: there is text after the closing quote")]
    Trailing {
        /// 1-based.
        line: u32,
    },
    /// Values that repeat each other without end.
    #[error("line {line}: the values fill more than {MAX_TEXT} bytes")]
    TooLong {
        /// 1-based.
        line: u32,
    },
    /// A variable that cannot be replaced.
    #[error("line {line}: {source}")]
    Interpolation {
        /// 1-based.
        line: u32,
        /// Why.
        source: InterpolationError,
    },
}

impl DotenvError {
    /// 1-based line.
    #[must_use]
    pub(super) const fn line(&self) -> u32 {
        match self {
            Self::Name { line, .. }
            | Self::Quote { line }
            | Self::Trailing { line }
            | Self::TooLong { line }
            | Self::Interpolation { line, .. } => *line,
        }
    }
}

/// Reads a file. Variables are replaced outside single quotes: by what `lookup` gives, else by earlier lines.
///
/// # Errors
/// The first line that cannot be read.
pub(super) fn parse(
    text: &str,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<(String, String)>, DotenvError> {
    let mut entries: Vec<(String, String)> = Vec::new();
    let mut rest = text.trim_start_matches('\u{feff}');
    let mut line = 0;
    let mut total = 0;
    while !rest.is_empty() {
        line += 1;
        let (current, after) = rest.split_once('\n').unwrap_or((rest, ""));
        let trimmed = current.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            rest = after;
            continue;
        }
        let trimmed = trimmed
            .strip_prefix("export ")
            .unwrap_or(trimmed)
            .trim_start();
        let Some((name, value)) = trimmed.split_once(['=', ':']) else {
            // A name alone takes the value that is known, if any.
            check_name(trimmed, line)?;
            entries.extend(lookup(trimmed).map(|value| (trimmed.to_owned(), value)));
            rest = after;
            continue;
        };
        let name = name.trim_end();
        check_name(name, line)?;
        let value = value.trim_start();
        let (value, expand) = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                // A quoted value may go on over several lines, so it is read from the whole rest.
                let start = rest.len() - rest.split_once(quote).map_or(0, |(_, tail)| tail.len());
                let body = &rest[start..];
                let end = closing(body, quote).ok_or(DotenvError::Quote { line })?;
                let (tail, next) = body[end + 1..]
                    .split_once('\n')
                    .unwrap_or((&body[end + 1..], ""));
                let tail = tail.trim();
                if !tail.is_empty() && !tail.starts_with('#') {
                    return Err(DotenvError::Trailing { line });
                }
                let value = &body[..end];
                rest = next;
                let here = line;
                line += u32::try_from(value.matches('\n').count()).unwrap_or(0);
                if quote == '\'' {
                    (value.to_owned(), None)
                } else {
                    (unescape(value), Some(here))
                }
            }
            _ => {
                rest = after;
                (uncomment(value).to_owned(), Some(line))
            }
        };
        let value = match expand {
            None => value,
            Some(line) => {
                let known = |name: &str| {
                    lookup(name).or_else(|| {
                        let found = entries.iter().rev().find(|(known, _)| known == name);
                        found.map(|(_, value)| value.clone())
                    })
                };
                expand_variables(&value, &known)
                    .map_err(|source| DotenvError::Interpolation { line, source })?
            }
        };
        total += value.len();
        if total > MAX_TEXT {
            return Err(DotenvError::TooLong { line });
        }
        entries.push((name.to_owned(), value));
    }
    Ok(entries)
}

/// Reads a file whose values are taken as they are (`format: raw`).
///
/// # Errors
/// The first line that cannot be read.
pub(super) fn parse_raw(text: &str) -> Result<Vec<(String, String)>, DotenvError> {
    let mut entries = Vec::new();
    for (number, current) in (1..).zip(text.lines()) {
        if current.trim().is_empty() || current.trim_start().starts_with('#') {
            continue;
        }
        let (name, value) = current.split_once('=').unwrap_or((current, ""));
        check_name(name.trim(), number)?;
        entries.push((name.trim().to_owned(), value.to_owned()));
    }
    Ok(entries)
}

/// A lone dollar sign is itself here: passwords have them.
fn expand_variables(
    text: &str,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<String, InterpolationError> {
    match Template::parse(text) {
        Ok(template) => template.render(lookup),
        Err(InterpolationError::Syntax { .. }) => Ok(text.to_owned()),
        Err(error) => Err(error),
    }
}

fn check_name(name: &str, line: u32) -> Result<(), DotenvError> {
    let fits = |ch: char| ch.is_alphanumeric() || matches!(ch, '_' | '.' | '-' | '[' | ']' | '/');
    if name.is_empty() || !name.chars().all(fits) {
        return Err(DotenvError::Name {
            line,
            name: name.chars().take(24).collect(),
        });
    }
    Ok(())
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
            // Doubled for the interpolation that follows.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Result<&[(&str, &str)], &str>) {
        let lookup = |name: &str| (name == "HOST").then(|| "db".to_owned());
        let got = parse(text, &lookup).map_err(|error| error.to_string());
        let expect = expect
            .map(|pairs| {
                pairs
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                    .collect()
            })
            .map_err(str::to_owned);
        assert_eq!(got, expect, "{text}");
    }

    #[test]
    fn files() {
        check(
            "# c\n\nA=1\nexport B = two words # c\nC=\n",
            Ok(&[("A", "1"), ("B", "two words"), ("C", "")]),
        );
        check(
            "A='x $HOST # y'\nB=\"a\\nb \\\"q\\\"\" # c\n",
            Ok(&[("A", "x $HOST # y"), ("B", "a\nb \"q\"")]),
        );
        check("A=\"l1\nl2\"\nB=2", Ok(&[("A", "l1\nl2"), ("B", "2")]));
        check(
            "A=1\nB=${A}-${HOST}-${NO:-d}\n",
            Ok(&[("A", "1"), ("B", "1-db-d")]),
        );
        check(
            "A=pa$$w\nB=\"\\$5\"\nC=a$",
            Ok(&[("A", "pa$w"), ("B", "$5"), ("C", "a$")]),
        );
        check(
            "HOST\nOTHER\r\nA=b#c\r\n",
            Ok(&[("HOST", "db"), ("A", "b#c")]),
        );
        check("A=1\nB C=2", Err("line 2: 'B C' is not a name"));
        check("A=1\nB=\"x", Err("line 2: the quote is not closed"));
        check(
            "B='x'y",
            Err("line 1: there is text after the closing quote"),
        );
        let doubled: String = (1..40)
            .map(|i| format!("A{i}=$A{0}$A{0}\n", i - 1))
            .collect();
        let error = parse(&format!("A0=xxxxxxxx\n{doubled}"), &|_| None).unwrap_err();
        assert!(
            error.to_string().contains("longer") || error.to_string().contains("more than"),
            "{error}"
        );
        check("=1", Err("line 1: '' is not a name"));
    }

    #[test]
    fn raw_files() {
        let got = parse_raw("A= 'x' $Y\n# c\nB=1").unwrap();
        assert_eq!(
            got,
            [
                ("A".to_owned(), " 'x' $Y".to_owned()),
                ("B".to_owned(), "1".to_owned())
            ]
        );
    }
}
