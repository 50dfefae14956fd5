//! The two things an engine is asked for: does it have an image, and load this archive.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::http::{Endpoint, Request, Response};
use super::image::{CONTENT_LABEL, Image};

/// A Docker engine at an address.
pub(super) struct Engine {
    endpoint: Endpoint,
    host: String,
}

impl Engine {
    /// Takes what `DOCKER_HOST` takes, without TLS and SSH.
    pub(super) fn at(docker_host: &str) -> Result<Self> {
        Ok(Self {
            endpoint: Endpoint::of_docker_host(docker_host)?,
            host: docker_host.to_owned(),
        })
    }

    /// Whether the engine has exactly this image under its name.
    ///
    /// Compared by the label and not by the id: an engine that keeps its images in containerd takes
    /// another digest for the id.
    pub(super) fn has(&self, image: &Image) -> Result<bool> {
        let path = format!("/images/{}/json", image.reference);
        let response = self.call(&Request::get(&path))?;
        match response.status {
            200 => {
                let found: Value = serde_json::from_slice(&response.body)
                    .with_context(|| format!("{} describes an image without JSON", self.host))?;
                Ok(found["Config"]["Labels"][CONTENT_LABEL] == image.content.as_str())
            }
            404 => Ok(false),
            _ => Err(self.refused("inspect an image", &response)),
        }
    }

    /// Loads a Docker archive.
    pub(super) fn load(&self, archive: &[u8]) -> Result<()> {
        let response = self.call(&Request {
            method: "POST",
            path: "/images/load?quiet=1",
            headers: &[("Content-Type", "application/x-tar".to_owned())],
            body: archive,
        })?;
        if response.status != 200 {
            return Err(self.refused("load the demo images", &response));
        }
        // A load that fails halfway has answered 200 already and says so in its stream.
        match stream_error(&response.body) {
            Some(message) => bail!("{} could not load the demo images: {message}", self.host),
            None => Ok(()),
        }
    }

    fn call(&self, request: &Request<'_>) -> Result<Response> {
        self.endpoint
            .call(request)
            .with_context(|| format!("cannot talk to the Docker engine at {}", self.host))
    }

    fn refused(&self, what: &str, response: &Response) -> anyhow::Error {
        let message = serde_json::from_slice::<Value>(&response.body)
            .ok()
            .and_then(|body| body["message"].as_str().map(str::to_owned))
            .unwrap_or_else(|| String::from_utf8_lossy(&response.body).into_owned());
        anyhow::anyhow!(
            "{} refused to {what}: {} {message}",
            self.host,
            response.status
        )
    }
}

fn stream_error(body: &[u8]) -> Option<String> {
    let messages = serde_json::Deserializer::from_slice(body).into_iter::<Value>();
    for message in messages {
        match message {
            Ok(message) => {
                let text = message["errorDetail"]["message"]
                    .as_str()
                    .or(message["error"].as_str());
                if let Some(text) = text {
                    return Some(text.to_owned());
                }
            }
            Err(error) => return Some(format!("its answer is not JSON: {error}")),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_in_the_stream_is_found_wherever_it_is() {
        let check = |body: &str, expected: Option<&str>| {
            assert_eq!(stream_error(body.as_bytes()).as_deref(), expected, "{body}");
        };
        check("", None);
        check(
            "{\"stream\":\"Loaded image: a\"}\r\n{\"stream\":\"Loaded image: b\"}\r\n",
            None,
        );
        check(
            "{\"stream\":\"a\"}\r\n{\"errorDetail\":{\"message\":\"no space\"},\"error\":\"x\"}",
            Some("no space"),
        );
        check("{\"error\":\"bad\"}", Some("bad"));
        assert!(stream_error(b"<html>").is_some_and(|text| text.contains("not JSON")));
    }
}
