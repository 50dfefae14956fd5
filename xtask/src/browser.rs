//! What browser tests need: Debian's Chromium, and Playwright at the versions of its lock file.

use std::{fs, path::PathBuf, process::Command};

use anyhow::Context as _;

use crate::{paths, process, tools};

/// Written beside the packages: the lock file they were installed from.
const INSTALLED: &str = "node_modules/.installed-from";

/// Where `playwright` and the browser are.
#[derive(Debug)]
pub(crate) struct Browser {
    pub(crate) playwright: PathBuf,
    pub(crate) chromium: PathBuf,
    pub(crate) folder: PathBuf,
}

/// Installs what is missing.
pub(crate) fn provide() -> anyhow::Result<Browser> {
    if tools::find("chromium").is_none() {
        tools::apt_install(&["chromium"], "pages are tested in a real browser")?;
    }
    let chromium = tools::find("chromium").context("the package chromium brought no program")?;

    let folder = paths::root().join("end2end");
    let lock = fs::read_to_string(folder.join("package-lock.json"))?;
    if fs::read_to_string(folder.join(INSTALLED)).is_ok_and(|installed| installed != lock)
        || !folder.join(INSTALLED).is_file()
    {
        println!("  installing Playwright into end2end/node_modules");
        let mut npm = Command::new("npm");
        npm.args(["ci", "--no-audit", "--no-fund"])
            .current_dir(&folder);
        process::run(&mut npm).context("cannot install Playwright (Node 20 with npm is needed)")?;
        fs::write(folder.join(INSTALLED), lock)?;
    }
    Ok(Browser {
        playwright: folder.join("node_modules/.bin/playwright"),
        chromium,
        folder,
    })
}
