//! `store`: the key/value service whose state lives in a volume.

use std::sync::{Arc, Mutex, PoisonError};

use super::{RoleError, web};
use crate::http::request::Request;
use crate::http::response::Response;
use crate::key_value::{KeyValue, KeyValueError};
use crate::lifetime::Context;
use crate::log;

/// Opens the state, then serves until the process ends.
pub(super) fn run(context: &Arc<Context>) -> Result<(), RoleError> {
    let state = KeyValue::open(&context.settings.data_dir).map_err(RoleError::KeyValue)?;
    context.say(&format!(
        "opened {} for the {}. time, {} names",
        context.settings.data_dir.display(),
        state.starts(),
        state.len()
    ));
    web::serve(context, routes(state, Arc::clone(context)))
}

/// Everything the store answers, as [`web::serve`] takes it.
pub(super) fn routes(
    state: KeyValue,
    context: Arc<Context>,
) -> impl Fn(&Request) -> Option<Response> + Send + Sync + 'static {
    let state = Mutex::new(state);
    move |request| {
        // A panic while the lock is held cannot leave half a change: the state is replaced whole.
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        match request.path.strip_prefix("/kv/") {
            Some(name) => Some(key_value(&mut state, name, request)),
            None if request.path == "/" => {
                let more = format!(",\"starts\":{},\"names\":{}", state.starts(), state.len());
                Some(Response::json(200, web::about(&context, &more)))
            }
            None => None,
        }
    }
}

fn key_value(state: &mut KeyValue, name: &str, request: &Request) -> Response {
    match request.method.as_str() {
        "GET" | "HEAD" => match state.get(name) {
            Some(value) => Response::bytes(value.to_vec()),
            None => Response::error(404, "no such name"),
        },
        "PUT" => match state.put(name, &request.body) {
            Ok(true) => Response::json(201, "{\"created\":true}\n".to_owned()),
            Ok(false) => Response::json(200, "{\"created\":false}\n".to_owned()),
            Err(error) => refused(&error),
        },
        _ => Response::error(405, "use GET or PUT"),
    }
}

fn refused(error: &KeyValueError) -> Response {
    let status = match error {
        KeyValueError::BadName => 400,
        KeyValueError::ValueTooLarge => 413,
        KeyValueError::Full => 507,
        KeyValueError::CreateFolder { .. }
        | KeyValueError::Read { .. }
        | KeyValueError::Corrupt { .. }
        | KeyValueError::Write { .. } => {
            log::err(&format!("store: {error}"));
            500
        }
    };
    Response::error(status, &error.to_string())
}
