//! The files a browser loads: WASM and its script, the style sheet, what lies in `public/`.
//!
//! Files of the program and its style lie in `pkg/` in a folder named by a hash of their content, so browsers may keep them for
//! ever; they name each other, so they change together. `pkg.txt` tells the server its name. Nothing is done when nothing has changed.

mod bindgen;
mod bundle;
mod css;
mod split;
mod squeeze;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};

pub(crate) use split::{LOADER, MANIFEST};

use crate::{
    cargo::{self, Profile},
    paths,
    process::run,
    tools,
};

/// Must equal `LEPTOS_OUTPUT_NAME` in `.cargo/config.toml`.
const NAME: &str = "windlass";
/// Written last: names everything a built site was made from.
const STAMP: &str = "made-from.txt";
/// Change this when the steps change, so that old results are not taken for new ones.
const STEPS: &str = "5";

/// The options of `cargo xtask web`.
#[derive(Debug, clap::Args)]
pub(crate) struct WebArgs {
    /// Small files, built slowly
    #[arg(long)]
    release: bool,
}

impl WebArgs {
    pub(crate) const fn profile(&self) -> Profile {
        if self.release {
            Profile::Release
        } else {
            Profile::Dev
        }
    }
}

/// Where the files go.
pub(crate) fn site(profile: Profile) -> PathBuf {
    paths::target().join(match profile {
        Profile::Dev => "site",
        Profile::Release => "site-release",
    })
}

/// Builds the files, unless they are there and current.
pub(crate) fn build(profile: Profile) -> anyhow::Result<PathBuf> {
    tools::rust_target(cargo::WASM)?;
    run(cargo::wasm("build", profile).args(["--package", "frontend", "--lib"]))?;

    let site = site(profile);
    let wasm = paths::target()
        .join(cargo::WASM)
        .join(cargo::wasm_profile(profile))
        .join("frontend.wasm");
    let made_from = describe(&[
        &wasm,
        &paths::root().join("style"),
        &paths::root().join("public"),
    ])?;
    if fs::read_to_string(site.join(STAMP)).is_ok_and(|stamp| stamp == made_from) {
        return Ok(site);
    }

    println!("putting the pages' files into {}", site.display());
    let fresh = site.with_extension("new");
    remove_folder(&fresh)?;
    let parts = split::run(&wasm, NAME, profile)?;
    let code = bindgen::run(&parts, NAME, profile)?;
    let style = css::bundle(&paths::root().join("style"), "main.css")?;
    let bundles = bundle::bundle(&code.later, &parts.needed);
    let mut files = code.files;
    files.extend(parts.texts(&bundles)?);
    let bundles = bundles.files.into_iter();
    files.extend(bundles.map(|(name, content)| (format!("{name}.wasm"), content)));
    files.insert(format!("{NAME}.css"), style.into_bytes());
    let version = content_hash(&files);
    let pkg = fresh.join("pkg").join(&version);
    for (name, content) in &files {
        squeeze::write_all(&pkg.join(name), content, profile)?;
    }
    if let Some(snippets) = code.snippets {
        copy_folder(&snippets, &pkg.join("snippets"))?;
    }
    copy_folder(&paths::root().join("public"), &fresh.join("public"))?;
    fs::write(fresh.join("pkg.txt"), format!("pkg/{version}"))?;
    fs::write(fresh.join(STAMP), made_from)?;

    remove_folder(&site)?;
    fs::rename(&fresh, &site).context("cannot put the new files in place")?;
    Ok(site)
}

/// Enough of a hash that two versions never share a name.
fn content_hash(files: &BTreeMap<String, Vec<u8>>) -> String {
    let mut all = Sha256::new();
    for (name, content) in files {
        all.update(name);
        all.update(Sha256::digest(content));
    }
    let digest = all.finalize();
    digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// One line a file: path, length, time of change.
fn describe(roots: &[&Path]) -> anyhow::Result<String> {
    let mut lines = vec![format!("steps {STEPS}")];
    let mut open: Vec<PathBuf> = roots.iter().map(|path| path.to_path_buf()).collect();
    while let Some(path) = open.pop() {
        let facts =
            fs::metadata(&path).with_context(|| format!("cannot see {}", path.display()))?;
        if facts.is_dir() {
            for entry in fs::read_dir(&path)? {
                open.push(entry?.path());
            }
        } else {
            let changed = facts.modified()?.duration_since(UNIX_EPOCH)?.as_nanos();
            lines.push(format!("{} {} {changed}", path.display(), facts.len()));
        }
    }
    lines.sort();
    Ok(lines.join("\n"))
}

fn remove_folder(folder: &Path) -> anyhow::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let destination = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &destination)?;
        } else {
            fs::copy(entry.path(), destination)?;
        }
    }
    Ok(())
}
