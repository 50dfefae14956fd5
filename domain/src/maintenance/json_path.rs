//! Paths such as `data.items[0].mode` into an answer of JSON.

use std::fmt;

use serde_json::Value;

/// Longest path, in steps.
const MAX_STEPS: usize = 32;

/// Where the value lies in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonPath(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

/// Text that is no path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a path into JSON.")]
pub struct InvalidPath(String);

impl JsonPath {
    /// Reads `a.b[0].c`; a `$` or `$.` before it is taken, too.
    ///
    /// # Errors
    /// Where a step is empty, or an index is no number.
    pub fn parse(text: &str) -> Result<Self, InvalidPath> {
        let invalid = || InvalidPath(text.to_owned());
        let trimmed = text.trim();
        let body = trimmed.strip_prefix('$').unwrap_or(trimmed);
        let body = body.strip_prefix('.').unwrap_or(body);
        let mut steps = Vec::new();
        for part in body.split('.') {
            let (key, mut indexes) = part.split_at(part.find('[').unwrap_or(part.len()));
            if !key.is_empty() {
                steps.push(Step::Key(key.to_owned()));
            } else if indexes.is_empty() || !steps.is_empty() {
                return Err(invalid());
            }
            while let Some(inner) = indexes.strip_prefix('[') {
                let (index, rest) = inner.split_once(']').ok_or_else(invalid)?;
                steps.push(Step::Index(index.parse().map_err(|_| invalid())?));
                indexes = rest;
            }
            if !indexes.is_empty() {
                return Err(invalid());
            }
        }
        if steps.len() > MAX_STEPS {
            return Err(invalid());
        }
        Ok(Self(steps))
    }

    /// The value there, if there is one.
    #[must_use]
    pub fn find<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        self.0.iter().try_fold(value, |value, step| match step {
            Step::Key(key) => value.get(key),
            Step::Index(index) => value.get(index),
        })
    }
}

impl fmt::Display for JsonPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if at > 0 => write!(f, ".{key}")?,
                Step::Key(key) => f.write_str(key)?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths() {
        let answer = json!({ "data": { "items": [{ "mode": "on" }, [1, 2]] }, "a-b": true });
        for (path, expect) in [
            ("data.items[0].mode", Some(json!("on"))),
            ("$.data.items[0].mode", Some(json!("on"))),
            ("data.items[1][1]", Some(json!(2))),
            ("a-b", Some(json!(true))),
            ("data.items[9].mode", None),
            ("data.mode", None),
        ] {
            let parsed = JsonPath::parse(path).unwrap();
            assert_eq!(parsed.find(&answer), expect.as_ref(), "{path}");
        }
        let list = json!(["x"]);
        assert_eq!(
            JsonPath::parse("$[0]").unwrap().find(&list),
            Some(&json!("x"))
        );
        for wrong in [
            "", "$", "a..b", "a.", "a[", "a[x]", "a[0]b", ".[0].", "a.[0]",
        ] {
            assert!(JsonPath::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(
            JsonPath::parse("$.a.b[0].c").unwrap().to_string(),
            "a.b[0].c"
        );
    }
}
