//! From what the compiler made to what a browser loads, by the library that belongs to the
//! `wasm-bindgen` in `Cargo.lock`: the two can never disagree, and nothing is installed.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context as _;
use wasm_bindgen_cli_support::Bindgen;

use super::split::Parts;
use crate::{cargo::Profile, paths, process};

/// What LLVM may emit and every supported browser understands.
const WASM_OPT_FLAGS: [&str; 8] = [
    "--quiet",
    "-Oz",
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];
/// The npm package that holds `wasm-opt`.
const BINARYEN: &str = "binaryen@132.0.0";

/// The pieces of the program for the browser.
pub(super) struct Code {
    /// The script and the WASM of what every page needs, by name.
    pub(super) files: BTreeMap<String, Vec<u8>>,
    /// What is loaded when it is needed, by name without suffix.
    pub(super) later: BTreeMap<String, Vec<u8>>,
    /// The folder of scripts that dependencies bring along, when there are any.
    pub(super) snippets: Option<PathBuf>,
}

/// Makes the pieces.
pub(super) fn run(parts: &Parts, name: &str, profile: Profile) -> anyhow::Result<Code> {
    let folder = paths::target().join("bindgen").join(profile.folder());
    super::remove_folder(&folder)?;
    Bindgen::new()
        .input_path(&parts.main)
        .out_name(name)
        .web(true)
        .context("cannot bind for the web")?
        .typescript(false)
        // The other parts share them.
        .keep_lld_exports(true)
        .remove_name_section(profile == Profile::Release)
        .remove_producers_section(true)
        .generate(&folder)
        .context("cannot bind the WASM to its script")?;

    let script = format!("{name}.js");
    let bound = folder.join(format!("{name}_bg.wasm"));
    // The other parts get no smaller: the compiler has done all there is to do, and nothing was bound to a script.
    if profile == Profile::Release {
        optimise(&bound)?;
    }
    let files = BTreeMap::from([
        (script.clone(), fs::read(folder.join(script))?),
        (format!("{name}.wasm"), fs::read(bound)?),
    ]);
    let mut later = BTreeMap::new();
    for path in &parts.later {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        later.insert(name.into_owned(), fs::read(path)?);
    }
    let snippets = folder.join("snippets");
    Ok(Code {
        files,
        later,
        snippets: snippets.is_dir().then_some(snippets),
    })
}

/// Runs `wasm-opt`, installed into the target folder when it is missing.
fn optimise(wasm: &Path) -> anyhow::Result<()> {
    let folder = paths::tools().join("binaryen");
    let program = folder.join("node_modules/.bin/wasm-opt");
    if !program.is_file() {
        println!(
            "installing wasm-opt (npm package {BINARYEN}) into {}",
            folder.display()
        );
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("package.json"), "{\"private\":true}\n")?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-save", "--no-audit", "--no-fund", BINARYEN]);
        process::run(npm.current_dir(&folder))?;
    }
    process::run(
        Command::new(&program)
            .args(WASM_OPT_FLAGS)
            .arg(wasm)
            .arg("-o")
            .arg(wasm),
    )
}
