//! What an observed value means.

use super::config::ObserverConfig;

/// What an observed value means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// Maintenance is due.
    Maintenance,
    /// It is not.
    Normal,
    /// Neither of the two values that the manifest names: a failed check, and nothing changes.
    Neither,
}

impl ObserverConfig {
    /// What a value means; compared without case and without blanks around it.
    #[must_use]
    pub fn meaning(&self, observed: &str) -> Meaning {
        let is = |expected: &str| same(observed, expected);
        if is(&self.maintenance_value) {
            return Meaning::Maintenance;
        }
        match &self.normal_value {
            Some(normal) if !is(normal) => Meaning::Neither,
            _ => Meaning::Normal,
        }
    }
}

fn same(one: &str, other: &str) -> bool {
    let folded =
        |text: &str| -> String { text.trim().chars().flat_map(char::to_lowercase).collect() };
    folded(one) == folded(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maintenance::config::{FileReading, FileSource, ObserverSource};

    #[test]
    fn values_and_what_they_mean() {
        for (maintenance, normal, observed, expect) in [
            ("on", None, "on", Meaning::Maintenance),
            ("on", None, " ON\n", Meaning::Maintenance),
            ("on", None, "off", Meaning::Normal),
            ("on", None, "", Meaning::Normal),
            ("on", Some("off"), "Off", Meaning::Normal),
            ("on", Some("off"), "oN", Meaning::Maintenance),
            ("on", Some("off"), "", Meaning::Neither),
            ("on", Some("off"), "broken", Meaning::Neither),
            ("WARTUNG Ä", None, "wartung ä", Meaning::Maintenance),
            ("1", Some("0"), "1", Meaning::Maintenance),
        ] {
            let config = ObserverConfig {
                polling_interval: super::super::config::DEFAULT_POLLING_INTERVAL,
                maintenance_value: maintenance.to_owned(),
                normal_value: normal.map(str::to_owned),
                source: ObserverSource::File(FileSource {
                    path: "/x".to_owned(),
                    reading: FileReading::Content(None),
                }),
            };
            assert_eq!(
                config.meaning(observed),
                expect,
                "{maintenance} {normal:?} {observed:?}"
            );
        }
    }
}
