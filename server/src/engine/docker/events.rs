//! The engine's events as the ones that steps wait for.

use std::collections::HashMap;

use bollard::models::EventMessage;
use bollard::query_parameters::{EventsOptions, EventsOptionsBuilder};
use domain::plan::Health;
use futures::StreamExt;
use futures::stream::BoxStream;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::engine::{ContainerEvent, ContainerEventKind, EngineError, labels};

/// The events asked for: the runs of health checks alone would be several a second.
const WANTED: &[&str] = &[
    "create",
    "start",
    "restart",
    "die",
    "oom",
    "kill",
    "stop",
    "pause",
    "unpause",
    "rename",
    "destroy",
    "health_status",
];

/// Events of our containers since the engine's own `now`. The engine sends what happened between its answer to "what time is it" and
/// the subscription, so nothing falls between.
pub(super) fn options(now: &str) -> EventsOptions {
    let words = |list: &[&str]| {
        list.iter()
            .map(|word| (*word).to_owned())
            .collect::<Vec<String>>()
    };
    let filters = HashMap::from([
        ("type".to_owned(), words(&["container"])),
        ("label".to_owned(), words(&[labels::PRODUCT])),
        ("event".to_owned(), words(WANTED)),
    ]);
    EventsOptionsBuilder::new()
        .since(now)
        .filters(&filters)
        .build()
}

/// Ends with an error in every case: an engine that shuts down ends the stream politely, and the caller must look again then, too.
pub(super) fn until_error<T: Send + 'static>(
    items: BoxStream<'static, Result<T, EngineError>>,
    ended: EngineError,
) -> BoxStream<'static, Result<T, EngineError>> {
    futures::stream::unfold(Some((items, ended)), |state| async move {
        let (mut items, ended) = state?;
        match items.next().await {
            Some(Ok(item)) => Some((Ok(item), Some((items, ended)))),
            Some(Err(error)) => Some((Err(error), None)),
            None => Some((Err(ended), None)),
        }
    })
    .boxed()
}

/// RFC 3339 as the engine takes it in a query: seconds and nanoseconds.
pub(super) fn epoch_with_nanos(text: &str) -> Option<String> {
    let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    Some(format!("{}.{:09}", at.unix_timestamp(), at.nanosecond()))
}

/// One event; none where it is not about a container.
pub(super) fn event(message: EventMessage) -> Option<ContainerEvent> {
    let actor = message.actor?;
    let attributes = actor.attributes.unwrap_or_default();
    let action = message.action?;
    let kind = match action.as_str() {
        "start" => ContainerEventKind::Started,
        "die" => ContainerEventKind::Died {
            exit_code: attributes
                .get("exitCode")
                .and_then(|code| code.parse().ok())
                .unwrap_or(-1),
        },
        "destroy" => ContainerEventKind::Removed,
        "health_status: healthy" => ContainerEventKind::Health(Health::Healthy),
        "health_status: unhealthy" => ContainerEventKind::Health(Health::Unhealthy),
        "health_status: starting" => ContainerEventKind::Health(Health::Starting),
        _ => ContainerEventKind::Other,
    };
    Some(ContainerEvent {
        id: actor.id?,
        name: attributes.get("name").cloned().unwrap_or_default(),
        kind,
    })
}

#[cfg(test)]
mod tests {
    use bollard::models::EventActor;

    use super::super::call::Act;
    use super::*;

    #[test]
    fn actions() {
        for (action, kind) in [
            ("start", ContainerEventKind::Started),
            ("die", ContainerEventKind::Died { exit_code: 3 }),
            ("destroy", ContainerEventKind::Removed),
            (
                "health_status: healthy",
                ContainerEventKind::Health(Health::Healthy),
            ),
            (
                "health_status: unhealthy",
                ContainerEventKind::Health(Health::Unhealthy),
            ),
            ("rename", ContainerEventKind::Other),
        ] {
            let attributes = HashMap::from([
                ("name".to_owned(), "web".to_owned()),
                ("exitCode".to_owned(), "3".to_owned()),
            ]);
            let message = EventMessage {
                action: Some(action.to_owned()),
                actor: Some(EventActor {
                    id: Some("1f".to_owned()),
                    attributes: Some(attributes),
                }),
                ..Default::default()
            };
            let expect = ContainerEvent {
                id: "1f".to_owned(),
                name: "web".to_owned(),
                kind,
            };
            assert_eq!(event(message), Some(expect), "{action}");
        }
    }

    #[tokio::test]
    async fn a_stream_that_ends_ends_with_an_error() {
        let broken = || Act::new("follow the events", "").broken("it ended");
        for (items, expect) in [
            (vec![Ok(1)], "ok 1, error"),
            (vec![Ok(1), Err(broken()), Ok(2)], "ok 1, error"),
            (vec![], "error"),
        ] {
            let items = futures::stream::iter(items).boxed();
            let seen: Vec<String> = until_error(items, broken())
                .map(|item| item.map_or_else(|_| "error".to_owned(), |item| format!("ok {item}")))
                .collect()
                .await;
            assert_eq!(seen.join(", "), expect);
        }
    }

    #[test]
    fn times_keep_their_nanoseconds() {
        assert_eq!(
            epoch_with_nanos("1970-01-01T01:00:01.000000007+01:00").as_deref(),
            Some("1.000000007")
        );
        assert_eq!(epoch_with_nanos("now"), None);
    }
}
