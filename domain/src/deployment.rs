//! Deployed products and stacks: statuses, which change may follow which, and the records.

mod record;
mod status;

pub use record::{OperationMode, ProductDeployment, StackDeployment};
pub use status::{
    Before, IllegalTransition, Outcome, ProductEvent, ProductStatus, StackBefore, StackEvent,
    StackStatus,
};
