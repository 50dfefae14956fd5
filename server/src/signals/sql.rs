//! Values out of PostgreSQL and MySQL (or MariaDB): one connection for each check, closed afterwards. What a query changes is taken back.

use std::time::Duration;

use domain::maintenance::{Connection, DatabaseKind, Encryption, Secret};
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlSslMode};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{
    AssertSqlSafe, Column as _, ConnectOptions as _, Connection as _, Row as _, TypeInfo as _,
    ValueRef as _, raw_sql,
};

use super::MAX_TEXT;

/// Longest wait for a connection.
pub(super) const CONNECT: Duration = Duration::from_secs(10);
/// Longest wait for the answer to a query.
pub(super) const QUERY: Duration = Duration::from_secs(30);

/// The end of a sentence about a way that is closed.
const CHECK_ADDRESS: &str = "Check that it runs and that the connection string is right";

/// Why a database gave no value. Names the server, never its password.
#[derive(Debug, thiserror::Error)]
pub enum SqlFailure {
    /// Nobody is there, or the connection broke.
    #[error("{server} cannot be reached: {cause}. {CHECK_ADDRESS}.")]
    Unreachable { server: String, cause: String },
    /// TLS failed.
    #[error(
        "The connection to {server} cannot be encrypted: {cause}. Check its certificate, or the word for encryption in the connection string."
    )]
    Encryption { server: String, cause: String },
    /// It does not let us in.
    #[error(
        "{server} refuses the connection: {message}. Check account, password and database in the connection string."
    )]
    Refused { server: String, message: String },
    /// It does not take the statement.
    #[error("{server} refuses the query: {message}. Correct the query in the manifest.")]
    Statement { server: String, message: String },
    /// The time for a connection is up.
    #[error("{server} gave no connection within {} s. {CHECK_ADDRESS}.", CONNECT.as_secs())]
    ConnectTimedOut { server: String },
    /// The time for an answer is up.
    #[error("{server} did not answer the query within {} s. Write a query that takes less.", QUERY.as_secs())]
    QueryTimedOut { server: String },
    /// The query gave no row.
    #[error("The query gave no row. Write one that always gives a row.")]
    NoRow,
    /// The query gave NULL.
    #[error("The query gave NULL. Write one that gives a text or a number.")]
    Null,
    /// There is no such property.
    #[error(
        "The database has no extended property with that name (class 0). Add it, or correct propertyName."
    )]
    NoProperty,
    /// The value is nothing that can be compared.
    #[error(
        "The query gave a value that is no text or number of at most {MAX_TEXT} bytes. Convert it in the query."
    )]
    NoText,
}

/// What people read of a server.
pub(super) fn server_of(connection: &Connection) -> String {
    let Connection {
        kind, host, port, ..
    } = connection;
    format!("{} at {host}:{port}", kind.as_str())
}

/// The first value of a query on PostgreSQL.
pub(super) async fn postgres(connection: &Connection, query: &str) -> Result<String, SqlFailure> {
    let server = server_of(connection);
    let mut session = connected(
        &server,
        PgConnection::connect_with(&postgres_options(connection)),
    )
    .await?;
    let asked = answered(&server, async {
        // Ends the query over there, too, and reaches nobody else behind a pooler.
        let begin = format!("BEGIN; SET LOCAL statement_timeout = {}", QUERY.as_millis());
        raw_sql(AssertSqlSafe(begin)).execute(&mut session).await?;
        // Without parameters everything comes as text.
        raw_sql(AssertSqlSafe(query))
            .fetch_optional(&mut session)
            .await
    })
    .await;
    let value = asked.and_then(|row| {
        let row = row.ok_or(SqlFailure::NoRow)?;
        let value = row.try_get_raw(0).map_err(|_| SqlFailure::NoRow)?;
        if value.is_null() {
            return Err(SqlFailure::Null);
        }
        let is_bool = row.column(0).type_info().name() == "BOOL";
        match value.as_str().map_err(|_| SqlFailure::NoText)? {
            "t" if is_bool => Ok("true".to_owned()),
            "f" if is_bool => Ok("false".to_owned()),
            text => bounded(text),
        }
    });
    end(session.close()).await;
    value
}

/// The first value of a query on MySQL or MariaDB.
pub(super) async fn mysql(connection: &Connection, query: &str) -> Result<String, SqlFailure> {
    let server = server_of(connection);
    let mut session = connected(
        &server,
        MySqlConnection::connect_with(&mysql_options(connection)),
    )
    .await?;
    let asked = answered(&server, async {
        // One of the two is MySQL's and the other MariaDB's, so one of them fails everywhere.
        for bound in [
            format!("SET SESSION max_execution_time = {}", QUERY.as_millis()),
            format!("SET SESSION max_statement_time = {}", QUERY.as_secs()),
        ] {
            match raw_sql(AssertSqlSafe(bound)).execute(&mut session).await {
                Ok(_) | Err(sqlx::Error::Database(_)) => {}
                Err(error) => return Err(error),
            }
        }
        raw_sql("START TRANSACTION").execute(&mut session).await?;
        // Without parameters everything comes as text.
        raw_sql(AssertSqlSafe(query))
            .fetch_optional(&mut session)
            .await
    })
    .await;
    let value = asked.and_then(|row| {
        let row = row.ok_or(SqlFailure::NoRow)?;
        let value = row.try_get_raw(0).map_err(|_| SqlFailure::NoRow)?;
        if value.is_null() {
            return Err(SqlFailure::Null);
        }
        let text: &str = row.try_get_unchecked(0).map_err(|_| SqlFailure::NoText)?;
        bounded(text)
    });
    end(session.close()).await;
    value
}

/// A value of a size that can be compared and shown.
pub(super) fn bounded(text: &str) -> Result<String, SqlFailure> {
    match text.len() <= MAX_TEXT {
        true => Ok(text.trim().to_owned()),
        false => Err(SqlFailure::NoText),
    }
}

async fn connected<T>(
    server: &str,
    connecting: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, SqlFailure> {
    let server = || server.to_owned();
    match tokio::time::timeout(CONNECT, connecting).await {
        Ok(Ok(session)) => Ok(session),
        Ok(Err(sqlx::Error::Database(error))) => Err(SqlFailure::Refused {
            server: server(),
            message: error.message().to_owned(),
        }),
        Ok(Err(sqlx::Error::Tls(error))) => Err(SqlFailure::Encryption {
            server: server(),
            cause: error.to_string(),
        }),
        Ok(Err(error)) => Err(SqlFailure::Unreachable {
            server: server(),
            cause: way_broke(&error),
        }),
        Err(_) => Err(SqlFailure::ConnectTimedOut { server: server() }),
    }
}

async fn answered<T>(
    server: &str,
    asking: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, SqlFailure> {
    let server = || server.to_owned();
    match tokio::time::timeout(QUERY, asking).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(sqlx::Error::Database(error))) => Err(SqlFailure::Statement {
            server: server(),
            message: error.message().to_owned(),
        }),
        Ok(Err(error)) => Err(SqlFailure::Unreachable {
            server: server(),
            cause: way_broke(&error),
        }),
        Err(_) => Err(SqlFailure::QueryTimedOut { server: server() }),
    }
}

/// Errors of the library may quote what they were given; these do not.
fn way_broke(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Io(error) => error.to_string(),
        sqlx::Error::Protocol(_) => "it answers out of order".to_owned(),
        sqlx::Error::Configuration(_) => "the connection string cannot be used".to_owned(),
        _ => "the connection broke".to_owned(),
    }
}

/// Says goodbye, for as long as that is quick: the value is there, and the transaction ends in any case.
async fn end(closing: impl Future<Output = Result<(), sqlx::Error>>) {
    let goodbye = tokio::time::timeout(Duration::from_secs(1), closing).await;
    if !matches!(goodbye, Ok(Ok(()))) {
        tracing::debug!("a connection of an observer ended without a goodbye");
    }
}

fn postgres_options(connection: &Connection) -> PgConnectOptions {
    let encryption = match connection.encryption {
        Encryption::Off => PgSslMode::Disable,
        Encryption::Preferred => PgSslMode::Prefer,
        Encryption::Required => PgSslMode::Require,
        Encryption::VerifyAuthority => PgSslMode::VerifyCa,
        Encryption::VerifyHost => PgSslMode::VerifyFull,
    };
    debug_assert_eq!(connection.kind, DatabaseKind::PostgreSql);
    let mut options = PgConnectOptions::new_without_pgpass()
        .host(&connection.host)
        .port(connection.port)
        .ssl_mode(encryption)
        // Always set: the library would take one from the server's own environment.
        .password(connection.password.as_ref().map_or("", Secret::expose))
        .application_name("windlass observer")
        .disable_statement_logging();
    if let Some(user) = &connection.user {
        options = options.username(user);
    }
    if let Some(database) = &connection.database {
        options = options.database(database);
    }
    options
}

fn mysql_options(connection: &Connection) -> MySqlConnectOptions {
    let encryption = match connection.encryption {
        Encryption::Off => MySqlSslMode::Disabled,
        Encryption::Preferred => MySqlSslMode::Preferred,
        Encryption::Required => MySqlSslMode::Required,
        Encryption::VerifyAuthority => MySqlSslMode::VerifyCa,
        Encryption::VerifyHost => MySqlSslMode::VerifyIdentity,
    };
    debug_assert_eq!(connection.kind, DatabaseKind::MySql);
    let mut options = MySqlConnectOptions::new()
        .host(&connection.host)
        .port(connection.port)
        .ssl_mode(encryption)
        .disable_statement_logging();
    if let Some(user) = &connection.user {
        options = options.username(user);
    }
    if let Some(password) = connection.password.as_ref().map(Secret::expose) {
        options = options.password(password);
    }
    if let Some(database) = &connection.database {
        options = options.database(database);
    }
    options
}
