//! Typed ids. A swapped id is a compile error; new ids are made at the edge (`server::boot`), never here.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Text that is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is not an id: a UUID is expected, such as 018f0000-0000-7000-8000-000000000000")]
pub struct InvalidId {
    text: String,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID made elsewhere.
            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID itself.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::try_parse(text).map(Self).map_err(|_| InvalidId { text: text.to_owned() })
            }
        }
    )*};
}

ids! {
    /// A Docker engine that products are deployed to.
    EnvironmentId;
    /// A product as deployed into one environment.
    DeploymentId;
    /// One stack of a deployed product.
    StackDeploymentId;
    /// One durable operation.
    OperationId;
    /// One change of a health status.
    HealthTransitionId;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_what_it_prints() {
        let text = "018f0000-0000-7000-8000-000000000001";
        let id: OperationId = text.parse().unwrap();
        assert_eq!(id.to_string(), text);
        assert_eq!(serde_json::to_string(&id).unwrap(), format!("\"{text}\""));
    }

    #[test]
    fn text_that_is_no_uuid_is_refused_by_name() {
        let error = "shop".parse::<DeploymentId>().unwrap_err();
        assert!(error.to_string().starts_with("'shop' is not an id"));
    }
}
