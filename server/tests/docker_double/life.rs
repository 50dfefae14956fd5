//! Lives of containers: started, healthy or not, ended by themselves, stopped, killed, started again, removed.

use std::sync::Arc;
use std::time::Duration;

use super::Shared;
use super::container::{Container, Health, Line, Status};
use super::http::Reply;
use super::record::Verb;
use super::state::{State, no_such_container, now};

/// Exit code of a killed process.
const KILLED: i64 = 137;
/// The engine's first pause before it starts a container again; it doubles.
const RESTART_PAUSE: Duration = Duration::from_millis(100);
const MAX_DOUBLINGS: u32 = 9;

/// What a life does next.
#[derive(Clone, Copy)]
enum Turn {
    Health(bool),
    Exit(i64),
    Again,
}

pub(super) fn start(shared: &Arc<Shared>, id: &str) -> Reply {
    let turns = shared.with(|state| {
        let container = state.find(id)?;
        let id = container.id.clone();
        if container.status.is_up() {
            return Err(Reply::Empty(304));
        }
        if let Err((status, exit_code, message)) = state.can_start(&id) {
            let container = state.find(&id)?;
            container.error.clone_from(&message);
            container.exit_code = exit_code;
            state.changed();
            return Err(Reply::error(status, message));
        }
        let container = state.find(&id)?;
        container.restarts = 0;
        container.stopped = false;
        let name = container.name.clone();
        state.effect(Verb::StartContainer, &name);
        Ok(state.run(&id))
    });
    match turns {
        Ok((id, life, turns)) => {
            plan(shared, &id, life, turns);
            Reply::Empty(204)
        }
        Err(reply) => reply,
    }
}

/// Lets the turns of a life happen when it is their time.
fn plan(shared: &Arc<Shared>, id: &str, life: u64, turns: Vec<(Duration, Turn)>) {
    for (after, turn) in turns {
        let (shared, id) = (Arc::clone(shared), id.to_owned());
        let runtime = shared.runtime.clone();
        runtime.spawn(async move {
            tokio::time::sleep(after).await;
            take(&shared, &id, life, turn);
        });
    }
}

fn take(shared: &Arc<Shared>, id: &str, life: u64, turn: Turn) {
    let next = shared.with(|state| {
        let Ok(container) = state.find(id) else {
            return None;
        };
        if container.life != life {
            return None;
        }
        match turn {
            Turn::Health(good) => {
                container.health = if good {
                    Health::Healthy
                } else {
                    Health::Unhealthy
                };
                let action = format!("health_status: {}", container.health.word());
                state.tell(id, &action, &[]);
                None
            }
            Turn::Exit(code) => state
                .end(id, code)
                .map(|(life, pause)| (id.to_owned(), life, vec![(pause, Turn::Again)])),
            Turn::Again => {
                container.restarts += 1;
                Some(state.run(id))
            }
        }
    });
    if let Some((id, life, turns)) = next {
        plan(shared, &id, life, turns);
    }
}

/// Tells it to stop, and kills it after the grace.
pub(super) async fn stop(shared: &Arc<Shared>, id: &str, grace: Option<u64>) -> Reply {
    let waiting = shared.with(|state| {
        let container = state.find(id)?;
        if !container.status.is_up() {
            return Err(Reply::Empty(304));
        }
        container.stopped = true;
        let (id, name) = (container.id.clone(), container.name.clone());
        let grace = grace.unwrap_or_else(|| container.grace());
        let deaf = container.script.ignores_stop && container.status == Status::Running;
        let life = container.life;
        state.effect(Verb::StopContainer, &name);
        state.tell(&id, "kill", &[("signal", "15".to_owned())]);
        if !deaf {
            state.end(&id, 0);
            state.tell(&id, "stop", &[]);
        }
        Ok(deaf.then_some((id, life, grace)))
    });
    match waiting {
        Err(reply) => return reply,
        Ok(None) => {}
        Ok(Some((id, life, grace))) => {
            tokio::time::sleep(Duration::from_secs(grace)).await;
            shared.with(|state| {
                if state
                    .find(&id)
                    .is_ok_and(|container| container.life == life)
                {
                    state.tell(&id, "kill", &[("signal", "9".to_owned())]);
                    state.end(&id, KILLED);
                    state.tell(&id, "stop", &[]);
                }
            });
        }
    }
    Reply::Empty(204)
}

pub(super) fn kill(shared: &Shared, id: &str) -> Reply {
    shared.with(|state| {
        let Ok(container) = state.find(id) else {
            return no_such_container(id);
        };
        let (id, name) = (container.id.clone(), container.name.clone());
        if !container.status.is_up() {
            let message = format!("cannot kill container: {id}: container {id} is not running");
            return Reply::error(409, message);
        }
        // The engine takes a kill by hand for a wish, and does not start it again.
        container.stopped = true;
        state.effect(Verb::KillContainer, &name);
        state.tell(&id, "kill", &[("signal", "9".to_owned())]);
        state.end(&id, KILLED);
        Reply::Empty(204)
    })
}

pub(super) fn remove(shared: &Shared, id: &str, force: bool, volumes: bool) -> Reply {
    shared.with(|state| {
        let Ok(container) = state.find(id) else {
            return no_such_container(id);
        };
        let (id, name) = (container.id.clone(), container.name.clone());
        if container.status.is_up() {
            if !force {
                return Reply::error(
                    409,
                    format!(
                        "cannot remove container \"/{name}\": container is running: stop the container before removing or force remove"
                    ),
                );
            }
            container.stopped = true;
            state.tell(&id, "kill", &[("signal", "9".to_owned())]);
            state.end(&id, KILLED);
        }
        state.tell(&id, "destroy", &[]);
        if let Some(position) = state.position(&id) {
            let gone = state.containers.remove(position);
            if volumes {
                state.volumes.retain(|name, _| !gone.anonymous.contains(name));
            }
        }
        state.effect(Verb::RemoveContainer, &name);
        Reply::Empty(204)
    })
}

impl State {
    /// Why it cannot be started: status, exit code, and the engine's sentence.
    fn can_start(&self, id: &str) -> Result<(), (u16, i64, String)> {
        let Some(container) = self.position(id).map(|at| &self.containers[at]) else {
            return Ok(());
        };
        if let Some(other) = container.joined() {
            let joined = self.position(other).map(|at| &self.containers[at]);
            if joined.is_none_or(|joined| joined.status != Status::Running) {
                let message = format!("cannot join network of a non running container: {other}");
                return Err((409, 128, message));
            }
        }
        for network in container.networks() {
            if self.network_name(&network).is_none() {
                let message =
                    format!("failed to set up container networking: network {network} not found");
                return Err((404, 128, message));
            }
        }
        if let Some(program) = &container.script.missing_program {
            let message = format!(
                "failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: \
                 unable to start container process: error during container init: exec: \"{program}\": stat {program}: no such \
                 file or directory: unknown"
            );
            return Err((400, 127, message));
        }
        self.ports_are_free(container)
    }

    fn ports_are_free(&self, container: &Container) -> Result<(), (u16, i64, String)> {
        let wanted = container.ports();
        for other in self.containers.iter().filter(|other| other.status.is_up()) {
            for (address, port, protocol) in other.ports() {
                let clash = wanted.iter().any(|(own, own_port, own_protocol)| {
                    let same = *own == address || own == "0.0.0.0" || address == "0.0.0.0";
                    same && *own_port == port && *own_protocol == protocol
                });
                if clash {
                    let message = format!(
                        "failed to set up container networking: driver failed programming external connectivity on endpoint {} \
                         ({}): Bind for {address}:{port} failed: port is already allocated",
                        container.name, container.id
                    );
                    return Err((500, 128, message));
                }
            }
        }
        Ok(())
    }

    /// Begins a life; what comes next in it.
    fn run(&mut self, id: &str) -> (String, u64, Vec<(Duration, Turn)>) {
        let Ok(container) = self.find(id) else {
            return (id.to_owned(), 0, Vec::new());
        };
        let script = container.script.clone();
        container.life += 1;
        container.status = Status::Running;
        container.exit_code = 0;
        container.error.clear();
        container.started = Some(now());
        container.finished = None;
        container.health = if script.checked {
            Health::Starting
        } else {
            Health::None
        };
        container
            .log
            .extend(script.lines.into_iter().map(|(stderr, text)| Line {
                stderr,
                at: now(),
                text,
            }));
        let health = script.health.into_iter();
        let mut turns: Vec<_> = health.map(|(at, good)| (at, Turn::Health(good))).collect();
        turns.extend(script.exit.map(|(at, code)| (at, Turn::Exit(code))));
        let life = container.life;
        self.tell(id, "start", &[]);
        (id.to_owned(), life, turns)
    }

    /// Ends a life; the next one, and the pause before it, where the engine starts it again.
    fn end(&mut self, id: &str, exit_code: i64) -> Option<(u64, Duration)> {
        let container = self.find(id).ok()?;
        container.life += 1;
        let again = container.restarts_after(exit_code);
        container.status = if again {
            Status::Restarting
        } else {
            Status::Exited
        };
        container.exit_code = exit_code;
        container.finished = Some(now());
        if container.health != Health::None {
            container.health = Health::Unhealthy;
        }
        let pause = RESTART_PAUSE * 2_u32.pow(container.restarts.min(MAX_DOUBLINGS));
        let life = container.life;
        self.tell(id, "die", &[("exitCode", exit_code.to_string())]);
        again.then_some((life, pause))
    }
}
