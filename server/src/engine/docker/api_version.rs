//! The engine's API version, and the refusal of what an older engine would drop without a word.

use std::fmt;

use super::call::Act;
use crate::engine::EngineError;

/// Such as 1.51.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ApiVersion(pub(super) u16, pub(super) u16);

impl ApiVersion {
    /// From here on a container can be made on several networks at once, with a hardware address for each.
    pub(super) const SEVERAL_ENDPOINTS: Self = Self(1, 44);
    /// From here on the engine itself refuses a second network of the same name.
    pub(super) const UNIQUE_NETWORKS: Self = Self(1, 44);
    pub(super) const CREATE_MOUNTPOINT: Self = Self(1, 42);
    pub(super) const ANNOTATIONS: Self = Self(1, 43);
    pub(super) const START_INTERVAL: Self = Self(1, 44);
    pub(super) const VOLUME_SUBPATH: Self = Self(1, 45);
    pub(super) const GATEWAY_PRIORITY: Self = Self(1, 48);
    pub(super) const IPV4_SWITCH: Self = Self(1, 48);

    /// Parses `1.51`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.split_once('.')?;
        Some(Self(major.parse().ok()?, minor.parse().ok()?))
    }

    /// Refuses `field` where the engine is older than `least`.
    pub(super) fn need(self, least: Self, field: &str, act: &Act) -> Result<(), EngineError> {
        if self >= least {
            Ok(())
        } else {
            Err(act.refuse(format!(
                "'{field}' needs an engine with API {least} or newer, this one has {self}: update the engine or remove the field"
            )))
        }
    }

    /// Packed for an atomic; never 0 for a real version.
    pub(super) const fn pack(self) -> u32 {
        ((self.0 as u32) << 16) | self.1 as u32
    }

    /// The reverse of [`Self::pack`]; 0 is unknown.
    pub(super) const fn unpack(packed: u32) -> Option<Self> {
        if packed == 0 {
            None
        } else {
            Some(Self((packed >> 16) as u16, (packed & 0xffff) as u16))
        }
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        assert!(ApiVersion::parse("1.9") < ApiVersion::parse("1.44"));
        assert_eq!(ApiVersion::parse("next"), None);
        for version in [ApiVersion(1, 41), ApiVersion(2, 0)] {
            assert_eq!(ApiVersion::unpack(version.pack()), Some(version));
        }
        assert_eq!(ApiVersion::unpack(0), None);
    }

    #[test]
    fn what_an_old_engine_would_drop_is_refused_with_the_way_out() {
        let act = Act::new("create", "container a");
        let error = ApiVersion(1, 41)
            .need(ApiVersion::ANNOTATIONS, "annotations", &act)
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "the engine refused 'create container a': 'annotations' needs an engine with API 1.43 or newer, \
             this one has 1.41: update the engine or remove the field"
        );
        assert!(
            ApiVersion(1, 43)
                .need(ApiVersion::ANNOTATIONS, "annotations", &act)
                .is_ok()
        );
    }
}
