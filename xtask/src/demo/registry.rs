//! Pushes an image into a plain registry (Distribution API v2 over HTTP), without an engine.
//!
//! Blobs first, the manifest last: a tag never names what is not there. Blobs that the registry has
//! are not sent again.

use std::fmt;

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::http::{Endpoint, Request, Response};
use super::image::{Image, digest};

const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG_TYPE: &str = "application/vnd.oci.image.config.v1+json";
const LAYER_TYPE: &str = "application/vnd.oci.image.layer.v1.tar";

/// What kind of image to push, and as whom.
#[derive(Debug, Clone)]
pub(crate) struct PushOptions {
    /// The part of the demo that the image plays: `web`, `store`, `worker` or `migrate`.
    pub(crate) role: String,
    /// Size of a second layer that does not compress, for pulls that take a while; 0 for none.
    pub(crate) extra_layer_bytes: usize,
    /// Another seed makes another extra layer, which no engine has yet.
    pub(crate) seed: u64,
    /// Name and password, where the registry asks for them.
    pub(crate) credentials: Option<(String, String)>,
}

impl Default for PushOptions {
    fn default() -> Self {
        Self {
            role: "web".to_owned(),
            extra_layer_bytes: 0,
            seed: 0,
            credentials: None,
        }
    }
}

/// An image in a registry.
#[derive(Debug)]
pub(crate) struct Pushed {
    /// `registry/name:tag`, as it is pulled.
    pub(crate) reference: String,
    /// Digest of the manifest: `registry/name@digest` pulls exactly this image.
    pub(crate) digest: String,
}

impl fmt::Display for Pushed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}", self.reference, self.digest)
    }
}

/// Uploads what is missing and sets the tag.
pub(super) fn push(
    registry: &str,
    name: &str,
    tag: &str,
    image: &Image,
    options: &PushOptions,
) -> Result<Pushed> {
    let session = Push::new(registry, name, options);
    session.blob(&image.config_digest, &image.config)?;
    for layer in &image.layers {
        session.blob(&layer.digest, &layer.tar)?;
    }
    let descriptor = |media_type: &str, digest: &str, size: usize| {
        json!({
            "mediaType": media_type,
            "digest": digest,
            "size": size,
        })
    };
    let layers: Vec<_> = image
        .layers
        .iter()
        .map(|layer| descriptor(LAYER_TYPE, &layer.digest, layer.tar.len()))
        .collect();
    let manifest = serde_json::to_vec(&json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": descriptor(CONFIG_TYPE, &image.config_digest, image.config.len()),
        "layers": layers,
    }))?;
    let path = format!("/v2/{name}/manifests/{tag}");
    session.expect(201, "PUT", &path, Some(MANIFEST_TYPE), &manifest)?;
    Ok(Pushed {
        reference: image.reference.clone(),
        digest: digest(&manifest),
    })
}

struct Push<'a> {
    registry: &'a str,
    name: &'a str,
    endpoint: Endpoint,
    authorization: Option<String>,
}

impl<'a> Push<'a> {
    fn new(registry: &'a str, name: &'a str, options: &PushOptions) -> Self {
        let authorization = options.credentials.as_ref().map(|(user, password)| {
            format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
        });
        Self {
            registry,
            name,
            endpoint: Endpoint::Tcp(registry.to_owned()),
            authorization,
        }
    }

    fn blob(&self, digest: &str, bytes: &[u8]) -> Result<()> {
        let path = format!("/v2/{}/blobs/{digest}", self.name);
        match self.call("HEAD", &path, None, &[])? {
            found if found.status == 200 => return Ok(()),
            missing if missing.status == 404 => {}
            refused => return Err(self.refused("HEAD", &path, &refused)),
        }
        let path = format!("/v2/{}/blobs/uploads/", self.name);
        let begun = self.expect(202, "POST", &path, None, &[])?;
        let location = begun
            .header("Location")
            .context("the registry names no place to upload to")?;
        let path = upload_path(location, digest)?;
        self.expect(201, "PUT", &path, Some("application/octet-stream"), bytes)?;
        Ok(())
    }

    fn expect(
        &self,
        status: u16,
        method: &str,
        path: &str,
        content_type: Option<&str>,
        body: &[u8],
    ) -> Result<Response> {
        let response = self.call(method, path, content_type, body)?;
        if response.status != status {
            return Err(self.refused(method, path, &response));
        }
        Ok(response)
    }

    fn call(
        &self,
        method: &str,
        path: &str,
        content_type: Option<&str>,
        body: &[u8],
    ) -> Result<Response> {
        let mut headers = Vec::new();
        if let Some(content_type) = content_type {
            headers.push(("Content-Type", content_type.to_owned()));
        }
        if let Some(authorization) = &self.authorization {
            headers.push(("Authorization", authorization.clone()));
        }
        self.endpoint
            .call(&Request {
                method,
                path,
                headers: &headers,
                body,
            })
            .with_context(|| format!("cannot talk to the registry at {}", self.registry))
    }

    fn refused(&self, method: &str, path: &str, response: &Response) -> anyhow::Error {
        let path = path.split('?').next().unwrap_or_default();
        anyhow::anyhow!(
            "the registry at {} answered {} to {method} {path}: {}",
            self.registry,
            response.status,
            String::from_utf8_lossy(&response.body).trim()
        )
    }
}

/// The path to upload to: registries answer with a path or with a whole address, and a query or
/// none.
fn upload_path(location: &str, digest: &str) -> Result<String> {
    let path = match location.strip_prefix("http://") {
        Some(rest) => rest.find('/').map(|at| &rest[at..]),
        None => Some(location),
    };
    match path {
        Some(path) if path.starts_with('/') => {
            let separator = if path.contains('?') { '&' } else { '?' };
            Ok(format!("{path}{separator}digest={digest}"))
        }
        _ => bail!("the registry wants the upload at {location}, which is no place on itself"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_upload_goes_where_the_registry_says() {
        let check = |location: &str, expected: Option<&str>| {
            assert_eq!(
                upload_path(location, "d").ok().as_deref(),
                expected,
                "{location}"
            );
        };
        check(
            "/v2/a/blobs/uploads/1",
            Some("/v2/a/blobs/uploads/1?digest=d"),
        );
        check(
            "/v2/a/blobs/uploads/1?_state=x",
            Some("/v2/a/blobs/uploads/1?_state=x&digest=d"),
        );
        check("http://127.0.0.1:5000/v2/a?x=y", Some("/v2/a?x=y&digest=d"));
        check("https://elsewhere/v2/a", None);
        check("http://elsewhere", None);
        check("", None);
    }
}
