//! The `variables` sections of manifests: what is declared, checked as far as it can be without values.

use domain::variable::{SelectOption, Values, Variable, VariableType, check_pattern, validate};

use super::reading::Reading;
use super::yaml::{Entry, Node};

const TYPES: &[(&str, VariableType)] = &[
    ("string", VariableType::String),
    ("number", VariableType::Number),
    ("boolean", VariableType::Boolean),
    ("select", VariableType::Select),
    ("password", VariableType::Password),
    ("port", VariableType::Port),
    ("url", VariableType::Url),
    ("email", VariableType::Email),
    ("path", VariableType::Path),
    ("multiline", VariableType::MultiLine),
    ("connectionstring", VariableType::ConnectionString),
    (
        "sqlserverconnectionstring",
        VariableType::SqlServerConnectionString,
    ),
    (
        "postgresconnectionstring",
        VariableType::PostgresConnectionString,
    ),
    ("mysqlconnectionstring", VariableType::MySqlConnectionString),
    (
        "eventstoreconnectionstring",
        VariableType::EventStoreConnectionString,
    ),
    ("mongoconnectionstring", VariableType::MongoConnectionString),
    ("redisconnectionstring", VariableType::RedisConnectionString),
];

/// Reads one section.
pub(super) fn variables(reading: &mut Reading<'_>, section: Option<&Node>) -> Vec<Variable> {
    let Some(section) = section else {
        return Vec::new();
    };
    if !reading.is_map(section) {
        return Vec::new();
    }
    let mut all: Vec<Variable> = Vec::new();
    for entry in section.entries() {
        if let Some(known) = all
            .iter()
            .find(|known| known.name.eq_ignore_ascii_case(&entry.key))
        {
            reading.push(entry.place.error(
                format!(
                    "The variable '{}' is '{}' again: names are compared without case.",
                    entry.key, known.name
                ),
                "Rename one of the two.",
            ));
        }
        all.push(variable(reading, entry));
    }
    all
}

fn variable(reading: &mut Reading<'_>, entry: &Entry) -> Variable {
    let mut variable = Variable::named(&entry.key);
    let length = super::interpolate::name_length(&entry.key);
    if length == 0 || length != entry.key.len() {
        reading.push(entry.place.warning(
            format!("'{}' cannot be used as ${{…}}.", entry.key),
            "Names have letters, digits and '_', and do not start with a digit.",
        ));
    }
    let node = &entry.value;
    if let Some(default) = node.as_text() {
        // `NAME: value` is short for a default.
        variable.default = Some(default.to_owned());
        return variable;
    }
    if node.is_null() {
        variable.required = true;
        return variable;
    }
    if !reading.is_map(node) {
        return variable;
    }
    reading.unknown_keys(
        node,
        &[
            "label",
            "description",
            "placeholder",
            "group",
            "order",
            "type",
            "default",
            "required",
            "pattern",
            "patternError",
            "min",
            "max",
            "options",
            "defaultTransient",
        ],
    );
    variable.label = reading.text_of(node, "label");
    variable.description = reading.text_of(node, "description");
    variable.placeholder = reading.text_of(node, "placeholder");
    variable.group = reading.text_of(node, "group");
    variable.default = reading.text_of(node, "default");
    variable.pattern = reading.text_of(node, "pattern");
    variable.pattern_error = reading.text_of(node, "patternError");
    variable.order = number(reading, node, "order").map(|order: f64| order as i64);
    variable.min = number(reading, node, "min");
    variable.max = number(reading, node, "max");
    variable.default_transient = flag(reading, node, "defaultTransient").unwrap_or(false);
    variable.required =
        flag(reading, node, "required").unwrap_or_else(|| variable.default.is_none());
    if let Some(kind) = reading.text_of(node, "type") {
        let known = TYPES
            .iter()
            .find(|(name, _)| kind.eq_ignore_ascii_case(name));
        match known {
            Some((_, known)) => variable.kind = *known,
            None => reading.push(node.get("type").unwrap_or(node).place.error(
                format!("'{kind}' is not a type of variables."),
                "Known are String, Number, Boolean, Select, Password, Port, Url, Email, Path, MultiLine and the connection strings.",
            )),
        }
    }
    variable.options = options(reading, node);
    check(reading, node, &variable);
    variable
}

fn check(reading: &mut Reading<'_>, node: &Node, variable: &Variable) {
    let at = |key| node.get(key).unwrap_or(node).place.clone();
    if let Some(pattern) = &variable.pattern
        && let Err(error) = check_pattern(pattern)
    {
        reading.push(at("pattern").error(format!("{error}."), "Check brackets and backslashes."));
        return;
    }
    if let (Some(min), Some(max)) = (variable.min, variable.max)
        && min > max
    {
        reading.push(at("min").error(format!("min ({min}) is greater than max ({max})."), ""));
        return;
    }
    if variable.kind == VariableType::Select && variable.options.is_empty() {
        reading.push(
            node.place
                .error("A Select needs options.", "Add options: [a, b]."),
        );
        return;
    }
    if let Some(default) = &variable.default {
        let mut values = Values::default();
        values.set(&variable.name, default);
        let optional = Variable {
            required: false,
            ..variable.clone()
        };
        for misfit in validate(&[optional], &values) {
            reading.push(at("default").warning(
                format!("The default does not fit: {}", misfit.message),
                "A deployment with it will be refused.",
            ));
        }
    }
}

fn options(reading: &mut Reading<'_>, node: &Node) -> Vec<SelectOption> {
    let Some(section) = node.get("options") else {
        return Vec::new();
    };
    if !section.is_list() {
        reading.push(
            section
                .place
                .error(format!("This must be a list, not {}.", section.what()), ""),
        );
    }
    let mut all = Vec::new();
    for item in section.items() {
        if let Some(text) = item.as_text() {
            all.push(SelectOption {
                value: text.to_owned(),
                label: None,
                description: None,
            });
            continue;
        }
        reading.unknown_keys(item, &["value", "label", "description"]);
        let Some(value) = reading.text_of(item, "value") else {
            reading.push(item.place.error("An option needs a value.", ""));
            continue;
        };
        all.push(SelectOption {
            value,
            label: reading.text_of(item, "label"),
            description: reading.text_of(item, "description"),
        });
    }
    all
}

fn number(reading: &mut Reading<'_>, node: &Node, key: &str) -> Option<f64> {
    let value = node.get(key)?;
    let number = value
        .as_text()
        .and_then(|text| text.parse().ok())
        .filter(|number: &f64| number.is_finite());
    if number.is_none() {
        reading.push(value.place.error("This must be a number.", ""));
    }
    number
}

fn flag(reading: &mut Reading<'_>, node: &Node, key: &str) -> Option<bool> {
    let value = node.get(key)?;
    let text = value.as_text().unwrap_or_default().to_ascii_lowercase();
    match text.as_str() {
        "true" | "yes" | "on" => Some(true),
        "false" | "no" | "off" => Some(false),
        _ => {
            reading.push(value.place.error("This must be true or false.", ""));
            None
        }
    }
}
