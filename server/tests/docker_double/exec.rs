//! Commands run in a container.

use std::sync::Arc;

use futures::StreamExt as _;
use serde_json::{Value, json};

use super::Shared;
use super::container::Status;
use super::http::Reply;
use super::script::{Command, words};
use super::state::no_such_container;
use super::streams::frame;

/// A command.
pub(super) struct Exec {
    container: String,
    words: Vec<String>,
    running: bool,
    exit_code: Option<i64>,
}

pub(super) fn create(shared: &Shared, id: &str, body: &Value) -> Reply {
    shared.with(|state| {
        let Ok(container) = state.find(id) else {
            return no_such_container(id);
        };
        let container_id = container.id.clone();
        if container.status != Status::Running {
            return Reply::error(409, format!("container {container_id} is not running"));
        }
        let exec = Exec {
            container: container_id,
            words: words(&body["Cmd"]),
            running: false,
            exit_code: None,
        };
        let id = state.new_id();
        state.execs.insert(id.clone(), exec);
        Reply::Json(201, json!({ "Id": id }))
    })
}

/// Runs it; the connection ends with it.
pub(super) fn start(shared: &Arc<Shared>, id: &str) -> Reply {
    shared.with(|state| {
        let Some(exec) = state.execs.get(id) else {
            return Reply::error(404, format!("No such exec instance: {id}"));
        };
        let (container, words) = (exec.container.clone(), exec.words.clone());
        let command = match state.find(&container) {
            Ok(container) => container.command(&words),
            Err(missing) => return missing,
        };
        let exec = state.execs.get_mut(id).unwrap();
        match command {
            Command::Ends(code) => {
                exec.exit_code = Some(code);
                let said = frame(false, &format!("{} {code}\n", words.join(" ")));
                Reply::Raw(futures::stream::iter([said]).boxed())
            }
            Command::NeverEnds => {
                exec.running = true;
                Reply::Raw(futures::stream::pending().boxed())
            }
            Command::Missing(program) => {
                exec.exit_code = Some(127);
                Reply::error(
                    400,
                    format!(
                        "OCI runtime exec failed: exec failed: unable to start container process: exec: \"{program}\": stat \
                         {program}: no such file or directory: unknown"
                    ),
                )
            }
        }
    })
}

pub(super) fn inspect(shared: &Shared, id: &str) -> Reply {
    shared.with(|state| match state.execs.get(id) {
        Some(exec) => Reply::Json(
            200,
            json!({
                "ID": id, "ContainerID": exec.container, "Running": exec.running, "ExitCode": exec.exit_code,
            }),
        ),
        None => Reply::error(404, format!("No such exec instance: {id}")),
    })
}
