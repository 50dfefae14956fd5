//! The `setter` of a section.

use std::time::Duration;

use serde_json::{Map, Value};

use super::Reader;
use super::connection::CONNECTION;
use super::values::Given;
use crate::maintenance::config::{SetterConfig, SetterTarget, Webhook};
use crate::maintenance::secret::Secret;

/// No pause between telling and stopping may be longer.
const MAX_GRACE_PERIOD: Duration = Duration::from_secs(60 * 60);
/// Further attempts of a webhook where the manifest does not say.
const DEFAULT_RETRIES: u32 = 2;
/// Most further attempts of a webhook.
const MAX_RETRIES: u32 = 10;

const SETTER: &[&str] = &["type", "gracePeriod", "maintenanceValue", "normalValue"];
const WEBHOOK: &[&str] = &["url", "secret", "timeout", "retries"];

impl Reader<'_> {
    pub(super) fn setter(&mut self, section: &Map<String, Value>) -> Option<SetterConfig> {
        const AT: &str = "maintenance.setter";
        let setter = self.map(section.get("setter").filter(|given| !given.is_null())?, AT)?;
        let grace_period =
            self.bounded(setter, AT, "gracePeriod", Duration::ZERO, MAX_GRACE_PERIOD);
        let filled = |given: Given<String>| {
            // Left empty it says nothing.
            Some(given.optional()?.filter(|value| !value.is_empty()))
        };
        let maintenance_value = filled(self.text(setter, AT, "maintenanceValue"));
        let normal_value = filled(self.text(setter, AT, "normalValue"));
        let kind = |word: &str| match word.trim().to_ascii_lowercase().as_str() {
            "webhook" => Some(true),
            "sqlextendedproperty" => Some(false),
            _ => None,
        };
        let is_webhook = self.word(
            setter,
            AT,
            "type",
            kind,
            "Write webhook or sqlExtendedProperty.",
        )?;
        let target = if is_webhook {
            self.unknown_keys(setter, AT, &[SETTER, WEBHOOK]);
            self.webhook(setter, AT).map(SetterTarget::Webhook)
        } else {
            self.unknown_keys(setter, AT, &[SETTER, CONNECTION, &["propertyName"]]);
            self.extended_property(setter, AT)
                .map(|(connection, property)| SetterTarget::SqlExtendedProperty {
                    connection,
                    property,
                })
        };
        Some(SetterConfig {
            grace_period: grace_period?,
            maintenance_value: maintenance_value?,
            normal_value: normal_value?,
            target: target?,
        })
    }

    pub(super) fn webhook(&mut self, map: &Map<String, Value>, at: &str) -> Option<Webhook> {
        let url = self.url(map, at);
        let secret = self.text(map, at, "secret").optional();
        let timeout = self.timeout(map, at);
        let retries = match self.text(map, at, "retries") {
            Given::Usable(text) => {
                let number = text
                    .trim()
                    .parse()
                    .ok()
                    .filter(|number| *number <= MAX_RETRIES);
                if number.is_none() {
                    self.fail(
                        at,
                        "retries",
                        format!("It is not a whole number from 0 to {MAX_RETRIES}."),
                        "Write retries: 2.",
                    );
                }
                number
            }
            given => given.optional().map(|_| DEFAULT_RETRIES),
        };
        Some(Webhook {
            url: url?,
            secret: secret?.filter(|secret| !secret.is_empty()).map(Secret::new),
            timeout: timeout?,
            retries: retries?,
        })
    }
}
