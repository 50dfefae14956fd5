//! The demo images: built from `demo/service`, assembled here, loaded without any registry or
//! Docker CLI.
//!
//! [`build_images`] compiles the static binary, wraps it into images and hands those an engine
//! lacks to it as one archive. [`push_image`] puts one image straight into a plain registry, for
//! tests that have to pull. Both make the same bytes from the same binary every time, so that an
//! image keeps its id and a second start has nothing to do.

mod binary;
mod engine;
pub(crate) mod http;
mod image;
mod registry;

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

pub(crate) use registry::{PushOptions, Pushed};

use engine::Engine;
use image::{Image, Layer, ROLES};

/// The versions every image is tagged with; `/` of a service shows which one runs.
pub(crate) const VERSIONS: [&str; 2] = ["1.0.0", "1.1.0"];
/// What the images' names begin with: a namespace that no public registry serves.
const NAMESPACE: &str = "windlass-demo";

/// The options of `cargo xtask demo-push`.
#[derive(Debug, clap::Args)]
pub(crate) struct PushArgs {
    /// Host and port of a plain HTTP registry
    #[arg(long)]
    registry: String,
    /// Repository
    #[arg(long)]
    name: String,
    /// Tag
    #[arg(long)]
    tag: String,
    /// Size of a further layer of noise, for pulls that take their time
    #[arg(long, default_value_t = 0)]
    extra_bytes: u64,
    /// Which noise
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// NAME:PASSWORD
    #[arg(long)]
    user: Option<String>,
}

impl PushArgs {
    /// Pushes.
    pub(crate) fn push(&self) -> Result<Pushed> {
        let mut options = PushOptions {
            extra_layer_bytes: self
                .extra_bytes
                .try_into()
                .context("--extra-bytes is too large")?,
            seed: self.seed,
            ..PushOptions::default()
        };
        if let Some(user) = &self.user {
            let (name, password) = user.split_once(':').context("--user takes NAME:PASSWORD")?;
            options.credentials = Some((name.to_owned(), password.to_owned()));
        }
        push_image(&self.registry, &self.name, &self.tag, &options)
    }
}

/// What [`build_images`] did.
#[derive(Debug)]
pub(crate) struct BuildReport {
    /// Every image that the engine now has, as `name:tag`.
    pub(crate) images: Vec<String>,
    /// How many of them had to be loaded; the others were there already.
    pub(crate) loaded: usize,
    /// Size of the binary, which is the one layer all images share.
    pub(crate) binary_bytes: usize,
    /// Time for compiling (or finding that nothing changed).
    pub(crate) compile_time: Duration,
    /// Time for asking the engine, and for loading where that was needed.
    pub(crate) load_time: Duration,
}

impl fmt::Display for BuildReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} demo images ({} loaded, {} there already), {} KB shared; \
             compiled in {} ms, engine {} ms",
            self.images.len(),
            self.loaded,
            self.images.len() - self.loaded,
            self.binary_bytes / 1000,
            self.compile_time.as_millis(),
            self.load_time.as_millis()
        )
    }
}

/// Makes sure that the engine at `docker_host` (`unix:///…` or `tcp://host:port`) has every demo
/// image.
pub(crate) fn build_images(docker_host: &str) -> Result<BuildReport> {
    let engine = Engine::at(docker_host)?;
    let started = Instant::now();
    let binary = binary::build()?;
    let compile_time = started.elapsed();

    let started = Instant::now();
    let layer = Layer::of_binary(&binary)?;
    let images: Vec<Image> = VERSIONS
        .iter()
        .flat_map(|version| ROLES.iter().map(move |role| (role, version)))
        .map(|(role, version)| {
            let reference = format!("{NAMESPACE}/{}:{version}", role.name);
            Image::new(&reference, role, version, vec![layer.clone()])
        })
        .collect::<Result<_>>()?;
    let mut missing = Vec::new();
    for image in &images {
        if !engine.has(image)? {
            missing.push(image);
        }
    }
    if !missing.is_empty() {
        engine.load(&image::docker_archive(&missing)?)?;
        for image in &missing {
            if !engine.has(image)? {
                bail!(
                    "the engine says that it loaded {}, but does not have it",
                    image.reference
                );
            }
        }
    }
    Ok(BuildReport {
        loaded: missing.len(),
        images: images.into_iter().map(|image| image.reference).collect(),
        binary_bytes: binary.len(),
        compile_time,
        load_time: started.elapsed(),
    })
}

/// Pushes one demo image to `registry` (`host:port`, plain HTTP) as `name:tag`.
pub(crate) fn push_image(
    registry: &str,
    name: &str,
    tag: &str,
    options: &PushOptions,
) -> Result<Pushed> {
    let role = image::role(&options.role)
        .with_context(|| format!("there is no demo image for the role \"{}\"", options.role))?;
    let mut layers = vec![Layer::of_binary(&binary::build()?)?];
    if options.extra_layer_bytes > 0 {
        layers.push(Layer::of_noise(options.extra_layer_bytes, options.seed)?);
    }
    let image = Image::new(&format!("{registry}/{name}:{tag}"), role, tag, layers)?;
    registry::push(registry, name, tag, &image, options)
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;

    fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                files_below(&path, found)
            } else {
                found.push(path)
            }
        }
    }

    #[test]
    fn the_demo_catalog_asks_for_no_image_that_is_not_built() {
        let mut files = Vec::new();
        let catalog = Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo/catalog");
        files_below(&catalog, &mut files);
        let mut references = 0;
        for path in files
            .iter()
            .filter(|path| path.extension().is_some_and(|e| e == "yaml"))
        {
            let text = std::fs::read_to_string(path).expect("text");
            for reference in text
                .lines()
                .filter_map(|line| line.trim().strip_prefix("image: "))
            {
                references += 1;
                let (name, tag) = reference.split_once(':').expect("a tag");
                let tag = tag.trim_start_matches("${TAG:-").trim_end_matches('}');
                let role = name
                    .strip_prefix(NAMESPACE)
                    .and_then(|rest| image::role(rest.trim_start_matches('/')));
                assert!(role.is_some(), "{}: {reference}", path.display());
                assert!(VERSIONS.contains(&tag), "{}: {reference}", path.display());
            }
        }
        // Two shops of seven services, the Compose file's two, the blog's three.
        assert_eq!(references, 19);
    }
}
