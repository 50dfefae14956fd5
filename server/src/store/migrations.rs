//! The folder `migrations/`, built into the program. Forward only; a file that was released never changes.

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{Any, AnyConnection, AssertSqlSafe, Executor, SqlSafeStr};

use super::StoreError;
use super::error::MigrationFailure;

/// The table in which sqlx remembers which migrations a database had.
pub(super) const RECORD: &str = "_sqlx_migrations";

/// Every file of the folder, in order. A test compares the list with the folder.
const FILES: &[(i64, &str, &str)] = &[
    (
        1,
        "initial",
        include_str!("../../../migrations/0001_initial.sql"),
    ),
    (
        2,
        "releases",
        include_str!("../../../migrations/0002_releases.sql"),
    ),
    (
        3,
        "health_transitions",
        include_str!("../../../migrations/0003_health_transitions.sql"),
    ),
    (
        4,
        "maintenance_observers",
        include_str!("../../../migrations/0004_maintenance_observers.sql"),
    ),
    (
        5,
        "secret_keys",
        include_str!("../../../migrations/0005_secret_keys.sql"),
    ),
];

/// Runs what a database did not have yet, until that migration where one is named.
pub(super) async fn run_to(
    connection: &mut AnyConnection,
    version: Option<i64>,
) -> Result<(), StoreError> {
    let migrator = migrator();
    let done = match version {
        Some(version) => migrator.run_to(version, connection).await,
        None => migrator.run(connection).await,
    };
    done.map_err(|error| StoreError::Migrate {
        source: error.into(),
    })
}

/// The migrations that a database had.
pub(super) async fn applied<'e>(
    executor: impl Executor<'e, Database = Any>,
) -> Result<Vec<i64>, StoreError> {
    let sql = format!("SELECT version FROM {RECORD} ORDER BY version");
    sqlx::query_scalar(AssertSqlSafe(sql))
        .fetch_all(executor)
        .await
        .map_err(|error| StoreError::Migrate {
            source: MigrationFailure::Record {
                source: error.into(),
            },
        })
}

/// The last migration of this version.
pub(super) fn newest() -> i64 {
    FILES.last().map_or(0, |(version, ..)| *version)
}

fn migrator() -> Migrator {
    let migrations = FILES
        .iter()
        .map(|(version, name, sql)| {
            Migration::new(
                *version,
                (*name).into(),
                MigrationType::Simple,
                (*sql).into_sql_str(),
                false,
            )
        })
        .collect();
    Migrator::with_migrations(migrations)
}

/// Whether the migrations that a database had are exactly those of this version.
pub(super) fn check_applied(applied: &[i64]) -> Result<(), StoreError> {
    check_until(applied, newest())
}

/// Whether they are those of this version or of an earlier one; the last of them.
pub(super) fn check_known(applied: &[i64]) -> Result<i64, StoreError> {
    // Of nothing at all, the first one is missing.
    let last = applied.iter().copied().max().unwrap_or_else(newest);
    check_until(applied, last)?;
    Ok(last)
}

/// Whether there is such a migration.
pub(super) fn check_version(version: i64) -> Result<(), StoreError> {
    match FILES.iter().any(|(known, ..)| *known == version) {
        true => Ok(()),
        false => Err(StoreError::Migrate {
            source: MigrationFailure::Newer { version },
        }),
    }
}

/// Whether they are all of this version's until that one, and no others.
fn check_until(applied: &[i64], last: i64) -> Result<(), StoreError> {
    let refuse = |source| Err(StoreError::Migrate { source });
    let known = |version: &i64| FILES.iter().any(|(known, ..)| known == version);
    if let Some(&version) = applied.iter().find(|version| !known(version)) {
        return refuse(MigrationFailure::Newer { version });
    }
    match FILES
        .iter()
        .find(|(version, ..)| *version <= last && !applied.contains(version))
    {
        Some(&(version, ..)) => refuse(MigrationFailure::Older { version }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_that_are_known() {
        let all: Vec<i64> = (1..=newest()).collect();
        assert_eq!(check_known(&all).unwrap(), newest());
        assert_eq!(check_known(&[1]).unwrap(), 1);
        assert!(check_applied(&all).is_ok());
        for (applied, newer) in [(vec![], false), (vec![2], false), (vec![1, 9999], true)] {
            let StoreError::Migrate { source } = check_known(&applied).unwrap_err() else {
                panic!("{applied:?}");
            };
            assert_eq!(matches!(source, MigrationFailure::Newer { .. }), newer);
        }
        assert!(check_applied(&[1]).is_err());
    }

    #[test]
    fn every_file_of_the_folder_is_built_in() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations");
        let mut found: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        found.sort();
        let listed: Vec<String> = FILES
            .iter()
            .map(|(version, name, _)| format!("{version:04}_{name}.sql"))
            .collect();
        assert_eq!(found, listed);
    }
}
