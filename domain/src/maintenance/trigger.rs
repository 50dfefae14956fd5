//! Who put a product into maintenance, and why: recorded with the deployment for as long as maintenance lasts.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::timestamp::Timestamp;

/// What activated maintenance, or wants to end it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum TriggerSource {
    /// A person or a program that called the interface.
    Manual,
    /// The external source that the product's observer reads.
    Observer,
}

impl TriggerSource {
    /// Every source, for tables.
    pub const ALL: &[Self] = &[Self::Manual, Self::Observer];

    /// The wire and stored form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Manual => "Manual",
            Self::Observer => "Observer",
        }
    }

    /// Reads the stored form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|source| source.as_str() == text)
    }
}

impl fmt::Display for TriggerSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who activated maintenance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MaintenanceTrigger {
    /// Decides who may end it.
    pub source: TriggerSource,
    /// As given by a person, or what the observer saw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was activated.
    pub at: Timestamp,
    /// Who activated it, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_forms_read_back() {
        for (source, word) in [
            (TriggerSource::Manual, "Manual"),
            (TriggerSource::Observer, "Observer"),
        ] {
            assert_eq!(source.as_str(), word);
            assert_eq!(TriggerSource::parse(word), Some(source));
            assert_eq!(serde_json::to_value(source).unwrap(), word);
        }
        assert_eq!(TriggerSource::parse("manual"), None);
        let trigger = MaintenanceTrigger {
            source: TriggerSource::Observer,
            reason: Some("the database says so".to_owned()),
            at: Timestamp::from_millis(1_771_329_600_123),
            by: None,
        };
        let json = serde_json::to_string(&trigger).unwrap();
        assert_eq!(
            json,
            r#"{"source":"Observer","reason":"the database says so","at":"2026-02-17T12:00:00.123Z"}"#
        );
        assert_eq!(
            serde_json::from_str::<MaintenanceTrigger>(&json).unwrap(),
            trigger
        );
    }
}
