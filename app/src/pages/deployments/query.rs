//! The list's filter, order and page as they stand in the address. What cannot be read is as if it were not there.

use domain::deployment::ProductStatus;
use domain::wire::{DeploymentQuery, DeploymentSort};

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
}
