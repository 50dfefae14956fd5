//! Files of `--env-file`: lines `NAME=VALUE`, comments after `#` at the start of a line, quotes around values.
//!
//! Nothing is expanded: a value is what is written. Messages name the line and never show a value.

use std::io;
use std::io::Read as _;
use std::path::Path;

/// Largest file that is read.
const MAX_BYTES: u64 = 1024 * 1024;

/// Why a file of values cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EnvFileError {
    /// The machine refuses.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is larger than is read.
    #[error("it is larger than {MAX_BYTES} bytes")]
    TooLarge,
    /// A line is no assignment.
    #[error("line {0} is not NAME=VALUE")]
    NotAnAssignment(usize),
    /// A quote is opened and not closed on its line.
    #[error("line {0} opens a quote and does not close it, or goes on after it")]
    OpenQuote(usize),
}

/// Reads the values in the order of the file; `-` is standard input.
pub(crate) fn read(path: &Path) -> Result<Vec<(String, String)>, EnvFileError> {
    let mut text = String::new();
    let limit = MAX_BYTES + 1;
    if path == Path::new("-") {
        io::stdin().lock().take(limit).read_to_string(&mut text)?;
    } else {
        std::fs::File::open(path)?
            .take(limit)
            .read_to_string(&mut text)?;
    }
    if text.len() as u64 > MAX_BYTES {
        return Err(EnvFileError::TooLarge);
    }
    parse(&text)
}

fn parse(text: &str) -> Result<Vec<(String, String)>, EnvFileError> {
    let mut values = Vec::new();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (position, line) in text.lines().enumerate() {
        let number = position + 1;
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        let (name, value) = line
            .split_once('=')
            .ok_or(EnvFileError::NotAnAssignment(number))?;
        let name = name.trim();
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err(EnvFileError::NotAnAssignment(number));
        }
        let value = unquote(value.trim()).ok_or(EnvFileError::OpenQuote(number))?;
        values.push((name.to_owned(), value));
    }
    Ok(values)
}

fn unquote(value: &str) -> Option<String> {
    if let Some(rest) = value.strip_prefix('\'') {
        let inner = rest.strip_suffix('\'')?;
        return (!inner.contains('\'')).then(|| inner.to_owned());
    }
    let Some(rest) = value.strip_prefix('"') else {
        return Some(value.to_owned());
    };
    let mut text = String::new();
    let mut rest = rest.chars();
    loop {
        match rest.next()? {
            '"' => return rest.next().is_none().then_some(text),
            '\\' => match rest.next()? {
                'n' => text.push('\n'),
                't' => text.push('\t'),
                other @ ('"' | '\\' | '$') => text.push(other),
                other => text.extend(['\\', other]),
            },
            other => text.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&[(&str, &str)], &str>) {
        let found = parse(text).map_err(|error| error.to_string());
        let expected = expected.map_err(str::to_owned).map(|values| {
            let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
            values.iter().map(owned).collect::<Vec<_>>()
        });
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn lines_are_names_and_values() {
        check("", Ok(&[]));
        check(
            "# no\n\n A = 1 \r\nexport B=x=y",
            Ok(&[("A", "1"), ("B", "x=y")]),
        );
        check("A=", Ok(&[("A", "")]));
        check("A='a \"b\" $c'", Ok(&[("A", "a \"b\" $c")]));
        check(r#"A="a\n\"b\" \x""#, Ok(&[("A", "a\n\"b\" \\x")]));
        check("A=x # stays", Ok(&[("A", "x # stays")]));
        check("A=1\nB", Err("line 2 is not NAME=VALUE"));
        check("A B=1", Err("line 1 is not NAME=VALUE"));
        let open = "line 1 opens a quote and does not close it, or goes on after it";
        check("A=\"x", Err(open));
        check("A='x", Err(open));
        check("A=\"x\" y", Err(open));
    }
}
