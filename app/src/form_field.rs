//! The fields of a form that configures a product: what each is called in the page, in the form, and by the server.

use domain::variable::VariableType;
use domain::wire::{Problem, StackSummary, VariableView};

use crate::variables::{own_variables, shared_variables};

/// Where a field stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The name of the deployment.
    Name,
    /// Entered once for every stack.
    Shared,
    /// Of the stack at this position of the manifest.
    Stack(usize),
}

/// One field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormField {
    pub place: Place,
    /// Name of the variable; empty where it is not one.
    pub variable: String,
    /// Id in the page.
    pub id: String,
    /// What people call it.
    pub label: String,
    /// Display name of its stack.
    pub stack: Option<String>,
    pub secret: bool,
    /// Whether it is a switch, which is on or off.
    pub switch: bool,
}

/// The field of the deployment's name.
#[must_use]
pub fn deployment_name_field() -> FormField {
    FormField {
        place: Place::Name,
        variable: String::new(),
        id: "deployment-name".to_owned(),
        label: "Deployment Name".to_owned(),
        stack: None,
        secret: false,
        switch: false,
    }
}

/// The field of a variable that stacks share.
#[must_use]
pub fn shared_field(view: &VariableView) -> FormField {
    of_variable(Place::Shared, None, view)
}

/// The field of a variable of a stack's own.
#[must_use]
pub fn stack_field(index: usize, stack: &StackSummary, view: &VariableView) -> FormField {
    of_variable(Place::Stack(index), Some(&stack.display_name), view)
}

fn of_variable(place: Place, stack: Option<&String>, view: &VariableView) -> FormField {
    let variable = &view.variable;
    let name = &variable.name;
    FormField {
        place,
        variable: name.clone(),
        id: match place {
            Place::Stack(index) => format!("stack-{index}-{name}"),
            _ => format!("shared-{name}"),
        },
        label: variable.label.clone().unwrap_or_else(|| name.clone()),
        stack: stack.cloned(),
        secret: variable.kind.is_secret(),
        switch: variable.kind == VariableType::Boolean,
    }
}

/// Every field of these stacks, in the order of the form.
#[must_use]
pub fn fields_of(stacks: &[StackSummary]) -> Vec<FormField> {
    let mut fields: Vec<_> = shared_variables(stacks).iter().map(shared_field).collect();
    for (index, stack) in stacks.iter().enumerate() {
        let own = own_variables(stack);
        fields.extend(own.iter().map(|view| stack_field(index, stack, view)));
    }
    fields
}

/// How the fields of a stack are grouped in a form.
#[must_use]
pub fn stack_key(index: usize) -> String {
    format!("s{index}")
}

impl FormField {
    /// Its name in a form whose fields are all inside of `prefix`; none where that is empty.
    #[must_use]
    pub fn name_in(&self, prefix: &str) -> String {
        let variable = &self.variable;
        let (outer, inner) = match self.place {
            Place::Name => return "deployment_name".to_owned(),
            Place::Shared => ("shared", format!("[{variable}]")),
            Place::Stack(index) => ("stack", format!("[{}][{variable}]", stack_key(index))),
        };
        match prefix {
            "" => format!("{outer}{inner}"),
            prefix => format!("{prefix}[{outer}]{inner}"),
        }
    }

    /// Whether the server means this field: a shared variable is missed by every stack that it was not given to.
    #[must_use]
    pub fn is_meant_by(&self, key: &str) -> bool {
        let Some((before, name)) = key.rsplit_once('.') else {
            return self.place == Place::Name && key == "deploymentName";
        };
        let of_stack = || {
            before
                .strip_prefix("stackConfigs")?
                .strip_suffix(".variables")
        };
        let everywhere = matches!(before, "sharedVariables" | "variables");
        name == self.variable
            && match self.place {
                Place::Name => false,
                Place::Shared => everywhere || of_stack().is_some(),
                Place::Stack(index) => {
                    before == "variables"
                        || of_stack().is_some_and(|stack| stack == format!("[{index}]"))
                }
            }
    }

    /// What a problem says about it, each sentence once.
    #[must_use]
    pub fn errors(&self, problem: &Problem) -> Vec<String> {
        let mut errors: Vec<String> = Vec::new();
        for (key, found) in &problem.errors {
            if !self.is_meant_by(key) {
                continue;
            }
            for error in found {
                if !errors.contains(error) {
                    errors.push(error.clone());
                }
            }
        }
        errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(place: Place) -> FormField {
        FormField {
            place,
            variable: "PORT".to_owned(),
            ..deployment_name_field()
        }
    }

    #[test]
    fn what_the_server_says_finds_its_field() {
        let cases = [
            (Place::Shared, "sharedVariables.PORT", true),
            (Place::Shared, "stackConfigs[1].variables.PORT", true),
            (Place::Shared, "variables.PORT", true),
            (Place::Shared, "sharedVariables.PORTS", false),
            (Place::Stack(1), "stackConfigs[1].variables.PORT", true),
            (Place::Stack(1), "stackConfigs[11].variables.PORT", false),
            (Place::Stack(1), "sharedVariables.PORT", false),
            (Place::Stack(1), "variables.PORT", true),
            (Place::Stack(1), "deploymentName", false),
            (Place::Name, "deploymentName", true),
        ];
        for (place, key, expected) in cases {
            assert_eq!(field(place).is_meant_by(key), expected, "{place:?} {key}");
        }
    }

    #[test]
    fn names_are_inside_of_what_the_form_is_about() {
        assert_eq!(field(Place::Shared).name_in(""), "shared[PORT]");
        assert_eq!(
            field(Place::Stack(2)).name_in("change"),
            "change[stack][s2][PORT]"
        );
    }
}
