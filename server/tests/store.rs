//! The store on both databases. Every statement runs here, because none is checked when it is compiled.
//!
//! Each case gets a fresh SQLite file, and a fresh database on the PostgreSQL server at `WINDLASS_TEST_DATABASE_URL`.

mod acceptance;
mod contention;
pub(crate) mod database;
mod environments;
mod health;
mod inspection;
mod journal;
mod leases;
mod lists;
mod opening;
mod records;
pub(crate) mod samples;
mod secrets;

/// Makes two tests of each case: `name::sqlite` and `name::postgres`. A case that is not listed is dead code to the
/// compiler.
macro_rules! on_both {
    ($($case:ident,)*) => {$(
        mod $case {
            use super::Database;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::$case(Database::sqlite().await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if let Some(database) = Database::postgres().await {
                    super::$case(database).await;
                }
            }
        }
    )*};
}
pub(crate) use on_both;
