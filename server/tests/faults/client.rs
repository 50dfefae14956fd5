//! A client that comes to its end whatever happens to the server meanwhile: it asks until it gets an answer.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::server_process::{Answer, ServerProcess};

/// Longest wait for anything that must happen.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);
/// Between two looks.
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// A GET, answered with JSON; none where the server is gone.
pub(super) fn get(server: &ServerProcess, path: &str) -> Option<Value> {
    let answer = server.try_ask("GET", path, &[], "")?;
    match answer.status {
        200 => Some(answer.json()),
        // Its database is on the way down or up.
        503 => None,
        _ => panic!("{path}: {answer:?}"),
    }
}

/// What a client wants from a product.
#[derive(Debug, Clone)]
pub(super) struct Wish {
    method: &'static str,
    /// After the path of the deployment; none for a new one.
    what: Option<&'static str>,
    body: Value,
}

impl Wish {
    /// A product that is not deployed yet.
    pub(super) fn deploy(request: Value) -> Self {
        Self {
            method: "POST",
            what: None,
            body: request,
        }
    }

    /// Something that is done to the newest deployment.
    pub(super) const fn of(method: &'static str, what: &'static str, body: Value) -> Self {
        Self {
            method,
            what: Some(what),
            body,
        }
    }
}

/// Asks for a deployment; the operation's id.
pub(super) fn deploy(server: &ServerProcess, request: &Value, known: &[String]) -> Option<String> {
    begin(server, &Wish::deploy(request.clone()), known)
}

/// Asks for an operation; its id. Whether an earlier try was accepted before the server died, the list of operations says: `known` are
/// those that are not meant.
pub(super) fn begin(server: &ServerProcess, wish: &Wish, known: &[String]) -> Option<String> {
    let listed = get(server, "/api/operations?pageSize=200")?;
    let mut ids = listed["operations"].as_array()?.iter().map(id_of);
    if let Some(id) = ids.find(|id| !known.contains(id)) {
        return Some(id);
    }
    let environments = get(server, "/api/environments")?;
    let environment = environments["environments"][0]["id"].as_str()?;
    let mut path = format!("/api/environments/{environment}/product-deployments");
    if let Some(what) = wish.what {
        let listed = get(server, &path)?;
        let newest = listed["productDeployments"][0]["productDeploymentId"].as_str()?;
        path = format!("{path}/{newest}{what}");
    }
    let prefer = ["Prefer: respond-async"];
    let answer = server.try_ask(wish.method, &path, &prefer, &wish.body.to_string())?;
    if answer.status == 503 {
        return None;
    }
    assert_eq!(answer.status, 202, "{wish:?}: {answer:?}");
    Some(answer.json()["operationId"].as_str()?.to_owned())
}

fn id_of(operation: &Value) -> String {
    operation["operationId"].as_str().unwrap().to_owned()
}

/// Asks for a cancel; whether it is known.
pub(super) fn cancel(server: &ServerProcess, operation: &str) -> Option<()> {
    let path = format!("/api/operations/{operation}/cancel");
    let Answer { status, body } = server.try_ask("POST", &path, &[], "{}")?;
    assert!([202, 409].contains(&status), "{status}: {body}");
    Some(())
}

/// Every event, checked to be without gaps.
pub(super) fn events(server: &ServerProcess, operation: &str) -> Option<Vec<Value>> {
    let mut events: Vec<Value> = Vec::new();
    loop {
        let after = events.len();
        let page = get(
            server,
            &format!("/api/operations/{operation}/events?after={after}"),
        )?;
        events.extend(page["events"].as_array()?.iter().cloned());
        if !page["hasMore"].as_bool()? {
            break;
        }
    }
    for (position, event) in events.iter().enumerate() {
        assert_eq!(event["seq"], position + 1, "a gap in {operation}");
    }
    Some(events)
}

/// The operation, where it has ended.
pub(super) fn end(server: &ServerProcess, operation: &str) -> Option<Value> {
    let operation = get(server, &format!("/api/operations/{operation}"))?;
    let status = operation["status"].as_str()?;
    ["succeeded", "failed", "cancelled"]
        .contains(&status)
        .then_some(operation)
}

/// Looks again and again until there is something, or it is too late.
pub(super) fn patiently<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(LOOK_AGAIN);
    }
}
