//! What somebody entered into a form that configures a product, and what of it has to be sent.

use std::collections::BTreeMap;

use domain::variable::VariableType;
use domain::wire::{StackConfig, StackSummary, VariableView};
use serde::{Deserialize, Serialize};

use crate::env_import::Matched;
use crate::form_field::{FormField, Place, fields_of, stack_key};
use crate::variables::{own_variables, shared_variables};

/// Values as their fields held them. A switch that is off sent nothing.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entered {
    /// By name.
    #[serde(default)]
    pub shared: BTreeMap<String, String>,
    /// By name, by [`stack_key`].
    #[serde(default)]
    pub stack: BTreeMap<String, BTreeMap<String, String>>,
}

impl Entered {
    /// What a field held.
    #[must_use]
    pub fn value(&self, field: &FormField) -> Option<&str> {
        let values = match field.place {
            Place::Name => None,
            Place::Shared => Some(&self.shared),
            Place::Stack(index) => self.stack.get(&stack_key(index)),
        };
        values?.get(&field.variable).map(String::as_str)
    }

    /// Has a field hold something, or nothing.
    pub fn set(&mut self, field: &FormField, value: Option<String>) {
        let values = match field.place {
            Place::Name => return,
            Place::Shared => &mut self.shared,
            Place::Stack(index) => self.stack.entry(stack_key(index)).or_default(),
        };
        match value {
            Some(value) => values.insert(field.variable.clone(), value),
            None => values.remove(&field.variable),
        };
    }

    /// What the fields hold where nobody has entered anything: of switches, whether they are on.
    #[must_use]
    pub fn defaults(stacks: &[StackSummary]) -> Self {
        let mut defaults = Self::default();
        let is_on = |views: &[VariableView], name: &str| {
            let mut views = views.iter();
            views.any(|view| {
                let default = view.default_value.as_deref();
                view.variable.name == name && default.is_some_and(is_true)
            })
        };
        let shared = shared_variables(stacks);
        for field in fields_of(stacks).iter().filter(|field| field.switch) {
            let on = match field.place {
                Place::Stack(index) => is_on(&own_variables(&stacks[index]), &field.variable),
                _ => is_on(&shared, &field.variable),
            };
            defaults.set(field, on.then(|| "true".to_owned()));
        }
        defaults
    }

    /// Takes in what a `.env` file says.
    pub fn import(&mut self, found: &Matched) {
        for (field, value) in &found.set {
            let value = Some(value.clone()).filter(|value| !field.switch || is_true(value));
            self.set(field, value);
        }
    }

    /// Keeps only what may be written into a page, and says of which secrets there was something. What is no field of these
    /// stacks may be anything, so it goes, too.
    pub fn forget_secrets(&mut self, stacks: &[StackSummary]) -> Vec<FormField> {
        let mut kept = Self::default();
        let mut gone = Vec::new();
        for field in fields_of(stacks) {
            match self.value(&field) {
                Some("") | None if field.secret => {}
                Some(_) if field.secret => gone.push(field),
                value => kept.set(&field, value.map(str::to_owned)),
            }
        }
        *self = kept;
        gone
    }

    /// What a request says: every stack, and the values that differ from what holds anyway.
    #[must_use]
    pub fn request(&self, stacks: &[StackSummary]) -> (BTreeMap<String, String>, Vec<StackConfig>) {
        let shared = differing(&shared_variables(stacks), Some(&self.shared));
        let configs = stacks.iter().enumerate().map(|(index, stack)| StackConfig {
            stack_id: stack.id.clone(),
            deployment_stack_name: None,
            variables: differing(&own_variables(stack), self.stack.get(&stack_key(index))),
        });
        (shared, configs.collect())
    }
}

fn differing(
    views: &[VariableView],
    entered: Option<&BTreeMap<String, String>>,
) -> BTreeMap<String, String> {
    let chosen = views.iter().filter_map(|view| {
        let name = &view.variable.name;
        let entered = entered.and_then(|values| values.get(name));
        Some((name.clone(), chosen(view, entered.map(String::as_str))?))
    });
    chosen.collect()
}

/// The value to send, if one has to be sent: what holds anyway is left alone.
fn chosen(view: &VariableView, entered: Option<&str>) -> Option<String> {
    let kind = view.variable.kind;
    let default = view.default_value.as_deref();
    if kind == VariableType::Boolean {
        // A switch that is off sends nothing.
        let on = entered.is_some();
        let was_on = default.is_some_and(is_true);
        return (on != was_on || default.is_none()).then(|| on.to_string());
    }
    // Browsers send line ends of two characters.
    let value = entered?.replace("\r\n", "\n");
    // An empty field of a secret means the default, which the page does not know.
    let untouched = Some(value.as_str()) == default
        || value.is_empty() && (kind.is_secret() || default.is_none());
    (!untouched).then_some(value)
}

/// Whether a value of a switch means on.
#[must_use]
pub fn is_true(value: &str) -> bool {
    value.eq_ignore_ascii_case("true") || value == "1"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(kind: &str, default: Option<&str>) -> VariableView {
        let variable = serde_json::json!({
            "name": "X", "type": kind, "default": default, "required": default.is_none(),
            "options": [], "defaultTransient": false,
        });
        VariableView::new(&serde_json::from_value(variable).unwrap(), false)
    }

    fn check(kind: &str, default: Option<&str>, entered: Option<&str>, expected: Option<&str>) {
        let sent = chosen(&view(kind, default), entered);
        assert_eq!(sent.as_deref(), expected, "{kind} {default:?} {entered:?}");
    }

    #[test]
    fn only_what_differs_from_the_manifest_is_sent() {
        check("String", None, None, None);
        check("String", None, Some(""), None);
        check("String", None, Some("a"), Some("a"));
        check("String", Some("a"), Some("a"), None);
        check("String", Some("a"), Some("b"), Some("b"));
        // Emptied on purpose.
        check("String", Some("a"), Some(""), Some(""));
        check("MultiLine", Some("a\nb"), Some("a\r\nb"), None);
        check("MultiLine", None, Some("a\r\nb"), Some("a\nb"));
    }

    #[test]
    fn an_empty_secret_is_the_default_that_the_page_does_not_know() {
        check("Password", Some("hidden"), Some(""), None);
        check("Password", None, Some(""), None);
        check(
            "RedisConnectionString",
            Some("hidden"),
            Some("redis://x"),
            Some("redis://x"),
        );
    }

    #[test]
    fn a_switch_that_sends_nothing_is_off() {
        check("Boolean", Some("true"), None, Some("false"));
        check("Boolean", Some("true"), Some("true"), None);
        check("Boolean", Some("1"), Some("true"), None);
        check("Boolean", Some("false"), Some("true"), Some("true"));
        check("Boolean", Some("false"), None, None);
        check("Boolean", None, None, Some("false"));
    }

    #[test]
    fn secrets_are_forgotten_and_named() {
        let mut password = view("Password", None);
        password.shared = true;
        let stack: StackSummary = serde_json::from_value(serde_json::json!({
            "id": "s", "name": "s", "displayName": "S", "description": "", "dependsOn": [], "services": [],
            "variables": [password],
        }))
        .unwrap();
        let stacks = [stack];
        let mut entered = Entered::default();
        assert!(entered.forget_secrets(&stacks).is_empty());
        entered.shared.insert("X".to_owned(), "hunter2".to_owned());
        entered.shared.insert("Y".to_owned(), "nobody's".to_owned());
        let gone = entered.forget_secrets(&stacks);
        assert_eq!(gone.len(), 1);
        assert_eq!(gone[0].id, "shared-X");
        assert_eq!(entered.value(&gone[0]), None);
        assert!(entered.shared.is_empty());
    }
}
