//! `migrate`: raises the schema version one step at a time and tells each step in a line.
//!
//! Invariant: a step is recorded after it is done and before the next begins, so a migration that
//! was killed goes on where it stopped, and one that is done does nothing.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use std::{fs, io};

use super::RoleError;
use crate::http::client::{self, Answer};
use crate::http::url::Url;
use crate::lifetime::Context;

/// Name of the version in the store, and of its file in a data folder.
const VERSION_NAME: &str = "schema-version";
/// Time for one call to the store.
const STORE_TIMEOUT: Duration = Duration::from_secs(5);
/// How often a store that does not answer is asked.
const STORE_ATTEMPTS: u32 = 20;
/// Pause between two attempts.
const STORE_PAUSE: Duration = Duration::from_millis(500);
/// What the steps are called, over and over.
const STEP_NAMES: [&str; 4] = [
    "create tables",
    "add indexes",
    "fill defaults",
    "check constraints",
];

/// Migrates, or hangs if told to.
pub(super) fn run(context: &Arc<Context>) -> Result<(), RoleError> {
    let settings = &context.settings;
    thread::sleep(settings.start_delay);
    let place = match &settings.store_url {
        Some(url) => Place::Store(url.with_path(&format!("/kv/{VERSION_NAME}"))),
        None => Place::Folder(settings.data_dir.clone()),
    };
    let found = place.read()?;
    let wanted = settings.schema_version;
    context.say(&format!("schema version is {found}, wanted is {wanted}"));
    if settings.hang {
        context.say("hangs, as told");
        loop {
            thread::park();
        }
    }
    if found > wanted {
        return Err(RoleError::NewerVersion { found, wanted });
    }
    for version in found + 1..=wanted {
        let name = STEP_NAMES[(version as usize - 1) % STEP_NAMES.len()];
        context.say(&format!("step {version} of {wanted}: {name}"));
        thread::sleep(settings.step_delay);
        place.write(version)?;
    }
    context.say(&format!(
        "done: schema version {wanted}, {} steps taken",
        wanted - found
    ));
    Ok(())
}

/// Where the version is kept.
enum Place {
    Store(Url),
    Folder(PathBuf),
}

impl Place {
    /// The version recorded; 0 where none is.
    fn read(&self) -> Result<u32, RoleError> {
        let bytes = match self {
            Self::Store(url) => {
                let answer = call_store("GET", url, b"")?;
                match answer.status {
                    404 => return Ok(0),
                    200 => answer.body,
                    status => {
                        return Err(RoleError::StoreRefused {
                            url: url.to_string(),
                            status,
                        });
                    }
                }
            }
            Self::Folder(folder) => match fs::read(folder.join(VERSION_NAME)) {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
                Err(source) => {
                    return Err(RoleError::ReadVersion {
                        path: folder.join(VERSION_NAME),
                        source,
                    });
                }
            },
        };
        let text = String::from_utf8_lossy(&bytes);
        text.trim().parse().map_err(|_| RoleError::BadVersion {
            text: text.into_owned(),
        })
    }

    fn write(&self, version: u32) -> Result<(), RoleError> {
        let text = version.to_string();
        match self {
            Self::Store(url) => {
                let answer = call_store("PUT", url, text.as_bytes())?;
                if answer.is_success() {
                    return Ok(());
                }
                Err(RoleError::StoreRefused {
                    url: url.to_string(),
                    status: answer.status,
                })
            }
            Self::Folder(folder) => {
                write_file(folder, &text).map_err(|source| RoleError::WriteVersion {
                    path: folder.join(VERSION_NAME),
                    source,
                })
            }
        }
    }
}

fn write_file(folder: &Path, text: &str) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let temporary = folder.join(format!("{VERSION_NAME}.new"));
    fs::write(&temporary, text)?;
    fs::File::open(&temporary)?.sync_all()?;
    fs::rename(&temporary, folder.join(VERSION_NAME))?;
    fs::File::open(folder)?.sync_all()
}

/// Setting the same version twice is harmless, so a call whose answer got lost is simply repeated.
fn call_store(method: &str, url: &Url, body: &[u8]) -> Result<Answer, RoleError> {
    let mut attempt = 1;
    loop {
        match client::request(method, url, body, STORE_TIMEOUT) {
            // 503 is a store that is still starting.
            Ok(answer) if answer.status != 503 || attempt == STORE_ATTEMPTS => return Ok(answer),
            Ok(_starting) => {}
            Err(source) if attempt == STORE_ATTEMPTS => {
                return Err(RoleError::StoreUnreachable {
                    url: url.to_string(),
                    attempts: STORE_ATTEMPTS,
                    source,
                });
            }
            Err(_not_yet) => {}
        }
        attempt += 1;
        thread::sleep(STORE_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::response::Response;
    use crate::http::server;
    use crate::key_value::KeyValue;
    use crate::role::{Role, store};
    use crate::settings::Settings;

    fn context(environment: &[(&str, &str)]) -> Arc<Context> {
        let settings = Settings::read(Role::Migrate, |name| {
            environment
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        });
        Arc::new(Context::new(Role::Migrate, settings.expect("settings")))
    }

    /// A store on a free port of loopback, with its state in `folder`; gives its address.
    fn store(folder: &Path) -> String {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = KeyValue::open(folder).expect("a store");
        let routes = store::routes(state, context(&[]));
        thread::spawn(move || {
            server::serve(&listener, move |request| {
                routes(request).unwrap_or_else(|| Response::error(404, "nothing"))
            })
        });
        format!("http://{address}")
    }

    #[test]
    fn a_migration_reaches_its_version_and_running_it_again_changes_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = store(folder.path());
        let version = || {
            let url = Url::parse(&format!("{url}/kv/{VERSION_NAME}")).expect("an address");
            Place::Store(url).read().expect("a version")
        };
        let migrate_to =
            |wanted: &str| run(&context(&[("STORE_URL", &url), ("SCHEMA_VERSION", wanted)]));
        assert_eq!(version(), 0);
        for wanted in ["3", "3", "4"] {
            migrate_to(wanted).expect("migrated");
            assert_eq!(version().to_string(), wanted);
        }
        let back = migrate_to("2");
        assert!(
            matches!(
                back,
                Err(RoleError::NewerVersion {
                    found: 4,
                    wanted: 2
                })
            ),
            "{back:?}"
        );
        assert_eq!(version(), 4);
    }

    #[test]
    fn the_version_in_a_folder_is_read_back_and_none_is_zero() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = Place::Folder(folder.path().join("new"));
        assert_eq!(place.read().expect("no file yet"), 0);
        place.write(2).expect("written");
        place.write(3).expect("written again");
        assert_eq!(place.read().expect("a version"), 3);
        fs::write(folder.path().join("new").join(VERSION_NAME), "three").expect("written");
        assert!(matches!(place.read(), Err(RoleError::BadVersion { .. })));
    }
}
