//! What a fake container does with its life, what a fake call answers instead of succeeding, and the record of calls.

use std::time::Duration;

use crate::engine::EngineError;

/// How containers of one service or image behave. The default starts at once, is healthy at once where it has a check, and runs on.
#[derive(Debug, Clone, Default)]
pub struct Script {
    /// How long the start call takes.
    pub start_delay: Duration,
    /// Why it cannot be started.
    pub start_fault: Option<Fault>,
    /// Why it cannot be made.
    pub create_fault: Option<Fault>,
    /// Written at every start: whether to standard error, and the text.
    pub lines: Vec<(bool, String)>,
    /// When it ends by itself after every start, and its exit code.
    pub exit: Option<(Duration, i64)>,
    /// What its health check comes to, where it has one.
    pub health: HealthScript,
    /// Exit code after it was told to stop.
    pub stop_exit_code: i64,
    /// Whether only the kill after the grace ends it.
    pub ignores_stop: bool,
    /// Exit code of every command run in it.
    pub exec_exit_code: i64,
    /// Its address on every network; none counts up from 10.0.0.1.
    pub address: Option<String>,
}

/// What a health check comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HealthScript {
    /// Healthy after this much time.
    HealthyAfter(Duration),
    /// Unhealthy after this much time.
    UnhealthyAfter(Duration),
    /// Healthy, then unhealthy, after these times from the start.
    TurnsUnhealthy(Duration, Duration),
    /// Never leaves `starting`.
    StaysStarting,
}

impl Default for HealthScript {
    fn default() -> Self {
        Self::HealthyAfter(Duration::ZERO)
    }
}

/// The methods of [`crate::engine::Engine`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    Info,
    Observe,
    PublishedPorts,
    Image,
    Pull,
    CreateNetwork,
    RemoveNetwork,
    RemoveVolume,
    RegistryDigest,
    CreateVolume,
    CreateContainer,
    StartContainer,
    StopContainer,
    RemoveContainer,
    RenameContainer,
    InspectContainer,
    LastLogLines,
    FollowLogs,
    Exec,
    Events,
    ReadLogs,
    ListContainers,
    DescribeContainer,
    RestartContainer,
    DiscardContainer,
    ListVolumes,
    FindVolume,
    MakeVolume,
    DiscardVolume,
}

/// One call, as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The method.
    pub verb: Verb,
    /// Name of the container, network, volume or image; empty where there is none.
    pub object: String,
}

/// What a call answers instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is done.
    Unreachable,
    /// Nothing is done, and the caller cannot know it.
    NoAnswer,
    /// Nothing is done, and the caller cannot know it.
    Broken,
    /// It is done, and the caller cannot know it.
    DoneButNoAnswer,
    /// It is done, and the caller cannot know it.
    DoneButBroken,
    /// Nothing is done; it may pass.
    Failed(String),
    /// Nothing is done; for good.
    Refused(String),
    /// Nothing is done; something is in the way.
    Conflict(String),
}

impl Fault {
    pub(super) const fn is_done(&self) -> bool {
        matches!(self, Self::DoneButNoAnswer | Self::DoneButBroken)
    }

    pub(super) fn error(&self, call: &Call) -> EngineError {
        let act = format!("{:?} {}", call.verb, call.object);
        let source = || std::io::Error::from(std::io::ErrorKind::ConnectionReset).into();
        match self {
            Self::Unreachable => EngineError::Unreachable {
                address: super::ADDRESS.to_owned(),
                source: source(),
            },
            Self::NoAnswer | Self::DoneButNoAnswer => EngineError::NoAnswer {
                act,
                after: Duration::from_secs(30),
            },
            Self::Broken | Self::DoneButBroken => EngineError::Broken {
                act,
                source: source(),
            },
            Self::Failed(message) => EngineError::Failed {
                act,
                message: message.clone(),
            },
            Self::Refused(message) => EngineError::Refused {
                act,
                message: message.clone(),
            },
            Self::Conflict(message) => EngineError::Conflict {
                what: call.object.clone(),
                message: message.clone(),
            },
        }
    }
}

/// Faults for the next calls that fit.
#[derive(Debug, Clone)]
pub struct Injection {
    /// Only this method; none fits all.
    pub verb: Option<Verb>,
    /// Only objects whose name contains this; empty fits all.
    pub object: String,
    /// How many calls that fit go through before.
    pub after: u32,
    /// How many calls fail.
    pub times: u32,
    /// How they fail.
    pub fault: Fault,
}

impl Injection {
    /// The next `times` calls of any kind.
    #[must_use]
    pub const fn next(times: u32, fault: Fault) -> Self {
        Self {
            verb: None,
            object: String::new(),
            after: 0,
            times,
            fault,
        }
    }

    /// The next call of this method.
    #[must_use]
    pub const fn on(verb: Verb, fault: Fault) -> Self {
        Self {
            verb: Some(verb),
            object: String::new(),
            after: 0,
            times: 1,
            fault,
        }
    }

    /// Counts a call; whether it fails.
    pub(super) fn strike(&mut self, call: &Call) -> bool {
        let fits =
            self.verb.is_none_or(|verb| verb == call.verb) && call.object.contains(&self.object);
        if !fits || self.times == 0 {
            return false;
        }
        if self.after > 0 {
            self.after -= 1;
            return false;
        }
        self.times -= 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_injection_strikes_the_calls_that_fit_and_no_more() {
        let call = |verb, object: &str| Call {
            verb,
            object: object.to_owned(),
        };
        let mut injection = Injection {
            object: "web".to_owned(),
            after: 1,
            times: 2,
            ..Injection::on(Verb::StartContainer, Fault::Broken)
        };
        let struck: Vec<bool> = [
            call(Verb::StartContainer, "shop_web"),
            call(Verb::StartContainer, "shop_db"),
            call(Verb::StopContainer, "shop_web"),
            call(Verb::StartContainer, "shop_web"),
            call(Verb::StartContainer, "shop_web"),
            call(Verb::StartContainer, "shop_web"),
        ]
        .iter()
        .map(|call| injection.strike(call))
        .collect();
        assert_eq!(struck, [false, false, false, true, true, false]);
    }
}
