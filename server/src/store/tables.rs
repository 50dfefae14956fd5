//! Which tables there are, what their columns are, and in which order rows can be added: read from the migrations, which are run on a
//! database in memory. Nobody keeps a list, so a table that a later migration makes cannot be forgotten; and what somebody else keeps in
//! the same database is never taken for ours.

use serde::{Deserialize, Serialize};
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Row};

use super::StoreError;
use super::error::Act;
use super::migrations::{self, RECORD};

const ACT: &str = "find out which tables there are";

/// A table of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub name: String,
    /// In the order of the table.
    pub columns: Vec<Column>,
    /// Names of the columns that make up its primary key.
    pub(super) key: Vec<String>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: ColumnType,
}

/// What a column holds; there are no other types, see `migrations/0001_initial.sql`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ColumnType {
    #[serde(rename = "TEXT")]
    Text,
    #[serde(rename = "BIGINT")]
    Number,
    #[serde(rename = "DOUBLE PRECISION")]
    Real,
}

/// What one column of one row holds.
#[derive(Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    Null,
    Text(String),
    Number(i64),
    /// As text: so it comes back bit by bit, and infinity is one, too.
    #[serde(serialize_with = "as_text")]
    Real(f64),
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // It may be a secret.
        f.write_str(match self {
            Self::Null => "NULL",
            Self::Text(_) => "TEXT",
            Self::Number(_) => "BIGINT",
            Self::Real(_) => "DOUBLE PRECISION",
        })
    }
}

fn as_text<S: serde::Serializer>(real: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(real)
}

/// All tables as they are after that migration, each after those that its rows refer to.
pub(super) async fn tables_at(version: i64) -> Result<Vec<Table>, StoreError> {
    sqlx::any::install_default_drivers();
    let mut memory = AnyConnection::connect("sqlite::memory:").await.act(ACT)?;
    migrations::run_to(&mut memory, Some(version)).await?;
    let mut described = Vec::new();
    for name in names(&mut memory).await? {
        let table = table(&mut memory, &name).await?;
        let refers_to = references(&mut memory, &name).await?;
        described.push((table, refers_to));
    }
    memory.close().await.act(ACT)?;
    in_order(described)
}

async fn names(memory: &mut AnyConnection) -> Result<Vec<String>, StoreError> {
    let names: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name",
    )
    .fetch_all(memory)
    .await
    .act(ACT)?;
    Ok(names.into_iter().filter(|name| name != RECORD).collect())
}

async fn table(memory: &mut AnyConnection, name: &str) -> Result<Table, StoreError> {
    let rows = sqlx::query("SELECT name, type, pk FROM pragma_table_info($1) ORDER BY cid")
        .bind(name)
        .fetch_all(memory)
        .await
        .act(ACT)?;
    let mut columns = Vec::new();
    let mut key = Vec::new();
    for row in &rows {
        let column: String = row.try_get(0).act(ACT)?;
        let place: i64 = row.try_get(2).act(ACT)?;
        if place > 0 {
            key.push((place, column.clone()));
        }
        let kind = match row.try_get::<&str, _>(1).act(ACT)? {
            "TEXT" => ColumnType::Text,
            "BIGINT" => ColumnType::Number,
            "DOUBLE PRECISION" => ColumnType::Real,
            _ => {
                return Err(unfit(
                    name,
                    "has a column of a type that not both databases have",
                ));
            }
        };
        columns.push(Column { name: column, kind });
    }
    if key.is_empty() {
        return Err(unfit(name, "has no primary key"));
    }
    key.sort();
    Ok(Table {
        name: name.to_owned(),
        columns,
        key: key.into_iter().map(|(_, column)| column).collect(),
    })
}

async fn references(memory: &mut AnyConnection, name: &str) -> Result<Vec<String>, StoreError> {
    // A word of SQL is the column's name.
    sqlx::query_scalar("SELECT \"table\" FROM pragma_foreign_key_list($1)")
        .bind(name)
        .fetch_all(memory)
        .await
        .act(ACT)
}

/// Again and again the first one whose rows refer to nothing that is still to come.
fn in_order(mut left: Vec<(Table, Vec<String>)>) -> Result<Vec<Table>, StoreError> {
    let mut ordered = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let waits = |refers_to: &[String]| {
            left.iter()
                .any(|(other, _)| refers_to.contains(&other.name))
        };
        match left.iter().position(|(_, refers_to)| !waits(refers_to)) {
            Some(next) => ordered.push(left.remove(next).0),
            None => {
                return Err(unfit(
                    &left[0].0.name,
                    "has rows that refer to each other in a circle",
                ));
            }
        }
    }
    Ok(ordered)
}

fn unfit(table: &str, problem: &'static str) -> StoreError {
    StoreError::TableUnfit {
        table: table.to_owned(),
        problem,
    }
}

impl Table {
    /// Its name as SQL has it.
    pub(super) fn quoted(&self) -> String {
        quote(&self.name)
    }

    /// `"a", "b"`.
    pub(super) fn quoted_columns(&self) -> String {
        quote_all(self.columns.iter().map(|column| column.name.as_str()))
    }

    /// The same of its primary key.
    pub(super) fn quoted_key(&self) -> String {
        quote_all(self.key.iter().map(String::as_str))
    }

    /// How many rows it has.
    pub(super) async fn count(
        &self,
        connection: &mut AnyConnection,
        act: &'static str,
    ) -> Result<i64, StoreError> {
        let sql = format!("SELECT COUNT(*) FROM {}", self.quoted());
        sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_one(connection)
            .await
            .act(act)
    }
}

fn quote_all<'n>(names: impl Iterator<Item = &'n str>) -> String {
    names.map(quote).collect::<Vec<_>>().join(", ")
}

/// Names come from migrations, never from a file or a person.
fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_tables_of_every_version_can_be_read_and_put_in_order() {
        for version in 1..=migrations::newest() {
            let tables = tables_at(version).await.unwrap();
            let place = |name: &str| tables.iter().position(|table| table.name == name);
            assert!(place("environments") < place("product_deployments"));
            assert!(place("product_deployments") < place("operations"));
            assert!(place("operations") < place("events"));
            assert_eq!(place("deployment_contents").is_some(), version == 1);
            assert_eq!(place(RECORD), None);
        }
    }

    #[tokio::test]
    async fn a_table_is_described() {
        let tables = tables_at(1).await.unwrap();
        let events = tables.iter().find(|table| table.name == "events").unwrap();
        assert_eq!(
            events.quoted_columns(),
            r#""operation_id", "seq", "at", "level", "body""#
        );
        assert_eq!(events.quoted_key(), r#""operation_id", "seq""#);
        let kinds: Vec<_> = events.columns.iter().map(|column| column.kind).collect();
        assert_eq!(
            kinds,
            [
                ColumnType::Text,
                ColumnType::Number,
                ColumnType::Number,
                ColumnType::Text,
                ColumnType::Text
            ]
        );
    }

    #[test]
    fn rows_that_refer_to_each_other_have_no_order() {
        let table = |name: &str, refers_to: &[&str]| {
            let table = Table {
                name: name.to_owned(),
                columns: Vec::new(),
                key: Vec::new(),
            };
            (
                table,
                refers_to.iter().map(|&name| name.to_owned()).collect(),
            )
        };
        let ordered = in_order(vec![
            table("a", &["b"]),
            table("b", &["c", "c"]),
            table("c", &[]),
        ]);
        let names: Vec<_> = ordered
            .unwrap()
            .into_iter()
            .map(|table| table.name)
            .collect();
        assert_eq!(names, ["c", "b", "a"]);
        for circle in [
            vec![table("a", &["b"]), table("b", &["a"])],
            vec![table("a", &["a"])],
        ] {
            assert!(matches!(
                in_order(circle),
                Err(StoreError::TableUnfit { .. })
            ));
        }
    }

    #[test]
    fn nothing_of_a_value_is_printed() {
        assert_eq!(format!("{:?}", Value::Text("hunter2".to_owned())), "TEXT");
    }
}
