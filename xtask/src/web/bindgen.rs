//! From what the compiler made to what a browser loads, by the library that belongs to the
//! `wasm-bindgen` in `Cargo.lock`: the two can never disagree, and nothing is installed.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context as _;
use wasm_bindgen_cli_support::Bindgen;

use crate::{cargo::Profile, paths, process};

/// What LLVM may emit and every supported browser understands.
const WASM_OPT_FLAGS: [&str; 7] = [
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
    pub(super) script: String,
    pub(super) wasm: Vec<u8>,
    /// The folder of scripts that dependencies bring along, when there are any.
    pub(super) snippets: Option<PathBuf>,
}

/// Makes the pieces.
pub(super) fn run(wasm: &Path, name: &str, profile: Profile) -> anyhow::Result<Code> {
    let folder = paths::target().join("bindgen");
    super::remove_folder(&folder)?;
    Bindgen::new()
        .input_path(wasm)
        .out_name(name)
        .web(true)
        .context("cannot bind for the web")?
        .typescript(false)
        .remove_name_section(profile == Profile::Release)
        .remove_producers_section(true)
        .generate(&folder)
        .context("cannot bind the WASM to its script")?;

    let bound = folder.join(format!("{name}_bg.wasm"));
    if profile == Profile::Release {
        optimise(&bound)?;
    }
    let snippets = folder.join("snippets");
    Ok(Code {
        script: fs::read_to_string(folder.join(format!("{name}.js")))?,
        wasm: fs::read(bound)?,
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
