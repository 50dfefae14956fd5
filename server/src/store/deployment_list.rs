//! Pages of deployed products: narrow rows, read without the recorded product.

use domain::deployment::{OperationMode, ProductStatus};
use domain::id::{DeploymentId, EnvironmentId, OperationId};
use domain::timestamp::Timestamp;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use super::column::Columns;
use super::deployments::TABLE;
use super::error::Act;
use super::{MAX_PAGE, Store, StoreError};

/// Which deployments a list shows, and in which order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeploymentFilter {
    /// Part of the deployment's or the product's name or version, in any case.
    pub search: Option<String>,
    /// Any of these; empty means all.
    pub statuses: Vec<ProductStatus>,
    pub sort: DeploymentSort,
}

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeploymentSort {
    #[default]
    Newest,
    Oldest,
    /// By the product's display name.
    Name,
    /// What needs a person first: failed, partly running, changing, stopped, running.
    WorstFirst,
}

/// A deployed product as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeploymentRow {
    pub id: DeploymentId,
    pub group_id: String,
    pub product_id: String,
    pub product_name: String,
    pub product_display_name: String,
    pub product_version: Option<String>,
    pub deployment_name: String,
    pub status: ProductStatus,
    pub operation_mode: OperationMode,
    pub created_at: Timestamp,
    pub completed_at: Option<Timestamp>,
    pub error_message: Option<String>,
    pub total_stacks: u32,
    /// Running ones.
    pub completed_stacks: u32,
    pub failed_stacks: u32,
    /// The operation that works on it.
    pub active_operation: Option<OperationId>,
}

/// What [`list_row`] reads of `product_deployments d`.
macro_rules! head_columns {
    () => {
        concat!(
            "d.id, d.group_id, d.product_id, d.product_name, d.product_display_name, d.product_version,
                 d.deployment_name, d.status, d.operation_mode, d.created_at, d.completed_at, d.error_message,
                 d.total_stacks, d.completed_stacks, d.failed_stacks,
                 (SELECT o.id FROM operations o WHERE o.environment_id = d.environment_id AND o.group_id = d.group_id
                      AND o.status IN ",
            active!(),
            ") AS active_operation"
        )
    };
}

impl Store {
    /// One deployed product as lists show it, in any status.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn deployment_head(
        &self,
        environment: EnvironmentId,
        id: DeploymentId,
    ) -> Result<Option<DeploymentRow>, StoreError> {
        let row = sqlx::query(concat!(
            "SELECT ",
            head_columns!(),
            " FROM product_deployments d WHERE d.environment_id = $1 AND d.id = $2"
        ))
        .bind(environment.to_string())
        .bind(id.to_string())
        .fetch_optional(&self.reader)
        .await
        .act("read a deployment's head")?;
        row.as_ref().map(list_row).transpose()
    }

    /// A page of the deployments that are neither removed nor superseded, and how many the filter lets through.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn deployment_page(
        &self,
        environment: EnvironmentId,
        filter: &DeploymentFilter,
        limit: u32,
        offset: u32,
    ) -> Result<(Vec<DeploymentRow>, u64), StoreError> {
        let act = "list deployments";
        let (condition, values) = condition(environment, filter);
        // The page is cut first: rows that are passed over cost no look for their operation.
        let page = format!(
            "SELECT {columns}
             FROM (SELECT * FROM product_deployments d WHERE {condition}
                 ORDER BY {order} LIMIT ${limit} OFFSET ${offset}) d
             ORDER BY {order}",
            columns = head_columns!(),
            order = order(filter.sort),
            limit = values.len() + 1,
            offset = values.len() + 2,
        );
        let count = format!("SELECT COUNT(*) FROM product_deployments d WHERE {condition}");
        let mut page = sqlx::query(AssertSqlSafe(page));
        let mut count = sqlx::query_scalar::<_, i64>(AssertSqlSafe(count));
        for value in &values {
            page = page.bind(value.as_str());
            count = count.bind(value.as_str());
        }
        // Side by side: counting takes as long as reading where there are many.
        let page = page
            .bind(i64::from(limit.min(MAX_PAGE)))
            .bind(i64::from(offset))
            .fetch_all(&self.reader);
        let (rows, total) = tokio::try_join!(page, count.fetch_one(&self.reader)).act(act)?;
        let rows = rows.iter().map(list_row).collect::<Result<_, _>>()?;
        Ok((rows, total.unsigned_abs()))
    }
}

/// The condition of a list with the values of its parameters, in order.
fn condition(environment: EnvironmentId, filter: &DeploymentFilter) -> (String, Vec<String>) {
    let mut text = concat!("d.environment_id = $1 AND d.status ", living!()).to_owned();
    let mut values = vec![environment.to_string()];
    if !filter.statuses.is_empty() {
        let first = values.len() + 1;
        values.extend(filter.statuses.iter().map(ToString::to_string));
        let list: Vec<String> = (first..=values.len()).map(|at| format!("${at}")).collect();
        text += &format!(" AND d.status IN ({})", list.join(", "));
    }
    let search = filter.search.as_deref().map(str::trim).unwrap_or_default();
    if !search.is_empty() {
        values.push(format!("%{}%", escape_like(&search.to_lowercase())));
        text += &format!(" AND d.search_text LIKE ${} ESCAPE '!'", values.len());
    }
    (text, values)
}

/// A person who types `50%` looks for `50%`.
fn escape_like(text: &str) -> String {
    text.replace('!', "!!")
        .replace('%', "!%")
        .replace('_', "!_")
}

const fn order(sort: DeploymentSort) -> &'static str {
    match sort {
        DeploymentSort::Newest => "d.created_at DESC, d.id DESC",
        DeploymentSort::Oldest => "d.created_at, d.id",
        DeploymentSort::Name => "d.sort_name, d.id",
        DeploymentSort::WorstFirst => "d.status_rank, d.created_at DESC, d.id DESC",
    }
}

fn list_row(row: &AnyRow) -> Result<DeploymentRow, StoreError> {
    let columns = Columns::of(TABLE, row);
    Ok(DeploymentRow {
        id: columns.id("id")?,
        group_id: columns.text("group_id")?,
        product_id: columns.text("product_id")?,
        product_name: columns.text("product_name")?,
        product_display_name: columns.text("product_display_name")?,
        product_version: columns.maybe_text("product_version")?,
        deployment_name: columns.text("deployment_name")?,
        status: columns.word("status", ProductStatus::parse)?,
        operation_mode: columns.word("operation_mode", OperationMode::parse)?,
        created_at: columns.time("created_at")?,
        completed_at: columns.maybe_time("completed_at")?,
        error_message: columns.maybe_text("error_message")?,
        total_stacks: columns.count("total_stacks")?,
        completed_stacks: columns.count("completed_stacks")?,
        failed_stacks: columns.count("failed_stacks")?,
        active_operation: columns.maybe_id("active_operation")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_taken_literally() {
        for (input, expect) in [("shop", "shop"), ("50%", "50!%"), ("a_b!", "a!_b!!")] {
            assert_eq!(escape_like(input), expect, "{input}");
        }
    }
}
