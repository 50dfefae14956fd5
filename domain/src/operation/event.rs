//! The journal's events: what SSE, the JSON feed, the browser and the audit read. Field names are wire format.

use serde::{Deserialize, Serialize};

use super::OperationKind;
use super::failure::Failure;
use super::status::OperationStatus;
use crate::access::Actor;
use crate::deployment::{ProductStatus, StackStatus};
use crate::plan::{Phase, StepKey};
use crate::timestamp::Timestamp;

/// One event of one operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// From 1, without gaps, within the operation.
    pub seq: i64,
    pub at: Timestamp,
    pub level: Level,
    #[serde(flatten)]
    pub body: EventBody,
}

/// How loud an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Progress and output.
    Detail,
    /// What happened.
    Info,
    /// It goes on, but someone should know.
    Warning,
    /// Something was given up.
    Error,
}

impl Level {
    /// The stored form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Detail => "detail",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// Reads the stored form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Detail, Self::Info, Self::Warning, Self::Error]
            .into_iter()
            .find(|level| level.as_str() == text)
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(
    tag = "type",
    rename_all = "snake_case",
    rename_all_fields = "camelCase"
)]
pub enum EventBody {
    /// The intent was recorded; always the first event.
    Accepted {
        kind: OperationKind,
        actor: Actor,
        product_name: String,
        product_version: Option<String>,
        /// The version that runs before, where it is another one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        previous_version: Option<String>,
        environment_name: String,
        stacks: Vec<StackOutline>,
    },
    /// A runner took the operation; after a crash it happens again.
    Claimed {
        node: String,
        /// Whether work had begun before.
        resumed: bool,
    },
    /// The plan was made from what the engine had.
    Planned {
        steps: Vec<StepOutline>,
        /// Containers that stay as they are.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        kept: Vec<KeptOutline>,
    },
    /// Undoing begins.
    Unwinding {
        reason: UnwindReason,
        steps: Vec<StepOutline>,
    },
    /// An act begins.
    StepStarted { step: StepKey, attempt: u32 },
    /// An act goes on: bytes of a pull, seconds of a health wait.
    StepProgress {
        step: StepKey,
        message: String,
        current: u64,
        /// 0 where it is not known.
        total: u64,
    },
    /// Lines that a one-shot wrote.
    StepOutput {
        step: StepKey,
        lines: Vec<OutputLine>,
    },
    /// An act is done.
    StepDone {
        step: StepKey,
        /// What came of it: a digest, `already running`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        result: Option<String>,
    },
    /// An attempt failed and another follows.
    StepRetrying {
        step: StepKey,
        /// The attempt that will follow.
        attempt: u32,
        /// Not before this time. Named so that it cannot be taken for the time of the event.
        #[serde(rename = "nextAt")]
        at: Timestamp,
        failure: Failure,
    },
    /// An act was given up.
    StepFailed { step: StepKey, failure: Failure },
    /// An act will not be done.
    StepSkipped { step: StepKey, because: String },
    /// A stack's deployment status changed.
    StackChanged {
        stack: String,
        status: StackStatus,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
    /// Someone asked to cancel.
    CancelRequested { by: Actor },
    /// The operation's status changed on its way.
    StatusChanged {
        status: OperationStatus,
        message: String,
    },
    /// The end; always the last event.
    Finished {
        status: OperationStatus,
        product_status: ProductStatus,
        message: String,
    },
}

/// Why an operation is undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum UnwindReason {
    Failed,
    Cancelled,
}

/// A stack as announced with the first event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StackOutline {
    pub name: String,
    pub display_name: String,
    pub deployment_stack_name: String,
    /// Where it is before the operation; Pending where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<StackStatus>,
    pub services: Vec<ServiceOutline>,
}

/// A service as announced with the first event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ServiceOutline {
    pub name: String,
    pub init: bool,
}

/// A container that stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct KeptOutline {
    pub stack: String,
    pub service: String,
    /// Its name on the engine.
    pub container: String,
}

/// A step as announced with the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StepOutline {
    pub step: StepKey,
    /// `Start web`.
    pub title: String,
    pub phase: Phase,
    pub cause: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Whom it waits for: a stack's first step for stacks, a service's step for services of its stack.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waits_for: Vec<String>,
}

/// One line that a container wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OutputLine {
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stderr: bool,
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: EventBody, expected: &str) {
        let event = Event {
            seq: 7,
            at: Timestamp::from_millis(1_771_329_600_123),
            level: Level::Info,
            body,
        };
        let json = serde_json::to_string(&event).unwrap();
        let start = "{\"seq\":7,\"at\":\"2026-02-17T12:00:00.123Z\",\"level\":\"info\",\"type\":";
        assert_eq!(json, format!("{start}{expected}}}"));
        assert_eq!(serde_json::from_str::<Event>(&json).unwrap(), event);
    }

    #[test]
    fn every_event_reads_back_what_it_writes() {
        let step = || StepKey::new("start web/app");
        check(
            EventBody::Accepted {
                kind: OperationKind::Deploy,
                actor: Actor::LocalOperator,
                product_name: "Shop".to_owned(),
                product_version: None,
                previous_version: None,
                environment_name: "local".to_owned(),
                stacks: Vec::new(),
            },
            r#""accepted","kind":"deploy","actor":{"type":"localOperator"},"productName":"Shop","productVersion":null,"environmentName":"local","stacks":[]"#,
        );
        check(
            EventBody::Claimed {
                node: "n1".to_owned(),
                resumed: true,
            },
            r#""claimed","node":"n1","resumed":true"#,
        );
        check(
            EventBody::Planned {
                steps: Vec::new(),
                kept: Vec::new(),
            },
            r#""planned","steps":[]"#,
        );
        check(
            EventBody::Unwinding {
                reason: UnwindReason::Cancelled,
                steps: Vec::new(),
            },
            r#""unwinding","reason":"cancelled","steps":[]"#,
        );
        check(
            EventBody::StepStarted {
                step: step(),
                attempt: 1,
            },
            r#""step_started","step":"start web/app","attempt":1"#,
        );
        check(
            EventBody::StepProgress {
                step: step(),
                message: "2 of 5 layers".to_owned(),
                current: 2,
                total: 0,
            },
            r#""step_progress","step":"start web/app","message":"2 of 5 layers","current":2,"total":0"#,
        );
        check(
            EventBody::StepOutput {
                step: step(),
                lines: vec![OutputLine {
                    stderr: true,
                    text: "boom".to_owned(),
                }],
            },
            r#""step_output","step":"start web/app","lines":[{"stderr":true,"text":"boom"}]"#,
        );
        check(
            EventBody::StepDone {
                step: step(),
                result: Some("healthy".to_owned()),
            },
            r#""step_done","step":"start web/app","result":"healthy""#,
        );
        check(
            EventBody::StepRetrying {
                step: step(),
                attempt: 2,
                at: Timestamp::from_millis(1_771_329_601_000),
                failure: Failure::new("no answer"),
            },
            r#""step_retrying","step":"start web/app","attempt":2,"nextAt":"2026-02-17T12:00:01.000Z","failure":{"message":"no answer"}"#,
        );
        check(
            EventBody::StepFailed {
                step: step(),
                failure: Failure::new("no").hint("try"),
            },
            r#""step_failed","step":"start web/app","failure":{"message":"no","hint":"try"}"#,
        );
        check(
            EventBody::StepSkipped {
                step: step(),
                because: "no".to_owned(),
            },
            r#""step_skipped","step":"start web/app","because":"no""#,
        );
        check(
            EventBody::StackChanged {
                stack: "web".to_owned(),
                status: StackStatus::Running,
                message: None,
            },
            r#""stack_changed","stack":"web","status":"Running""#,
        );
        check(
            EventBody::CancelRequested {
                by: Actor::LocalOperator,
            },
            r#""cancel_requested","by":{"type":"localOperator"}"#,
        );
        check(
            EventBody::StatusChanged {
                status: OperationStatus::Waiting,
                message: "later".to_owned(),
            },
            r#""status_changed","status":"waiting","message":"later""#,
        );
        check(
            EventBody::Finished {
                status: OperationStatus::Succeeded,
                product_status: ProductStatus::Running,
                message: "all".to_owned(),
            },
            r#""finished","status":"succeeded","productStatus":"Running","message":"all""#,
        );
    }
}
