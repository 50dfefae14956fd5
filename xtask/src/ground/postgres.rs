//! A PostgreSQL server for the store's tests: fast and forgetful, gone when the tests end.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::Context as _;

use super::Place;
use crate::{
    process::{self, Background},
    tools,
};

/// Inside the network namespace. Whoever gets there may do everything.
pub(super) const URL: &str = "postgres://windlass@127.0.0.1:5432/postgres";
const START: Duration = Duration::from_secs(60);
/// Durability costs time, and nothing here outlives the run.
const FORGETFUL: [&str; 3] = [
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
];
const SETTINGS: [&str; 4] = [
    "max_connections=200",
    "listen_addresses=127.0.0.1",
    "port=5432",
    "timezone=UTC",
];

/// Whether what was committed would survive a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Durability {
    Forgetful,
    Durable,
}

/// Where the programs are, and who runs them: the server refuses to run as root.
#[derive(Debug)]
pub(super) struct Programs {
    folder: PathBuf,
    user: &'static str,
}

impl Programs {
    pub(super) fn provide() -> anyhow::Result<Self> {
        let folder = match find() {
            Some(folder) => folder,
            None => {
                tools::apt_install(&["postgresql"], "the store is tested on PostgreSQL, too")?;
                find().context("the package postgresql brought no initdb")?
            }
        };
        let postgres = process::succeeds(Command::new("id").arg("postgres"));
        Ok(Self {
            folder,
            user: if postgres { "postgres" } else { "nobody" },
        })
    }

    fn command(&self, mut outer: Command, program: &str) -> Command {
        outer
            .args(["setpriv", "--reuid", self.user, "--clear-groups", "--regid"])
            .arg(if self.user == "nobody" {
                "nogroup"
            } else {
                self.user
            })
            .args(["--pdeathsig", "TERM"])
            .arg(self.folder.join(program))
            .env("LC_ALL", "C.UTF-8");
        outer
    }
}

/// The newest version wins.
fn find() -> Option<PathBuf> {
    let packaged = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let mut versions: Vec<(u32, PathBuf)> = packaged
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, folder)| folder.join("initdb").is_file() && folder.join("postgres").is_file())
        .collect();
    versions.sort();
    versions.pop().map(|(_, folder)| folder).or_else(|| {
        tools::find("initdb")?
            .canonicalize()
            .ok()?
            .parent()
            .map(Path::to_path_buf)
    })
}

/// A running server; ended when dropped.
#[derive(Debug)]
pub(super) struct Server {
    programs: Programs,
    /// Of its socket.
    home: PathBuf,
    _process: Background,
}

impl Server {
    /// Makes an empty database; its address.
    pub(super) fn new_database(&self, name: &str) -> anyhow::Result<String> {
        let mut make = Command::new(self.programs.folder.join("createdb"));
        make.args(["--username=windlass", "--host"])
            .arg(&self.home)
            .arg(name);
        process::run(&mut make)?;
        let (server, _) = URL
            .rsplit_once('/')
            .context("an address without a database")?;
        Ok(format!("{server}/{name}"))
    }
}

/// Makes an empty cluster and starts it.
pub(super) fn start(
    programs: Programs,
    place: &Place,
    durability: Durability,
) -> anyhow::Result<Server> {
    let home = place.data.join("postgres");
    fs::create_dir_all(&home)?;
    place.let_others_pass()?;
    process::run(Command::new("chown").arg(programs.user).arg(&home))?;
    let tables = home.join("tables");
    let log = place.log("postgres.log")?;

    let mut initdb = programs.command(Command::new("env"), "initdb");
    initdb
        .args([
            "--auth=trust",
            "--username=windlass",
            "--encoding=UTF8",
            "--no-sync",
            "--pgdata",
        ])
        .arg(&tables)
        .current_dir(&home);
    process::output(&mut initdb)?;

    let mut server = programs.command(place.inside(), "postgres");
    server.arg("-D").arg(&tables).current_dir(&home);
    let forgetful = match durability {
        Durability::Forgetful => FORGETFUL.as_slice(),
        Durability::Durable => &[],
    };
    for setting in SETTINGS.iter().chain(forgetful) {
        server.args(["-c", setting]);
    }
    server
        .arg("-c")
        .arg(format!("unix_socket_directories={}", home.display()));
    let mut process = Background::start("PostgreSQL", &mut server, Some(&log))?;
    let ready = || {
        let mut ask = Command::new(programs.folder.join("pg_isready"));
        process::succeeds(
            ask.arg("-h")
                .arg(&home)
                .args(["-p", "5432", "-d", "postgres"]),
        )
    };
    process
        .wait_until(START, ready)
        .map_err(|error| error.context(format!("the end of its log:\n{}", process::tail(&log))))?;
    Ok(Server {
        programs,
        home,
        _process: process,
    })
}
