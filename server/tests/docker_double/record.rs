//! What was asked of the double and what it did, and the faults that calls meet.

/// The calls of the API, as far as the double has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Verb {
    Ping,
    Version,
    Info,
    Events,
    InspectImage,
    Pull,
    CreateContainer,
    StartContainer,
    StopContainer,
    RestartContainer,
    KillContainer,
    WaitContainer,
    RemoveContainer,
    RenameContainer,
    ListContainers,
    InspectContainer,
    Logs,
    PutFiles,
    GetFiles,
    CreateExec,
    StartExec,
    InspectExec,
    CreateNetwork,
    ListNetworks,
    InspectNetwork,
    RemoveNetwork,
    CreateVolume,
    ListVolumes,
    InspectVolume,
    RemoveVolume,
}

impl Verb {
    /// Whether it is meant to change something.
    pub(crate) const fn changes(self) -> bool {
        matches!(
            self,
            Self::Pull
                | Self::CreateContainer
                | Self::StartContainer
                | Self::StopContainer
                | Self::RestartContainer
                | Self::KillContainer
                | Self::RemoveContainer
                | Self::RenameContainer
                | Self::PutFiles
                | Self::CreateNetwork
                | Self::RemoveNetwork
                | Self::CreateVolume
                | Self::RemoveVolume
        )
    }
}

/// A call, as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) verb: Verb,
    /// The object's name, also where the caller said its id; empty where there is none.
    pub(crate) name: String,
    /// Counts the calls of this verb, from 1.
    pub(crate) number: usize,
}

/// Something that changed, once for every change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Effect {
    pub(crate) verb: Verb,
    /// The object's name when it happened.
    pub(crate) name: String,
}

/// What a call meets instead of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing is done; an error answer.
    Status(u16, &'static str),
    /// Nothing is done; the connection is closed.
    CloseBefore,
    /// It is done; the connection is closed instead of the answer.
    CloseAfter,
    /// Nothing is done and nothing is answered until the caller goes.
    Hang,
    /// It is done, and nothing is answered until the caller goes.
    HangAfter,
    /// A stream breaks after its head.
    Cut,
}

/// Decides about each call.
pub(super) type Plan = Box<dyn FnMut(&Call) -> Option<Fault> + Send>;

/// All that happened, in order.
#[derive(Default)]
pub(crate) struct Record {
    pub(crate) calls: Vec<Call>,
    pub(crate) effects: Vec<Effect>,
    /// The faults that struck.
    pub(crate) struck: Vec<(Call, Fault)>,
    pub(super) plan: Option<Plan>,
}

impl Record {
    /// Calls of a verb.
    pub(crate) fn calls_of(&self, verb: Verb) -> usize {
        self.calls.iter().filter(|call| call.verb == verb).count()
    }

    /// How often this was done to an object of this name.
    pub(crate) fn times(&self, verb: Verb, name: &str) -> usize {
        let fits = |effect: &&Effect| effect.verb == verb && effect.name == name;
        self.effects.iter().filter(fits).count()
    }

    /// Names of the objects that this was done to, one for each time.
    pub(crate) fn done(&self, verb: Verb) -> Vec<&str> {
        let fits = |effect: &&Effect| effect.verb == verb;
        let done = self.effects.iter().filter(fits);
        done.map(|effect| effect.name.as_str()).collect()
    }

    pub(super) fn call(&mut self, verb: Verb, name: &str) -> Option<Fault> {
        let call = Call {
            verb,
            name: name.to_owned(),
            number: self.calls_of(verb) + 1,
        };
        let fault = self.plan.as_mut().and_then(|plan| plan(&call));
        if let Some(fault) = fault {
            self.struck.push((call.clone(), fault));
        }
        self.calls.push(call);
        fault
    }
}
