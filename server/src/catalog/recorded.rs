//! Renders what was recorded: stacks of releases, and deployed stacks as the release that each is at describes them.

use domain::deployment::{ProductDeployment, StackDeployment};
use domain::product::{Problem, Severity};
use domain::release::Release;
use domain::spec::StackSpec;

use super::render_stack;

/// Every stack of a release with its values; references of images as they were written.
///
/// # Errors
/// Everything that is wrong, of all stacks.
pub fn render_release(release: &Release) -> Result<Vec<StackSpec>, Vec<Problem>> {
    let mut specs = Vec::new();
    let mut problems = Vec::new();
    for stack in &release.stacks {
        let Some(template) = release.product.stack(&stack.stack_name) else {
            problems.push(missing(&stack.stack_name));
            continue;
        };
        match render_stack(template, &stack.deployment_stack_name, &stack.values) {
            Ok(spec) => specs.push(spec),
            Err(mut found) => problems.append(&mut found),
        }
    }
    if problems.is_empty() {
        Ok(specs)
    } else {
        Err(problems)
    }
}

/// A deployed stack as its containers were made, with the images that are run instead of their references.
///
/// # Errors
/// Everything that is wrong, also where its release does not have it.
pub fn render_deployed(
    deployment: &ProductDeployment,
    stack: &StackDeployment,
) -> Result<StackSpec, Vec<Problem>> {
    let template = deployment
        .template(stack)
        .ok_or_else(|| vec![missing(&stack.stack_name)])?;
    let spec = render_stack(template, &stack.deployment_stack_name, &stack.values)?;
    Ok(spec.pinned(&deployment.pins(stack)))
}

fn missing(stack: &str) -> Problem {
    Problem {
        severity: Severity::Error,
        file: String::new(),
        line: None,
        column: None,
        field: format!("stacks.{stack}"),
        message: format!("The recorded release does not have the stack '{stack}'."),
        hint: None,
    }
}
