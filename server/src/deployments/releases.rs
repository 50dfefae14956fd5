//! Releases of a deployed product: the list, one of them, what differs between two, and what it could be upgraded to.

use std::collections::BTreeMap;

use domain::access::Actor;
use domain::deployment::{ProductDeployment, ProductEvent};
use domain::product::Product;
use domain::release::{Release, ReleaseResult};
use domain::spec::{ServiceSpec, StackSpec};
use domain::variable::Values;
use domain::wire::{
    AvailableVersion, Difference, NotesMode, ReleaseDetail, ReleaseDiff, ReleaseList, ReleaseNotes,
    ReleaseStackView, ReleaseView, UpgradeCheck,
};
use serde_json::Value;

use super::show::{is_secret, mask};
use super::{DeploymentError, Deployments};
use crate::catalog::{compare_versions, render_release};
use crate::store::ReleaseRow;

/// Lines of a page where the request does not say.
const PAGE_SIZE: u32 = 50;
/// Most lines of a page.
const MAX_PAGE_SIZE: u32 = 200;

impl Deployments {
    /// One page of a deployment's releases, the newest first.
    ///
    /// # Errors
    /// Where there is no such deployment.
    pub async fn list_releases(
        &self,
        _actor: &Actor,
        environment: &str,
        id: &str,
        page: u32,
        page_size: Option<u32>,
    ) -> Result<ReleaseList, DeploymentError> {
        let deployment = self.find(environment, id).await?;
        let page = page.max(1);
        let page_size = page_size.unwrap_or(PAGE_SIZE).clamp(1, MAX_PAGE_SIZE);
        let offset = (page - 1).saturating_mul(page_size);
        let (rows, total) = self
            .store
            .release_page(deployment.id, page_size, offset)
            .await?;
        Ok(ReleaseList {
            success: true,
            releases: rows
                .into_iter()
                .map(|row| release_view(&deployment, row))
                .collect(),
            total,
            page,
            page_size,
        })
    }

    /// One release.
    ///
    /// # Errors
    /// Where there is none, or it was forgotten.
    pub async fn get_release(
        &self,
        _actor: &Actor,
        environment: &str,
        id: &str,
        number: u32,
    ) -> Result<ReleaseDetail, DeploymentError> {
        let deployment = self.find(environment, id).await?;
        let release = self.release(&deployment, number).await?;
        let specs = render_release(&release).unwrap_or_default();
        let masked = |values: &Values| -> BTreeMap<String, String> {
            let shown = values.0.iter().map(|(name, value)| {
                let value = match is_secret(&release.product, name) {
                    true => mask(deployment.id, value),
                    false => value.clone(),
                };
                (name.clone(), value)
            });
            shown.collect()
        };
        let stacks = release
            .stacks
            .iter()
            .map(|stack| {
                let spec = specs.iter().find(|spec| spec.stack == stack.stack_name);
                let services = spec.into_iter().flat_map(|spec| spec.services.values());
                ReleaseStackView {
                    stack_name: stack.stack_name.clone(),
                    deployment_stack_name: stack.deployment_stack_name.clone(),
                    variables: masked(&stack.values),
                    services: services
                        .map(|service| (service.name.clone(), service.image.to_string()))
                        .collect(),
                }
            })
            .collect();
        let shared_variables = masked(&release.shared_values);
        Ok(ReleaseDetail {
            images: release.images.clone(),
            stacks,
            shared_variables,
            release: release_view(&deployment, row_of(release)),
        })
    }

    /// What differs between two releases.
    ///
    /// # Errors
    /// Where one of them is missing or cannot be rendered by this version.
    pub async fn diff_releases(
        &self,
        _actor: &Actor,
        environment: &str,
        id: &str,
        from: u32,
        to: u32,
    ) -> Result<ReleaseDiff, DeploymentError> {
        let deployment = self.find(environment, id).await?;
        let old = self.release(&deployment, from).await?;
        let new = self.release(&deployment, to).await?;
        let specs = |release: &Release| {
            render_release(release).map_err(|problems| {
                let unplannable = crate::orchestrator::PlanError::Unrenderable(problems);
                DeploymentError::Unplannable(unplannable)
            })
        };
        let secrets = secrets(&[&old, &new]);
        Ok(ReleaseDiff {
            from,
            to,
            from_version: old.product.version.clone(),
            to_version: new.product.version.clone(),
            differences: differences(&specs(&old)?, &specs(&new)?, &secrets),
        })
    }

    /// What the product could be upgraded to.
    ///
    /// # Errors
    /// Where there is no such deployment.
    pub async fn check_upgrade(
        &self,
        _actor: &Actor,
        environment: &str,
        id: &str,
    ) -> Result<UpgradeCheck, DeploymentError> {
        let deployment = self.find(environment, id).await?;
        let current = &deployment.product;
        let newer: Vec<_> = self
            .catalog
            .versions(&current.group_id)
            .into_iter()
            .filter(|version| is_upgrade(current, version))
            .collect();
        let reason = match deployment.status.next(ProductEvent::Upgrade) {
            _ if deployment.operation_mode == domain::deployment::OperationMode::Maintenance => {
                Some("The product is in maintenance mode. Exit maintenance first.".to_owned())
            }
            Err(_) => Some(format!(
                "Product deployment cannot be upgraded. Current status: {}",
                deployment.status
            )),
            Ok(_) => None,
        };
        let latest = newer.first();
        let word = |version: Option<&String>| version.cloned().unwrap_or_default();
        let names = |product: &Product, without: &Product| -> Vec<String> {
            let stacks = product.stacks.iter();
            let missing = stacks.filter(|stack| without.stack(&stack.name).is_none());
            missing.map(|stack| stack.display_name.clone()).collect()
        };
        Ok(UpgradeCheck {
            success: true,
            message: match latest {
                Some(latest) => format!(
                    "Upgrade available: {} -> {} ({} version(s) available)",
                    word(current.version.as_ref()),
                    word(latest.version.as_ref()),
                    newer.len()
                ),
                None => "Already running the latest version".to_owned(),
            },
            upgrade_available: latest.is_some(),
            current_version: current.version.clone(),
            latest_version: latest
                .map_or(&current.version, |latest| &latest.version)
                .clone(),
            latest_product_id: latest.map(|latest| latest.id.clone()),
            latest_release_notes_url: latest.and_then(|it| it.release_notes_url.clone()),
            latest_has_release_notes: latest.is_some_and(|it| has_notes(it)),
            available_versions: (!newer.is_empty()).then(|| {
                newer
                    .iter()
                    .map(|version| AvailableVersion {
                        version: version.version.clone(),
                        product_id: version.id.clone(),
                        source_id: version.source_id.clone(),
                        stack_count: version.stacks.len(),
                        release_notes_url: version.release_notes_url.clone(),
                        has_release_notes: has_notes(version),
                    })
                    .collect()
            }),
            new_stacks: latest.map(|latest| names(latest, current)),
            removed_stacks: latest.map(|latest| names(current, latest)),
            can_upgrade: latest.is_some() && reason.is_none(),
            cannot_upgrade_reason: reason,
        })
    }

    /// The release notes of a version of a deployed product.
    ///
    /// # Errors
    /// Where the version is not given, not known, or has none.
    pub async fn get_release_notes(
        &self,
        _actor: &Actor,
        environment: &str,
        id: &str,
        version: Option<&str>,
    ) -> Result<ReleaseNotes, DeploymentError> {
        let deployment = self.find(environment, id).await?;
        let version = version
            .map(str::trim)
            .filter(|version| !version.is_empty())
            .ok_or(DeploymentError::VersionRequired)?;
        let offered = self.catalog.versions(&deployment.product.group_id);
        let product = offered
            .iter()
            .find(|product| product.version.as_deref() == Some(version))
            .map(|product| Product::clone(product))
            .or_else(|| {
                let own = deployment.product.version.as_deref() == Some(version);
                own.then(|| deployment.product.clone())
            })
            .filter(has_notes)
            .ok_or(DeploymentError::NoReleaseNotes)?;
        let (mode, content, url) = match (product.changelog, product.release_notes_url) {
            (Some(text), _) => (NotesMode::Markdown, Some(text), None),
            (None, Some(url)) => (NotesMode::Url, None, Some(url)),
            (None, None) => (NotesMode::None, None, None),
        };
        Ok(ReleaseNotes {
            success: true,
            message: format!("Release notes of {version}"),
            mode,
            content,
            url,
            version: version.to_owned(),
        })
    }

    async fn release(
        &self,
        deployment: &ProductDeployment,
        number: u32,
    ) -> Result<Release, DeploymentError> {
        self.store
            .product_release(deployment.id, number)
            .await?
            .ok_or(DeploymentError::ReleaseNotFound(number))
    }
}

fn has_notes(product: &Product) -> bool {
    product.changelog.is_some() || product.release_notes_url.is_some()
}

/// Higher, and of the same channel: nobody is offered a pre-release who runs a release.
fn is_upgrade(current: &Product, version: &Product) -> bool {
    is_upgrade_from(current.version.as_deref(), version)
}

/// The same for whatever is at that version.
pub(super) fn is_upgrade_from(current: Option<&str>, version: &Product) -> bool {
    let version = version.version.as_deref();
    let is_pre_release = |version: Option<&str>| {
        let version = version.unwrap_or_default().trim_start_matches('v');
        let parsed = semver::Version::parse(version).ok();
        parsed.is_some_and(|version| !version.pre.is_empty())
    };
    let order = compare_versions(version, current);
    order.is_gt() && (is_pre_release(current) || !is_pre_release(version))
}

fn row_of(release: Release) -> ReleaseRow {
    ReleaseRow {
        number: release.number,
        operation: release.operation,
        product_id: release.product.id,
        product_version: release.product.version,
        result: release.result,
        message: release.message,
        rollback_of: release.rollback_of,
        created_by: release.created_by,
        created_at: release.created_at,
        ended_at: release.ended_at,
    }
}

fn release_view(deployment: &ProductDeployment, row: ReleaseRow) -> ReleaseView {
    let is_current = row.number == deployment.release;
    let may = deployment.status.next(ProductEvent::Upgrade).is_ok()
        && deployment.operation_mode == domain::deployment::OperationMode::Normal;
    ReleaseView {
        number: row.number,
        product_id: row.product_id,
        version: row.product_version,
        can_roll_back_to: may && !is_current && row.result == ReleaseResult::Succeeded,
        result: row.result,
        message: row.message,
        rollback_of: row.rollback_of,
        is_current,
        operation_id: row.operation.map(|id| id.to_string()),
        created_by: row.created_by.to_string(),
        created_at: row.created_at,
        ended_at: row.ended_at,
    }
}

/// Every secret value of the releases.
fn secrets(releases: &[&Release]) -> Vec<String> {
    let mut secrets: Vec<String> = releases
        .iter()
        .flat_map(|release| {
            let stacks = release.stacks.iter().map(|stack| &stack.values);
            let values = stacks.chain([&release.shared_values]);
            values.flat_map(|values| {
                let secret = values
                    .0
                    .iter()
                    .filter(|(name, value)| is_secret(&release.product, name) && !value.is_empty());
                secret.map(|(_, value)| value.clone())
            })
        })
        .collect();
    secrets.sort();
    secrets.dedup();
    secrets
}

fn differences(old: &[StackSpec], new: &[StackSpec], secrets: &[String]) -> Vec<Difference> {
    let mut found = Vec::new();
    let names = old.iter().chain(new).map(|spec| spec.stack.as_str());
    let mut stacks: Vec<&str> = Vec::new();
    for name in names {
        if !stacks.contains(&name) {
            stacks.push(name);
        }
    }
    for stack in stacks {
        let of = |specs: &'_ [StackSpec]| specs.iter().find(|spec| spec.stack == stack).cloned();
        let (before, after) = (of(old), of(new));
        let whole = |from: Option<&str>, to: Option<&str>| Difference {
            stack: stack.to_owned(),
            service: None,
            field: String::new(),
            from: from.map(str::to_owned),
            to: to.map(str::to_owned),
        };
        match (before, after) {
            (Some(before), Some(after)) => services(&before, &after, secrets, &mut found),
            (Some(_), None) => found.push(whole(Some("deployed"), None)),
            (None, _) => found.push(whole(None, Some("deployed"))),
        }
    }
    found
}

fn services(old: &StackSpec, new: &StackSpec, secrets: &[String], found: &mut Vec<Difference>) {
    let mut names: Vec<&String> = old.services.keys().collect();
    names.extend(
        new.services
            .keys()
            .filter(|name| !old.services.contains_key(*name)),
    );
    for name in names {
        let flat = |spec: &StackSpec| {
            spec.services
                .get(name)
                .map(|service| flat(service, secrets))
        };
        let (before, after) = (flat(old), flat(new));
        let mut add = |field: &str, from: Option<&String>, to: Option<&String>| {
            found.push(Difference {
                stack: new.stack.clone(),
                service: Some(name.clone()),
                field: field.to_owned(),
                from: from.cloned(),
                to: to.cloned(),
            });
        };
        let (Some(before), Some(after)) = (&before, &after) else {
            // All of it came or went: its image says what it is.
            let image = |fields: &Option<BTreeMap<String, String>>| {
                fields
                    .as_ref()
                    .and_then(|fields| fields.get("image").cloned())
            };
            add("", image(&before).as_ref(), image(&after).as_ref());
            continue;
        };
        let mut fields: Vec<&String> = before.keys().chain(after.keys()).collect();
        fields.sort();
        fields.dedup();
        for field in fields {
            let (from, to) = (before.get(field), after.get(field));
            if from != to {
                add(field, from, to);
            }
        }
    }
}

/// Every value of a specification by its path. A secret keeps only that it differs.
fn flat(service: &ServiceSpec, secrets: &[String]) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    if let Ok(value) = serde_json::to_value(service) {
        flatten(String::new(), &value, secrets, &mut fields);
    }
    fields
}

fn flatten(path: String, value: &Value, secrets: &[String], fields: &mut BTreeMap<String, String>) {
    match value {
        Value::Null => {}
        Value::Object(members) => {
            for (name, value) in members {
                let path = match path.is_empty() {
                    true => name.clone(),
                    false => format!("{path}.{name}"),
                };
                flatten(path, value, secrets, fields);
            }
        }
        Value::Array(items) => {
            for (position, value) in items.iter().enumerate() {
                flatten(format!("{path}[{position}]"), value, secrets, fields);
            }
        }
        Value::String(text) => {
            let hidden = secrets.iter().any(|secret| text.contains(secret.as_str()));
            let shown = match hidden {
                true => super::show::fingerprint_of(text),
                false => text.clone(),
            };
            fields.insert(path, shown);
        }
        other => {
            fields.insert(path, other.to_string());
        }
    }
}
