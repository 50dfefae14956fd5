//! The part of the command line that changes what is deployed. `plan` takes the same words as the change itself.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use domain::product::OnFailure;

use crate::args::{Assignment, AssignmentError, DeploymentArg};

/// What can be done to a deployed product.
#[derive(Debug, Subcommand)]
pub(crate) enum Change {
    /// Roll the same version out again, with images that are pulled anew
    Redeploy(RedeployArgs),
    /// Roll out again what failed
    Retry(RetryArgs),
    /// Roll out another version; only what differs is replaced
    Upgrade(UpgradeArgs),
    /// Return to an earlier release, with the images that it ran
    Rollback(RollbackArgs),
    /// Stop the containers
    Stop(StacksArgs),
    /// Stop the containers and start them again, or start them where they are stopped
    Restart(StacksArgs),
    /// Enter or exit maintenance: containers are stopped, and started again
    Maintenance(MaintenanceArgs),
    /// Remove a product from its engine; volumes stay unless they are named
    Remove(RemoveArgs),
}

/// Options of every change.
#[derive(Debug, clap::Args)]
pub(crate) struct ChangeOptions {
    #[command(flatten)]
    pub(crate) target: DeploymentArg,
    /// Carry out only the plan that `windlass plan` showed under this id
    #[arg(long, value_name = "ID")]
    pub(crate) plan_id: Option<String>,
    /// Ask nothing; only `remove` asks, where data is lost
    #[arg(long)]
    pub(crate) yes: bool,
    /// Do not follow: print how to, and end
    #[arg(long)]
    pub(crate) detach: bool,
}

/// What happens when something fails.
#[derive(Debug, clap::Args)]
pub(crate) struct FailureOptions {
    /// Begin no further stack once one has failed
    #[arg(long)]
    pub(crate) stop_on_error: bool,
    /// What happens to complete stacks when another one fails; what the manifest says where it is missing
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(crate) on_failure: Option<OnFailureArg>,
}

/// `--on-failure`.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum OnFailureArg {
    /// They stay at the new version
    Keep,
    /// They go back, too
    Rollback,
    /// The operation waits for a decision
    Pause,
}

impl From<OnFailureArg> for OnFailure {
    fn from(arg: OnFailureArg) -> Self {
        match arg {
            OnFailureArg::Keep => Self::Keep,
            OnFailureArg::Rollback => Self::Rollback,
            OnFailureArg::Pause => Self::Pause,
        }
    }
}

/// The options of `redeploy`.
#[derive(Debug, clap::Args)]
pub(crate) struct RedeployArgs {
    #[command(flatten)]
    pub(crate) options: ChangeOptions,
    #[command(flatten)]
    pub(crate) failure: FailureOptions,
    /// Only this stack; repeat the option for more
    #[arg(long = "stack", value_name = "STACK")]
    pub(crate) stacks: Vec<String>,
    /// A value that takes the place of a recorded one; repeat the option for more
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = for_all_stacks)]
    pub(crate) values: Vec<Assignment>,
}

/// The options of `retry`.
#[derive(Debug, clap::Args)]
pub(crate) struct RetryArgs {
    #[command(flatten)]
    pub(crate) options: ChangeOptions,
    /// Begin no further stack once one has failed
    #[arg(long)]
    pub(crate) stop_on_error: bool,
}

/// The options of `upgrade`.
#[derive(Debug, clap::Args)]
pub(crate) struct UpgradeArgs {
    #[command(flatten)]
    pub(crate) options: ChangeOptions,
    #[command(flatten)]
    pub(crate) failure: FailureOptions,
    /// The version, or the product's id with it; the newest where it is missing
    #[arg(long, value_name = "VERSION")]
    pub(crate) to: Option<String>,
    /// The value of a variable, for all stacks or for one; what was given before is carried over
    #[arg(long = "set", value_name = "[STACK:]NAME=VALUE")]
    pub(crate) values: Vec<Assignment>,
    /// A file with lines NAME=VALUE for all stacks; `--set` wins. `-` reads standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) env_file: Option<PathBuf>,
}

/// The options of `rollback`.
#[derive(Debug, clap::Args)]
pub(crate) struct RollbackArgs {
    #[command(flatten)]
    pub(crate) options: ChangeOptions,
    #[command(flatten)]
    pub(crate) failure: FailureOptions,
    /// The release; the newest that succeeded before the present one where it is missing
    #[arg(long, value_name = "N")]
    pub(crate) release: Option<u32>,
}

/// The options of `stop` and `restart`.
#[derive(Debug, clap::Args)]
pub(crate) struct StacksArgs {
    #[command(flatten)]
    pub(crate) options: ChangeOptions,
    /// Only this stack; repeat the option for more
    #[arg(long = "stack", value_name = "STACK")]
    pub(crate) stacks: Vec<String>,
}

/// The options of `maintenance`.
#[derive(Debug, clap::Args)]
pub(crate) struct MaintenanceArgs {
    /// What to do
    #[arg(value_enum)]
    pub(crate) turn: Turn,
    #[command(flatten)]
    pub(crate) options: ChangeOptions,
    /// Why, for those who see the product stopped
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
}

/// In or out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Turn {
    /// Stop the containers
    Enter,
    /// Start them again
    Exit,
}

/// The options of `remove`.
#[derive(Debug, clap::Args)]
pub(crate) struct RemoveArgs {
    #[command(flatten)]
    pub(crate) options: ChangeOptions,
    /// A volume on the engine that is removed with all of its data; repeat the option for more
    #[arg(long = "volume", value_name = "VOLUME")]
    pub(crate) volumes: Vec<String>,
}

impl Change {
    /// What every change has.
    pub(crate) const fn options(&self) -> &ChangeOptions {
        match self {
            Self::Redeploy(args) => &args.options,
            Self::Retry(args) => &args.options,
            Self::Upgrade(args) => &args.options,
            Self::Rollback(args) => &args.options,
            Self::Stop(args) | Self::Restart(args) => &args.options,
            Self::Maintenance(args) => &args.options,
            Self::Remove(args) => &args.options,
        }
    }
}

/// Why a `--set` of a redeploy could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum PlainAssignmentError {
    #[error(transparent)]
    Assignment(#[from] AssignmentError),
    /// A redeploy gives values to all stacks alike.
    #[error("write it as NAME=VALUE; a redeploy gives a value to every stack that reads it")]
    ForOneStack,
}

fn for_all_stacks(text: &str) -> Result<Assignment, PlainAssignmentError> {
    let assignment: Assignment = text.parse()?;
    match assignment.stack {
        None => Ok(assignment),
        Some(_) => Err(PlainAssignmentError::ForOneStack),
    }
}
