//! Makes an image available: asks the engine first, then the registry.

use std::collections::BTreeMap;

use domain::name::ImageRef;
use domain::operation::failure::Failure;
use domain::plan::StepKey;
use domain::release::ReleaseImage;
use tokio::sync::mpsc;

use super::{Context, Done, Stop};

/// Progress reports that may wait; newer ones replace older ones anyway.
const WAITING_REPORTS: usize = 8;

pub(super) async fn pull(context: &Context, key: &StepKey, image: &str, always: bool) -> Done {
    let image: ImageRef = image
        .parse()
        .map_err(|error| Failure::new(format!("the image cannot be pulled: {error}")))?;
    if !always && context.engine().await.image(&image).await?.is_some() {
        return Ok(Some("already on the engine".to_owned()));
    }
    let platform = context
        .specs
        .values()
        .flat_map(|stack| stack.services.values())
        .find(|service| service.image == image)
        .and_then(|service| service.runtime.platform.as_deref());
    let (sender, mut reports) = mpsc::channel(WAITING_REPORTS);
    let pull =
        context
            .engine()
            .await
            .pull_image(&image, platform, context.settings.pull_stall, sender);
    tokio::pin!(pull);
    let pulled = loop {
        tokio::select! {
            // Dropping the request makes the engine stop the pull.
            () = context.cancel.cancelled() => return Err(Stop::Cancelled),
            pulled = &mut pull => break pulled?,
            Some(report) = reports.recv() => {
                let message = format!("{} of {} layers", report.layers_done, report.layers);
                context.notes.progress(key, message, report.current, report.total);
            }
        }
    };
    Ok(pulled.repo_digest.or(Some(pulled.id)))
}

/// What the references of the images mean, as the containers of this operation's stacks run them.
pub(super) async fn record(context: &Context) -> Result<BTreeMap<String, ReleaseImage>, Stop> {
    let observed = context.engine().await.observe().await?;
    let mut images = context.images.clone();
    for stack in &context.scope {
        let Some(spec) = context.specs.get(stack) else {
            continue;
        };
        for service in spec.services.values() {
            let name = context.container_name(stack, service, 1);
            let Some(container) = observed.container(&name) else {
                continue;
            };
            let run = service.image.to_string();
            let pinned = context.pins.iter().find(|(_, pinned)| **pinned == run);
            let reference = pinned.map_or(&run, |(reference, _)| reference);
            let id = container.image_id.clone();
            let known = images.get(reference);
            let mut digest = known
                .filter(|it| it.id == id)
                .and_then(|it| it.digest.clone());
            if digest.is_none() {
                let image = context.engine().await.image(&service.image).await?;
                digest = image.filter(|it| it.id == id).and_then(|it| it.repo_digest);
            }
            let pinned = pinned.map(|(_, pinned)| pinned.clone());
            images.insert(reference.clone(), ReleaseImage { id, digest, pinned });
        }
    }
    Ok(images)
}
