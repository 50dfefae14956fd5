//! A real image registry for tests that pull, reachable from the engine as `127.0.0.1:5000`.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{Place, debian};
use crate::{paths, process::Background};

/// Host and port, inside the network namespace. Engines trust registries on loopback.
pub(super) const ADDRESS: &str = "127.0.0.1:5000";
const START: Duration = Duration::from_secs(30);

/// Unpacks the program.
pub(super) fn provide() -> anyhow::Result<PathBuf> {
    let folder = paths::tools().join("registry");
    debian::unpack(&debian::own_suite()?, &["docker-registry"], &folder)?;
    Ok(folder.join("usr/bin/docker-registry"))
}

/// Starts it with an empty store.
pub(super) fn start(program: &Path, place: &Place) -> anyhow::Result<Background> {
    let store = place.data.join("registry");
    fs::create_dir_all(&store)?;
    let configuration = place.run.join("registry.yml");
    fs::write(
        &configuration,
        format!(
            "version: 0.1\nlog: {{level: warn}}\nstorage:\n  filesystem: {{rootdirectory: {}}}\n  \
             delete: {{enabled: true}}\nhttp:\n  addr: {ADDRESS}\n",
            store.display()
        ),
    )?;
    let mut command = place.inside();
    command.arg(program).arg("serve").arg(&configuration);
    let log = place.log("registry.log")?;
    let mut process = Background::start("the registry", &mut command, Some(&log))?;
    process.wait_until(START, || place.answers(ADDRESS, "/v2/"))?;
    Ok(process)
}
