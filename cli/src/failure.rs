//! Why a command did not do what was asked: what failed, why, and the way out, with the exit code for scripts.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use domain::wire::Problem;

use crate::env_file::EnvFileError;

/// What every stable slug of a problem stands behind.
const TYPE_PREFIX: &str = "urn:windlass:problem:";

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// No answer came.
    #[error("Windlass cannot be reached at {server}")]
    Unreachable {
        /// As given with `--server`.
        server: String,
        /// Why.
        #[source]
        source: Box<ureq::Error>,
    },
    /// An answer came, but not one of Windlass.
    #[error("the answer from {server} was not understood (HTTP status {status})")]
    NotUnderstood {
        /// As given with `--server`.
        server: String,
        /// Of the answer.
        status: u16,
        /// What in it was not.
        #[source]
        source: serde_json::Error,
    },
    /// Windlass refused.
    #[error("{}", .0.title)]
    Refused(Box<Problem>),
    /// No environment of that name or id.
    #[error("there is no environment '{wanted}'")]
    NoSuchEnvironment {
        /// As given.
        wanted: String,
        /// Names that exist.
        known: Vec<String>,
    },
    /// None was given and there is no default one.
    #[error("no environment was named, and none is the default")]
    NoDefaultEnvironment {
        /// Names that exist.
        known: Vec<String>,
    },
    /// `--set` names a stack that the product does not have.
    #[error("the product has no stack '{wanted}'")]
    NoSuchStack {
        /// As given.
        wanted: String,
        /// Names that exist.
        known: Vec<String>,
    },
    /// `--set` names a variable that nobody reads.
    #[error("no stack that is meant has a variable '{wanted}'")]
    NoSuchVariable {
        /// As given.
        wanted: String,
        /// Names that exist.
        known: Vec<String>,
    },
    /// No deployment of that name.
    #[error("'{wanted}' is not deployed in the environment '{environment}'")]
    NoSuchDeployment {
        /// As given.
        wanted: String,
        /// Its name.
        environment: String,
    },
    /// Several deployments of that name.
    #[error("{} deployments are named '{wanted}'", .ids.len())]
    AmbiguousDeployment {
        /// As given.
        wanted: String,
        /// Their ids.
        ids: Vec<String>,
    },
    /// The catalog has no such newer version.
    #[error("'{wanted}' is no version that can be upgraded to")]
    NoSuchVersion {
        /// As given.
        wanted: String,
        /// Versions that can be.
        known: Vec<String>,
    },
    /// The catalog has no newer version at all.
    #[error("version {version} is the newest")]
    NothingNewer {
        /// The present one.
        version: String,
    },
    /// Nobody said that the data may go.
    #[error("not confirmed; nothing was changed")]
    NotConfirmed {
        /// What had to be typed.
        name: String,
    },
    /// What was typed cannot be read.
    #[error("cannot read the answer")]
    Input(#[source] io::Error),
    /// The file of `--env-file` cannot be read.
    #[error("cannot read {}", .path.display())]
    EnvFile {
        /// As given.
        path: PathBuf,
        /// Why.
        #[source]
        source: EnvFileError,
    },
    /// The operation ended, but not well.
    #[error("the {noun} did not succeed")]
    NotDone {
        /// `deployment`, `upgrade`, ….
        noun: String,
        /// The operation.
        operation: String,
        /// Its final sentence.
        message: String,
    },
    /// The reader stopped following.
    #[error("interrupted; the operation goes on")]
    Interrupted {
        /// The operation.
        operation: String,
    },
    /// Signals cannot be handled.
    #[error("cannot listen for Ctrl-C")]
    Signals(#[source] io::Error),
    /// Standard output is gone.
    #[error("cannot write the answer")]
    Output(#[source] io::Error),
}

impl Failure {
    /// Whether asking again may help.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Refused(problem) => matches!(problem.status, 408 | 500..),
            Self::NotUnderstood { status, .. } => *status >= 500,
            _ => false,
        }
    }

    /// For scripts; listed in the help.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code())
    }

    fn code(&self) -> u8 {
        match self {
            // Whoever reads the answer has read enough.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => 0,
            Self::Unreachable { .. }
            | Self::NotUnderstood { .. }
            | Self::Signals(_)
            | Self::Input(_)
            | Self::Output(_) => 1,
            Self::NoSuchStack { .. } | Self::NoSuchVariable { .. } | Self::EnvFile { .. } => 2,
            Self::NoSuchEnvironment { .. }
            | Self::NoDefaultEnvironment { .. }
            | Self::NoSuchDeployment { .. }
            | Self::AmbiguousDeployment { .. }
            | Self::NoSuchVersion { .. }
            | Self::NothingNewer { .. }
            | Self::NotConfirmed { .. } => 5,
            Self::Refused(problem) if problem.status == 409 => 9,
            Self::Refused(problem) if slug(problem) == "operation-in-progress" => 9,
            Self::Refused(problem) if (400..500).contains(&problem.status) => 5,
            Self::Refused(_) => 1,
            Self::NotDone { .. } => 7,
            Self::Interrupted { .. } => 130,
        }
    }

    /// For people: what, why, and the way out.
    pub(crate) fn lines(&self) -> Vec<String> {
        if self.code() == 0 {
            return Vec::new();
        }
        let mut lines = vec![format!("error: {self}")];
        lines.extend(self.why().into_iter().map(|why| format!("  why: {why}")));
        lines.extend(self.hint().map(|hint| format!("  hint: {hint}")));
        lines
    }

    fn why(&self) -> Vec<String> {
        match self {
            Self::Unreachable { source, .. } => vec![source.to_string()],
            Self::EnvFile { source, .. } => vec![source.to_string()],
            Self::Signals(source) | Self::Input(source) | Self::Output(source) => {
                vec![source.to_string()]
            }
            Self::NotDone { message, .. } => vec![message.clone()],
            Self::Refused(problem) => {
                let mut why = vec![problem.detail.clone()];
                let fields = problem.errors.iter();
                why.extend(fields.flat_map(|(field, sentences)| {
                    sentences
                        .iter()
                        .map(move |sentence| format!("{field}: {sentence}"))
                }));
                why
            }
            _ => Vec::new(),
        }
    }

    fn hint(&self) -> Option<String> {
        let choose = |known: &[String]| match known {
            [] => None,
            known => Some(format!("choose one of: {}", known.join(", "))),
        };
        match self {
            Self::Unreachable { .. } => Some(
                "start the server (`cargo xtask run`), or name another one with --server"
                    .to_owned(),
            ),
            Self::NotUnderstood { .. } => Some(
                "check that --server is the address of Windlass, and of this version".to_owned(),
            ),
            Self::Refused(problem) => hint_of(problem),
            Self::NoSuchEnvironment { known, .. } => choose(known),
            Self::NoDefaultEnvironment { known } => match known.as_slice() {
                [] => Some("make one with POST /api/environments".to_owned()),
                known => Some(format!("name one with --environment: {}", known.join(", "))),
            },
            Self::NoSuchStack { known, .. } | Self::NoSuchVariable { known, .. } => choose(known),
            Self::NoSuchDeployment { .. } => {
                Some("`windlass deployments` lists what is deployed".to_owned())
            }
            Self::AmbiguousDeployment { ids, .. } => {
                Some(format!("name it by its id: {}", ids.join(", ")))
            }
            Self::NotDone { operation, .. } => Some(format!(
                "`windlass attach {operation}` shows every step again"
            )),
            Self::Interrupted { operation } => Some(format!(
                "follow it with `windlass attach {operation}`, stop it with `windlass cancel {operation}`"
            )),
            Self::NoSuchVersion { known, .. } => choose(known),
            Self::NothingNewer { .. } => {
                Some("`windlass redeploy` rolls the same version out again".to_owned())
            }
            Self::NotConfirmed { name } => Some(format!("type {name}, or give --yes")),
            Self::EnvFile { .. } | Self::Signals(_) | Self::Input(_) | Self::Output(_) => None,
        }
    }
}

fn slug(problem: &Problem) -> &str {
    problem
        .type_uri
        .strip_prefix(TYPE_PREFIX)
        .unwrap_or_default()
}

fn hint_of(problem: &Problem) -> Option<String> {
    let member = |name| {
        problem
            .extensions
            .get(name)
            .and_then(|value| value.as_str())
    };
    if let Some(operation) = member("operationId") {
        return Some(format!("follow it with `windlass attach {operation}`"));
    }
    if let Some(deployment) = member("productDeploymentId") {
        return Some(format!("look at it with `windlass show {deployment}`"));
    }
    match slug(problem) {
        "product-not-found" => Some("`windlass products` lists the catalog".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(status: u16, slug: &str, more: serde_json::Value) -> Failure {
        let mut problem = json!({
            "type": format!("{TYPE_PREFIX}{slug}"), "title": "What", "status": status,
            "detail": "Why.", "success": false, "message": "Why.",
        });
        let more = more.as_object().cloned().unwrap_or_default();
        problem.as_object_mut().unwrap().extend(more);
        Failure::Refused(serde_json::from_value(problem).unwrap())
    }

    fn check(failure: &Failure, code: u8, may_pass: bool, lines: &[&str]) {
        assert_eq!(failure.code(), code, "{failure:?}");
        assert_eq!(failure.may_pass(), may_pass, "{failure:?}");
        assert_eq!(failure.lines(), lines, "{failure:?}");
    }

    #[test]
    fn refusals_say_what_why_and_the_way_out() {
        check(
            &refused(400, "operation-in-progress", json!({"operationId": "7"})),
            9,
            false,
            &[
                "error: What",
                "  why: Why.",
                "  hint: follow it with `windlass attach 7`",
            ],
        );
        check(
            &refused(400, "already-deployed", json!({"productDeploymentId": "8"})),
            5,
            false,
            &[
                "error: What",
                "  why: Why.",
                "  hint: look at it with `windlass show 8`",
            ],
        );
        check(
            &refused(400, "invalid-request", json!({"errors": {"a": ["x", "y"]}})),
            5,
            false,
            &["error: What", "  why: Why.", "  why: a: x", "  why: a: y"],
        );
        check(
            &refused(409, "operation-ended", json!({})),
            9,
            false,
            &["error: What", "  why: Why."],
        );
        check(
            &refused(503, "store-unavailable", json!({})),
            1,
            true,
            &["error: What", "  why: Why."],
        );
    }

    #[test]
    fn other_failures_have_their_codes() {
        let operation = || "7".to_owned();
        let interrupted = Failure::Interrupted {
            operation: operation(),
        };
        assert_eq!(interrupted.code(), 130);
        let failed = Failure::NotDone {
            noun: "upgrade".to_owned(),
            operation: operation(),
            message: "No.".to_owned(),
        };
        assert_eq!(failed.code(), 7);
        let pipe = Failure::Output(io::ErrorKind::BrokenPipe.into());
        check(&pipe, 0, false, &[]);
        let environment = Failure::NoSuchEnvironment {
            wanted: "x".to_owned(),
            known: vec!["Local Docker".to_owned()],
        };
        check(
            &environment,
            5,
            false,
            &[
                "error: there is no environment 'x'",
                "  hint: choose one of: Local Docker",
            ],
        );
    }
}
