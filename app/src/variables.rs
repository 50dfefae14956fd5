//! How the variables of a product are laid out: what all stacks share, what each has of its own, in groups and in order.

use std::collections::BTreeSet;

use domain::wire::{StackSummary, VariableView};

/// Heading of the variables that name no group, where others do.
const NO_GROUP: &str = "General";

/// What stacks share, each name once.
#[must_use]
pub fn shared_variables(stacks: &[StackSummary]) -> Vec<VariableView> {
    let mut seen = BTreeSet::new();
    let every = stacks.iter().flat_map(|stack| &stack.variables);
    every
        .filter(|view| view.shared && seen.insert(view.variable.name.to_ascii_lowercase()))
        .cloned()
        .collect()
}

/// What a stack does not share.
#[must_use]
pub fn own_variables(stack: &StackSummary) -> Vec<VariableView> {
    stack
        .variables
        .iter()
        .filter(|view| !view.shared)
        .cloned()
        .collect()
}

/// Variables under one heading.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// None where no variable names a group.
    pub heading: Option<String>,
    pub variables: Vec<VariableView>,
}

/// Sorts into groups: by `order` within a group, groups by their first variable; what has no order comes last, as written.
#[must_use]
pub fn grouped(mut variables: Vec<VariableView>) -> Vec<Group> {
    variables.sort_by_key(|view| view.variable.order.unwrap_or(i64::MAX));
    let any_named = variables.iter().any(|view| view.variable.group.is_some());
    let mut groups: Vec<Group> = Vec::new();
    for view in variables {
        let heading = match &view.variable.group {
            Some(group) => Some(group.clone()),
            None => any_named.then(|| NO_GROUP.to_owned()),
        };
        match groups.iter_mut().find(|group| group.heading == heading) {
            Some(group) => group.variables.push(view),
            None => groups.push(Group {
                heading,
                variables: vec![view],
            }),
        }
    }
    groups
}

/// Whether somebody has to enter a value before this can be deployed.
#[must_use]
pub fn must_be_entered(view: &VariableView) -> bool {
    view.is_required && view.default_value.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(name: &str, group: Option<&str>, order: Option<i64>) -> VariableView {
        let variable = serde_json::json!({
            "name": name, "type": "String", "group": group, "order": order, "required": true,
            "options": [], "defaultTransient": false,
        });
        VariableView::new(&serde_json::from_value(variable).unwrap(), false)
    }

    fn check(variables: Vec<VariableView>, expected: &[(Option<&str>, &[&str])]) {
        let found = grouped(variables);
        let found: Vec<(Option<&str>, Vec<&str>)> = found
            .iter()
            .map(|group| {
                let names = group
                    .variables
                    .iter()
                    .map(|view| view.variable.name.as_str());
                (group.heading.as_deref(), names.collect())
            })
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(heading, names)| (*heading, names.to_vec()))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn groups_follow_their_first_variable_and_the_unordered_come_last() {
        check(
            vec![
                view("LATE", Some("Web"), None),
                view("PORT", Some("Web"), Some(5)),
                view("URL", Some("Database"), Some(1)),
                view("HOST", Some("Web"), Some(2)),
                view("ALONE", None, None),
            ],
            &[
                (Some("Database"), &["URL"]),
                (Some("Web"), &["HOST", "PORT", "LATE"]),
                (Some("General"), &["ALONE"]),
            ],
        );
        check(
            vec![view("B", None, None), view("A", None, None)],
            &[(None, &["B", "A"])],
        );
        check(Vec::new(), &[]);
    }
}
