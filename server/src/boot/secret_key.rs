//! Where secret keys are looked for, and what `windlass-server key` does with them.

use std::ffi::OsString;
use std::path::Path;

use super::{BootError, DataDir, database_url};
use crate::args::{
    DatabaseArgs, KeyArgs, KeyCommand, KeyedDatabaseArgs, RotateArgs, SecretKeyArgs,
};
use crate::secrets::{self, KeyError, KeyRing, SecretKey};
use crate::store::{NamedKeys, Store, StoreError};

/// The key itself; no option, since everybody on the machine reads command lines.
const VARIABLE: &str = "WINDLASS_SECRET_KEY";
/// In the data folder.
const FILE: &str = "secret.key";

/// Every key that is given; where none is, the one in the data folder, which is made when a new database needs it.
pub(super) fn key_ring(args: &SecretKeyArgs, data_dir: &Path) -> Result<KeyRing, KeyError> {
    ring_of(std::env::var_os(VARIABLE), args, data_dir)
}

fn ring_of(
    variable: Option<OsString>,
    args: &SecretKeyArgs,
    data_dir: &Path,
) -> Result<KeyRing, KeyError> {
    let variable = variable.filter(|text| !text.is_empty());
    let mut ring = match (&variable, &args.secret_key_file) {
        (None, None) => KeyRing::in_file(&data_dir.join(FILE))?,
        _ => KeyRing::default(),
    };
    if let Some(text) = variable {
        let origin = format!("the variable {VARIABLE}");
        ring = ring.with(SecretKey::parse(&text.to_string_lossy(), &origin)?);
    }
    for path in args.secret_key_file.iter().chain(&args.old_secret_key_file) {
        ring = ring.with(secrets::read(path)?);
    }
    Ok(ring)
}

/// Carries out `windlass-server key`; what to say about it.
///
/// # Errors
/// Where a key or the database cannot be used.
pub async fn look_after_key(args: &KeyArgs) -> Result<String, BootError> {
    match &args.command {
        KeyCommand::ShowId(database) => show_id(database).await,
        KeyCommand::Rotate(args) => rotate(args).await,
    }
}

async fn show_id(args: &KeyedDatabaseArgs) -> Result<String, BootError> {
    let DatabaseArgs {
        data_dir,
        database_url: url,
    } = &args.database;
    let ring = key_ring(&args.secret_key, data_dir).map_err(StoreError::from)?;
    let mut lines = vec![ring.found()];
    let url = database_url(url.as_deref(), data_dir);
    lines.push(match Store::named_keys(&url).await {
        Ok(named) => needed(&named),
        Err(StoreError::NoDatabase { .. }) => "there is no database yet".to_owned(),
        Err(error) => return Err(error.into()),
    });
    Ok(lines.join("\n"))
}

fn needed(named: &NamedKeys) -> String {
    let Some(current) = &named.current else {
        return "the database is not encrypted yet: the next start of the server does that"
            .to_owned();
    };
    let mut text = format!("the database is encrypted with key {current}");
    for old in &named.retiring {
        text += &format!(", and partly still with key {old}");
    }
    text
}

async fn rotate(args: &RotateArgs) -> Result<String, BootError> {
    let KeyedDatabaseArgs {
        database: DatabaseArgs {
            data_dir,
            database_url: url,
        },
        secret_key,
    } = &args.database;
    let url = database_url(url.as_deref(), data_dir);
    // Before a folder or a key is made for a database that is not there.
    Store::named_keys(&url).await?;
    let lock = DataDir::open(data_dir)?;
    let ring = key_ring(secret_key, lock.path()).map_err(StoreError::from)?;
    let new = secrets::read_or_make(&args.new_key_file).map_err(StoreError::from)?;
    let rotation = Store::rotate_key(&url, ring, &new).await?;
    let file = args.new_key_file.display();
    let mut text = match rotation.values {
        0 if rotation.retired.is_empty() => {
            format!("The database is encrypted with key {} already.", new.id())
        }
        values => format!(
            "{values} stored values were encrypted anew; the database is encrypted with key {} now.",
            new.id()
        ),
    };
    text += &format!(
        "\nStart the server with --secret-key-file {file} from now on, or put that file in the place of {}.",
        lock.path().join(FILE).display()
    );
    for old in rotation.retired {
        text += &format!(
            "\nKeep key {old} for as long as there is a copy of the database that was made with it."
        );
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn ids(ring: &KeyRing) -> Vec<String> {
        ring.keys().iter().map(|key| key.id().to_string()).collect()
    }

    #[test]
    fn a_key_that_is_given_comes_before_the_one_in_the_data_folder() {
        let folder = tempfile::tempdir().unwrap();
        let made = |name: &str| {
            let path = folder.path().join(name);
            let id = secrets::read_or_make(&path).unwrap().id().to_string();
            (path, id)
        };
        let none = SecretKeyArgs::default();
        let ring = ring_of(None, &none, folder.path()).unwrap();
        assert_eq!(ids(&ring), [""; 0]);
        assert!(ring.found().contains(FILE), "{}", ring.found());

        let (_, own) = made(FILE);
        let ring = ring_of(Some(OsString::new()), &none, folder.path()).unwrap();
        assert_eq!(ids(&ring), [own.as_str()]);

        let (given, new) = made("new.key");
        let (before, old) = made("old.key");
        let text = std::fs::read_to_string(&given).unwrap();
        let ring = ring_of(Some(text.into()), &none, folder.path()).unwrap();
        assert_eq!(ids(&ring), [new.as_str()]);
        let both = SecretKeyArgs {
            secret_key_file: Some(given),
            old_secret_key_file: Some(before),
        };
        let ring = ring_of(None, &both, folder.path()).unwrap();
        assert_eq!(ids(&ring), [new.as_str(), old.as_str()]);

        // The one in the data folder is the newer one's predecessor.
        let old_only = SecretKeyArgs {
            secret_key_file: None,
            ..both
        };
        let ring = ring_of(None, &old_only, folder.path()).unwrap();
        assert_eq!(ids(&ring), [own.as_str(), old.as_str()]);

        let refused = ring_of(Some("hunter2".into()), &none, folder.path()).unwrap_err();
        assert!(
            refused
                .to_string()
                .starts_with("the variable WINDLASS_SECRET_KEY holds no secret key"),
            "{refused}"
        );
        let missing = SecretKeyArgs {
            secret_key_file: Some(PathBuf::from("/nonexistent/key")),
            old_secret_key_file: None,
        };
        let refused = ring_of(None, &missing, folder.path()).unwrap_err();
        assert!(matches!(refused, KeyError::NoFile { .. }), "{refused}");
    }
}
