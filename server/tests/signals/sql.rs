//! Observers that ask PostgreSQL and MariaDB, the real ones.

use std::net::TcpListener;

use domain::maintenance::{Connection, ObserverSource};

use super::observe;

/// The address of a real server, or nothing and a line where nobody named one.
fn server(variable: &str) -> Option<String> {
    let url = std::env::var(variable).ok().filter(|url| !url.is_empty());
    if url.is_none() {
        println!("{variable} is not set: not tried on that server");
    }
    url
}

fn postgres() -> Option<String> {
    server("WINDLASS_TEST_DATABASE_URL")
}

fn mysql() -> Option<String> {
    server("WINDLASS_TEST_MYSQL_URL")
}

async fn ask(connection: &str, query: &str) -> Result<String, String> {
    observe(ObserverSource::SqlQuery {
        connection: Connection::parse(connection, None).unwrap(),
        query: query.to_owned(),
    })
    .await
}

async fn values(connection: &str, cases: &[(&str, Result<&str, &str>)]) {
    for (query, expect) in cases {
        let got = ask(connection, query).await;
        match expect {
            Ok(value) => assert_eq!(got.as_deref(), Ok(*value), "{query}"),
            Err(part) => {
                let said = got.expect_err(query);
                assert!(said.contains(part), "{query}: {said}");
            }
        }
    }
}

#[tokio::test]
async fn values_of_postgres() {
    let Some(url) = postgres() else { return };
    values(
        &url,
        &[
            ("SELECT ' on '", Ok("on")),
            ("SELECT 'a', 'b'", Ok("a")),
            ("SELECT 1", Ok("1")),
            ("SELECT 1.50::numeric", Ok("1.50")),
            ("SELECT true", Ok("true")),
            ("SELECT 1 = 2", Ok("false")),
            (
                "SELECT v FROM (VALUES ('first'), ('second')) AS t(v)",
                Ok("first"),
            ),
            ("SELECT NULL::text", Err("The query gave NULL.")),
            ("SELECT 1 WHERE false", Err("The query gave no row.")),
            (
                "SELECT * FROM nowhere",
                Err("refuses the query: relation \"nowhere\" does not exist."),
            ),
            (
                "SELECT repeat('x', 70000)",
                Err("no text or number of at most 65536 bytes"),
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn values_of_mariadb() {
    let Some(url) = mysql() else { return };
    values(
        &url,
        &[
            ("SELECT ' on '", Ok("on")),
            ("SELECT 1, 2", Ok("1")),
            ("SELECT 1.50", Ok("1.50")),
            ("SELECT TRUE", Ok("1")),
            ("SELECT 'a' UNION ALL SELECT 'b'", Ok("a")),
            ("SELECT NULL", Err("The query gave NULL.")),
            (
                "SELECT 1 FROM DUAL WHERE FALSE",
                Err("The query gave no row."),
            ),
            (
                "SELECT * FROM nowhere",
                Err("refuses the query: Table 'mysql.nowhere' doesn't exist."),
            ),
            (
                "SELECT REPEAT('x', 70000)",
                Err("no text or number of at most 65536 bytes"),
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn pairs_as_other_tools_write_them() {
    if let Some(url) = postgres() {
        let known = Connection::parse(&url, None).unwrap();
        let pairs = format!(
            "Host={};Port={};Database={};Username={};Password='any;thing'",
            known.host,
            known.port,
            known.database.unwrap(),
            known.user.unwrap()
        );
        assert_eq!(ask(&pairs, "SELECT 'on'").await.as_deref(), Ok("on"));
    }
    if let Some(url) = mysql() {
        let known = Connection::parse(&url, None).unwrap();
        let pairs = format!(
            "Server={};Port={};Database={};Uid={};Pwd={}",
            known.host,
            known.port,
            known.database.unwrap(),
            known.user.unwrap(),
            known.password.unwrap().expose()
        );
        assert_eq!(ask(&pairs, "SELECT 'on'").await.as_deref(), Ok("on"));
    }
}

#[tokio::test]
async fn what_a_query_changes_is_taken_back() {
    if let Some(url) = postgres() {
        let name = format!("observed_{}", std::process::id());
        let make = format!("CREATE TABLE {name} (x text); SELECT 'made'");
        assert_eq!(ask(&url, &make).await.as_deref(), Ok("made"));
        let look = format!("SELECT count(*) FROM pg_tables WHERE tablename = '{name}'");
        assert_eq!(ask(&url, &look).await.as_deref(), Ok("0"));
    }
}

#[tokio::test]
async fn who_is_not_let_in() {
    if let Some(url) = postgres() {
        let (address, _) = url.rsplit_once('/').unwrap();
        let said = ask(&format!("{address}/nowhere"), "SELECT 1").await;
        let said = said.unwrap_err();
        assert!(
            said.contains("refuses the connection: database \"nowhere\" does not exist."),
            "{said}"
        );
    }
    if let Some(url) = mysql() {
        let known = Connection::parse(&url, None).unwrap();
        let wrong = format!(
            "mysql://windlass:hunter2@{}:{}/mysql",
            known.host, known.port
        );
        let said = ask(&wrong, "SELECT 1").await.unwrap_err();
        assert!(
            said.contains("refuses the connection: Access denied"),
            "{said}"
        );
        assert!(!said.contains("hunter2"), "{said}");
    }
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    for (scheme, name) in [
        ("postgres", "PostgreSQL"),
        ("mysql", "MySQL"),
        ("sqlserver", "SQL Server"),
    ] {
        let said = ask(
            &format!("{scheme}://u:hunter2@127.0.0.1:{port}/x"),
            "SELECT 1",
        )
        .await;
        let said = said.unwrap_err();
        let begin = format!("{name} at 127.0.0.1:{port} cannot be reached: Connection refused");
        assert!(said.starts_with(&begin), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}
