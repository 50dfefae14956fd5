//! The command line of `windlass-server`. Every option can also be an environment variable.
//!
//! Only reads and parses; what the values mean together is decided in `boot`.

use std::{net::SocketAddr, path::PathBuf, str::FromStr};

use clap::{Parser, Subcommand};

/// The command line.
#[derive(Debug, Parser)]
#[command(
    name = "windlass-server",
    version,
    about = "The control plane of Windlass"
)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the server's program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the pages and the REST interface until SIGINT or SIGTERM
    Serve(ServeArgs),
    /// Read catalog folders and print what is wrong in them; exit code 2 where something cannot be used
    Validate(ValidateArgs),
    /// Check that the record and the engines agree, and that what must always hold does hold
    ///
    /// Only looks: nothing is written, locked or changed, so it may run beside a server. Exit code 0: nothing was found;
    /// 1: something was found; 2: it could not look, or not at every engine.
    Doctor(DoctorArgs),
    /// Look after the key that secrets in the database are encrypted with
    Key(KeyArgs),
    /// Write everything that is remembered to one file, beside running servers
    ///
    /// The file holds one moment of the database, SQLite or PostgreSQL, and can be restored on either. It appears when it is whole. It
    /// holds the values of secret variables as the database does, so only its owner may read it; it holds no key. Exit code 0: the backup
    /// is there; 1: there is none.
    Backup(BackupArgs),
    /// Fill an empty database from a backup, before a server is started on it
    ///
    /// The database must have no rows: name a new data folder, or an empty database. Tables of an earlier version are brought up to date.
    /// The backup is checked to its last byte before anything of it is there: all is restored, or nothing. Stop the servers that the backup
    /// comes from first, for two of them would work on the same containers. Operations that were in the middle are ended by the first server
    /// that starts, without an act on an engine. Exit code 0: everything was restored; 1: nothing.
    Restore(RestoreArgs),
}

/// Where a server finds the keys that the database is encrypted with.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct SecretKeyArgs {
    /// The file with the key that the database is encrypted with: 32 bytes in base64, readable by its owner only
    /// (WINDLASS_SECRET_KEY may hold the key itself); without it, secret.key in the data folder, made at the first start
    #[arg(long, env = "WINDLASS_SECRET_KEY_FILE", value_name = "PATH")]
    pub secret_key_file: Option<PathBuf>,

    /// The key before that one, as long as a change of keys is not finished
    #[arg(long, env = "WINDLASS_OLD_SECRET_KEY_FILE", value_name = "PATH")]
    pub old_secret_key_file: Option<PathBuf>,
}

/// The options of `key`.
#[derive(Debug, Clone, clap::Args)]
pub struct KeyArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: KeyCommand,
}

/// What can be done with keys.
#[derive(Debug, Clone, Subcommand)]
pub enum KeyCommand {
    /// Print the ids of the keys that are found, and of those that the database needs; may run beside a server
    ShowId(KeyedDatabaseArgs),
    /// Encrypt everything in the database with another key, while no server runs
    ///
    /// Where it is broken off, the same command goes on with it; so does a server that is given both keys.
    Rotate(RotateArgs),
}

/// Which database.
#[derive(Debug, Clone, clap::Args)]
pub struct DatabaseArgs {
    /// The data folder of the server
    #[arg(
        long,
        env = "WINDLASS_DATA_DIR",
        value_name = "DIR",
        default_value = "data"
    )]
    pub data_dir: PathBuf,

    /// postgres://… or sqlite://…, as the server has it; without it, the SQLite file in the data folder
    /// (DATABASE_URL is read, too)
    #[arg(
        long,
        env = "WINDLASS_DATABASE_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    pub database_url: Option<String>,
}

/// A database and the keys for it.
#[derive(Debug, Clone, clap::Args)]
pub struct KeyedDatabaseArgs {
    /// Which database.
    #[command(flatten)]
    pub database: DatabaseArgs,

    /// The keys that it is encrypted with.
    #[command(flatten)]
    pub secret_key: SecretKeyArgs,
}

/// The options of `key rotate`.
#[derive(Debug, Clone, clap::Args)]
pub struct RotateArgs {
    /// The file with the new key; made where it is missing
    #[arg(long, value_name = "PATH")]
    pub new_key_file: PathBuf,

    /// What is encrypted anew.
    #[command(flatten)]
    pub database: KeyedDatabaseArgs,
}

/// The options of `backup`.
#[derive(Debug, Clone, clap::Args)]
pub struct BackupArgs {
    /// The file to write; - is standard output
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,

    /// Replace the file where it exists
    #[arg(long)]
    pub force: bool,

    /// Which database.
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// The options of `restore`.
#[derive(Debug, Clone, clap::Args)]
pub struct RestoreArgs {
    /// The backup to read; - is standard input
    #[arg(long, value_name = "FILE")]
    pub from: PathBuf,

    /// Which database.
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// The options of `doctor`.
#[derive(Debug, Clone, clap::Args)]
pub struct DoctorArgs {
    /// What is looked at.
    #[command(flatten)]
    pub database: KeyedDatabaseArgs,

    /// Look for the first environment's engine here, not where the record says: unix:///path or tcp://host:port
    #[arg(long, env = "WINDLASS_DOCKER_HOST", value_name = "URL")]
    pub docker_host: Option<String>,

    /// How to say what was found
    #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
    pub format: ReportFormat,
}

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ReportFormat {
    /// For people
    Text,
    /// For programs: {"findings":[{"rule","subject","message","advice"}],"notLookedAt":[…],"checked":{…}}
    Json,
}

/// The options of `validate`.
#[derive(Debug, Clone, clap::Args)]
pub struct ValidateArgs {
    /// The folders, as `--source` of `serve` would name them
    #[arg(required = true, value_name = "PATH")]
    pub folders: Vec<PathBuf>,
}

/// The options of `serve`.
#[derive(Debug, Clone, clap::Args)]
pub struct ServeArgs {
    /// The address to listen on; port 0 takes a free one
    #[arg(
        long,
        env = "WINDLASS_LISTEN",
        value_name = "ADDR",
        default_value = "127.0.0.1:8080"
    )]
    pub listen: SocketAddr,

    /// The folder that holds the database and what is kept on disk; made when it is missing
    #[arg(
        long,
        env = "WINDLASS_DATA_DIR",
        value_name = "DIR",
        default_value = "data"
    )]
    pub data_dir: PathBuf,

    /// A catalog folder; repeat the option for more
    #[arg(
        long = "source",
        env = "WINDLASS_SOURCES",
        value_name = "NAME=PATH",
        value_delimiter = ','
    )]
    pub sources: Vec<SourceArg>,

    /// postgres://… or sqlite://…; without it, an SQLite file in the data folder
    /// (DATABASE_URL is read, too)
    #[arg(
        long,
        env = "WINDLASS_DATABASE_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    pub database_url: Option<String>,

    /// The keys that the database is encrypted with.
    #[command(flatten)]
    pub secret_key: SecretKeyArgs,

    /// The Docker engine: unix:///path or tcp://host:port (DOCKER_HOST is read, too);
    /// without it, unix:///var/run/docker.sock
    #[arg(long, env = "WINDLASS_DOCKER_HOST", value_name = "URL")]
    pub docker_host: Option<String>,

    /// How long other servers on the same database wait for one that gives no sign of life before they go on with its
    /// operations; a server that starts again takes up its own at once
    #[arg(
        long,
        env = "WINDLASS_LEASE_SECONDS",
        value_name = "SECONDS",
        default_value_t = 15,
        value_parser = clap::value_parser!(u32).range(2..=3600)
    )]
    pub lease_seconds: u32,

    /// How long a service without a health check must stay up before it counts as running, in milliseconds
    #[arg(
        long,
        env = "WINDLASS_SETTLE_MILLISECONDS",
        value_name = "MILLISECONDS",
        default_value_t = 300,
        value_parser = clap::value_parser!(u64).range(..=600_000)
    )]
    pub settle_milliseconds: u64,

    /// How long a pull may move no byte, in seconds, before it is broken off and tried again
    #[arg(
        long,
        env = "WINDLASS_PULL_STALL_SECONDS",
        value_name = "SECONDS",
        default_value_t = 60,
        value_parser = clap::value_parser!(u64).range(1..)
    )]
    pub pull_stall_seconds: u64,

    /// How many releases of a product are remembered, to look at and to roll back to; what runs, and the last one that succeeded before
    /// it, are never forgotten
    #[arg(
        long,
        env = "WINDLASS_KEEP_RELEASES",
        value_name = "NUMBER",
        default_value_t = 10,
        value_parser = clap::value_parser!(u16).range(2..=1000)
    )]
    pub keep_releases: u16,

    /// The folder with the built pages' files
    #[arg(
        long,
        env = "WINDLASS_SITE",
        value_name = "DIR",
        default_value = "target/site"
    )]
    pub site: PathBuf,

    /// Show every component of the pages at /gallery, as builds for development do
    #[arg(long, env = "WINDLASS_GALLERY")]
    pub gallery: bool,

    /// Listen on an address that other machines reach, although nobody has to sign in
    #[arg(long, env = "WINDLASS_INSECURE_NO_AUTH")]
    pub insecure_no_auth: bool,
}

/// `NAME=PATH`: a catalog folder and the name it goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceArg {
    /// What the catalog calls it.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
}

/// Why a `--source` could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceArgError {
    /// There is no `=`.
    #[error("a source is written NAME=PATH, for example demo=demo/catalog")]
    NoEqualsSign,
    /// Nothing, or something odd, before the `=`.
    #[error(
        "the name before `=` may hold lower-case letters, digits and `-`, and starts with a letter"
    )]
    BadName,
    /// Nothing after the `=`.
    #[error("the folder after `=` is missing")]
    NoPath,
}

impl FromStr for SourceArg {
    type Err = SourceArgError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, path) = text.split_once('=').ok_or(SourceArgError::NoEqualsSign)?;
        let starts_well = name.starts_with(|first: char| first.is_ascii_lowercase());
        let goes_on_well = name
            .chars()
            .all(|each| each.is_ascii_lowercase() || each.is_ascii_digit() || each == '-');
        if !starts_well || !goes_on_well {
            return Err(SourceArgError::BadName);
        }
        if path.is_empty() {
            return Err(SourceArgError::NoPath);
        }
        Ok(Self {
            name: name.to_owned(),
            path: PathBuf::from(path),
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn check(text: &str, expected: Result<(&str, &str), SourceArgError>) {
        let expected = expected.map(|(name, path)| SourceArg {
            name: name.to_owned(),
            path: PathBuf::from(path),
        });
        assert_eq!(text.parse::<SourceArg>(), expected, "{text}");
    }

    #[test]
    fn sources_are_name_and_path() {
        check("demo=demo/catalog", Ok(("demo", "demo/catalog")));
        check("a-1=/srv/x=y", Ok(("a-1", "/srv/x=y")));
        check("demo", Err(SourceArgError::NoEqualsSign));
        check("=x", Err(SourceArgError::BadName));
        check("1a=x", Err(SourceArgError::BadName));
        check("Demo=x", Err(SourceArgError::BadName));
        check("demo=", Err(SourceArgError::NoPath));
    }

    #[test]
    fn the_definition_is_sound() {
        Args::command().debug_assert();
    }
}
