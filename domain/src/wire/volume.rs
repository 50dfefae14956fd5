//! Volumes on the wire.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::container::{BusyWith, ObjectOwner};
use crate::timestamp::Timestamp;

/// One volume in `GET /api/volumes`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct VolumeView {
    pub name: String,
    pub driver: String,
    /// Path on the host.
    pub mountpoint: String,
    /// `local` or `global`.
    pub scope: String,
    pub created_at: Option<Timestamp>,
    pub labels: BTreeMap<String, String>,
    pub container_count: u32,
    /// Names.
    pub referenced_by_containers: Vec<String>,
    /// Whether no container mounts it.
    pub is_orphaned: bool,
    /// Whose it is; none where Windlass did not make it.
    pub owner: Option<ObjectOwner>,
    /// The operation that works on its product: until that ends, nothing is done by hand.
    pub busy: Option<BusyWith>,
}

/// Which volumes are wanted. Nothing left out means all.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VolumeQuery {
    /// Part of the name.
    pub search: Option<String>,
    /// Only those that no container mounts.
    #[serde(default)]
    pub orphaned: bool,
    /// From 1.
    pub page: Option<u32>,
}

/// One page of them, those that nothing mounts first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VolumePage {
    pub environment_id: String,
    pub volumes: Vec<VolumeView>,
    /// How many fit the query.
    pub total: u64,
    /// How many there are at all.
    pub everything: u64,
    pub page: u32,
    pub page_size: u32,
}

/// `POST /api/volumes`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CreateVolumeRequest {
    pub name: String,
    /// `local` where it is missing.
    pub driver: Option<String>,
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}
