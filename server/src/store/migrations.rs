//! The folder `migrations/`, built into the program. Forward only; a file that was released never changes.

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

use super::error::MigrationFailure;

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

/// All migrations, ready to run.
pub(super) fn migrator() -> Migrator {
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
pub(super) fn check_applied(applied: &[i64]) -> Result<(), MigrationFailure> {
    let known = |version: &i64| FILES.iter().any(|(known, ..)| known == version);
    if let Some(&version) = applied.iter().find(|version| !known(version)) {
        return Err(MigrationFailure::Newer { version });
    }
    match FILES
        .iter()
        .find(|(version, ..)| !applied.contains(version))
    {
        Some(&(version, ..)) => Err(MigrationFailure::Older { version }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
