//! `${NAME}` in the texts of a `maintenance` section. A dollar sign alone is text: connection strings and regular expressions are full
//! of them.

use crate::variable::{Values, Variable};

/// What is known of a product's variables when a section is read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Known<'a> {
    /// Their names and types: the catalog reads.
    Declared(&'a [Variable]),
    /// Their values, too: a deployment is observed.
    Valued(&'a [Variable], &'a Values),
}

/// A text with its variables put in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Filled {
    /// Whole.
    Text(String),
    /// It needs values that only a deployment has.
    Later,
}

/// Why a text cannot be filled. Never holds a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unfillable {
    /// `${` without its `}`.
    #[error("A '${{' is never closed.")]
    Unclosed,
    /// Not a name, or a form that is not known here.
    #[error("'${{{0}}}' is not a variable.")]
    NotAVariable(String),
    /// Nothing is known under this name.
    #[error("'{0}' is not a variable that is shared by the product's stacks.")]
    Undeclared(String),
    /// A deployment without the value.
    #[error("The variable '{0}' has no value.")]
    NoValue(String),
}

impl Unfillable {
    /// The way out.
    pub(super) const fn hint(&self) -> &'static str {
        match self {
            Self::Unclosed => "Close it with }, or write $${ for the characters themselves.",
            Self::NotAVariable(_) => "Write ${NAME} or ${NAME:-default}.",
            Self::Undeclared(_) => "Declare it, or write ${NAME:-default}.",
            Self::NoValue(_) => "Give it a value and deploy the product again.",
        }
    }
}

impl<'a> Known<'a> {
    /// The variable of a name, compared without case.
    pub(super) fn variable(self, name: &str) -> Option<&'a Variable> {
        let (Self::Declared(variables) | Self::Valued(variables, _)) = self;
        variables
            .iter()
            .find(|variable| variable.name.eq_ignore_ascii_case(name))
    }

    /// The value of a name.
    pub(super) fn value(self, name: &str) -> Result<Filled, Unfillable> {
        match self {
            Self::Declared(_) => match self.variable(name) {
                Some(_) => Ok(Filled::Later),
                None => Err(Unfillable::Undeclared(name.to_owned())),
            },
            Self::Valued(_, values) => values
                .get(name)
                .map(|value| Filled::Text(value.to_owned()))
                .ok_or_else(|| Unfillable::NoValue(name.to_owned())),
        }
    }

    /// The text with its variables put in.
    pub(super) fn fill(self, text: &str) -> Result<Filled, Unfillable> {
        let mut out = String::new();
        let mut later = false;
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            let (before, after) = (&rest[..at], &rest[at + 2..]);
            if let Some(before) = before.strip_suffix('$') {
                out.push_str(before);
                out.push_str("${");
                rest = after;
                continue;
            }
            out.push_str(before);
            let end = after.find('}').ok_or(Unfillable::Unclosed)?;
            match self.one(&after[..end])? {
                Filled::Text(value) => out.push_str(&value),
                Filled::Later => later = true,
            }
            rest = &after[end + 1..];
        }
        out.push_str(rest);
        Ok(if later {
            Filled::Later
        } else {
            Filled::Text(out)
        })
    }

    /// What stands between the braces.
    fn one(self, inner: &str) -> Result<Filled, Unfillable> {
        let end = inner
            .find(|ch: char| ch != '_' && !ch.is_ascii_alphanumeric())
            .unwrap_or(inner.len());
        let (name, form) = inner.split_at(end);
        if name.is_empty() || name.starts_with(|ch: char| ch.is_ascii_digit()) {
            return Err(Unfillable::NotAVariable(inner.to_owned()));
        }
        let (colon, operator) = match form.strip_prefix(':') {
            Some(operator) => (true, operator),
            None => (false, form),
        };
        let value = self.value(name);
        let is_empty = colon && value == Ok(Filled::Text(String::new()));
        match operator.split_at_checked(1) {
            None if !colon => value,
            Some(("?", _)) if is_empty => Err(Unfillable::NoValue(name.to_owned())),
            Some(("?", _)) => value,
            Some(("-", default)) if is_empty || value.is_err() => {
                Ok(Filled::Text(default.to_owned()))
            }
            Some(("-", _)) => value,
            _ => Err(Unfillable::NotAVariable(inner.to_owned())),
        }
    }
}

/// The name in a text that is one `${NAME}` and nothing else.
pub(super) fn only_variable(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("${")?.strip_suffix('}')?;
    let fits = |ch: char| ch == '_' || ch.is_ascii_alphanumeric();
    (!inner.is_empty() && inner.chars().all(fits)).then_some(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_braces_are_variables() {
        let variables = [Variable::named("URL"), Variable::named("EMPTY")];
        let mut values = Values::default();
        values.set("URL", "http://x");
        values.set("EMPTY", "");
        let valued = Known::Valued(&variables, &values);
        let text = |text: &str| Ok(Filled::Text(text.to_owned()));
        for (written, expect) in [
            ("plain", text("plain")),
            ("Password=pa$$w$rd;", text("Password=pa$$w$rd;")),
            ("^mode=(.*)$", text("^mode=(.*)$")),
            ("${url}/a", text("http://x/a")),
            ("$${URL}", text("${URL}")),
            ("[${EMPTY}]", text("[]")),
            ("${EMPTY:-d}", text("d")),
            ("${EMPTY-d}", text("")),
            ("${MISSING:-d}${URL}", text("dhttp://x")),
            ("${EMPTY?e}", text("")),
            ("${URL:?e}", text("http://x")),
            ("${EMPTY:?e}", Err(Unfillable::NoValue("EMPTY".to_owned()))),
            ("${MISSING}", Err(Unfillable::NoValue("MISSING".to_owned()))),
            ("${URL", Err(Unfillable::Unclosed)),
            ("${}", Err(Unfillable::NotAVariable(String::new()))),
            ("${1A}", Err(Unfillable::NotAVariable("1A".to_owned()))),
            ("${A+b}", Err(Unfillable::NotAVariable("A+b".to_owned()))),
        ] {
            assert_eq!(valued.fill(written), expect, "{written}");
        }
        let declared = Known::Declared(&variables);
        assert_eq!(declared.fill("a${URL}"), Ok(Filled::Later));
        assert_eq!(declared.fill("a"), text("a"));
        assert_eq!(declared.fill("${X:-d}"), text("d"));
        assert_eq!(
            declared.fill("${X}"),
            Err(Unfillable::Undeclared("X".to_owned()))
        );
    }

    #[test]
    fn a_text_that_is_one_variable() {
        assert_eq!(only_variable(" ${DB_URL} "), Some("DB_URL"));
        for other in ["DB_URL", "${}", "x${A}", "${A}${B}", "${A:-b}"] {
            assert_eq!(only_variable(other), None, "{other}");
        }
    }
}
