//! What an image is made of: a layer, a configuration, and an archive of several.
//!
//! Everything is a function of the binary: fixed times, fixed owners, fixed order. So the same
//! binary gives the same image ids on every machine, and an engine that has them needs nothing.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tar::{EntryType, Header};

use super::binary::PACKAGE;

/// When every image says it was created.
const CREATED: &str = "2025-01-01T00:00:00Z";
/// The unprivileged user of the containers, and its group.
const USER_ID: u64 = 10_001;
const PASSWD: &str =
    "root:x:0:0:root:/:/sbin/nologin\ndemo:x:10001:10001:demo:/data:/sbin/nologin\n";
const GROUP: &str = "root:x:0:\ndemo:x:10001:\n";
/// Where a label tells what an image was made of, whatever id the engine's image store gives it.
pub(super) const CONTENT_LABEL: &str = "demo.content";
/// Largest layer of noise.
const MAX_NOISE: usize = 1 << 30;
/// One second, in the unit of a health check's times.
const SECOND: u64 = 1_000_000_000;

/// One part of the demo, with an image of its own.
#[derive(Debug)]
pub(super) struct Role {
    /// The image's name and the binary's first argument.
    pub(super) name: &'static str,
    title: &'static str,
    /// Listens on 8080 and has a health check.
    serves: bool,
}

/// Every image there is.
pub(super) const ROLES: [Role; 4] = [
    Role {
        name: "web",
        title: "Demo web service",
        serves: true,
    },
    Role {
        name: "store",
        title: "Demo key/value store",
        serves: true,
    },
    Role {
        name: "worker",
        title: "Demo worker",
        serves: false,
    },
    Role {
        name: "migrate",
        title: "Demo migration",
        serves: false,
    },
];

/// The role of this name.
pub(super) fn role(name: &str) -> Option<&'static Role> {
    ROLES.iter().find(|role| role.name == name)
}

/// An uncompressed layer and its digest.
#[derive(Debug, Clone)]
pub(super) struct Layer {
    pub(super) digest: String,
    pub(super) tar: Vec<u8>,
}

impl Layer {
    /// The binary and the few files around it that a container needs.
    pub(super) fn of_binary(binary: &[u8]) -> Result<Self> {
        let mut tar = Tar::new();
        tar.folder("data/", 0o755, USER_ID)?;
        tar.folder("etc/", 0o755, 0)?;
        tar.file("etc/group", 0o644, GROUP.as_bytes())?;
        tar.file("etc/passwd", 0o644, PASSWD.as_bytes())?;
        tar.folder("tmp/", 0o1777, 0)?;
        tar.file(PACKAGE, 0o755, binary)?;
        tar.finish()
    }

    /// A file of `length` bytes that no compression shrinks; another `seed`, another layer.
    pub(super) fn of_noise(length: usize, seed: u64) -> Result<Self> {
        ensure!(
            length <= MAX_NOISE,
            "an extra layer has at most {MAX_NOISE} bytes, not {length}"
        );
        let mut tar = Tar::new();
        tar.file("noise", 0o644, &noise(length, seed))?;
        tar.finish()
    }
}

/// `xorshift64*`: fast and the same everywhere, which is all that is asked of it.
fn noise(length: usize, seed: u64) -> Vec<u8> {
    // Zero is the one state the generator never leaves.
    let mut state = seed ^ 0x9E37_79B9_7F4A_7C15;
    if state == 0 {
        state = 1;
    }
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        bytes.extend_from_slice(&state.wrapping_mul(0x2545_F491_4F6C_DD1D).to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// A configuration and its layers, under one name.
#[derive(Debug)]
pub(super) struct Image {
    /// `name:tag`, with a registry in front where there is one.
    pub(super) reference: String,
    /// The configuration, as the bytes whose digest is the image id.
    pub(super) config: Vec<u8>,
    pub(super) config_digest: String,
    /// Value of [`CONTENT_LABEL`].
    pub(super) content: String,
    pub(super) layers: Vec<Layer>,
}

impl Image {
    pub(super) fn new(
        reference: &str,
        role: &Role,
        version: &str,
        layers: Vec<Layer>,
    ) -> Result<Self> {
        let mut config = configuration(role, version, &layers);
        let content = digest(&serde_json::to_vec(&config)?);
        config["config"]["Labels"][CONTENT_LABEL] = json!(content);
        let config = serde_json::to_vec(&config)?;
        Ok(Self {
            reference: reference.to_owned(),
            config_digest: digest(&config),
            config,
            content,
            layers,
        })
    }
}

fn configuration(role: &Role, version: &str, layers: &[Layer]) -> Value {
    let mut config = json!({
        "User": format!("{USER_ID}:{USER_ID}"),
        "Env": [format!("DEMO_VERSION={version}")],
        "Entrypoint": [format!("/{PACKAGE}")],
        "Cmd": [role.name],
        "WorkingDir": "/",
        "Labels": {
            "org.opencontainers.image.title": role.title,
            "org.opencontainers.image.version": version,
        },
    });
    if role.serves {
        config["ExposedPorts"] = json!({"8080/tcp": {}});
        // Without an address, `check` asks the port that the service itself reads from PORT.
        config["Healthcheck"] = json!({
            "Test": ["CMD", format!("/{PACKAGE}"), "check"],
            "Interval": 2 * SECOND,
            "Timeout": 6 * SECOND,
            "Retries": 3,
        });
    }
    let history: Vec<Value> = layers
        .iter()
        .map(|_| json!({"created": CREATED, "created_by": "cargo xtask demo-images"}))
        .collect();
    let diff_ids: Vec<&str> = layers.iter().map(|layer| layer.digest.as_str()).collect();
    json!({
        "architecture": "amd64",
        "os": "linux",
        "created": CREATED,
        "config": config,
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
        "history": history,
    })
}

/// The images as one archive for `POST /images/load`; a layer that several share is in it once.
pub(super) fn docker_archive(images: &[&Image]) -> Result<Vec<u8>> {
    let mut tar = Tar::new();
    let mut written = BTreeSet::new();
    let mut manifest = Vec::new();
    for image in images {
        let mut layers = Vec::new();
        for layer in &image.layers {
            let path = format!("{}.tar", hexadecimal_part(&layer.digest)?);
            if written.insert(path.clone()) {
                tar.file(&path, 0o644, &layer.tar)?;
            }
            layers.push(path);
        }
        let config = format!("{}.json", hexadecimal_part(&image.config_digest)?);
        if written.insert(config.clone()) {
            tar.file(&config, 0o644, &image.config)?;
        }
        manifest.push(json!({"Config": config, "RepoTags": [image.reference], "Layers": layers}));
    }
    tar.file("manifest.json", 0o644, &serde_json::to_vec(&manifest)?)?;
    Ok(tar.finish()?.tar)
}

fn hexadecimal_part(digest: &str) -> Result<&str> {
    digest
        .strip_prefix("sha256:")
        .with_context(|| format!("{digest} is no sha256 digest"))
}

/// `sha256:` and the digest in hexadecimal.
pub(super) fn digest(bytes: &[u8]) -> String {
    let mut text = String::from("sha256:");
    for byte in Sha256::digest(bytes) {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

/// A tar file whose bytes depend on nothing but what is put in.
struct Tar(tar::Builder<Vec<u8>>);

impl Tar {
    fn new() -> Self {
        Self(tar::Builder::new(Vec::new()))
    }

    fn folder(&mut self, path: &str, mode: u32, owner: u64) -> Result<()> {
        self.entry(path, EntryType::Directory, mode, owner, &[])
    }

    fn file(&mut self, path: &str, mode: u32, content: &[u8]) -> Result<()> {
        self.entry(path, EntryType::Regular, mode, 0, content)
    }

    fn entry(
        &mut self,
        path: &str,
        kind: EntryType,
        mode: u32,
        owner: u64,
        content: &[u8],
    ) -> Result<()> {
        let mut header = Header::new_ustar();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_uid(owner);
        header.set_gid(owner);
        header.set_mtime(0);
        header.set_size(content.len() as u64);
        self.0
            .append_data(&mut header, path, content)
            .with_context(|| format!("cannot put {path} into the archive"))
    }

    fn finish(self) -> Result<Layer> {
        let tar = self.0.into_inner().context("cannot finish the archive")?;
        Ok(Layer {
            digest: digest(&tar),
            tar,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(binary: &[u8], name: &str, version: &str) -> Image {
        let layer = Layer::of_binary(binary).expect("a layer");
        let role = role(name).expect("a role");
        Image::new(&format!("x/{name}:{version}"), role, version, vec![layer]).expect("an image")
    }

    #[test]
    fn the_same_binary_gives_the_same_ids_and_everything_else_changes_them() {
        let id =
            |binary: &[u8], name: &str, version: &str| image(binary, name, version).config_digest;
        assert_eq!(id(b"one", "web", "1.0.0"), id(b"one", "web", "1.0.0"));
        assert_ne!(id(b"one", "web", "1.0.0"), id(b"two", "web", "1.0.0"));
        assert_ne!(id(b"one", "web", "1.0.0"), id(b"one", "web", "1.1.0"));
        assert_ne!(id(b"one", "web", "1.0.0"), id(b"one", "store", "1.0.0"));
    }

    #[test]
    fn the_configuration_says_how_the_role_runs() {
        let web: Value = serde_json::from_slice(&image(b"x", "web", "1.0.0").config).expect("JSON");
        assert_eq!(web["config"]["Cmd"], json!(["web"]));
        assert_eq!(web["config"]["User"], "10001:10001");
        assert_eq!(
            web["config"]["Healthcheck"]["Test"],
            json!(["CMD", "/demo-service", "check"])
        );
        let worker = image(b"x", "worker", "1.1.0");
        let config: Value = serde_json::from_slice(&worker.config).expect("JSON");
        assert_eq!(config["config"]["Env"], json!(["DEMO_VERSION=1.1.0"]));
        assert_eq!(config["config"].get("Healthcheck"), None);
        assert_eq!(
            config["config"]["Labels"][CONTENT_LABEL],
            json!(worker.content)
        );
    }

    #[test]
    fn the_layer_holds_the_binary_and_a_data_folder_of_the_user() {
        let layer = Layer::of_binary(b"binary").expect("a layer");
        let mut archive = tar::Archive::new(layer.tar.as_slice());
        let mut seen = Vec::new();
        for entry in archive.entries().expect("entries") {
            let entry = entry.expect("an entry");
            let header = entry.header();
            let path = entry.path().expect("a path").display().to_string();
            seen.push((
                path,
                header.mode().expect("mode"),
                header.uid().expect("owner"),
            ));
        }
        let expected = [
            ("data/", 0o755, 10_001),
            ("etc/", 0o755, 0),
            ("etc/group", 0o644, 0),
            ("etc/passwd", 0o644, 0),
            ("tmp/", 0o1777, 0),
            ("demo-service", 0o755, 0),
        ];
        assert_eq!(
            seen,
            expected.map(|(path, mode, owner)| (path.to_owned(), mode, owner))
        );
    }

    #[test]
    fn an_archive_holds_a_shared_layer_once() {
        let (web, store) = (image(b"x", "web", "1.0.0"), image(b"x", "store", "1.0.0"));
        let archive = docker_archive(&[&web, &store]).expect("an archive");
        let mut tar = tar::Archive::new(archive.as_slice());
        let mut paths: Vec<String> = tar
            .entries()
            .expect("entries")
            .map(|entry| {
                entry
                    .expect("an entry")
                    .path()
                    .expect("a path")
                    .display()
                    .to_string()
            })
            .collect();
        assert_eq!(paths.pop().as_deref(), Some("manifest.json"));
        assert_eq!(
            paths.iter().filter(|path| path.ends_with(".tar")).count(),
            1
        );
        assert_eq!(
            paths.iter().filter(|path| path.ends_with(".json")).count(),
            2
        );
    }

    #[test]
    fn noise_has_its_length_and_depends_on_its_seed() {
        assert_eq!(noise(0, 1), Vec::<u8>::new());
        assert_eq!(noise(13, 1).len(), 13);
        assert_eq!(noise(64, 7), noise(64, 7));
        assert_ne!(noise(64, 7), noise(64, 8));
        assert!(
            noise(4096, 0x9E37_79B9_7F4A_7C15)
                .iter()
                .any(|byte| *byte != 0)
        );
        assert!(Layer::of_noise(MAX_NOISE + 1, 0).is_err());
    }
}
