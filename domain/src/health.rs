//! How deployed products are, as the engine shows them: expectations and observed containers become the state of each service, folded
//! to stacks and products.
//!
//! Pure, and beside the status: a status changes only by operations, health only by what is observed. Sentences hold no times, so that
//! nothing changes while nothing happens; when a state began is beside it. What is stopped on purpose is not ill.

mod containers;
mod expected;
pub mod history;
mod verdict;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::id::StackDeploymentId;
use crate::plan::{ContainerState, Health, ObservedContainer};
use crate::timestamp::Timestamp;

pub use containers::Containers;
pub use expected::{ExpectedProduct, ExpectedService, ExpectedStack, Standing, Wanted};
pub use verdict::{CRASH_LOOP_ENDS, Verdict};

use verdict::{container, missing};

/// How something is. The words are those of the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum HealthStatus {
    /// As it should be; where there is a check, it passes.
    Healthy,
    /// Serves, but not all of it, or not yet.
    Degraded,
    /// Does not do what it should.
    Unhealthy,
    /// Nobody knows: the engine is silent, or was not looked at yet.
    Unknown,
    /// The engine has nothing of it.
    NotFound,
    /// Runs, and has no check that could say more.
    Running,
}

impl HealthStatus {
    /// Every one, for tables.
    pub const ALL: &[Self] = &[
        Self::Healthy,
        Self::Degraded,
        Self::Unhealthy,
        Self::Unknown,
        Self::NotFound,
        Self::Running,
    ];

    /// The wire and stored form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "Healthy",
            Self::Degraded => "Degraded",
            Self::Unhealthy => "Unhealthy",
            Self::Unknown => "Unknown",
            Self::NotFound => "NotFound",
            Self::Running => "Running",
        }
    }

    /// Reads the stored form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|status| status.as_str() == text)
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_good(self) -> bool {
        matches!(self, Self::Healthy | Self::Running)
    }

    /// The worse, the higher.
    const fn severity(self) -> u8 {
        match self {
            Self::Healthy => 0,
            Self::Running => 1,
            Self::Degraded => 2,
            Self::Unknown => 3,
            Self::Unhealthy => 4,
            Self::NotFound => 5,
        }
    }
}

/// What made somebody look at the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum HealthSource {
    /// The engine said that something happened.
    Event,
    /// It was time to look, or something else changed.
    Resync,
}

impl HealthSource {
    /// The wire and stored form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Resync => "resync",
        }
    }

    /// Reads the stored form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Event, Self::Resync]
            .into_iter()
            .find(|source| source.as_str() == text)
    }
}

/// A state, why, and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    pub status: HealthStatus,
    /// One sentence.
    pub reason: String,
    /// When it was first seen in this status.
    pub since: Timestamp,
}

impl State {
    /// The state that follows: another reason for the same status does not begin anew.
    fn next(previous: Option<&Self>, verdict: Verdict, at: Timestamp) -> Self {
        let since = previous
            .filter(|state| state.status == verdict.status)
            .map_or(at, |state| state.since);
        Self {
            status: verdict.status,
            reason: verdict.reason,
            since,
        }
    }
}

/// A product and its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductHealth {
    pub state: State,
    pub wanted: Wanted,
    /// In manifest order.
    pub stacks: Vec<StackHealth>,
}

/// A stack and its services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackHealth {
    pub id: StackDeploymentId,
    /// As in the product.
    pub name: String,
    pub display_name: String,
    pub state: State,
    pub wanted: Wanted,
    /// In file order; none where nobody can say which these are.
    pub services: Option<Vec<ServiceHealth>>,
}

/// A service and its containers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceHealth {
    pub name: String,
    pub init: bool,
    pub image: String,
    pub state: State,
    /// By replica.
    pub containers: Vec<ContainerHealth>,
}

/// One expected container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerHealth {
    /// The name that it should have.
    pub name: String,
    pub verdict: Verdict,
    /// What the engine has in its place; it may still have the name of a replacement.
    pub seen: Option<Seen>,
}

/// A container as it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub id: String,
    pub state: ContainerState,
    pub health: Health,
    pub exit_code: Option<i64>,
}

impl From<&ObservedContainer> for Seen {
    fn from(container: &ObservedContainer) -> Self {
        Self {
            id: container.id.clone(),
            state: container.state,
            health: container.health,
            exit_code: container.exit_code,
        }
    }
}

/// How many are well, of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    pub healthy: u32,
    pub total: u32,
}

impl Tally {
    fn of<'a>(services: impl Iterator<Item = &'a ServiceHealth>) -> Self {
        services.fold(Self::default(), |tally, service| Self {
            healthy: tally.healthy + u32::from(service.state.status.is_good()),
            total: tally.total + 1,
        })
    }
}

impl StackHealth {
    /// Its services.
    #[must_use]
    pub fn tally(&self) -> Tally {
        Tally::of(self.services.iter().flatten())
    }
}

impl ProductHealth {
    /// The services of all stacks.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.stacks
            .iter()
            .map(StackHealth::tally)
            .fold(Tally::default(), |all, stack| Tally {
                healthy: all.healthy + stack.healthy,
                total: all.total + stack.total,
            })
    }
}

/// Judges a product by what the engine has. `ends` says how often containers ended of late, by name; `previous` is how it was when
/// it was judged last, and `at` is when the engine was looked at.
#[must_use]
pub fn judge(
    expected: &ExpectedProduct,
    standing: &Standing,
    containers: &Containers<'_>,
    ends: &HashMap<String, u32>,
    previous: Option<&ProductHealth>,
    at: Timestamp,
) -> ProductHealth {
    let stacks: Vec<StackHealth> = expected
        .stacks
        .iter()
        .map(|stack| {
            let before = previous.and_then(|product| {
                let mut stacks = product.stacks.iter();
                stacks.find(|before| before.name == stack.name)
            });
            let wanted = standing.wanted_of(&stack.name);
            let look = Look {
                product: &expected.group_id,
                stack: &stack.name,
                wanted,
                settled: standing.is_settled(&stack.name),
                containers,
                ends,
                at,
            };
            look.judge_stack(stack, before)
        })
        .collect();
    let wanted = standing.wanted();
    let verdict = verdict::product(wanted, &stacks);
    ProductHealth {
        state: State::next(previous.map(|before| &before.state), verdict, at),
        wanted,
        stacks,
    }
}

/// One look at one stack.
struct Look<'a> {
    product: &'a str,
    stack: &'a str,
    wanted: Wanted,
    /// Whether an operation brought it up and is done with it.
    settled: bool,
    containers: &'a Containers<'a>,
    ends: &'a HashMap<String, u32>,
    at: Timestamp,
}

impl Look<'_> {
    fn judge_stack(&self, stack: &ExpectedStack, before: Option<&StackHealth>) -> StackHealth {
        let services: Option<Vec<ServiceHealth>> = stack.services.as_ref().map(|services| {
            let each = services.iter();
            each.map(|service| {
                let mut known = before
                    .iter()
                    .flat_map(|stack| stack.services.iter())
                    .flatten();
                let known = known.find(|before| before.name == service.name);
                self.judge_service(service, known)
            })
            .collect()
        });
        let verdict = verdict::stack(self.wanted, services.as_deref());
        StackHealth {
            id: stack.id,
            name: stack.name.clone(),
            display_name: stack.display_name.clone(),
            state: State::next(before.map(|stack| &stack.state), verdict, self.at),
            wanted: self.wanted,
            services,
        }
    }

    fn judge_service(
        &self,
        service: &ExpectedService,
        before: Option<&ServiceHealth>,
    ) -> ServiceHealth {
        let containers: Vec<ContainerHealth> = (1..)
            .zip(&service.containers)
            .map(|(replica, name)| self.judge_replica(service, replica, name))
            .collect();
        let verdict = verdict::service(&containers);
        ServiceHealth {
            name: service.name.clone(),
            init: service.init,
            image: service.image.clone(),
            state: State::next(before.map(|service| &service.state), verdict, self.at),
            containers,
        }
    }

    fn judge_replica(
        &self,
        service: &ExpectedService,
        replica: u32,
        name: &str,
    ) -> ContainerHealth {
        let found =
            self.containers
                .of_replica(self.product, self.stack, &service.name, replica, name);
        let judged = found.into_iter().map(|seen| {
            let ends = self.ends.get(&seen.name).copied().unwrap_or(0);
            (container(seen, service.init, ends), seen)
        });
        // While a replacement is under way there are two, and the one that serves counts.
        let best = judged.min_by_key(|(verdict, _)| verdict.status.severity());
        let (verdict, seen) = match best {
            Some((verdict, seen)) => (verdict, Some(seen)),
            None => (missing(name, service.init, self.settled), None),
        };
        ContainerHealth {
            name: name.to_owned(),
            verdict: self.wanted.bend(verdict, name, seen),
            seen: seen.map(Seen::from),
        }
    }
}

/// A status that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// None where it is the whole product's.
    pub stack: Option<String>,
    /// None where it is the whole stack's or product's.
    pub service: Option<String>,
    /// None where nothing was known before.
    pub from: Option<HealthStatus>,
    pub to: HealthStatus,
    pub reason: String,
    pub at: Timestamp,
}

impl Change {
    fn of(
        stack: Option<&str>,
        service: Option<&str>,
        from: Option<HealthStatus>,
        to: &State,
    ) -> Option<Self> {
        (from != Some(to.status)).then(|| Self {
            stack: stack.map(str::to_owned),
            service: service.map(str::to_owned),
            from,
            to: to.status,
            reason: to.reason.clone(),
            at: to.since,
        })
    }
}

/// What changed between two looks: of the product, its stacks and services. A stack or service that was not known before is no
/// change.
#[must_use]
pub fn changes(before: Option<&ProductHealth>, now: &ProductHealth) -> Vec<Change> {
    let from = before.map(|product| product.state.status);
    let mut found: Vec<Change> = Change::of(None, None, from, &now.state)
        .into_iter()
        .collect();
    for stack in &now.stacks {
        let mut all = before.iter().flat_map(|product| &product.stacks);
        let Some(known) = all.find(|known| known.name == stack.name) else {
            continue;
        };
        let name = Some(stack.name.as_str());
        found.extend(Change::of(
            name,
            None,
            Some(known.state.status),
            &stack.state,
        ));
        for service in stack.services.iter().flatten() {
            let mut all = known.services.iter().flatten();
            if let Some(known) = all.find(|known| known.name == service.name) {
                let from = Some(known.state.status);
                let service_name = Some(service.name.as_str());
                found.extend(Change::of(name, service_name, from, &service.state));
            }
        }
    }
    found
}

/// Goes on from what was recorded before anybody here looked: a status that still holds keeps its beginning, one that does not has
/// changed. `last` gives the recorded status of the product, a stack, or a service of it.
pub fn resume(
    now: &mut ProductHealth,
    last: impl Fn(Option<&str>, Option<&str>) -> Option<(HealthStatus, Timestamp)>,
) -> Vec<Change> {
    let go_on = |stack: Option<&str>, service: Option<&str>, state: &mut State| match last(
        stack, service,
    ) {
        Some((status, since)) if status == state.status => {
            state.since = since;
            None
        }
        Some((status, _)) => Change::of(stack, service, Some(status), state),
        None if stack.is_none() => Change::of(None, None, None, state),
        None => None,
    };
    let mut found: Vec<Change> = go_on(None, None, &mut now.state).into_iter().collect();
    for stack in &mut now.stacks {
        found.extend(go_on(Some(&stack.name), None, &mut stack.state));
        for service in stack.services.iter_mut().flatten() {
            found.extend(go_on(
                Some(&stack.name),
                Some(&service.name),
                &mut service.state,
            ));
        }
    }
    found
}
