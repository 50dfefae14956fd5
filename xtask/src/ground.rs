//! The ground that integration and browser tests stand on: a Docker engine, a registry, a PostgreSQL
//! and a MariaDB server of their own, all inside one network namespace, so that nothing of the
//! machine is in their way or in danger.
//!
//! Taken down when dropped, also after a failure or a signal. What a killed run left behind is
//! recognised by its dead process id and cleared away by the next run. Engines that tests start
//! themselves live in folders, control groups and network namespaces that carry the run's name, and
//! go with it.

pub(crate) mod debian;
mod engine;
mod leftovers;
mod mariadb;
mod postgres;
mod registry;

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use anyhow::{Context as _, bail};

use crate::{
    process::{self, Background},
    tools,
};
use postgres::Durability;

/// Every name that is visible on the machine starts like this, followed by the process id.
const PREFIX: &str = "windlass-test-";

/// Engine, registry, databases: fields are dropped in this order.
#[derive(Debug)]
pub(crate) struct Ground {
    _registry: Background,
    _mariadb: Background,
    postgres: postgres::Server,
    programs: engine::Programs,
    engine: engine::Engine,
    place: Place,
}

/// Names and folders of one test run.
#[derive(Debug)]
struct Place {
    /// Network namespace, parent of the containers' control groups.
    name: String,
    /// Sockets; short, because paths of sockets have a limit.
    run: PathBuf,
    /// Images, volumes, tables.
    data: PathBuf,
}

impl Ground {
    /// Where the registry answers inside the network namespace.
    pub(crate) const REGISTRY: &str = registry::ADDRESS;

    /// Provides everything, each step shown with its duration.
    pub(crate) fn provide() -> anyhow::Result<Self> {
        Self::with(Durability::Forgetful)
    }

    /// The same, with a database that would survive a power cut: for measuring what that costs.
    pub(crate) fn provide_durable() -> anyhow::Result<Self> {
        Self::with(Durability::Durable)
    }

    fn with(durability: Durability) -> anyhow::Result<Self> {
        if !tools::is_root() {
            bail!(
                "tests on a real engine need root (network namespaces, mounts). Run as root, or \
                 choose stages that need none: --only fmt,tidy,clippy,unit"
            );
        }
        leftovers::clear_dead_runs()?;
        for (program, package) in [("ip", "iproute2"), ("nsenter", "util-linux")] {
            if tools::find(program).is_none() {
                tools::apt_install(&[package], "tests run in a network namespace of their own")?;
            }
        }

        let programs = timed("engine's programs", engine::Programs::provide)?;
        let registry = timed("registry's program", registry::provide)?;
        let database = timed("PostgreSQL's programs", postgres::Programs::provide)?;
        let mariadb = timed("MariaDB's programs", mariadb::Programs::provide)?;

        let place = Place::make()?;
        let engine = timed("engine", || engine::Engine::start(&programs, &place))?;
        let registry = timed("registry", || registry::start(&registry, &place))?;
        let postgres = timed("PostgreSQL", || {
            postgres::start(database, &place, durability)
        })?;
        let mariadb = timed("MariaDB", || mariadb::start(&mariadb, &place))?;
        Ok(Self {
            _registry: registry,
            _mariadb: mariadb,
            postgres,
            programs,
            engine,
            place,
        })
    }

    /// A command inside the network namespace, told where everything is.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = self.place.inside();
        command
            .arg(program)
            .env("WINDLASS_TEST_DOCKER_HOST", self.engine.host())
            .env("WINDLASS_TEST_REGISTRY", registry::ADDRESS)
            .env("WINDLASS_TEST_DATABASE_URL", postgres::URL)
            .env("WINDLASS_TEST_MYSQL_URL", mariadb::URL)
            .env("WINDLASS_TEST_NETNS", &self.place.name);
        command
    }

    /// The same, also told how to start further engines.
    pub(crate) fn command_with_engines(
        &self,
        program: impl AsRef<std::ffi::OsStr>,
    ) -> anyhow::Result<Command> {
        let mut command = self.command(program);
        self.programs.tell(&mut command)?;
        Ok(command)
    }

    /// Whether a server inside the network namespace answers with success.
    pub(crate) fn answers(&self, address: &str, path: &str) -> bool {
        self.place.answers(address, path)
    }

    /// The engine's address as Docker writes it.
    pub(crate) fn docker_host(&self) -> String {
        self.engine.host()
    }

    /// The address of an empty database, inside the network namespace.
    pub(crate) fn new_database(&self, name: &str) -> anyhow::Result<String> {
        self.postgres.new_database(name)
    }

    /// A folder for a program under test; removed with everything else.
    pub(crate) fn folder(&self, name: &str) -> anyhow::Result<PathBuf> {
        let folder = self.place.data.join(name);
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }
}

impl Place {
    fn make() -> anyhow::Result<Self> {
        let name = format!("{PREFIX}{}", std::process::id());
        let place = Self {
            run: Path::new("/run").join(&name),
            data: Path::new("/var/tmp").join(&name),
            name,
        };
        for folder in [&place.run, &place.data] {
            fs::create_dir_all(folder)
                .with_context(|| format!("cannot make {}", folder.display()))?;
        }
        let mut add = Command::new("ip");
        process::run(add.args(["netns", "add", &place.name]))?;
        // Not `ip -n`, which remounts things on its way in.
        process::run(place.inside().args(["ip", "link", "set", "lo", "up"]))?;
        Ok(place)
    }

    /// Enters the network namespace only. `ip netns exec` would also hide the control groups, and
    /// the engine would not start. The program is told to end should this process be killed.
    fn inside(&self) -> Command {
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "TERM", "nsenter"])
            .arg(format!("--net=/run/netns/{}", self.name))
            .arg("--");
        command
    }

    /// The folders above belong to root: lets programs of other accounts reach their own.
    fn let_others_pass(&self) -> anyhow::Result<()> {
        fs::set_permissions(&self.data, fs::Permissions::from_mode(0o711))
            .with_context(|| format!("cannot open {} for others", self.data.display()))
    }

    /// Whether a server inside answers with success. Asked from inside, by this very program.
    fn answers(&self, address: &str, path: &str) -> bool {
        std::env::current_exe().is_ok_and(|xtask| {
            process::succeeds(self.inside().arg(xtask).args(["probe", address, path]))
        })
    }

    fn log(&self, name: &str) -> anyhow::Result<PathBuf> {
        let folder = crate::paths::target().join("test-logs");
        fs::create_dir_all(&folder)?;
        Ok(folder.join(name))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        for complaint in leftovers::clear(&self.name) {
            println!("while clearing up: {complaint:#}");
        }
    }
}

fn timed<T>(what: &str, step: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    let began = Instant::now();
    let done = step().with_context(|| format!("cannot provide the {what}"))?;
    println!("  {what}: {:.1} s", began.elapsed().as_secs_f64());
    Ok(done)
}
