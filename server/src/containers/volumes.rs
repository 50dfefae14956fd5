//! Volumes: list, show, create, remove. One that a container mounts is never removed.

use std::collections::HashMap;

use domain::access::Actor;
use domain::timestamp::Timestamp;
use domain::wire::{CreateVolumeRequest, VolumePage, VolumeQuery, VolumeView};

use super::owners::Owners;
use super::{ContainerError, Containers, look};
use crate::engine::{Engine, EngineError, ListedVolume, NewVolume};

/// Most volumes of a list.
const MAX_LISTED: usize = 5000;
/// Rows of a page.
const PAGE_SIZE: u32 = 25;
/// Longest name of a volume.
const MAX_NAME: usize = 255;
/// Most labels of a volume that is made by hand, and their longest text.
const MAX_LABELS: usize = 50;
const MAX_LABEL: usize = 1000;

impl Containers {
    /// Every volume by name.
    ///
    /// # Errors
    /// Where the environment is unknown or its engine does not answer.
    pub async fn list_volumes(
        &self,
        actor: &Actor,
        environment: &str,
    ) -> Result<Vec<VolumeView>, ContainerError> {
        let (environment, engine) = self.engine(actor, environment).await?;
        let owners = self.owners(&environment).await?;
        let mut all = volumes(engine.as_ref(), &owners).await?;
        all.truncate(MAX_LISTED);
        Ok(all)
    }

    /// One page of those that fit the query. What nothing mounts comes first: that is what somebody has to decide about.
    ///
    /// # Errors
    /// Where the environment is unknown or its engine does not answer.
    pub async fn page_volumes(
        &self,
        actor: &Actor,
        environment: &str,
        query: &VolumeQuery,
    ) -> Result<VolumePage, ContainerError> {
        let (environment, engine) = self.engine(actor, environment).await?;
        let owners = self.owners(&environment).await?;
        let mut all = volumes(engine.as_ref(), &owners).await?;
        let everything = all.len() as u64;
        let search = query.search.as_ref().map(|text| text.to_lowercase());
        all.retain(|volume| {
            let search = search.as_ref();
            let named = search.is_none_or(|text| volume.name.to_lowercase().contains(text));
            named && (!query.orphaned || volume.is_orphaned)
        });
        all.sort_by_key(|volume| !volume.is_orphaned);
        let total = all.len() as u64;
        let page = query.page.unwrap_or(1).max(1);
        let skipped = (page as usize - 1).saturating_mul(PAGE_SIZE as usize);
        let shown = all.into_iter().skip(skipped).take(PAGE_SIZE as usize);
        Ok(VolumePage {
            environment_id: environment.id.to_string(),
            volumes: shown.collect(),
            total,
            everything,
            page,
            page_size: PAGE_SIZE,
        })
    }

    /// One volume.
    ///
    /// # Errors
    /// Where there is none, or the engine does not answer.
    pub async fn get_volume(
        &self,
        actor: &Actor,
        environment: &str,
        name: &str,
    ) -> Result<VolumeView, ContainerError> {
        let (environment, engine) = self.engine(actor, environment).await?;
        let volume = look(engine.find_volume(name)).await?;
        let volume = volume.ok_or_else(|| ContainerError::VolumeNotFound(name.to_owned()))?;
        let owners = self.owners(&environment).await?;
        let mut users = users(engine.as_ref()).await?;
        let used_by = users.remove(&volume.name).unwrap_or_default();
        Ok(view(volume, used_by, &owners))
    }

    /// Makes a volume that belongs to nothing deployed.
    ///
    /// # Errors
    /// Where a field is wrong, the name is taken, or the engine refuses.
    pub async fn create_volume(
        &self,
        actor: &Actor,
        environment: &str,
        request: &CreateVolumeRequest,
    ) -> Result<VolumeView, ContainerError> {
        let (environment, engine) = self.engine(actor, environment).await?;
        let new = wanted(request)?;
        let made = match engine.make_volume(&new).await {
            Ok(made) => made,
            Err(EngineError::Conflict { .. }) => {
                return Err(ContainerError::VolumeExists(new.name));
            }
            Err(error) => return Err(error.into()),
        };
        tracing::info!(volume = %made.name, actor = %actor, environment.id = %environment.id, "a volume was created by hand");
        let owners = self.owners(&environment).await?;
        Ok(view(made, Vec::new(), &owners))
    }

    /// Removes a volume and what is in it. `force` removes also one that belongs to something deployed, never one in use.
    ///
    /// # Errors
    /// Where there is none, something uses it, an operation works on its product, or the engine refuses.
    pub async fn remove_volume(
        &self,
        actor: &Actor,
        environment: &str,
        name: &str,
        force: bool,
    ) -> Result<(), ContainerError> {
        let (environment, engine) = self.engine(actor, environment).await?;
        let volume = look(engine.find_volume(name)).await?;
        let volume = volume.ok_or_else(|| ContainerError::VolumeNotFound(name.to_owned()))?;
        let ownership = volume.ownership.as_ref();
        self.must_not_be_at_work(&environment, ownership).await?;
        let in_use = |by: Vec<String>| ContainerError::VolumeInUse {
            volume: name.to_owned(),
            by,
        };
        let mut used = users(engine.as_ref()).await?;
        if let Some(by) = used.remove(&volume.name) {
            return Err(in_use(by));
        }
        let what = format!("Volume '{name}'");
        self.must_not_be_deployed(&environment, ownership, &what, force)
            .await?;
        match engine.discard_volume(&volume.name, force).await {
            Ok(()) => {}
            // Somebody was faster.
            Err(EngineError::Conflict { .. }) => {
                return Err(in_use(vec!["a container".to_owned()]));
            }
            Err(error) => return Err(error.into()),
        }
        tracing::info!(volume = name, force, actor = %actor, environment.id = %environment.id, "a volume was removed by hand");
        Ok(())
    }
}

async fn volumes(engine: &dyn Engine, owners: &Owners) -> Result<Vec<VolumeView>, ContainerError> {
    let mut users = users(engine).await?;
    let listed = look(engine.list_volumes()).await?;
    let mut all: Vec<VolumeView> = listed
        .into_iter()
        .map(|volume| {
            let used_by = users.remove(&volume.name).unwrap_or_default();
            view(volume, used_by, owners)
        })
        .collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

/// Names of containers by the volume that they mount.
async fn users(engine: &dyn Engine) -> Result<HashMap<String, Vec<String>>, ContainerError> {
    let mut users: HashMap<String, Vec<String>> = HashMap::new();
    for listed in look(engine.list_containers()).await? {
        for volume in listed.volumes {
            let names = users.entry(volume).or_default();
            if !names.contains(&listed.container.name) {
                names.push(listed.container.name.clone());
            }
        }
    }
    for names in users.values_mut() {
        names.sort_unstable();
    }
    Ok(users)
}

fn view(volume: ListedVolume, used_by: Vec<String>, owners: &Owners) -> VolumeView {
    let ownership = volume.ownership.as_ref();
    VolumeView {
        owner: ownership.map(|ownership| owners.owner(ownership)),
        busy: ownership.and_then(|ownership| owners.busy(ownership)),
        name: volume.name,
        driver: volume.driver,
        mountpoint: volume.mountpoint,
        scope: volume.scope,
        created_at: volume.created_at.map(Timestamp::from_millis),
        labels: volume.labels,
        container_count: u32::try_from(used_by.len()).unwrap_or(u32::MAX),
        is_orphaned: used_by.is_empty(),
        referenced_by_containers: used_by,
    }
}

fn wanted(request: &CreateVolumeRequest) -> Result<NewVolume, ContainerError> {
    let invalid = |field, message: &str| ContainerError::Invalid {
        field,
        message: message.to_owned(),
    };
    let name = request.name.trim();
    if name.is_empty() {
        return Err(invalid("name", "Volume name is required"));
    }
    let good = |(at, byte): (usize, u8)| {
        byte.is_ascii_alphanumeric() || (at > 0 && matches!(byte, b'_' | b'.' | b'-'))
    };
    if name.len() < 2 || name.len() > MAX_NAME || !name.bytes().enumerate().all(good) {
        return Err(invalid(
            "name",
            "Volume name must have 2 to 255 letters, digits, '_', '.' or '-', and begin with a letter or a digit",
        ));
    }
    let driver = request.driver.as_deref().map(str::trim);
    let driver = driver.filter(|driver| !driver.is_empty());
    if driver.is_some_and(|driver| driver.len() > MAX_NAME) {
        return Err(invalid("driver", "Driver must have at most 255 characters"));
    }
    let long = |(key, value): (&String, &String)| {
        key.trim().is_empty() || key.len() > MAX_LABEL || value.len() > MAX_LABEL
    };
    if request.labels.len() > MAX_LABELS || request.labels.iter().any(long) {
        return Err(invalid(
            "labels",
            "Labels must be at most 50, each with a key, and at most 1000 characters long",
        ));
    }
    // They say whose a thing is, and only an operation may.
    let ours = |key: &String| key.starts_with("windlass.") || key.starts_with("rsgo.");
    if request.labels.keys().any(ours) {
        return Err(invalid(
            "labels",
            "Labels that begin with 'windlass.' or 'rsgo.' are set by Windlass; choose other keys",
        ));
    }
    Ok(NewVolume {
        name: name.to_owned(),
        driver: driver.map(str::to_owned),
        labels: request.labels.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, label: &str, expected: Result<(), &str>) {
        let request = CreateVolumeRequest {
            name: name.to_owned(),
            driver: None,
            labels: [(label.to_owned(), String::new())].into(),
        };
        let field = match wanted(&request) {
            Ok(_) => Ok(()),
            Err(ContainerError::Invalid { field, .. }) => Err(field),
            Err(other) => panic!("{other}"),
        };
        assert_eq!(field, expected, "{name} {label}");
    }

    #[test]
    fn names_and_labels_of_volumes() {
        check(" data-1.x_y ", "tier", Ok(()));
        check("", "tier", Err("name"));
        check("a", "tier", Err("name"));
        check("-data", "tier", Err("name"));
        check("da ta", "tier", Err("name"));
        check("größe", "tier", Err("name"));
        check(&"x".repeat(256), "tier", Err("name"));
        check("data", "", Err("labels"));
        check("data", "windlass.product", Err("labels"));
        check("data", "rsgo.stack", Err("labels"));
    }
}
