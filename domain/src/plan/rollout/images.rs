//! Images of a roll-out: which are pulled, and what stands for a reference that means another image by now.

use std::collections::BTreeMap;

use super::{Action, Builder, Ended, Extent, Need, PresentImage, Refusal, anyhow};
use crate::release::ReleaseImage;
use crate::spec::{PullPolicy, ServiceSpec};

impl<'a> Builder<'a> {
    /// What the release ran must be run again: by its reference where that still means the same image, else by its id where the
    /// engine has it, else by its digest.
    pub(super) fn pin_images(&mut self) {
        let scope = self.input.scope;
        let stacks = self.input.stacks.iter();
        let services = stacks
            .filter(|stack| scope.contains(&stack.spec.stack))
            .flat_map(|stack| stack.spec.services.values());
        let mut references: Vec<String> =
            services.map(|service| service.image.to_string()).collect();
        references.sort();
        references.dedup();
        for reference in references {
            let Some(wanted) = self.input.wanted_images.get(&reference) else {
                continue;
            };
            let means = self.input.images.get(&reference).map(|image| &image.id);
            if wanted.pinned.is_none() && means == Some(&wanted.id) {
                continue;
            }
            if let Some(pinned) = self.pin(wanted) {
                self.pins.insert(reference, pinned);
            } else {
                let id = wanted.id.clone();
                self.refusals.push(Refusal::ImageLost {
                    image: reference,
                    id,
                });
            }
        }
    }

    fn pin(&self, wanted: &ReleaseImage) -> Option<String> {
        if wanted.pinned.is_some() {
            return wanted.pinned.clone();
        }
        if self.input.images.contains_key(&wanted.id) {
            return Some(wanted.id.clone());
        }
        wanted.digest.clone()
    }

    /// The reference that is run for a service.
    pub(super) fn reference(&self, service: &ServiceSpec) -> String {
        let reference = service.image.to_string();
        self.pins.get(&reference).cloned().unwrap_or(reference)
    }

    /// Whether the registry is asked for a service's image even where the engine has one.
    fn asks_registry(&self, service: &ServiceSpec) -> bool {
        let reference = service.image.to_string();
        if self.pins.contains_key(&reference) || self.input.wanted_images.contains_key(&reference) {
            // What must be what it was is not asked for anew.
            return false;
        }
        let from_registry = self
            .input
            .images
            .get(&reference)
            .is_none_or(|image| image.from_registry);
        match service.pull_policy {
            PullPolicy::Always => true,
            PullPolicy::Never => false,
            PullPolicy::Missing => self.input.extent == Extent::All && from_registry,
        }
    }

    /// Each image once, however many services use it.
    pub(super) fn pull_images(&mut self) {
        let input = self.input;
        let mut wanted: BTreeMap<String, (bool, Vec<String>)> = BTreeMap::new();
        for stack in input.stacks {
            if !input.scope.contains(&stack.spec.stack) {
                continue;
            }
            for service in stack.spec.services.values() {
                let image = self.reference(service);
                let always = self.asks_registry(service);
                let present = input.images.contains_key(&image);
                if service.pull_policy == PullPolicy::Never {
                    if !present {
                        let stack = stack.spec.stack.clone();
                        self.refusals.push(Refusal::ImageMissing { stack, image });
                    }
                    continue;
                }
                if present && !always {
                    continue;
                }
                let entry = wanted.entry(image).or_default();
                entry.0 |= always;
                if !entry.1.contains(&stack.spec.stack) {
                    entry.1.push(stack.spec.stack.clone());
                }
            }
        }
        for (image, (always, stacks)) in wanted {
            let cause = match input.images.contains_key(&image) {
                true if input.extent == Extent::All => "a redeploy runs what the registry has now",
                true => "its pull policy asks the registry every time",
                false => "the image is not on the engine",
            };
            let action = Action::PullImage {
                image: image.clone(),
                always,
                stacks,
            };
            let step = self.add(format!("pull {image}"), action, cause, Vec::new());
            self.pulls.insert(image, step);
        }
    }

    /// Nothing of a stack is made before all images were tried: its own must be there, and the others too where one failure stops everything.
    pub(super) fn after_pulls(&self, stack: &str) -> Vec<Need> {
        self.pulls
            .values()
            .map(|&step| {
                let own = self.steps[step].action.concerns(stack);
                let well = own || !self.input.continue_on_error;
                Need {
                    step,
                    ended: if well { Ended::Well } else { Ended::Anyhow },
                }
            })
            .collect()
    }

    /// The image that the service will have, where that is known.
    pub(super) fn present(&self, service: &ServiceSpec) -> Option<&'a PresentImage> {
        let asked_for = self.asks_registry(service);
        let image = self.input.images.get(&self.reference(service));
        image.filter(|_| !asked_for)
    }

    /// Whether the registry is asked for the service's image in this plan.
    pub(super) fn is_pulled(&self, service: &ServiceSpec) -> bool {
        self.pulls.contains_key(&self.reference(service))
    }

    /// Once every stack has ended.
    pub(super) fn record_images(&mut self) {
        if self.finished.is_empty() {
            return;
        }
        let mut finished: Vec<usize> = self.finished.values().copied().collect();
        finished.sort_unstable();
        let needs = finished.into_iter().map(anyhow).collect();
        let cause = "what runs now must be known when it is returned to";
        let step = self.add(
            "record images".to_owned(),
            Action::RecordImages,
            cause,
            needs,
        );
        self.steps[step].tidies = true;
    }
}
