//! Connection strings, as addresses (`postgres://…`) or as pairs (`Server=…;Database=…`), and which database they mean.
//!
//! What is wrong is said without a value: a connection string holds a password.

use super::secret::Secret;
use crate::variable::VariableType;

/// A database that an observer can ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatabaseKind {
    PostgreSql,
    MySql,
    SqlServer,
}

impl DatabaseKind {
    /// What people call it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PostgreSql => "PostgreSQL",
            Self::MySql => "MySQL",
            Self::SqlServer => "SQL Server",
        }
    }

    /// The port where none is named.
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::PostgreSql => 5432,
            Self::MySql => 3306,
            Self::SqlServer => 1433,
        }
    }

    /// Reads a manifest's word, or the scheme of an address.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        let word = folded(word);
        match word.as_str() {
            "postgres" | "postgresql" | "npgsql" => Some(Self::PostgreSql),
            "mysql" | "mariadb" => Some(Self::MySql),
            "sqlserver" | "mssql" => Some(Self::SqlServer),
            _ => None,
        }
    }

    /// What a variable's type says about its value.
    #[must_use]
    pub const fn of_variable(kind: VariableType) -> Option<Self> {
        match kind {
            VariableType::PostgresConnectionString => Some(Self::PostgreSql),
            VariableType::MySqlConnectionString => Some(Self::MySql),
            VariableType::SqlServerConnectionString => Some(Self::SqlServer),
            _ => None,
        }
    }
}

/// How the way to a database is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// Not at all.
    Off,
    /// Where the server can.
    Preferred,
    /// Always, with whatever certificate.
    Required,
    /// Always, with a certificate of a known authority.
    VerifyAuthority,
    /// Always, with a certificate of a known authority for this host.
    VerifyHost,
}

/// Where a database is and how to get in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    pub kind: DatabaseKind,
    pub host: String,
    pub port: u16,
    pub database: Option<String>,
    pub user: Option<String>,
    pub password: Option<Secret>,
    pub encryption: Encryption,
}

/// Why a connection string cannot be used. Never holds a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidConnection {
    /// The part before `://` is not known.
    #[error("The connection string is for a database that is not known here.")]
    UnknownScheme,
    /// What it says and what it is do not fit.
    #[error("The connection string is for another database than the manifest says.")]
    OtherDatabase,
    /// Neither an address nor pairs.
    #[error("The connection string is neither an address nor a list of Key=Value pairs.")]
    Form,
    /// It names no server.
    #[error("The connection string names no server.")]
    NoHost,
    /// The port is no number from 1 to 65535.
    #[error("The connection string's port is not a number from 1 to 65535.")]
    Port,
    /// `%` without two hexadecimal digits, or bytes that are no text.
    #[error("The connection string's address has a '%' that escapes nothing.")]
    Escape,
    /// A word for encryption that is not known.
    #[error("The connection string's word for encryption is not known here.")]
    Encryption,
    /// `Server=host\INSTANCE`.
    #[error("The connection string names an instance of SQL Server, which cannot be looked up.")]
    NamedInstance,
    /// Signing in with a Windows account.
    #[error("The connection string wants to sign in with a Windows account.")]
    IntegratedSecurity,
}

impl InvalidConnection {
    /// The way out.
    #[must_use]
    pub const fn hint(self) -> &'static str {
        match self {
            Self::UnknownScheme => "Known are postgres://, mysql:// and sqlserver://.",
            Self::OtherDatabase => {
                "Correct 'provider' or the type of the variable, or use another connection string."
            }
            Self::Form => {
                "Write postgres://user:password@host:5432/database, or Host=…;Database=…;Username=…;Password=…."
            }
            Self::NoHost => "Add Host=… or Server=….",
            Self::Port => "Correct the port, or leave it out.",
            Self::Escape => "Write %25 for a percent sign itself.",
            Self::Encryption => "Known are disable, prefer, require, verify-ca and verify-full.",
            Self::NamedInstance => "Name the port instead: Server=host,1433.",
            Self::IntegratedSecurity => "Use User Id=… and Password=….",
        }
    }
}

impl Connection {
    /// Reads a connection string. `said` is what the manifest says about the database, where it says something.
    ///
    /// # Errors
    /// Where it cannot be used, without a part of it.
    pub fn parse(text: &str, said: Option<DatabaseKind>) -> Result<Self, InvalidConnection> {
        let text = text.trim();
        let address = text
            .split_once("://")
            .filter(|(scheme, _)| scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        match address {
            Some((scheme, rest)) => {
                let kind = DatabaseKind::parse(scheme).ok_or(InvalidConnection::UnknownScheme)?;
                if said.is_some_and(|said| said != kind) {
                    return Err(InvalidConnection::OtherDatabase);
                }
                from_address(kind, rest)
            }
            None => from_pairs(&pairs(text)?, said),
        }
    }
}

/// What stands behind `scheme://`.
fn from_address(kind: DatabaseKind, rest: &str) -> Result<Connection, InvalidConnection> {
    let (rest, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (account, host_port) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = match account.split_once(':') {
        Some((user, password)) => (user, Some(password)),
        None => (account, None),
    };
    let (host, port) = match host_port.strip_prefix('[') {
        Some(inner) => {
            let (host, after) = inner.split_once(']').ok_or(InvalidConnection::Form)?;
            (host, after.strip_prefix(':'))
        }
        None => match host_port.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (host_port, None),
        },
    };
    let mut encryption = Encryption::Preferred;
    let mut trusted = false;
    for parameter in parameters.split('&').filter(|one| !one.is_empty()) {
        let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        match folded(key).as_str() {
            "sslmode" | "encrypt" => encryption = encryption_of(value)?,
            "trustservercertificate" => trusted = is_true(value),
            _ => {}
        }
    }
    if host.is_empty() {
        return Err(InvalidConnection::NoHost);
    }
    let some = |text: &str| -> Result<Option<String>, InvalidConnection> {
        let text = unescaped(text)?;
        Ok((!text.is_empty()).then_some(text))
    };
    Ok(Connection {
        kind,
        host: unescaped(host)?,
        port: port.map_or(Ok(kind.default_port()), port_of)?,
        database: some(path)?,
        user: some(user)?,
        password: password.map(unescaped).transpose()?.map(Secret::new),
        encryption: relaxed(encryption, trusted),
    })
}

/// What `Key=Value;Key=Value` says.
fn from_pairs(
    pairs: &[(String, String)],
    said: Option<DatabaseKind>,
) -> Result<Connection, InvalidConnection> {
    let get = |keys: &[&str]| {
        pairs
            .iter()
            .find(|(key, _)| keys.contains(&key.as_str()))
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    };
    let kind = said.unwrap_or_else(|| guess(pairs));
    if get(&["integratedsecurity", "trustedconnection"])
        .is_some_and(|value| is_true(value) || value.eq_ignore_ascii_case("sspi"))
    {
        return Err(InvalidConnection::IntegratedSecurity);
    }
    let server = get(&["host", "server", "datasource", "address", "addr"])
        .ok_or(InvalidConnection::NoHost)?;
    let server = server.strip_prefix("tcp:").unwrap_or(server);
    let (host, port) = match server.split_once(',') {
        Some((host, port)) => (host.trim(), Some(port.trim())),
        None => (server, get(&["port"])),
    };
    if host.contains('\\') {
        return Err(InvalidConnection::NamedInstance);
    }
    let host = match host {
        "." | "(local)" => "localhost",
        host => host,
    };
    let encryption =
        get(&["sslmode", "encrypt", "usessl"]).map_or(Ok(Encryption::Preferred), encryption_of)?;
    let trusted = get(&["trustservercertificate"]).is_some_and(is_true);
    let own = |keys: &[&str]| get(keys).map(str::to_owned);
    Ok(Connection {
        kind,
        host: host.to_owned(),
        port: port.map_or(Ok(kind.default_port()), port_of)?,
        database: own(&["database", "initialcatalog", "db"]),
        user: own(&["username", "userid", "user", "uid"]),
        password: get(&["password", "pwd"]).map(Secret::new),
        encryption: relaxed(encryption, trusted),
    })
}

/// Which database pairs are for, where nothing else says so: words that only one of the three uses, then the port. Manifests of this
/// format began with SQL Server, so that is meant where nothing speaks against it.
fn guess(pairs: &[(String, String)]) -> DatabaseKind {
    let has = |keys: &[&str]| pairs.iter().any(|(key, _)| keys.contains(&key.as_str()));
    let port = pairs
        .iter()
        .find(|(key, _)| key == "port")
        .map_or("", |(_, value)| value.as_str());
    if has(&[
        "initialcatalog",
        "encrypt",
        "trustservercertificate",
        "integratedsecurity",
        "trustedconnection",
        "multipleactiveresultsets",
    ]) {
        DatabaseKind::SqlServer
    } else if port == "3306"
        || has(&[
            "allowuservariables",
            "allowpublickeyretrieval",
            "convertzerodatetime",
            "charset",
        ])
    {
        DatabaseKind::MySql
    } else if port == "5432" || has(&["host", "searchpath"]) {
        DatabaseKind::PostgreSql
    } else if has(&["sslmode", "port"]) {
        DatabaseKind::MySql
    } else {
        DatabaseKind::SqlServer
    }
}

/// Pairs with folded keys; the first of each counts. Values may stand in quotes, in which a doubled quote is one.
fn pairs(text: &str) -> Result<Vec<(String, String)>, InvalidConnection> {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|ch: char| ch == ';' || ch.is_whitespace());
        if rest.is_empty() {
            break;
        }
        let (key, after) = rest.split_once('=').ok_or(InvalidConnection::Form)?;
        let after = after.trim_start();
        let value;
        (value, rest) = match after.chars().next() {
            Some(quote @ ('"' | '\'')) => quoted(&after[1..], quote)?,
            _ => {
                let (value, rest) = after.split_once(';').unwrap_or((after, ""));
                (value.trim_end().to_owned(), rest)
            }
        };
        found.push((folded(key), value));
    }
    if found.is_empty() {
        return Err(InvalidConnection::Form);
    }
    Ok(found)
}

/// The text up to the closing quote, and what follows it.
fn quoted(text: &str, quote: char) -> Result<(String, &str), InvalidConnection> {
    let mut value = String::new();
    let mut rest = text;
    loop {
        let (before, after) = rest.split_once(quote).ok_or(InvalidConnection::Form)?;
        value.push_str(before);
        match after.strip_prefix(quote) {
            Some(more) => {
                value.push(quote);
                rest = more;
            }
            None => return Ok((value, after)),
        }
    }
}

/// A key or word in lower case, without what separates its parts.
fn folded(text: &str) -> String {
    text.chars()
        .filter(|ch| !matches!(ch, ' ' | '_' | '-'))
        .map(|ch| ch.to_ascii_lowercase())
        .collect()
}

fn port_of(text: &str) -> Result<u16, InvalidConnection> {
    text.parse()
        .ok()
        .filter(|port| *port > 0)
        .ok_or(InvalidConnection::Port)
}

fn is_true(value: &str) -> bool {
    ["true", "yes", "1"].contains(&folded(value).as_str())
}

fn encryption_of(value: &str) -> Result<Encryption, InvalidConnection> {
    match folded(value).as_str() {
        "disable" | "disabled" | "none" => Ok(Encryption::Off),
        // `Encrypt=False` of SQL Server still encrypts the signing in where the server can.
        "allow" | "prefer" | "preferred" | "optional" | "false" | "no" => Ok(Encryption::Preferred),
        "require" | "required" => Ok(Encryption::Required),
        "verifyca" => Ok(Encryption::VerifyAuthority),
        "verifyfull" | "verifyidentity" | "true" | "yes" | "mandatory" | "strict" => {
            Ok(Encryption::VerifyHost)
        }
        _ => Err(InvalidConnection::Encryption),
    }
}

/// A certificate that is trusted unseen need not be verified.
const fn relaxed(encryption: Encryption, trusted: bool) -> Encryption {
    match encryption {
        Encryption::VerifyAuthority | Encryption::VerifyHost if trusted => Encryption::Required,
        other => other,
    }
}

fn unescaped(text: &str) -> Result<String, InvalidConnection> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        let (Some(high), Some(low)) = (digit(rest.next()), digit(rest.next())) else {
            return Err(InvalidConnection::Escape);
        };
        // Two digits: at most 255.
        bytes.push(u8::try_from(high * 16 + low).map_err(|_| InvalidConnection::Escape)?);
    }
    String::from_utf8(bytes).map_err(|_| InvalidConnection::Escape)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, said: Option<DatabaseKind>) -> String {
        match Connection::parse(text, said) {
            Ok(found) => format!(
                "{} {}@{}:{}/{} password {} {:?}",
                found.kind.as_str(),
                found.user.as_deref().unwrap_or("-"),
                found.host,
                found.port,
                found.database.as_deref().unwrap_or("-"),
                found.password.as_ref().map_or("-", Secret::expose),
                found.encryption,
            ),
            Err(error) => format!("{error} {}", error.hint()),
        }
    }

    #[test]
    fn connection_strings_of_every_form() {
        use DatabaseKind as K;
        let cases = [
            ("postgres://u:p%40ss@db:5433/shop?sslmode=require", None),
            ("postgresql://db/shop", None),
            ("mariadb://root@[::1]:3307/shop?ssl-mode=DISABLED", None),
            (
                "sqlserver://sa:p@db/shop?encrypt=true&trustServerCertificate=true",
                None,
            ),
            (
                "Host=db;Port=5432;Database=shop;Username=u;Password='a;''b'",
                None,
            ),
            ("Host=db;Database=shop;Username=u;Password=p==", None),
            ("Server=db;Database=shop;User Id=sa;Password=p", None),
            (
                "Server=tcp:db,1434;Initial Catalog=shop;UID=sa;PWD=\"p\"\"q\";Encrypt=True;TrustServerCertificate=Yes;",
                None,
            ),
            (
                "Data Source=(local);User ID=sa;Password=p;Encrypt=Strict",
                None,
            ),
            ("Server=db;Port=3306;Database=shop;Uid=u;Pwd=p", None),
            (
                "Server=db;Database=shop;User=u;Password=p;SslMode=Required",
                None,
            ),
            ("Server=db;Database=shop;User=u;Password=p", Some(K::MySql)),
            ("Server=db;User Id=u;Password=p", Some(K::PostgreSql)),
            ("Server=db\\SQLEXPRESS;User Id=u", None),
            ("Server=db;Integrated Security=SSPI", None),
            ("Server=db;Trusted_Connection=True", None),
            ("Database=shop", None),
            ("Server=db,http", None),
            ("Server=db;SslMode=maybe", None),
            ("Server=db;Password='open", None),
            ("hunter2", None),
            ("", None),
            ("redis://db", None),
            ("mysql://db", Some(K::PostgreSql)),
            ("postgres://u:%zz@db/x", None),
            ("postgres://db:0/x", None),
            ("postgres:///x", None),
        ];
        let lines: Vec<String> = cases
            .iter()
            .map(|(text, said)| match said {
                Some(said) => format!(
                    "{text} ({})\n    {}",
                    said.as_str(),
                    shown(text, Some(*said))
                ),
                None => format!("{text}\n    {}", shown(text, None)),
            })
            .collect();
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn a_connection_does_not_show_its_password() {
        let connection = Connection::parse("postgres://u:hunter2@db/shop", None).unwrap();
        assert!(!format!("{connection:?}").contains("hunter2"));
    }
}
