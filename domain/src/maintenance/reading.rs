//! From a `maintenance` section as written to typed configuration, with everything that is wrong in it.
//!
//! Two readers use this: the catalog, which knows the names of variables only and wants to know what is wrong, and whoever observes a
//! deployment, which has all values. What the catalog cannot know yet is left to the second.

mod connection;
mod observer;
mod setter;
mod values;

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value};

use super::config::{DEFAULT_POLLING_INTERVAL, MaintenanceConfig, ObserverConfig, SetterConfig};
use super::fill::Known;
use crate::deployment::ProductDeployment;
use crate::product::Severity;
use crate::variable::{Values, Variable, resolve};

/// Something wrong in a `maintenance` section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigProblem {
    /// An error means that the half of the section that it is in cannot be used.
    pub severity: Severity,
    /// From the section on: `maintenance.observer.url`.
    pub field: String,
    /// A sentence. Never holds a value that may be secret.
    pub message: String,
    /// The way out, as a sentence; empty where there is none.
    pub hint: String,
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)?;
        if !self.hint.is_empty() {
            write!(f, " {}", self.hint)?;
        }
        Ok(())
    }
}

impl MaintenanceConfig {
    /// What is wrong in a section, as far as that can be said without values. `variables` are those that all stacks share.
    #[must_use]
    pub fn examine(section: &Value, variables: &[Variable]) -> Vec<ConfigProblem> {
        let mut reader = Reader {
            known: Known::Declared(variables),
            problems: Vec::new(),
        };
        if let Some(section) = reader.map(section, "maintenance") {
            reader.unknown_keys(section, "maintenance", &[&["observer", "setter"]]);
            let _ = reader.observer(section);
            let _ = reader.setter(section);
        }
        reader.problems
    }

    /// Both halves of a deployed product's section.
    ///
    /// # Errors
    /// Everything that is wrong in either.
    pub fn of(deployment: &ProductDeployment) -> Result<Self, Vec<ConfigProblem>> {
        Ok(Self {
            observer: ObserverConfig::of(deployment)?,
            setter: SetterConfig::of(deployment)?,
        })
    }
}

impl ObserverConfig {
    /// The observer of a deployed product, if it has one.
    ///
    /// # Errors
    /// Everything that is wrong with it, variables without a value included.
    pub fn of(deployment: &ProductDeployment) -> Result<Option<Self>, Vec<ConfigProblem>> {
        half(deployment, "observer", |reader, section| {
            reader.observer(section)
        })
    }

    /// Whether a product declares an observer, right or wrong.
    #[must_use]
    pub fn is_declared(section: Option<&Value>) -> bool {
        declares(section, "observer")
    }

    /// How often a deployed product's observer looks, also where something else about it is wrong.
    #[must_use]
    pub fn polling_interval_of(deployment: &ProductDeployment) -> Duration {
        let found = half(deployment, "observer", |reader, section| {
            let observer = section.get("observer")?.as_object()?;
            reader.polling_interval(observer)
        });
        found.ok().flatten().unwrap_or(DEFAULT_POLLING_INTERVAL)
    }
}

impl SetterConfig {
    /// The setter of a deployed product, if it has one.
    ///
    /// # Errors
    /// Everything that is wrong with it, variables without a value included.
    pub fn of(deployment: &ProductDeployment) -> Result<Option<Self>, Vec<ConfigProblem>> {
        half(deployment, "setter", |reader, section| {
            reader.setter(section)
        })
    }
}

fn declares(section: Option<&Value>, half: &str) -> bool {
    section
        .and_then(|section| section.get(half))
        .is_some_and(|half| !half.is_null())
}

/// Reads one half of a deployment's section.
fn half<T>(
    deployment: &ProductDeployment,
    key: &str,
    read: impl FnOnce(&mut Reader<'_>, &Map<String, Value>) -> Option<T>,
) -> Result<Option<T>, Vec<ConfigProblem>> {
    let section = deployment.product.maintenance.as_ref();
    if !declares(section, key) {
        return Ok(None);
    }
    let Some(section) = section.and_then(Value::as_object) else {
        return Ok(None);
    };
    let (variables, values) = shared_by_all(deployment);
    let mut reader = Reader {
        known: Known::Valued(&variables, &values),
        problems: Vec::new(),
    };
    let found = read(&mut reader, section);
    let errors: Vec<ConfigProblem> = reader
        .problems
        .into_iter()
        .filter(|problem| problem.severity == Severity::Error)
        .collect();
    match found {
        Some(found) if errors.is_empty() => Ok(Some(found)),
        _ => Err(errors),
    }
}

/// Variables and values that all stacks of a deployment share. The variables of an only stack are shared by all.
fn shared_by_all(deployment: &ProductDeployment) -> (Vec<Variable>, Values) {
    let product = &deployment.product;
    if let [only] = product.stacks.as_slice()
        && let Some(stack) = deployment
            .stacks
            .iter()
            .find(|stack| stack.stack_name == only.name)
    {
        return (product.variables_of(only), stack.values.clone());
    }
    let variables = product.shared_variables.clone();
    let values = resolve(&variables, &deployment.shared_values, &Values::default());
    (variables, values)
}

struct Reader<'a> {
    known: Known<'a>,
    problems: Vec<ConfigProblem>,
}

#[cfg(test)]
mod tests;
