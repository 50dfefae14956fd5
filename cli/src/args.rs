//! The command line of `windlass`. Only reads and parses; each command is carried out in `commands`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Parser, Subcommand};
use domain::deployment::ProductStatus;

use crate::change_args::Change;
use crate::printer::Format;

const EXIT_CODES: &str = "\
Exit codes:
  0    done
  1    the server cannot be reached, or failed inside
  2    the command line is wrong
  5    refused: something is missing or wrong, nothing was changed
  7    the operation did not succeed
  9    refused: it conflicts with something that is in progress or has ended
  130  interrupted; what was started goes on";

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "windlass", version, about = "Deploys whole products with Windlass", after_help = EXIT_CODES)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, clap::Args)]
pub(crate) struct Global {
    /// The address of Windlass
    #[arg(
        long,
        global = true,
        env = "WINDLASS_SERVER",
        value_name = "URL",
        default_value = "http://127.0.0.1:8080"
    )]
    pub(crate) server: ServerUrl,
    /// Print the answer as one JSON document
    #[arg(long, global = true, conflicts_with = "jsonl")]
    json: bool,
    /// Print one JSON document a line: an event, or an entry of a list
    #[arg(long, global = true)]
    jsonl: bool,
}

impl Global {
    /// How answers are wanted.
    pub(crate) const fn format(&self) -> Format {
        match (self.json, self.jsonl) {
            (true, _) => Format::Json,
            (_, true) => Format::JsonLines,
            _ => Format::Text,
        }
    }
}

/// What `windlass` can do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the products of the catalog, the newest version of each
    Products,
    /// Deploy a product with all its stacks, and follow it to the end
    Deploy(DeployArgs),
    #[command(flatten)]
    Change(Change),
    /// Show what a change would do to each container; nothing is begun
    Plan(PlanArgs),
    /// List the releases of a deployed product, the newest first
    Releases(ReleasesArgs),
    /// Show what differs between two releases of a deployed product
    Diff(DiffArgs),
    /// Follow an operation to its end; shows what happened so far, too
    Attach(OperationArgs),
    /// Ask an operation to stop and to undo what it did
    Cancel(OperationArgs),
    /// List what is deployed in an environment, the newest first
    Deployments(DeploymentsArgs),
    /// Show one deployed product: its stacks and their containers
    Show(ShowArgs),
}

/// Which environment is meant.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct EnvironmentArg {
    /// The environment; the default one where it is missing
    #[arg(long, value_name = "NAME|ID")]
    pub(crate) environment: Option<String>,
}

/// The options of `deploy`.
#[derive(Debug, clap::Args)]
pub(crate) struct DeployArgs {
    /// The product's id, such as `demo:Shop:1.0.0`, or its group's id for the newest version
    pub(crate) product: String,
    #[command(flatten)]
    pub(crate) environment: EnvironmentArg,
    /// The name of the deployment, which the names of its stacks start with
    #[arg(long, value_name = "DEPLOYMENT_NAME")]
    pub(crate) name: Option<String>,
    /// The value of a variable, for all stacks or for one; repeat the option for more
    #[arg(long = "set", value_name = "[STACK:]NAME=VALUE")]
    pub(crate) values: Vec<Assignment>,
    /// A file with lines NAME=VALUE for all stacks; `--set` wins. `-` reads standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) env_file: Option<PathBuf>,
    /// Begin no further stack once one has failed
    #[arg(long)]
    pub(crate) stop_on_error: bool,
    /// Do not follow: print how to, and end
    #[arg(long)]
    pub(crate) detach: bool,
}

/// The options of `plan`.
#[derive(Debug, clap::Args)]
pub(crate) struct PlanArgs {
    #[command(subcommand)]
    pub(crate) change: Change,
}

/// A deployed product.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct DeploymentArg {
    /// The deployment's id or its name
    pub(crate) deployment: String,
    #[command(flatten)]
    pub(crate) environment: EnvironmentArg,
}

/// The options of `releases`.
#[derive(Debug, clap::Args)]
pub(crate) struct ReleasesArgs {
    #[command(flatten)]
    pub(crate) target: DeploymentArg,
    /// The page, from 1
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) page: Option<u32>,
}

/// The options of `diff`.
#[derive(Debug, clap::Args)]
pub(crate) struct DiffArgs {
    #[command(flatten)]
    pub(crate) target: DeploymentArg,
    /// The number of a release; `windlass releases` lists them
    pub(crate) from: u32,
    /// The number of the other one
    pub(crate) to: u32,
}

/// An operation by its id.
#[derive(Debug, clap::Args)]
pub(crate) struct OperationArgs {
    /// The operation's id
    pub(crate) operation: String,
}

/// The options of `deployments`.
#[derive(Debug, clap::Args)]
pub(crate) struct DeploymentsArgs {
    #[command(flatten)]
    pub(crate) environment: EnvironmentArg,
    /// Only those with this status, such as `Running`
    #[arg(long, value_parser = status)]
    pub(crate) status: Option<ProductStatus>,
    /// Only those with this in their name
    #[arg(long, value_name = "TEXT")]
    pub(crate) search: Option<String>,
    /// The page, from 1
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) page: Option<u32>,
}

/// The options of `show`.
#[derive(Debug, clap::Args)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    pub(crate) target: DeploymentArg,
}

fn status(text: &str) -> Result<ProductStatus, String> {
    let known = |status: &&ProductStatus| status.as_str().eq_ignore_ascii_case(text);
    ProductStatus::ALL
        .iter()
        .find(known)
        .copied()
        .ok_or_else(|| {
            let all: Vec<_> = ProductStatus::ALL.iter().map(|one| one.as_str()).collect();
            format!("choose one of {}", all.join(", "))
        })
}

/// Where Windlass answers, without a slash at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServerUrl(String);

impl ServerUrl {
    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a `--server` could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ServerUrlError {
    /// This client has no TLS.
    #[error("https is not spoken yet; reach the server over loopback or a tunnel, with http://")]
    Encrypted,
    /// Anything else.
    #[error("write it as http://host:port, for example http://127.0.0.1:8080")]
    NotHttp,
}

impl FromStr for ServerUrl {
    type Err = ServerUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with("https://") {
            return Err(ServerUrlError::Encrypted);
        }
        let text = text.trim_end_matches('/');
        let host = text
            .strip_prefix("http://")
            .ok_or(ServerUrlError::NotHttp)?;
        let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '/' | '?' | '#');
        if host.is_empty() || host.contains(odd) {
            return Err(ServerUrlError::NotHttp);
        }
        Ok(Self(text.to_owned()))
    }
}

/// `NAME=VALUE` or `STACK:NAME=VALUE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Assignment {
    /// The stack's name or id; none for all stacks.
    pub(crate) stack: Option<String>,
    /// The variable.
    pub(crate) name: String,
    /// Its value; may be empty.
    pub(crate) value: String,
}

/// Why a `--set` could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AssignmentError {
    /// There is no `=`.
    #[error("write it as NAME=VALUE or STACK:NAME=VALUE")]
    NoEqualsSign,
    /// Nothing before the `=`, or before the `:`.
    #[error("the name before `=` is missing, or the stack before `:`")]
    NoName,
}

impl FromStr for Assignment {
    type Err = AssignmentError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (target, value) = text.split_once('=').ok_or(AssignmentError::NoEqualsSign)?;
        // Ids of stacks hold colons, names of variables do not.
        let (stack, name) = match target.rsplit_once(':') {
            Some((stack, name)) => (Some(stack.to_owned()), name),
            None => (None, target),
        };
        if name.is_empty() || stack.as_deref() == Some("") {
            return Err(AssignmentError::NoName);
        }
        Ok(Self {
            stack,
            name: name.to_owned(),
            value: value.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn values_are_for_all_stacks_or_one() {
        for (text, expected) in [
            ("A=1", Ok((None, "A", "1"))),
            ("A=x=y:z", Ok((None, "A", "x=y:z"))),
            ("A=", Ok((None, "A", ""))),
            ("web:A=1", Ok((Some("web"), "A", "1"))),
            (
                "demo:shop:1.0:web:A=1",
                Ok((Some("demo:shop:1.0:web"), "A", "1")),
            ),
            ("A", Err(AssignmentError::NoEqualsSign)),
            ("=1", Err(AssignmentError::NoName)),
            ("web:=1", Err(AssignmentError::NoName)),
            (":A=1", Err(AssignmentError::NoName)),
        ] {
            let expected = expected.map(|(stack, name, value): (Option<&str>, _, _)| Assignment {
                stack: stack.map(str::to_owned),
                name: str::to_owned(name),
                value: str::to_owned(value),
            });
            assert_eq!(text.parse::<Assignment>(), expected, "{text}");
        }
    }

    #[test]
    fn servers_are_http_addresses() {
        for (text, expected) in [
            ("http://127.0.0.1:8080", Ok("http://127.0.0.1:8080")),
            ("http://[::1]:80/", Ok("http://[::1]:80")),
            ("https://x", Err(ServerUrlError::Encrypted)),
            ("127.0.0.1:8080", Err(ServerUrlError::NotHttp)),
            ("http://", Err(ServerUrlError::NotHttp)),
            ("http://x/y", Err(ServerUrlError::NotHttp)),
            ("http://x y", Err(ServerUrlError::NotHttp)),
        ] {
            let expected = expected.map(|text| ServerUrl(str::to_owned(text)));
            assert_eq!(text.parse::<ServerUrl>(), expected, "{text}");
        }
    }

    #[test]
    fn statuses_are_known_words() {
        assert_eq!(status("running"), Ok(ProductStatus::Running));
        assert_eq!(
            status("PartiallyRunning"),
            Ok(ProductStatus::PartiallyRunning)
        );
        assert!(
            status("fine")
                .unwrap_err()
                .starts_with("choose one of Deploying, Running")
        );
    }

    #[test]
    fn a_line_is_read() {
        let line =
            "windlass deploy p --set A=1 --set b:C=2 --stop-on-error --jsonl --server http://h:1";
        let args = Args::try_parse_from(line.split(' ')).unwrap();
        assert_eq!(args.global.format(), Format::JsonLines);
        assert_eq!(args.global.server.as_str(), "http://h:1");
        let Command::Deploy(deploy) = args.command else {
            panic!("not a deploy: {:?}", args.command);
        };
        assert_eq!(deploy.values.len(), 2);
        assert!(deploy.stop_on_error && !deploy.detach);
        for wrong in [
            "windlass",
            "windlass deploy",
            "windlass products --json --jsonl",
            "windlass deployments --page 0",
            "windlass deploy p --set A",
            "windlass redeploy",
            "windlass redeploy d --set web:A=1",
            "windlass maintenance d",
            "windlass plan",
            "windlass plan deploy p",
            "windlass diff d 1",
        ] {
            assert!(Args::try_parse_from(wrong.split(' ')).is_err(), "{wrong}");
        }
    }
}
