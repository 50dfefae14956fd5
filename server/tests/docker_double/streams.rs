//! Answers that go on: events, output, waiting for an end, pulls.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use serde_json::json;
use time::format_description::well_known::Rfc3339;

use super::Shared;
use super::container::{Line, Status};
use super::events::Wanted;
use super::http::{Reply, Request};
use super::record::Verb;
use super::state::no_such_container;

/// How long the registry takes for one image.
const PULL: Duration = Duration::from_millis(20);

/// Looks again at every change until there is something: none is the end.
async fn look<T>(shared: &Arc<Shared>, mut look: impl FnMut(&Arc<Shared>) -> Look<T>) -> Option<T> {
    let mut ticks = shared.ticks.subscribe();
    loop {
        match look(shared) {
            Look::Here(value) => return Some(value),
            Look::End => return None,
            Look::NotYet => ticks.changed().await.ok()?,
        }
    }
}

enum Look<T> {
    Here(T),
    NotYet,
    End,
}

/// Events from now on, and where the caller names a time, from then.
pub(super) fn events(shared: &Arc<Shared>, request: &Request) -> Reply {
    let wanted = Wanted::of(request);
    let from = if wanted.looks_back() {
        0
    } else {
        shared.with(|state| state.events.len())
    };
    let state = (Arc::clone(shared), wanted, from);
    let lines = futures::stream::unfold(state, |(shared, wanted, mut at)| async move {
        let line = look(&shared, |shared| {
            shared.with(|state| {
                while let Some(event) = state.events.get(at) {
                    at += 1;
                    if wanted.takes(event) {
                        return Look::Here(event.line());
                    }
                }
                Look::NotYet
            })
        });
        Some((line.await?, (shared, wanted, at)))
    });
    Reply::Stream(lines.boxed())
}

/// The output of a container; with `follow` until it ends.
pub(super) fn logs(shared: &Arc<Shared>, id: &str, request: &Request) -> Reply {
    let since: i64 = request.word("since").parse().unwrap_or(0);
    let found = shared.with(|state| {
        let container = state.find(id).ok()?;
        let mut lines = container.log.iter();
        let first = lines.position(|line| line.at.unix_timestamp() >= since);
        Some((
            container.id.clone(),
            (first.unwrap_or(container.log.len()), container.log.len()),
            container.is_tty(),
            container.status.is_up(),
        ))
    });
    let Some((id, (first, length), tty, up)) = found else {
        return no_such_container(id);
    };
    let from = match request.word("tail").parse() {
        Ok(last) => length.saturating_sub(last).max(first),
        Err(_) => first,
    };
    let follow = request.is_on("follow") && up;
    let stamped = request.is_on("timestamps");
    let (out, err) = (request.is_on("stdout"), request.is_on("stderr"));
    let state = (Arc::clone(shared), id, from);
    let lines = futures::stream::unfold(state, move |(shared, id, mut at)| async move {
        let line = look(&shared, |shared| {
            shared.with(|state| {
                let Ok(container) = state.find(&id) else {
                    return Look::End;
                };
                while let Some(line) = container.log.get(at) {
                    at += 1;
                    if if line.stderr { err } else { out } {
                        return Look::Here(piece(line, tty, stamped));
                    }
                }
                if follow && container.status.is_up() {
                    Look::NotYet
                } else {
                    Look::End
                }
            })
        });
        Some((line.await?, (shared, id, at)))
    });
    Reply::Stream(lines.boxed())
}

fn piece(line: &Line, tty: bool, stamped: bool) -> Vec<u8> {
    let mut text = String::new();
    if stamped {
        text = line.at.format(&Rfc3339).unwrap() + " ";
    }
    text += &line.text;
    if tty {
        text += "\r\n";
        return text.into_bytes();
    }
    frame(line.stderr, &(text + "\n"))
}

/// One frame of a stream that carries both outputs.
pub(super) fn frame(stderr: bool, text: &str) -> Vec<u8> {
    let length = u32::try_from(text.len()).unwrap().to_be_bytes();
    let head = [1 + u8::from(stderr), 0, 0, 0];
    [&head[..], &length, text.as_bytes()].concat()
}

/// Answers at once and tells the exit code when the condition holds.
pub(super) fn wait(shared: &Arc<Shared>, id: &str, request: &Request) -> Reply {
    let found = shared.with(|state| state.find(id).ok().map(|c| (c.id.clone(), c.life)));
    let Some((id, life)) = found else {
        return no_such_container(id);
    };
    let condition = request.word("condition").to_owned();
    let shared = Arc::clone(shared);
    let mut last = 0;
    let end = async move {
        look(&shared, |shared| {
            shared.with(|state| {
                let Ok(container) = state.find(&id) else {
                    return Look::Here(last);
                };
                last = container.exit_code;
                let ended = container.status == Status::Exited;
                let here = match condition.as_str() {
                    "removed" => false,
                    "next-exit" => ended && container.life != life,
                    _ => !container.status.is_up(),
                };
                if here { Look::Here(last) } else { Look::NotYet }
            })
        })
        .await
        .map(|code| json!({ "StatusCode": code }).to_string().into_bytes())
        .unwrap_or_default()
    };
    Reply::Stream(futures::stream::once(end).boxed())
}

/// Pulls from the double's registry: one layer, in three messages.
pub(super) fn pull(shared: &Arc<Shared>, image: &str) -> Reply {
    if !shared.with(|state| state.registry.contains(image)) {
        let message = format!("manifest for {image} not found: manifest unknown: manifest unknown");
        return Reply::error(404, message);
    }
    let tag = image.rsplit(':').next().unwrap_or("latest");
    let line = |value: serde_json::Value| format!("{value}\n").into_bytes();
    let messages = [
        line(json!({ "status": "Pulling from double", "id": tag })),
        line(
            json!({ "status": "Downloading", "id": "1", "progressDetail": { "current": 1, "total": 2 } }),
        ),
        line(json!({ "status": "Pull complete", "id": "1", "progressDetail": {} })),
    ];
    let shared = Arc::clone(shared);
    let image = image.to_owned();
    // The image is there when the last message goes out; a caller who goes before makes the engine stop.
    let pieces =
        futures::stream::iter(messages.into_iter().enumerate()).then(move |(at, piece)| {
            let (shared, image) = (Arc::clone(&shared), image.clone());
            async move {
                tokio::time::sleep(PULL).await;
                if at == 2 {
                    shared.with(|state| {
                        if state.images.insert(image.clone()) {
                            state.effect(Verb::Pull, &image);
                        }
                    });
                }
                piece
            }
        });
    Reply::Stream(pieces.boxed())
}
