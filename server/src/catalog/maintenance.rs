//! The `maintenance` section of a product: checked where it is written, kept as it is written. A deployment fills in its values.

use domain::maintenance::{ConfigProblem, MaintenanceConfig};
use domain::product::Problem;
use domain::variable::{Variable, effective};
use serde_json::Value;

use super::assemble::StackDraft;
use super::reading::Reading;
use super::yaml::Node;

/// Reads a section. Its variables are those that all stacks share, as a deployment will see it.
pub(super) fn section(
    reading: &mut Reading<'_>,
    node: Option<&Node>,
    shared: &[Variable],
    stacks: &[StackDraft],
) -> Option<Value> {
    let node = node?;
    let value = node.to_value();
    let variables = match stacks {
        [only] => effective(shared, &only.variables),
        _ => shared.to_vec(),
    };
    for problem in MaintenanceConfig::examine(&value, &variables) {
        reading.push(placed(node, problem));
    }
    Some(value)
}

/// The problem with the place of the node that its field names, or of the deepest one above it.
fn placed(section: &Node, problem: ConfigProblem) -> Problem {
    let inner = problem
        .field
        .strip_prefix("maintenance")
        .map_or("", |inner| inner.strip_prefix('.').unwrap_or(inner));
    let (node, _) = section.locate(inner);
    node.place
        .problem(problem.severity, problem.message, problem.hint)
}
