//! Setters that send webhooks.

use std::time::Duration;

use domain::deployment::OperationMode;
use domain::maintenance::{Secret, SetterConfig, SetterTarget, Webhook};
use hmac::{Hmac, KeyInit as _, Mac as _};
use server::signals::Signals;
use sha2::Sha256;

use super::plain_server::{PlainServer, Reply};

fn setter(server: &PlainServer, retries: u32) -> SetterConfig {
    SetterConfig {
        grace_period: Duration::ZERO,
        maintenance_value: None,
        normal_value: Some("open".to_owned()),
        target: SetterTarget::Webhook(Webhook {
            url: Secret::new(server.url("/hook?key=hunter2")),
            secret: Some(Secret::new("hunter2")),
            timeout: Duration::from_millis(500),
            retries,
        }),
    }
}

fn signals() -> Signals {
    Signals::new().with_retry_pause(Duration::from_millis(1))
}

fn status(status: u16) -> Reply {
    Reply::Whole(status, String::new())
}

/// The code that the receiver computes over what it got.
fn is_signed(body: &str, signature: Option<&str>) -> bool {
    let mut mac = Hmac::<Sha256>::new_from_slice(b"hunter2").unwrap();
    mac.update(body.as_bytes());
    let hex = signature.and_then(|signature| signature.strip_prefix("sha256="));
    let code: Option<Vec<u8>> = hex.map(|hex| {
        (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
            .collect()
    });
    code.is_some_and(|code| mac.verify_slice(&code).is_ok())
}

#[tokio::test]
async fn it_is_signed_and_sent_again_until_it_is_taken() {
    let server = PlainServer::answering([status(503), Reply::Silence, Reply::ok("thanks")]);
    signals()
        .fire(&setter(&server, 2), OperationMode::Maintenance)
        .await
        .unwrap();
    let asked = server.asked();
    assert_eq!(asked.len(), 3);
    for one in &asked {
        assert!(one.head.starts_with("POST /hook?key=hunter2 HTTP/1.1\r\n"));
        assert_eq!(one.header("content-type"), Some("application/json"));
        assert_eq!(one.body, r#"{"state":"maintenance"}"#);
        assert!(is_signed(&one.body, one.header("x-rsgo-signature")));
        assert!(is_signed(&one.body, one.header("x-windlass-signature")));
    }
}

#[tokio::test]
async fn words_of_the_manifest_and_no_secret() {
    let server = PlainServer::answering([status(204)]);
    let mut setter = setter(&server, 0);
    if let SetterTarget::Webhook(webhook) = &mut setter.target {
        webhook.secret = None;
    }
    signals()
        .fire(&setter, OperationMode::Normal)
        .await
        .unwrap();
    let asked = server.asked();
    assert_eq!(asked[0].body, r#"{"state":"open"}"#);
    assert_eq!(asked[0].header("x-rsgo-signature"), None);
}

#[tokio::test]
async fn attempts_have_an_end() {
    let server = PlainServer::answering([status(500)]);
    let failed = signals()
        .fire(&setter(&server, 2), OperationMode::Maintenance)
        .await
        .unwrap_err()
        .to_string();
    assert_eq!(
        failed,
        format!(
            "The webhook was not taken, sent 3 times: {} answered 500, which does not count as an answer.",
            server.address
        )
    );
    assert_eq!(server.asked().len(), 3);
    // Saying the same again would not change this.
    let server = PlainServer::answering([status(403)]);
    let failed = signals()
        .fire(&setter(&server, 2), OperationMode::Normal)
        .await;
    assert!(failed.unwrap_err().to_string().contains("sent 1 times"));
    assert_eq!(server.asked().len(), 1);
}
