//! Images in the run's registry with a layer that takes its time: the demo's web service, and noise.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::plain_http::ask;

/// What `cargo xtask test` pushed.
const REPOSITORY: &str = "windlass-demo/web";
const BASE: &str = "pulled";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// Pushes `windlass-demo/web:TAG` with a further layer of so many bytes that no engine has yet.
pub(super) fn push(tag: &str, bytes: usize) {
    let registry = std::env::var("WINDLASS_TEST_REGISTRY").unwrap();
    let get = |path: &str, accept: &str| -> Value {
        let accept = format!("Accept: {accept}");
        let path = format!("/v2/{REPOSITORY}/{path}");
        let reply = ask(&registry, "GET", &path, &[&accept], b"").unwrap();
        serde_json::from_slice(&reply.expect(200)).unwrap()
    };
    let mut manifest = get(&format!("manifests/{BASE}"), MANIFEST);
    let digest = manifest["config"]["digest"].as_str().unwrap().to_owned();
    let mut config = get(&format!("blobs/{digest}"), "*/*");

    let layer = noise(tag, bytes);
    let layer_digest = digest_of(&layer);
    config["rootfs"]["diff_ids"]
        .as_array_mut()
        .unwrap()
        .push(json!(layer_digest));
    if let Some(history) = config["history"].as_array_mut() {
        history.push(json!({ "created_by": "noise" }));
    }
    let config = serde_json::to_vec(&config).unwrap();
    manifest["config"]["digest"] = json!(digest_of(&config));
    manifest["config"]["size"] = json!(config.len());
    let media_type = manifest["layers"][0]["mediaType"].clone();
    manifest["layers"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "mediaType": media_type, "digest": layer_digest, "size": layer.len() }));

    blob(&registry, &layer);
    blob(&registry, &config);
    let content_type = format!("Content-Type: {MANIFEST}");
    let manifest = serde_json::to_vec(&manifest).unwrap();
    let path = format!("/v2/{REPOSITORY}/manifests/{tag}");
    ask(&registry, "PUT", &path, &[&content_type], &manifest)
        .unwrap()
        .expect(201);
}

fn blob(registry: &str, bytes: &[u8]) {
    let path = format!("/v2/{REPOSITORY}/blobs/uploads/");
    let begun = ask(registry, "POST", &path, &[], b"").unwrap();
    assert_eq!(begun.status, 202, "{begun:?}");
    let place = begun.header("Location").unwrap();
    // With or without the registry's own address in front.
    let path = place
        .split_once("/v2/")
        .map(|(_, rest)| format!("/v2/{rest}"))
        .unwrap();
    let mark = if path.contains('?') { '&' } else { '?' };
    let path = format!("{path}{mark}digest={}", digest_of(bytes));
    let content_type = ["Content-Type: application/octet-stream"];
    ask(registry, "PUT", &path, &content_type, bytes)
        .unwrap()
        .expect(201);
}

/// A layer with one file that does not compress, another one in every run.
fn noise(tag: &str, bytes: usize) -> Vec<u8> {
    let seed = Sha256::digest(format!("{tag} {}", std::process::id()));
    let mut state = u64::from_le_bytes(seed.first_chunk().copied().unwrap());
    let mut content = Vec::with_capacity(bytes);
    while content.len() < bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        content.extend_from_slice(&state.to_le_bytes());
    }
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    archive
        .append_data(&mut header, "noise", content.as_slice())
        .unwrap();
    archive.into_inner().unwrap()
}

fn digest_of(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("sha256:{hex}")
}
