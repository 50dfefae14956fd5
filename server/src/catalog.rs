//! placeholder until merged
use domain::{product::{Problem, StackTemplate}, spec::StackSpec, variable::Values};
pub fn render_stack(_: &StackTemplate, _: &str, _: &Values) -> Result<StackSpec, Vec<Problem>> { Err(vec![]) }
