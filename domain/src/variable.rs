//! Typed variables: what a manifest declares, whether a value fits, and which of three tiers wins.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A variable of a product or stack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Variable {
    /// What `${NAME}` says; compared without case.
    pub name: String,
    /// What people see; the name where there is none.
    pub label: Option<String>,
    /// One sentence.
    pub description: Option<String>,
    /// Shown in the empty input.
    pub placeholder: Option<String>,
    /// Inputs with the same group stand together.
    pub group: Option<String>,
    /// Position in its group, ascending.
    pub order: Option<i64>,
    /// Which values fit, and which input is shown.
    #[serde(rename = "type")]
    pub kind: VariableType,
    /// The lowest tier.
    pub default: Option<String>,
    /// Whether it must have a value that is not empty.
    pub required: bool,
    /// Regular expression for String and Password; must match somewhere, as in the manifest's format.
    pub pattern: Option<String>,
    /// The sentence where the pattern does not match.
    pub pattern_error: Option<String>,
    /// Smallest number or port.
    pub min: Option<f64>,
    /// Largest number or port.
    pub max: Option<f64>,
    /// Choices of a Select.
    pub options: Vec<SelectOption>,
    /// Whether the form offers by default not to remember the value.
    pub default_transient: bool,
}

/// One choice of a Select.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SelectOption {
    /// What is stored.
    pub value: String,
    /// What people see; the value where there is none.
    pub label: Option<String>,
    /// One sentence.
    pub description: Option<String>,
}

/// The types of the manifest format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum VariableType {
    #[default]
    String,
    Number,
    Boolean,
    Select,
    Password,
    Port,
    Url,
    Email,
    Path,
    MultiLine,
    ConnectionString,
    SqlServerConnectionString,
    PostgresConnectionString,
    MySqlConnectionString,
    EventStoreConnectionString,
    MongoConnectionString,
    RedisConnectionString,
}

impl VariableType {
    /// Whether values of this type are secrets: never shown, never logged.
    #[must_use]
    pub const fn is_secret(self) -> bool {
        matches!(
            self,
            Self::Password
                | Self::ConnectionString
                | Self::SqlServerConnectionString
                | Self::PostgresConnectionString
                | Self::MySqlConnectionString
                | Self::EventStoreConnectionString
                | Self::MongoConnectionString
                | Self::RedisConnectionString
        )
    }
}

/// Values by name. May hold secrets, so it does not print them.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Values(pub BTreeMap<String, String>);

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Values {
    /// The value of a name, compared without case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .or_else(|| {
                self.0
                    .iter()
                    .find(|(key, _)| key.eq_ignore_ascii_case(name))
                    .map(|(_, value)| value)
            })
            .map(String::as_str)
    }

    /// Sets a value, replacing one whose name differs in case only (its spelling stays).
    pub fn set(&mut self, name: &str, value: &str) {
        let known = self
            .0
            .keys()
            .find(|key| key.eq_ignore_ascii_case(name))
            .cloned();
        self.0
            .insert(known.unwrap_or_else(|| name.to_owned()), value.to_owned());
    }
}

impl Variable {
    /// A variable of type String that has nothing but its name.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            label: None,
            description: None,
            placeholder: None,
            group: None,
            order: None,
            kind: VariableType::String,
            default: None,
            required: false,
            pattern: None,
            pattern_error: None,
            min: None,
            max: None,
            options: Vec::new(),
            default_transient: false,
        }
    }

    /// What people see.
    #[must_use]
    pub fn display(&self) -> &str {
        self.label.as_deref().unwrap_or(&self.name)
    }
}

/// A value that does not fit its variable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldError {
    /// Name of the variable.
    pub field: String,
    /// What is wrong, as a sentence. Never contains the value.
    pub message: String,
}

/// The variables of one stack: the product's shared ones, each replaced in its place by the stack's definition of the same name, then
/// the stack's others.
#[must_use]
pub fn effective(shared: &[Variable], stack: &[Variable]) -> Vec<Variable> {
    let same = |a: &Variable, b: &Variable| a.name.eq_ignore_ascii_case(&b.name);
    let mut all: Vec<Variable> = shared.to_vec();
    for variable in stack {
        match all.iter_mut().find(|known| same(known, variable)) {
            Some(known) => *known = variable.clone(),
            None => all.push(variable.clone()),
        }
    }
    all
}

/// The values of one stack in ascending priority: defaults, shared values, the stack's own. Names are compared without case; a declared
/// variable's spelling wins, and values without a declaration are kept.
#[must_use]
pub fn resolve(variables: &[Variable], shared: &Values, stack: &Values) -> Values {
    let mut resolved = Values::default();
    for variable in variables {
        if let Some(default) = &variable.default {
            resolved.set(&variable.name, default);
        }
    }
    for (name, value) in shared.0.iter().chain(&stack.0) {
        let spelling = variables
            .iter()
            .find(|variable| variable.name.eq_ignore_ascii_case(name))
            .map_or(name.as_str(), |variable| variable.name.as_str());
        resolved.set(spelling, value);
    }
    resolved
}

/// Every value that does not fit, in the order of the variables. `values` are resolved ones.
#[must_use]
pub fn validate(variables: &[Variable], values: &Values) -> Vec<FieldError> {
    variables
        .iter()
        .filter_map(|variable| {
            let message = check(variable, values.get(&variable.name).unwrap_or_default())?;
            Some(FieldError {
                field: variable.name.clone(),
                message,
            })
        })
        .collect()
}

/// The sentence about one value, or nothing where it fits.
fn check(variable: &Variable, value: &str) -> Option<String> {
    let name = variable.display();
    if value.trim().is_empty() {
        return variable.required.then(|| format!("{name} is required."));
    }
    match variable.kind {
        VariableType::Number => check_number(variable, value),
        VariableType::Port => match parse_number(value) {
            None => Some(format!("{name} must be a valid number.")),
            Some(number) if number.fract() != 0.0 || !(1.0..=65535.0).contains(&number) => {
                Some(format!("{name} must be a valid port (1-65535)."))
            }
            Some(_) => check_number(variable, value),
        },
        VariableType::Boolean => {
            let known = ["true", "false", "1", "0"];
            let fits = known.iter().any(|word| value.eq_ignore_ascii_case(word));
            (!fits).then(|| format!("{name} must be true or false."))
        }
        VariableType::Select => {
            let fits = variable.options.iter().any(|option| option.value == value);
            (!fits).then(|| {
                let all: Vec<&str> = variable.options.iter().map(|o| o.value.as_str()).collect();
                format!("{name} must be one of: {}.", all.join(", "))
            })
        }
        VariableType::String | VariableType::Password => {
            let pattern = variable.pattern.as_deref()?;
            (!matches(pattern, value)).then(|| {
                variable
                    .pattern_error
                    .clone()
                    .unwrap_or_else(|| format!("{name} does not match the required pattern."))
            })
        }
        VariableType::Url
        | VariableType::Email
        | VariableType::Path
        | VariableType::MultiLine
        | VariableType::ConnectionString
        | VariableType::SqlServerConnectionString
        | VariableType::PostgresConnectionString
        | VariableType::MySqlConnectionString
        | VariableType::EventStoreConnectionString
        | VariableType::MongoConnectionString
        | VariableType::RedisConnectionString => None,
    }
}

fn check_number(variable: &Variable, value: &str) -> Option<String> {
    let name = variable.display();
    let Some(number) = parse_number(value) else {
        return Some(format!("{name} must be a valid number."));
    };
    if let Some(min) = variable.min.filter(|min| number < *min) {
        return Some(format!("{name} must be at least {min}."));
    }
    if let Some(max) = variable.max.filter(|max| number > *max) {
        return Some(format!("{name} must be at most {max}."));
    }
    None
}

/// A finite decimal number; `inf`, `nan` and anything with blanks inside are none.
fn parse_number(value: &str) -> Option<f64> {
    let text = value.trim();
    let digits = |ch: char| ch.is_ascii_digit() || matches!(ch, '.' | '+' | '-' | 'e' | 'E');
    if !text.chars().all(digits) {
        return None;
    }
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Whether a pattern is one that values can be checked against.
///
/// # Errors
/// The reason, as a sentence, where it is not a regular expression.
pub fn check_pattern(pattern: &str) -> Result<(), InvalidPattern> {
    fancy_regex::Regex::new(pattern)
        .map(|_| ())
        .map_err(|source| InvalidPattern {
            pattern: pattern.to_owned(),
            source: Box::new(source),
        })
}

/// A variable's pattern that is not a regular expression.
#[derive(Debug, thiserror::Error)]
#[error("'{pattern}' is not a regular expression")]
pub struct InvalidPattern {
    pattern: String,
    source: Box<dyn std::error::Error + Send + Sync>,
}

/// A pattern that is broken, or that backtracks without end on this value, does not match: what cannot be checked is refused.
fn matches(pattern: &str, value: &str) -> bool {
    fancy_regex::Regex::new(pattern).is_ok_and(|regex| regex.is_match(value).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pairs: &[(&str, &str)]) -> Values {
        Values(
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        )
    }

    fn of(kind: VariableType) -> Variable {
        Variable {
            kind,
            ..Variable::named("X")
        }
    }

    fn with_default(name: &str, default: &str) -> Variable {
        Variable {
            default: Some(default.to_owned()),
            ..Variable::named(name)
        }
    }

    #[test]
    fn three_tiers_compared_without_case() {
        let variables = [with_default("Host", "default"), Variable::named("PORT")];
        type Pairs = &'static [(&'static str, &'static str)];
        let none: Pairs = &[];
        let cases: [(Pairs, Pairs, Pairs); 6] = [
            (none, none, &[("Host", "default")]),
            (&[("HOST", "shared")], none, &[("Host", "shared")]),
            (none, &[("host", "stack")], &[("Host", "stack")]),
            (
                &[("HOST", "shared"), ("port", "1")],
                &[("hOST", "stack")],
                &[("Host", "stack"), ("PORT", "1")],
            ),
            // An empty value is a value.
            (&[("Host", "shared")], &[("Host", "")], &[("Host", "")]),
            // What nobody declared is kept, and still overridden without case.
            (
                &[("Extra", "a")],
                &[("EXTRA", "b")],
                &[("Extra", "b"), ("Host", "default")],
            ),
        ];
        for (shared, stack, expect) in cases {
            let resolved = resolve(&variables, &values(shared), &values(stack));
            assert_eq!(resolved.0, values(expect).0, "{shared:?} {stack:?}");
        }
    }

    #[test]
    fn the_stack_redefines_shared_variables_in_place() {
        let shared = [with_default("A", "shared"), with_default("B", "shared")];
        let stack = [with_default("C", "stack"), with_default("a", "stack")];
        let all: Vec<(String, Option<String>)> = effective(&shared, &stack)
            .into_iter()
            .map(|variable| (variable.name, variable.default))
            .collect();
        let expect = [("a", "stack"), ("B", "shared"), ("C", "stack")];
        let expect: Vec<(String, Option<String>)> = expect
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned())))
            .collect();
        assert_eq!(all, expect);
    }

    #[test]
    fn every_type_and_message() {
        use VariableType as T;
        let ranged = |kind| Variable {
            min: Some(2.0),
            max: Some(5.0),
            ..of(kind)
        };
        let select = Variable {
            options: ["a", "b"]
                .map(|value| SelectOption {
                    value: value.to_owned(),
                    label: Some(value.to_uppercase()),
                    description: None,
                })
                .to_vec(),
            ..of(T::Select)
        };
        let pattern = |kind, error: Option<&str>| Variable {
            pattern: Some("^(?=.*[0-9]).{3,}$".to_owned()),
            pattern_error: error.map(str::to_owned),
            ..of(kind)
        };
        let required = |kind| Variable {
            required: true,
            ..of(kind)
        };
        let mut cases: Vec<(Variable, &str, Option<&str>)> = vec![
            (of(T::Number), "12", None),
            (of(T::Number), "-1.5", None),
            (of(T::Number), "x", Some("X must be a valid number.")),
            (of(T::Number), "NaN", Some("X must be a valid number.")),
            (of(T::Number), "inf", Some("X must be a valid number.")),
            (of(T::Number), "1 2", Some("X must be a valid number.")),
            (ranged(T::Number), "2", None),
            (ranged(T::Number), "5", None),
            (ranged(T::Number), "1", Some("X must be at least 2.")),
            (ranged(T::Number), "5.5", Some("X must be at most 5.")),
            (of(T::Port), "1", None),
            (of(T::Port), "65535", None),
            (of(T::Port), "0", Some("X must be a valid port (1-65535).")),
            (
                of(T::Port),
                "65536",
                Some("X must be a valid port (1-65535)."),
            ),
            (
                of(T::Port),
                "80.5",
                Some("X must be a valid port (1-65535)."),
            ),
            (of(T::Port), "http", Some("X must be a valid number.")),
            (ranged(T::Port), "1", Some("X must be at least 2.")),
            (ranged(T::Port), "80", Some("X must be at most 5.")),
            (of(T::Boolean), "true", None),
            (of(T::Boolean), "False", None),
            (of(T::Boolean), "1", None),
            (of(T::Boolean), "0", None),
            (of(T::Boolean), "yes", Some("X must be true or false.")),
            (select.clone(), "b", None),
            (select.clone(), "A", Some("X must be one of: a, b.")),
            (select, "", None),
            (pattern(T::String, None), "ab1", None),
            (
                pattern(T::String, None),
                "abc",
                Some("X does not match the required pattern."),
            ),
            (pattern(T::Password, Some("min 3")), "a", Some("min 3")),
            (pattern(T::Url, None), "abc", None),
        ];
        for kind in [
            T::String,
            T::Number,
            T::Boolean,
            T::Select,
            T::Password,
            T::Port,
            T::Url,
            T::Email,
            T::Path,
            T::MultiLine,
            T::ConnectionString,
            T::SqlServerConnectionString,
            T::PostgresConnectionString,
            T::MySqlConnectionString,
            T::EventStoreConnectionString,
            T::MongoConnectionString,
            T::RedisConnectionString,
        ] {
            cases.push((required(kind), "", Some("X is required.")));
            cases.push((required(kind), "  ", Some("X is required.")));
            cases.push((of(kind), "", None));
            if !matches!(kind, T::Number | T::Boolean | T::Select | T::Port) {
                cases.push((required(kind), "anything at all", None));
            }
        }
        for (variable, value, expect) in cases {
            let expect: Vec<FieldError> = expect
                .iter()
                .map(|message| FieldError {
                    field: "X".to_owned(),
                    message: (*message).to_owned(),
                })
                .collect();
            let got = validate(std::slice::from_ref(&variable), &values(&[("x", value)]));
            assert_eq!(got, expect, "{:?} {value:?}", variable.kind);
        }
    }

    #[test]
    fn messages_use_the_label_and_the_field_is_the_name() {
        let variable = Variable {
            label: Some("Web port".to_owned()),
            required: true,
            ..Variable::named("PORT")
        };
        let errors = validate(&[variable], &Values::default());
        assert_eq!(errors[0].field, "PORT");
        assert_eq!(errors[0].message, "Web port is required.");
    }

    #[test]
    fn patterns() {
        assert!(check_pattern("^(?!x).*$").is_ok());
        let error = check_pattern("(").unwrap_err();
        assert_eq!(error.to_string(), "'(' is not a regular expression");
        // Catastrophic backtracking ends at the bound and refuses the value.
        assert!(!matches(r"^(?=(a+)+$)(?:a+)+\1b$", &"a".repeat(40)));
    }
}
