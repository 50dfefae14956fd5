//! In which order the stacks of a product are deployed, for people: what the server does follows from its own plan.

use domain::wire::StackSummary;

/// A stack and when its turn comes.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// Its position in the manifest, which is how the server counts.
    pub index: usize,
    /// From 1; stacks with the same number go side by side.
    pub turn: usize,
    pub stack: StackSummary,
}

/// Whether stacks follow their dependencies and not the manifest.
#[must_use]
pub fn is_graph(stacks: &[StackSummary]) -> bool {
    stacks.iter().any(|stack| !stack.depends_on.is_empty())
}

/// One after the other, as written; with dependencies, by turns. What waits for itself, which no manifest that was accepted
/// does, comes last.
#[must_use]
pub fn by_turn(stacks: &[StackSummary]) -> Vec<Placed> {
    let graph = is_graph(stacks);
    let mut waiting: Vec<usize> = (0..stacks.len()).collect();
    let mut placed: Vec<Placed> = Vec::with_capacity(stacks.len());
    let mut turn = 1;
    while !waiting.is_empty() {
        let is_ready = |index: &usize| {
            let stack = &stacks[*index];
            stack
                .depends_on
                .iter()
                .all(|name| placed.iter().any(|done| done.stack.name == *name))
        };
        let mut ready: Vec<usize> = waiting.iter().copied().filter(is_ready).collect();
        if !graph {
            ready.truncate(1);
        }
        if ready.is_empty() {
            ready.clone_from(&waiting);
        }
        waiting.retain(|index| !ready.contains(index));
        placed.extend(ready.into_iter().map(|index| Placed {
            index,
            turn,
            stack: stacks[index].clone(),
        }));
        turn += 1;
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(stacks: &[(&str, &[&str])], expected: &[(usize, usize)]) {
        let stacks: Vec<StackSummary> = stacks
            .iter()
            .map(|(name, depends_on)| StackSummary {
                id: (*name).to_owned(),
                name: (*name).to_owned(),
                display_name: (*name).to_owned(),
                description: String::new(),
                depends_on: depends_on.iter().map(|&name| name.to_owned()).collect(),
                services: Vec::new(),
                variables: Vec::new(),
            })
            .collect();
        let found: Vec<_> = by_turn(&stacks)
            .iter()
            .map(|placed| (placed.index, placed.turn))
            .collect();
        assert_eq!(found, expected, "{stacks:?}");
    }

    #[test]
    fn stacks_come_when_their_turn_is() {
        check(
            &[("a", &[]), ("b", &[]), ("c", &[])],
            &[(0, 1), (1, 2), (2, 3)],
        );
        check(&[("site", &["data"]), ("data", &[])], &[(1, 1), (0, 2)]);
        check(
            &[
                ("web", &["db", "id"]),
                ("db", &[]),
                ("id", &["db"]),
                ("logs", &[]),
            ],
            &[(1, 1), (3, 1), (2, 2), (0, 3)],
        );
        check(&[("a", &["b"]), ("b", &["a"])], &[(0, 1), (1, 1)]);
        check(&[], &[]);
    }
}
