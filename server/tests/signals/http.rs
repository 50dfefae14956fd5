//! Observers that ask over HTTP.

use std::net::TcpListener;
use std::time::Duration;

use domain::maintenance::{HttpMethod, HttpSource, JsonPath, ObserverSource, Secret};

use super::observe;
use super::plain_server::{PlainServer, Reply};

fn source(url: &str) -> HttpSource {
    HttpSource {
        url: Secret::new(url),
        method: HttpMethod::Get,
        headers: Vec::new(),
        timeout: Duration::from_secs(10),
        json_path: None,
        expected_statuses: Vec::new(),
    }
}

async fn ask(source: HttpSource) -> Result<String, String> {
    observe(ObserverSource::Http(source)).await
}

/// The answer with the server's address made equal.
async fn answer(reply: Reply, change: impl FnOnce(&mut HttpSource)) -> String {
    let server = PlainServer::answering([reply]);
    let mut source = source(&server.url("/mode?key=hunter2"));
    change(&mut source);
    let said = match ask(source).await {
        Ok(value) => format!("'{value}'"),
        Err(error) => error,
    };
    assert!(!said.contains("hunter2"), "{said}");
    said.replace(&server.address.to_string(), "HOST")
}

#[tokio::test]
async fn the_request_is_what_the_manifest_says() {
    let server = PlainServer::answering([Reply::ok(" on\n")]);
    let url = format!("http://user:pass@{}/mode?key=1", server.address);
    let value = ask(HttpSource {
        method: HttpMethod::Post,
        headers: vec![
            ("X-Key".to_owned(), Secret::new("hunter2")),
            ("Accept".to_owned(), Secret::new("text/plain")),
        ],
        ..source(&url)
    })
    .await;
    assert_eq!(value.as_deref(), Ok("on"));
    let asked = &server.asked()[0];
    assert!(asked.head.starts_with("POST /mode?key=1 HTTP/1.1\r\n"));
    assert_eq!(asked.header("x-key"), Some("hunter2"));
    assert_eq!(asked.header("accept"), Some("text/plain"));
    assert_eq!(asked.header("authorization"), Some("Basic dXNlcjpwYXNz"));
    assert_eq!(asked.header("host"), Some(&*server.address.to_string()));
    assert!(
        asked
            .header("user-agent")
            .is_some_and(|agent| agent.starts_with("windlass/"))
    );
}

#[tokio::test]
async fn only_the_expected_statuses_are_answers() {
    let status = |status: u16| Reply::Whole(status, "on".to_owned());
    let plain = |_: &mut HttpSource| {};
    assert_eq!(answer(status(200), plain).await, "'on'");
    assert_eq!(answer(status(202), plain).await, "'on'");
    assert_eq!(
        answer(status(500), plain).await,
        "HOST answered 500, which does not count as an answer."
    );
    assert_eq!(
        answer(status(302), plain).await,
        "HOST answered 302, a redirect, which is not followed. Write the address that it leads to."
    );
    let expect_503 = |source: &mut HttpSource| source.expected_statuses = vec![503];
    assert_eq!(answer(status(503), expect_503).await, "'on'");
    assert_eq!(
        answer(status(200), expect_503).await,
        "HOST answered 200, which does not count as an answer."
    );
}

#[tokio::test]
async fn a_path_into_json_finds_one_value() {
    let body = r#"{"data":{"items":[{"mode":"on"}],"flag":true,"number":1,"nothing":null}}"#;
    for (path, expect) in [
        ("data.items[0].mode", "'on'"),
        ("data.flag", "'true'"),
        ("data.number", "'1'"),
        (
            "data.nothing",
            "The answer of HOST has no single value at 'data.nothing'. Correct jsonPath in the manifest.",
        ),
        (
            "data.items",
            "The answer of HOST has no single value at 'data.items'. Correct jsonPath in the manifest.",
        ),
    ] {
        let path = JsonPath::parse(path).unwrap();
        let said = answer(Reply::ok(body), |source| source.json_path = Some(path)).await;
        assert_eq!(said, expect);
    }
    let path = JsonPath::parse("a").unwrap();
    assert_eq!(
        answer(Reply::ok("on"), |source| source.json_path = Some(path)).await,
        "The answer of HOST is not JSON, but the manifest has a jsonPath."
    );
}

#[tokio::test]
async fn answers_that_are_late_long_or_half() {
    let plain = |_: &mut HttpSource| {};
    let soon = |source: &mut HttpSource| source.timeout = Duration::from_millis(200);
    assert_eq!(
        answer(Reply::Silence, soon).await,
        "HOST did not answer within 200ms. Check that it is well, or raise the timeout in the manifest."
    );
    assert_eq!(
        answer(Reply::ok(&"x".repeat(64 * 1024)), plain).await.len(),
        64 * 1024 + 2
    );
    let too_large = "The answer of HOST is larger than 65536 bytes.";
    assert_eq!(
        answer(Reply::ok(&"x".repeat(64 * 1024 + 1)), plain).await,
        too_large
    );
    // Without a length, it ends when it ends.
    let endless = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(70_000));
    assert_eq!(
        answer(Reply::Raw(endless.into_bytes()), plain).await,
        too_large
    );
    let half = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc".to_vec();
    let said = answer(Reply::Raw(half), plain).await;
    assert!(said.starts_with("The answer of HOST broke off: "), "{said}");
    let said = answer(Reply::Raw(b"GOODBYE\r\n\r\n".to_vec()), plain).await;
    assert!(said.starts_with("HOST cannot be reached: "), "{said}");
    let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\xff\xfe".to_vec();
    assert_eq!(
        answer(Reply::Raw(bytes), plain).await,
        "The answer of HOST is not text."
    );
}

#[tokio::test]
async fn nobody_there() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let said = ask(source(&format!("http://{address}/?key=hunter2")))
        .await
        .unwrap_err();
    assert!(
        said.starts_with(&format!("{address} cannot be reached: Connection refused")),
        "{said}"
    );
    assert!(!said.contains("hunter2"), "{said}");
    // Whoever speaks no TLS is not asked without it.
    let server = PlainServer::answering([Reply::ok("on")]);
    let said = ask(source(&format!("https://{}/", server.address)))
        .await
        .unwrap_err();
    assert!(
        said.contains("cannot be reached") || said.contains("certificate authority"),
        "{said}"
    );
}
