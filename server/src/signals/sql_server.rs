//! Values out of SQL Server, and extended properties in both directions: one connection for each act.

use std::borrow::Cow;
use std::future::Future;

use domain::maintenance::{Connection, Encryption, Secret};
use tiberius::error::Error;
use tiberius::{AuthMethod, Client, ColumnData, Config, EncryptionLevel, Row};
use tokio::net::TcpStream;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt as _};

use super::sql::{CONNECT, QUERY, SqlFailure, bounded, server_of};

type Session = Client<Compat<TcpStream>>;

/// Class 0: of the database itself.
const PROPERTY: &str = "SELECT CAST(value AS nvarchar(4000)) FROM sys.extended_properties WHERE class = 0 AND name = @P1";
const SET_PROPERTY: &str = "IF EXISTS (SELECT 1 FROM sys.extended_properties WHERE class = 0 AND name = @P1) \
     EXEC sys.sp_updateextendedproperty @name = @P1, @value = @P2 \
     ELSE EXEC sys.sp_addextendedproperty @name = @P1, @value = @P2";
/// How often a server may send us on to another one.
const MOST_ROUTES: u32 = 2;

/// The first value of a query.
pub(super) async fn query(connection: &Connection, query: &str) -> Result<String, SqlFailure> {
    let server = server_of(connection);
    let mut session = connect(connection, &server).await?;
    let row = answered(&server, async {
        // Taken back when the connection ends.
        session
            .simple_query("BEGIN TRANSACTION")
            .await?
            .into_results()
            .await?;
        session.simple_query(query).await?.into_row().await
    })
    .await?;
    first_value(row.ok_or(SqlFailure::NoRow)?)
}

/// The value of an extended property of the database.
pub(super) async fn extended_property(
    connection: &Connection,
    property: &str,
) -> Result<String, SqlFailure> {
    let server = server_of(connection);
    let mut session = connect(connection, &server).await?;
    let row = answered(&server, async {
        session
            .query(PROPERTY, &[&property])
            .await?
            .into_row()
            .await
    })
    .await?;
    first_value(row.ok_or(SqlFailure::NoProperty)?)
}

/// Sets an extended property of the database, whether it was there or not.
pub(super) async fn set_extended_property(
    connection: &Connection,
    property: &str,
    value: &str,
) -> Result<(), SqlFailure> {
    let server = server_of(connection);
    let mut session = connect(connection, &server).await?;
    answered(&server, async {
        session.execute(SET_PROPERTY, &[&property, &value]).await
    })
    .await?;
    Ok(())
}

async fn connect(connection: &Connection, server: &str) -> Result<Session, SqlFailure> {
    match tokio::time::timeout(CONNECT, try_connect(connection, server)).await {
        Ok(session) => session,
        Err(_) => Err(SqlFailure::ConnectTimedOut {
            server: server.to_owned(),
        }),
    }
}

async fn try_connect(connection: &Connection, server: &str) -> Result<Session, SqlFailure> {
    let mut address = (connection.host.clone(), connection.port);
    for _ in 0..=MOST_ROUTES {
        let tcp = match TcpStream::connect((address.0.as_str(), address.1)).await {
            Ok(tcp) => tcp,
            Err(error) => {
                return Err(SqlFailure::Unreachable {
                    server: server.to_owned(),
                    cause: error.to_string(),
                });
            }
        };
        if let Err(error) = tcp.set_nodelay(true) {
            tracing::debug!(error = &error as &dyn std::error::Error, "no TCP_NODELAY");
        }
        let config = config(connection, &address.0, address.1);
        // On the heap: the handshake's state would make every look twenty kilobytes large.
        match Box::pin(Client::connect(config, tcp.compat_write())).await {
            Ok(session) => return Ok(session),
            Err(Error::Routing { host, port }) => address = (host, port),
            Err(Error::Server(token)) => {
                return Err(SqlFailure::Refused {
                    server: server.to_owned(),
                    message: token.message().to_owned(),
                });
            }
            Err(error) => return Err(way_broke(server, &error)),
        }
    }
    Err(SqlFailure::Unreachable {
        server: server.to_owned(),
        cause: "it sends us from one server to the next".to_owned(),
    })
}

fn config(connection: &Connection, host: &str, port: u16) -> Config {
    let mut config = Config::new();
    config.host(host);
    config.port(port);
    config.application_name("windlass observer");
    if let Some(database) = &connection.database {
        config.database(database);
    }
    if let Some(user) = &connection.user {
        let password = connection.password.as_ref().map_or("", Secret::expose);
        config.authentication(AuthMethod::sql_server(user, password));
    }
    config.encryption(match connection.encryption {
        Encryption::Off => EncryptionLevel::NotSupported,
        // Encrypts the signing in.
        Encryption::Preferred => EncryptionLevel::Off,
        Encryption::Required | Encryption::VerifyAuthority | Encryption::VerifyHost => {
            EncryptionLevel::Required
        }
    });
    if matches!(
        connection.encryption,
        Encryption::Off | Encryption::Preferred | Encryption::Required
    ) {
        config.trust_cert();
    }
    config
}

async fn answered<T>(
    server: &str,
    asking: impl Future<Output = Result<T, Error>>,
) -> Result<T, SqlFailure> {
    match tokio::time::timeout(QUERY, asking).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(Error::Server(token))) => Err(SqlFailure::Statement {
            server: server.to_owned(),
            message: token.message().to_owned(),
        }),
        Ok(Err(error)) => Err(way_broke(server, &error)),
        Err(_) => Err(SqlFailure::QueryTimedOut {
            server: server.to_owned(),
        }),
    }
}

/// Errors of the library may quote what they were given; these do not.
fn way_broke(server: &str, error: &Error) -> SqlFailure {
    let server = server.to_owned();
    match error {
        Error::Io { message, .. } => SqlFailure::Unreachable {
            server,
            cause: message.clone(),
        },
        Error::Tls(cause) => SqlFailure::Encryption {
            server,
            cause: cause.clone(),
        },
        _ => SqlFailure::Unreachable {
            server,
            cause: "it answers in a way that is not understood".to_owned(),
        },
    }
}

fn first_value(row: Row) -> Result<String, SqlFailure> {
    let value = row.into_iter().next().ok_or(SqlFailure::NoRow)?;
    bounded(&text_of(value)?)
}

fn text_of(value: ColumnData<'static>) -> Result<Cow<'static, str>, SqlFailure> {
    fn shown<T: ToString>(value: Option<T>) -> Option<Cow<'static, str>> {
        value.map(|value| Cow::Owned(value.to_string()))
    }
    let text = match value {
        ColumnData::String(text) => text,
        ColumnData::Bit(flag) => shown(flag),
        ColumnData::U8(number) => shown(number),
        ColumnData::I16(number) => shown(number),
        ColumnData::I32(number) => shown(number),
        ColumnData::I64(number) => shown(number),
        ColumnData::F32(number) => shown(number),
        ColumnData::F64(number) => shown(number),
        ColumnData::Numeric(number) => shown(number),
        ColumnData::Guid(id) => shown(id),
        _ => return Err(SqlFailure::NoText),
    };
    text.ok_or(SqlFailure::Null)
}
