//! Cuts the program at its lazy routes: what every page needs, each page, and what several pages share.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use wasm_split_cli_support::{Options, transform};

use super::bundle::Bundles;
use crate::{cargo::Profile, paths};

/// The script that loads parts, as Leptos names it where names carry no hash.
pub(crate) const LOADER: &str = "__wasm_split.______________________.js";
/// Which page needs which parts.
pub(crate) const MANIFEST: &str = "__wasm_split_manifest.json";

const PATIENT_FETCH: &str = include_str!("patient_fetch.js");

/// The parts of the program.
pub(super) struct Parts {
    /// What every page needs, to be bound to its script.
    pub(super) main: PathBuf,
    /// What is loaded when it is needed.
    pub(super) later: Vec<PathBuf>,
    /// The script that loads it.
    pub(super) loader: String,
    /// Which page needs what of it: names of files without suffix.
    pub(super) needed: BTreeMap<String, Vec<String>>,
}

/// Cuts.
pub(super) fn run(wasm: &Path, name: &str, profile: Profile) -> anyhow::Result<Parts> {
    let folder = paths::target().join("split").join(profile.folder());
    super::remove_folder(&folder)?;
    fs::create_dir_all(&folder)?;
    let main = folder.join("main.wasm");
    let input = fs::read(wasm).with_context(|| format!("cannot read {}", wasm.display()))?;
    let script = format!("./{name}.js");
    let mut options = Options::new(&input);
    options.output_dir = &folder;
    options.main_out_path = &main;
    options.main_module = &script;
    let link_name = format!("./{LOADER}");
    options.link_name = &link_name;
    let split = transform(options)
        .map_err(|error| anyhow::anyhow!("{error:#}"))
        .context("cannot cut the WASM into parts")?;
    Ok(Parts {
        main,
        later: split.split_modules,
        loader: fs::read_to_string(folder.join(LOADER))?,
        needed: split.prefetch_map.into_iter().collect(),
    })
}

impl Parts {
    /// The script that finds them in their bundles, and which page needs which bundles: by name of the file.
    pub(super) fn texts(&self, bundles: &Bundles) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
        let of = serde_json::to_string(&bundles.of)?;
        let loader = format!("{}\nconst BUNDLE_OF = {of};\n{PATIENT_FETCH}", self.loader);
        let needed = self.needed.iter().map(|(page, parts)| {
            let files = parts.iter().filter_map(|part| bundles.of.get(part));
            (page, files.collect::<BTreeSet<_>>())
        });
        let needed: BTreeMap<_, _> = needed.collect();
        Ok(BTreeMap::from([
            (LOADER.to_owned(), loader.into_bytes()),
            (MANIFEST.to_owned(), serde_json::to_vec(&needed)?),
        ]))
    }
}
