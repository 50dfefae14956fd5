//! Values of variables from the command line and from a file, for all stacks or for one.

use std::collections::BTreeMap;
use std::path::Path;

use domain::wire::StackSummary;

use crate::args::Assignment;
use crate::env_file;
use crate::failure::Failure;
use crate::printer::Printer;

/// What was given.
pub(super) struct Given {
    /// For every stack.
    pub(super) shared: BTreeMap<String, String>,
    /// For each stack, in their order.
    pub(super) own: Vec<BTreeMap<String, String>>,
}

/// The lines of `--env-file`, where there is one.
pub(super) fn read_file(path: Option<&Path>) -> Result<Vec<(String, String)>, Failure> {
    let Some(path) = path else {
        return Ok(Vec::new());
    };
    env_file::read(path).map_err(|source| Failure::EnvFile {
        path: path.to_owned(),
        source,
    })
}

/// Such a file often serves other programs, too: what nobody reads is only mentioned.
pub(super) fn note_unused(
    stacks: &[StackSummary],
    from_file: &[(String, String)],
    printer: &mut Printer,
) {
    for (name, _) in from_file {
        if !stacks.iter().any(|stack| reads(stack, name)) {
            printer.note(&format!("{name} of the file is not used by this product"));
        }
    }
}

/// Who gets which value. One that nobody would read is a slip of the pen, and refused.
pub(super) fn given(
    stacks: &[StackSummary],
    assignments: &[Assignment],
    from_file: Vec<(String, String)>,
) -> Result<Given, Failure> {
    let mut shared: BTreeMap<String, String> = from_file.into_iter().collect();
    let mut own: Vec<BTreeMap<String, String>> = vec![BTreeMap::new(); stacks.len()];
    for Assignment { stack, name, value } in assignments {
        let (readers, values) = match stack {
            None => (stacks, &mut shared),
            Some(wanted) => {
                let position = position_of(stacks, wanted);
                let found = position.and_then(|position| {
                    let only = stacks.get(position..=position)?;
                    Some((only, own.get_mut(position)?))
                });
                found.ok_or_else(|| Failure::NoSuchStack {
                    wanted: wanted.clone(),
                    known: stacks.iter().map(|stack| stack.name.clone()).collect(),
                })?
            }
        };
        if !readers.iter().any(|stack| reads(stack, name)) {
            return Err(Failure::NoSuchVariable {
                wanted: name.clone(),
                known: names_of_variables(readers),
            });
        }
        // The last of several wins, whichever way it is written.
        values.retain(|known, _| !known.eq_ignore_ascii_case(name));
        values.insert(name.clone(), value.clone());
    }
    Ok(Given { shared, own })
}

fn position_of(stacks: &[StackSummary], wanted: &str) -> Option<usize> {
    let is = |stack: &StackSummary| stack.id == wanted || stack.name.eq_ignore_ascii_case(wanted);
    stacks.iter().position(is)
}

fn reads(stack: &StackSummary, name: &str) -> bool {
    let mut variables = stack.variables.iter();
    variables.any(|view| view.variable.name.eq_ignore_ascii_case(name))
}

fn names_of_variables(stacks: &[StackSummary]) -> Vec<String> {
    let variables = stacks.iter().flat_map(|stack| &stack.variables);
    let mut names: Vec<_> = variables.map(|view| view.variable.name.clone()).collect();
    names.sort();
    names.dedup();
    names
}
