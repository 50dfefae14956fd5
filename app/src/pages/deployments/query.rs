//! The list's filter, order and page as they stand in the address. What cannot be read is as if it were not there.

use domain::deployment::ProductStatus;
use domain::wire::{DeploymentList, DeploymentQuery, DeploymentSort};

/// Rows of a page.
const PAGE_SIZE: u32 = 25;

/// Orders with their form in the address and their words. The first is meant where none is named.
pub const SORTS: [(DeploymentSort, &str, &str); 4] = [
    (DeploymentSort::WorstFirst, "worst-first", "Worst first"),
    (DeploymentSort::Newest, "newest", "Newest first"),
    (DeploymentSort::Oldest, "oldest", "Oldest first"),
    (DeploymentSort::Name, "name", "By name"),
];

/// From the parameters of the address.
#[must_use]
pub fn read(parameter: impl Fn(&str) -> Option<String>) -> DeploymentQuery {
    let search = parameter("search").map(|text| text.trim().to_owned());
    let sort = parameter("sort").unwrap_or_default();
    let sort = SORTS
        .iter()
        .find(|(_, name, _)| *name == sort)
        .unwrap_or(&SORTS[0]);
    DeploymentQuery {
        search: search.filter(|text| !text.is_empty()),
        status: parameter("status").and_then(|text| ProductStatus::parse(&text)),
        sort: Some(sort.0),
        page: parameter("page")
            .and_then(|text| text.parse().ok())
            .filter(|page| *page > 1),
        page_size: Some(PAGE_SIZE),
    }
}

/// Whether something is left out.
#[must_use]
pub const fn is_filtered(query: &DeploymentQuery) -> bool {
    query.search.is_some() || query.status.is_some() || query.page.is_some()
}

/// The address of a page of the same list.
#[must_use]
pub fn address(query: &DeploymentQuery, page: u32) -> String {
    let mut parts = Vec::new();
    if let Some(search) = &query.search {
        parts.push(format!("search={}", crate::address::segment(search)));
    }
    if let Some(status) = query.status {
        parts.push(format!("status={status}"));
    }
    let sort = SORTS
        .iter()
        .skip(1)
        .find(|(sort, ..)| query.sort == Some(*sort));
    parts.extend(sort.map(|(_, name, _)| format!("sort={name}")));
    if page > 1 {
        parts.push(format!("page={page}"));
    }
    if parts.is_empty() {
        "/deployments".to_owned()
    } else {
        format!("/deployments?{}", parts.join("&"))
    }
}

/// Which part of all rows a page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    total: u64,
    page: u32,
    page_size: u32,
    rows: u64,
}

impl Place {
    /// Of an answer.
    #[must_use]
    pub fn of(list: &DeploymentList) -> Self {
        Self {
            total: list.total,
            page: list.page.max(1),
            page_size: list.page_size.max(1),
            rows: list.product_deployments.len() as u64,
        }
    }

    fn skipped(self) -> u64 {
        u64::from(self.page - 1) * u64::from(self.page_size)
    }

    /// `26 to 50 of 73`.
    #[must_use]
    pub fn words(self) -> String {
        let first = self.skipped() + 1;
        let last = self.skipped() + self.rows;
        if self.rows == self.total {
            match self.total {
                1 => "1 deployment".to_owned(),
                total => format!("{total} deployments"),
            }
        } else {
            format!("{first} to {last} of {}", self.total)
        }
    }

    /// The page before.
    #[must_use]
    pub fn before(self) -> Option<u32> {
        (self.page > 1).then(|| self.page - 1)
    }

    /// The page after.
    #[must_use]
    pub fn after(self) -> Option<u32> {
        (self.skipped() + self.rows < self.total && self.rows > 0).then(|| self.page + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(address: &str, expected: &str) {
        let parameter = |name: &str| {
            let (_, parameters) = address.split_once('?')?;
            let mut pairs = parameters
                .split('&')
                .filter_map(|pair| pair.split_once('='));
            pairs
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value.replace("%20", " "))
        };
        let query = read(parameter);
        assert_eq!(super::address(&query, query.page.unwrap_or(1)), expected);
    }

    #[test]
    fn addresses_read_back_and_nonsense_is_left_out() {
        check("/deployments", "/deployments");
        check(
            "/deployments?search=my%20shop&status=PartiallyRunning&sort=name&page=3",
            "/deployments?search=my%20shop&status=PartiallyRunning&sort=name&page=3",
        );
        check(
            "/deployments?search=&status=&sort=worst-first&page=1",
            "/deployments",
        );
        check("/deployments?status=Gone&sort=odd&page=-4", "/deployments");
    }

    fn place(page: u32, rows: u64, total: u64) -> Place {
        Place {
            total,
            page,
            page_size: 25,
            rows,
        }
    }

    #[test]
    fn a_page_knows_its_place() {
        let first = place(1, 25, 73);
        assert_eq!(
            (first.words().as_str(), first.before(), first.after()),
            ("1 to 25 of 73", None, Some(2))
        );
        let last = place(3, 23, 73);
        assert_eq!(
            (last.words().as_str(), last.before(), last.after()),
            ("51 to 73 of 73", Some(2), None)
        );
        let only = place(1, 1, 1);
        assert_eq!(
            (only.words().as_str(), only.before(), only.after()),
            ("1 deployment", None, None)
        );
        let past_the_end = place(9, 0, 73);
        assert_eq!(
            (past_the_end.before(), past_the_end.after()),
            (Some(8), None)
        );
    }
}
