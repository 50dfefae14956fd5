//! A MariaDB server, which stands for MySQL: observers ask the databases that products name. Gone when the tests end.

use std::{
    fs,
    os::unix::net::UnixStream,
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

/// Inside the network namespace.
pub(super) const URL: &str = "mysql://windlass:windlass-secret@127.0.0.1:3306/mysql";
const START: Duration = Duration::from_secs(60);
/// The account of [`URL`]; run by the server at its start.
const ACCOUNT: &str = "CREATE USER IF NOT EXISTS 'windlass'@'%' IDENTIFIED BY 'windlass-secret';\n\
     GRANT ALL ON *.* TO 'windlass'@'%';\n";
/// Nothing here outlives the run, and few ask.
const SETTINGS: [&str; 8] = [
    "--bind-address=127.0.0.1",
    "--port=3306",
    "--skip-name-resolve",
    "--skip-log-bin",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-buffer-pool-size=32M",
    "--performance-schema=OFF",
    "--max-connections=50",
];

/// Where the programs are.
#[derive(Debug)]
pub(super) struct Programs {
    server: PathBuf,
    install: PathBuf,
}

impl Programs {
    pub(super) fn provide() -> anyhow::Result<Self> {
        if let Some(found) = Self::find() {
            return Ok(found);
        }
        // Packages without `-core` would also bring a service.
        tools::apt_install(
            &["mariadb-server-core", "mariadb-client-core"],
            "observers are tested on MariaDB, too",
        )?;
        Self::find().context("the package mariadb-server-core brought no mariadbd")
    }

    fn find() -> Option<Self> {
        let packaged = Path::new("/usr/sbin/mariadbd");
        let server = match packaged.is_file() {
            true => packaged.to_path_buf(),
            false => tools::find("mariadbd")?,
        };
        // What makes the tables calls this one.
        tools::find("my_print_defaults")?;
        Some(Self {
            server,
            install: tools::find("mariadb-install-db")?,
        })
    }
}

/// As nobody: the server refuses to run as root.
fn as_nobody(mut outer: Command, program: &Path) -> Command {
    outer
        .args(["setpriv", "--reuid", "nobody", "--regid", "nogroup"])
        .args(["--clear-groups", "--pdeathsig", "TERM"])
        .arg(program)
        .arg("--no-defaults");
    outer
}

/// Makes empty tables and starts the server on them.
pub(super) fn start(programs: &Programs, place: &Place) -> anyhow::Result<Background> {
    let home = place.data.join("mariadb");
    fs::create_dir_all(&home)?;
    place.let_others_pass()?;
    let account = home.join("account.sql");
    fs::write(&account, ACCOUNT)?;
    process::run(Command::new("chown").arg("-R").arg("nobody").arg(&home))?;
    let tables = home.join("tables");
    let log = place.log("mariadb.log")?;

    let mut install = as_nobody(Command::new("env"), &programs.install);
    install
        .args([
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            "--basedir=/usr",
        ])
        .arg(format!("--datadir={}", tables.display()))
        .arg(format!("--tmpdir={}", home.display()))
        .current_dir(&home);
    process::output(&mut install)?;

    let socket = home.join("socket");
    let mut server = as_nobody(place.inside(), &programs.server);
    server
        .args(SETTINGS)
        .arg(format!("--datadir={}", tables.display()))
        .arg(format!("--tmpdir={}", home.display()))
        .arg(format!("--socket={}", socket.display()))
        .arg(format!("--pid-file={}", home.join("pid").display()))
        .arg(format!("--init-file={}", account.display()))
        .current_dir(&home);
    let mut process = Background::start("MariaDB", &mut server, Some(&log))?;
    // It listens once its account is there.
    process
        .wait_until(START, || UnixStream::connect(&socket).is_ok())
        .map_err(|error| error.context(format!("the end of its log:\n{}", process::tail(&log))))?;
    Ok(process)
}
