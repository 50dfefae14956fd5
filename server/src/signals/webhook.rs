//! Webhooks: a small signed body, sent again where that may help.

use std::time::Duration;

use domain::maintenance::Webhook;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::Method;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::body::Bytes;
use serde_json::json;
use sha2::Sha256;

use super::SetterError;
use super::http::{Client, HttpFailure, Outgoing, unexpected};

/// Both carry the same value: receivers of the compatible system look for the first.
const SIGNATURES: [HeaderName; 2] = [
    HeaderName::from_static("x-rsgo-signature"),
    HeaderName::from_static("x-windlass-signature"),
];
/// Longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Sends `{"state": word}` until it is taken, or no attempt is left.
pub(super) async fn send(
    client: &Client,
    webhook: &Webhook,
    word: &str,
    mut pause: Duration,
) -> Result<(), SetterError> {
    let body = Bytes::from(json!({ "state": word }).to_string());
    let mut headers = vec![(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    if let Some(secret) = &webhook.secret {
        let signature = signature(secret.expose().as_bytes(), &body);
        headers.extend(SIGNATURES.map(|name| (name, signature.clone())));
    }
    let mut attempts = 0;
    loop {
        attempts += 1;
        let outgoing = Outgoing {
            method: Method::POST,
            url: &webhook.url,
            headers: headers.clone(),
            body: body.clone(),
            timeout: webhook.timeout,
        };
        let failure = match attempt(client, outgoing).await {
            Ok(()) => return Ok(()),
            Err(failure) => failure,
        };
        if attempts > webhook.retries || !failure.may_pass() {
            return Err(SetterError::Webhook {
                attempts,
                last: failure,
            });
        }
        tracing::info!(attempt = attempts, "a webhook was not taken: {failure}");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn attempt(client: &Client, outgoing: Outgoing<'_>) -> Result<(), HttpFailure> {
    let answer = client.send(outgoing).await?;
    match answer.status.is_success() {
        true => Ok(()),
        false => Err(unexpected(answer.host, answer.status)),
    }
}

/// `sha256=` and the HMAC of the body, in hexadecimal.
fn signature(secret: &[u8], body: &[u8]) -> HeaderValue {
    let digest = Hmac::<Sha256>::new_from_slice(secret).map(|mut mac| {
        mac.update(body);
        mac.finalize().into_bytes()
    });
    // A key of HMAC may have any length, and hexadecimal digits are a header.
    let hex: String = digest
        .iter()
        .flatten()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    HeaderValue::try_from(format!("sha256={hex}"))
        .unwrap_or_else(|_| HeaderValue::from_static("sha256="))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_standard() {
        // RFC 4231, test case 2.
        let signature = signature(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(
            signature,
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
