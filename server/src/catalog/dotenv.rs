//! Files of `NAME=VALUE` lines: `.env`, `env_file` and `label_file`, as Compose reads them.

use domain::dotenv::{Fault, Line, LineError, Value, is_name, lines};

use super::interpolate::{InterpolationError, Template};

/// Most bytes that the values of one file may fill once their variables are replaced.
const MAX_TEXT: usize = 4 * 1024 * 1024;

/// A line that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum DotenvError {
    /// It is not one.
    #[error(transparent)]
    Line(#[from] LineError),
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
            Self::Line(error) => error.line,
            Self::TooLong { line } | Self::Interpolation { line, .. } => *line,
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
    let mut total = 0;
    for line in lines(text) {
        let Line {
            number: line,
            name,
            value,
        } = line?;
        let value = match value {
            // A name alone takes the value that is known, if any.
            Value::Missing => match lookup(&name) {
                Some(value) => value,
                None => continue,
            },
            Value::Literal(value) => value,
            Value::Template(value) => {
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
        entries.push((name, value));
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

fn check_name(name: &str, line: u32) -> Result<(), LineError> {
    if is_name(name) {
        return Ok(());
    }
    let fault = Fault::Name(name.chars().take(24).collect());
    Err(LineError { line, fault })
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
