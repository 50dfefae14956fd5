//! What came of one look of an observer, as it is kept and shown.

use crate::timestamp::Timestamp;

/// What came of a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckOutcome {
    /// The source reports maintenance.
    Maintenance,
    /// The source reports none.
    Normal,
    /// There was no value, or one that means neither: nothing changes.
    Failed,
}

impl CheckOutcome {
    /// Every outcome, for tables.
    pub const ALL: &[Self] = &[Self::Maintenance, Self::Normal, Self::Failed];

    /// The stored form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Maintenance => "maintenance",
            Self::Normal => "normal",
            Self::Failed => "failed",
        }
    }

    /// Reads the stored form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|outcome| outcome.as_str() == text)
    }
}

/// One look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObserverCheck {
    pub at: Timestamp,
    pub outcome: CheckOutcome,
    /// The value, where there was one.
    pub observed_value: Option<String>,
    /// Why it failed, as a sentence.
    pub error_message: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_forms_read_back() {
        for outcome in CheckOutcome::ALL {
            assert_eq!(CheckOutcome::parse(outcome.as_str()), Some(*outcome));
        }
        assert_eq!(CheckOutcome::parse("Normal"), None);
    }
}
