//! What a server is and what it is set to, on the wire.

use serde::{Deserialize, Serialize};

use crate::timestamp::Timestamp;

/// `GET /api/system/info`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SystemInfo {
    pub success: bool,
    /// Such as `0.1.0`.
    pub server_version: String,
    /// `release` or `development`.
    pub build: String,
    /// Such as `linux/x86_64`.
    pub platform: String,
    pub started_at: Timestamp,
    /// Whole seconds since then.
    pub uptime_seconds: u64,
    /// `SQLite` or `PostgreSQL`.
    pub database: String,
    /// None where this server was not told.
    pub data_folder: Option<String>,
    /// Address and port; none where this server was not told.
    pub listens_on: Option<String>,
    /// What it is set to.
    pub settings: Vec<SystemSetting>,
    /// The engine of each environment, as it answered just now.
    pub engines: Vec<EngineView>,
}

/// One setting, and how it can be changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SystemSetting {
    /// In a few words.
    pub name: String,
    /// With its unit.
    pub value: String,
    /// The option of the server's command line; none where it is fixed.
    pub option: Option<String>,
}

/// One engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct EngineView {
    pub environment_id: String,
    pub environment_name: String,
    /// Such as `28.5.2`; none where it did not answer.
    pub version: Option<String>,
    /// Such as `1.51`.
    pub api_version: Option<String>,
    /// Such as `linux/amd64`.
    pub platform: Option<String>,
    /// Why it did not answer.
    pub error: Option<String>,
}
