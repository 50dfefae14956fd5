//! `$VAR` and `${VAR…}` as the Compose Specification defines them: parsed once, then asked for names or for text.
//!
//! Looks nothing up by itself: the caller gives the values, so the server's own environment never leaks into a stack.

/// Deepest nesting of `${A:-${B:-…}}`.
const MAX_NESTING: usize = 16;

/// Longest text that variables may make of one, in bytes.
const MAX_RENDERED: usize = 1024 * 1024;

/// Text with variables in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Variable {
        name: String,
        form: Form,
        word: Template,
        /// Whether an empty value counts as none (the forms with a colon).
        colon: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `$VAR`, `${VAR}`
    Plain,
    /// `${VAR:-word}`
    Default,
    /// `${VAR:?word}`
    Required,
    /// `${VAR:+word}`
    Replace,
}

/// One use of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Use {
    /// Its name.
    pub name: String,
    /// Whether the text demands a value (`:?`).
    pub required: bool,
    /// The default written beside it, where it has no variables of its own.
    pub default: Option<String>,
    /// Whether a value is optional at this place: a default or a replacement stands beside it.
    pub optional: bool,
}

/// Text that cannot be interpolated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum InterpolationError {
    /// A dollar sign that starts nothing.
    #[error("'{found}' is not a variable")]
    Syntax {
        /// From the dollar sign on, shortened.
        found: String,
    },
    /// `${` without its `}`.
    #[error("'{found}' is never closed")]
    Unclosed {
        /// From the dollar sign on, shortened.
        found: String,
    },
    /// Defaults within defaults within defaults ….
    #[error("variables are nested deeper than {MAX_NESTING}")]
    TooDeep,
    /// The values make it too long.
    #[error("the text becomes longer than {MAX_RENDERED} bytes")]
    TooLong,
    /// `${VAR:?message}` without a value.
    #[error("{name} is required{}", if message.is_empty() { String::new() } else { format!(": {message}") })]
    Required {
        /// The variable.
        name: String,
        /// The author's words; may be empty.
        message: String,
    },
}

impl InterpolationError {
    /// The way out.
    #[must_use]
    pub(super) const fn hint(&self) -> &'static str {
        match self {
            Self::Syntax { .. } => "Write $$ for a dollar sign itself.",
            Self::Unclosed { .. } => "Close it with }, or write $$ for a dollar sign itself.",
            Self::TooDeep | Self::TooLong => "",
            Self::Required { .. } => "Give it a value.",
        }
    }
}

impl Template {
    /// Reads text.
    ///
    /// # Errors
    /// Where a dollar sign starts nothing, or a brace is not closed.
    pub(super) fn parse(text: &str) -> Result<Self, InterpolationError> {
        parse_parts(text, 0)
    }

    /// The text with values put in. `lookup` gives the value of a name, if it has one.
    ///
    /// # Errors
    /// Where a required variable has none.
    pub(super) fn render(
        &self,
        lookup: &dyn Fn(&str) -> Option<String>,
    ) -> Result<String, InterpolationError> {
        let mut out = String::new();
        for part in &self.0 {
            if out.len() > MAX_RENDERED {
                return Err(InterpolationError::TooLong);
            }
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Variable {
                    name,
                    form,
                    word,
                    colon,
                } => {
                    let value = lookup(name);
                    let present = value
                        .as_ref()
                        .is_some_and(|value| !(*colon && value.is_empty()));
                    match form {
                        Form::Default if !present => out.push_str(&word.render(lookup)?),
                        Form::Required if !present => {
                            return Err(InterpolationError::Required {
                                name: name.clone(),
                                message: word.render(lookup)?,
                            });
                        }
                        Form::Replace if present => out.push_str(&word.render(lookup)?),
                        Form::Replace => {}
                        Form::Plain | Form::Default | Form::Required => {
                            out.push_str(value.as_deref().unwrap_or_default());
                        }
                    }
                }
            }
        }
        if out.len() > MAX_RENDERED {
            return Err(InterpolationError::TooLong);
        }
        Ok(out)
    }

    /// Every use of a variable, also inside defaults, in order.
    #[must_use]
    pub(super) fn uses(&self) -> Vec<Use> {
        let mut uses = Vec::new();
        self.collect(&mut uses);
        uses
    }

    fn collect(&self, uses: &mut Vec<Use>) {
        for part in &self.0 {
            let Part::Variable {
                name, form, word, ..
            } = part
            else {
                continue;
            };
            uses.push(Use {
                name: name.clone(),
                required: *form == Form::Required,
                default: (*form == Form::Default).then(|| word.literal()).flatten(),
                optional: matches!(form, Form::Default | Form::Replace),
            });
            word.collect(uses);
        }
    }

    fn literal(&self) -> Option<String> {
        self.0
            .iter()
            .map(|part| match part {
                Part::Text(text) => Some(text.as_str()),
                Part::Variable { .. } => None,
            })
            .collect()
    }
}

fn parse_parts(text: &str, depth: usize) -> Result<Template, InterpolationError> {
    if depth > MAX_NESTING {
        return Err(InterpolationError::TooDeep);
    }
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        literal.push_str(&rest[..at]);
        let tail = &rest[at..];
        let after = &tail[1..];
        if let Some(escaped) = after.strip_prefix('$') {
            literal.push('$');
            rest = escaped;
            continue;
        }
        if !literal.is_empty() {
            parts.push(Part::Text(std::mem::take(&mut literal)));
        }
        if let Some(inner) = after.strip_prefix('{') {
            let end = closing(inner).ok_or_else(|| InterpolationError::Unclosed {
                found: shorten(tail),
            })?;
            parts.push(braced(&inner[..end], tail, depth)?);
            rest = &inner[end + 1..];
        } else {
            let length = name_length(after);
            if length == 0 {
                return Err(InterpolationError::Syntax {
                    found: shorten(tail),
                });
            }
            parts.push(Part::Variable {
                name: after[..length].to_owned(),
                form: Form::Plain,
                word: Template(Vec::new()),
                colon: false,
            });
            rest = &after[length..];
        }
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        parts.push(Part::Text(literal));
    }
    Ok(Template(parts))
}

fn braced(inner: &str, tail: &str, depth: usize) -> Result<Part, InterpolationError> {
    let syntax = || InterpolationError::Syntax {
        found: shorten(tail),
    };
    let length = name_length(inner);
    if length == 0 {
        return Err(syntax());
    }
    let (name, operator) = inner.split_at(length);
    let colon = operator.starts_with(':');
    let operator = operator.strip_prefix(':').unwrap_or(operator);
    let form = match operator.chars().next() {
        None if !colon => Form::Plain,
        Some('-') => Form::Default,
        Some('?') => Form::Required,
        Some('+') => Form::Replace,
        _ => return Err(syntax()),
    };
    let word = operator.get(1..).unwrap_or_default();
    Ok(Part::Variable {
        name: name.to_owned(),
        form,
        word: parse_parts(word, depth + 1)?,
        colon,
    })
}

/// The index of the brace that closes an already opened one.
fn closing(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut open = 0_usize;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'$' if bytes.get(at + 1) == Some(&b'$') => at += 1,
            b'$' if bytes.get(at + 1) == Some(&b'{') => {
                open += 1;
                at += 1;
            }
            b'}' if open == 0 => return Some(at),
            b'}' => open -= 1,
            _ => {}
        }
        at += 1;
    }
    None
}

/// Length of the variable name that the text starts with.
pub(super) fn name_length(text: &str) -> usize {
    let mut length = 0;
    for (at, byte) in text.bytes().enumerate() {
        let fits = byte == b'_' || byte.is_ascii_alphabetic() || (at > 0 && byte.is_ascii_digit());
        if !fits {
            break;
        }
        length = at + 1;
    }
    length
}

fn shorten(text: &str) -> String {
    text.chars().take(24).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Result<&str, &str>) {
        let lookup = |name: &str| match name {
            "SET" => Some("value".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        let got = Template::parse(text)
            .and_then(|template| template.render(&lookup))
            .map_err(|error| error.to_string());
        assert_eq!(got.as_deref().map_err(String::as_str), expect, "{text}");
    }

    #[test]
    fn every_form() {
        check("plain", Ok("plain"));
        check("$SET/${SET}x", Ok("value/valuex"));
        check("[$UNSET][${UNSET}]", Ok("[][]"));
        check("$$SET $$ $${SET}", Ok("$SET $ ${SET}"));
        for (text, expect) in [
            ("${SET:-d}", "value"),
            ("${EMPTY:-d}", "d"),
            ("${UNSET:-d}", "d"),
            ("${SET-d}", "value"),
            ("${EMPTY-d}", ""),
            ("${UNSET-d}", "d"),
            ("${SET:+r}", "r"),
            ("${EMPTY:+r}", ""),
            ("${UNSET:+r}", ""),
            ("${SET+r}", "r"),
            ("${EMPTY+r}", "r"),
            ("${UNSET+r}", ""),
            ("${SET:?e}", "value"),
            ("${SET?e}", "value"),
            ("${EMPTY?e}", ""),
            ("${UNSET:-}", ""),
            ("${UNSET:-a:b-c?d}", "a:b-c?d"),
            ("${UNSET:-${EMPTY:-${SET}}}", "value"),
            ("${UNSET:-${UNSET:-{x}}}", "{x}"),
            ("${UNSET:-$$5}", "$5"),
            ("${UNSET:-a b}c", "a bc"),
        ] {
            check(text, Ok(expect));
        }
    }

    #[test]
    fn refused() {
        check("${EMPTY:?say why}", Err("EMPTY is required: say why"));
        check("${UNSET?}", Err("UNSET is required"));
        check("${UNSET:?${SET}}", Err("UNSET is required: value"));
        check("a $ b", Err("'$ b' is not a variable"));
        check("$1", Err("'$1' is not a variable"));
        check("${}", Err("'${}' is not a variable"));
        check("${A b}", Err("'${A b}' is not a variable"));
        check("${A:}", Err("'${A:}' is not a variable"));
        check("${A", Err("'${A' is never closed"));
        check("${A:-${B}", Err("'${A:-${B}' is never closed"));
        let deep = format!("{}{}", "${A:-".repeat(40), "}".repeat(40));
        check(&deep, Err("variables are nested deeper than 16"));
    }

    #[test]
    fn uses_are_listed_with_defaults() {
        let uses = Template::parse("$A ${B:-b} ${C:?x} ${D:-${E-e}} ${F:+f}")
            .unwrap()
            .uses();
        let short: Vec<(&str, bool, Option<&str>, bool)> = uses
            .iter()
            .map(|u| {
                (
                    u.name.as_str(),
                    u.required,
                    u.default.as_deref(),
                    u.optional,
                )
            })
            .collect();
        assert_eq!(
            short,
            [
                ("A", false, None, false),
                ("B", false, Some("b"), true),
                ("C", true, None, false),
                ("D", false, None, true),
                ("E", false, Some("e"), true),
                ("F", false, None, true),
            ]
        );
    }
}
