//! The release in which one stack is another one and the rest is as it is. Where other stacks are at other releases, each keeps what it
//! runs from.

use std::collections::BTreeMap;

use domain::access::Actor;
use domain::deployment::ProductDeployment;
use domain::product::{Product, StackTemplate};
use domain::release::{Release, ReleaseImage, ReleaseResult, ReleaseStack};
use domain::variable::Values;

use super::super::{DeploymentError, Deployments};

/// What becomes of one stack.
pub(super) enum Change<'a> {
    /// It is new, or made from something else.
    Put {
        /// The product that it comes from.
        product: &'a Product,
        template: &'a StackTemplate,
        deployment_stack_name: &'a str,
        values: Values,
        /// What its references of images must mean.
        images: BTreeMap<String, ReleaseImage>,
    },
    /// It goes.
    Take { stack: &'a str },
}

impl Deployments {
    /// The next release of a deployment with one stack changed.
    pub(super) async fn release_with(
        &self,
        actor: &Actor,
        deployment: &ProductDeployment,
        change: Change<'_>,
    ) -> Result<Release, DeploymentError> {
        let number = self.store.next_release_number(deployment.id).await?;
        let (product, stacks, images) = contents(deployment, change);
        Ok(Release {
            deployment: deployment.id,
            number,
            operation: None,
            product,
            shared_values: deployment.shared_values.clone(),
            stacks,
            images,
            result: ReleaseResult::Pending,
            message: None,
            rollback_of: None,
            created_by: actor.clone(),
            created_at: self.clock.now(),
            ended_at: None,
        })
    }
}

type Contents = (Product, Vec<ReleaseStack>, BTreeMap<String, ReleaseImage>);

fn contents(deployment: &ProductDeployment, change: Change<'_>) -> Contents {
    let changed = match &change {
        Change::Put { template, .. } => template.name.as_str(),
        Change::Take { stack } => stack,
    };
    let others = || {
        let all = deployment.stacks.iter();
        all.filter(|stack| stack.stack_name != changed)
    };
    let alone = others().next().is_none();
    let mut product = deployment.product.clone();
    for stack in others() {
        if let Some(own) = deployment.template(stack) {
            put(&mut product, own);
        }
    }
    let mut stacks: Vec<ReleaseStack> = others()
        .map(|stack| ReleaseStack {
            stack_name: stack.stack_name.clone(),
            deployment_stack_name: stack.deployment_stack_name.clone(),
            values: stack.values.clone(),
        })
        .collect();
    let mut images = deployment.images.clone();
    for other in &deployment.others {
        for (reference, image) in &other.images {
            images
                .entry(reference.clone())
                .or_insert_with(|| image.clone());
        }
    }
    if let Change::Put {
        product: from,
        template,
        deployment_stack_name,
        values,
        images: wanted,
    } = change
    {
        if alone {
            product = from.clone();
            images = wanted;
        } else {
            put(&mut product, template);
            for variable in &from.shared_variables {
                let known =
                    |it: &domain::variable::Variable| it.name.eq_ignore_ascii_case(&variable.name);
                if !product.shared_variables.iter().any(known) {
                    product.shared_variables.push(variable.clone());
                }
            }
            images.extend(wanted);
        }
        stacks.push(ReleaseStack {
            stack_name: template.name.clone(),
            deployment_stack_name: deployment_stack_name.to_owned(),
            values,
        });
    }
    let place = |stack: &ReleaseStack| {
        let mut all = product.stacks.iter();
        all.position(|template| template.name == stack.stack_name)
    };
    stacks.sort_by_key(place);
    (product, stacks, images)
}

/// In the place of the template of the same name, or as the last one.
fn put(product: &mut Product, template: &StackTemplate) {
    match product
        .stacks
        .iter_mut()
        .find(|known| known.name == template.name)
    {
        Some(known) => known.clone_from(template),
        None => product.stacks.push(template.clone()),
    }
}
