//! A database as it is, read without any code of the store: every table that there is, and every row as text.

use std::collections::BTreeMap;

use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Row as _};

/// The tables of a database, each with its rows in the order of their text.
pub(super) type Tables = BTreeMap<String, Vec<String>>;

/// Everything in a database but what sqlx remembers about migrations.
pub(super) async fn tables_of(url: &str) -> Tables {
    let mut connection = connect(url).await;
    let mut tables = Tables::new();
    for (table, columns) in columns_of(url).await {
        // As text, as the database itself writes it; of nothing nothing comes.
        let texts: Vec<_> = columns
            .iter()
            .map(|column| format!("'{column}=' || COALESCE(CAST(\"{column}\" AS TEXT), '~')"))
            .collect();
        let sql = format!("SELECT {} FROM {table}", texts.join(" || '; ' || "));
        let mut rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_all(&mut connection)
            .await
            .unwrap();
        rows.sort();
        tables.insert(table, rows);
    }
    connection.close().await.unwrap();
    tables
}

/// The tables of a database and their columns, as its own catalog lists them.
pub(super) async fn columns_of(url: &str) -> BTreeMap<String, Vec<String>> {
    let sql = match url.starts_with("sqlite") {
        true => {
            "SELECT m.name, c.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c \
             WHERE m.type = 'table' ORDER BY m.name, c.cid"
        }
        false => {
            "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT) FROM information_schema.columns \
             WHERE table_schema = 'public' ORDER BY table_name, ordinal_position"
        }
    };
    let mut connection = connect(url).await;
    let rows = sqlx::query(sql).fetch_all(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows {
        let columns = tables.entry(row.get(0)).or_default();
        columns.push(row.get(1));
    }
    tables.remove("_sqlx_migrations").unwrap();
    tables
}

async fn connect(url: &str) -> AnyConnection {
    sqlx::any::install_default_drivers();
    AnyConnection::connect(url).await.unwrap()
}
