//! The list's filter and page as they stand in the address. What cannot be read is as if it were not there.

use domain::container::ContainerGroup;
use domain::wire::ContainerQuery;

/// From the parameters of the address.
#[must_use]
pub fn read(parameter: impl Fn(&str) -> Option<String>) -> ContainerQuery {
    let text = |name: &str| {
        let given = parameter(name).map(|text| text.trim().to_owned());
        given.filter(|text| !text.is_empty())
    };
    ContainerQuery {
        search: text("search"),
        state: text("state").and_then(|text| ContainerGroup::parse(&text)),
        product: text("product"),
        page: text("page")
            .and_then(|text| text.parse().ok())
            .filter(|page| *page > 1),
    }
}

/// Whether something is left out.
#[must_use]
pub const fn is_filtered(query: &ContainerQuery) -> bool {
    query.search.is_some()
        || query.state.is_some()
        || query.product.is_some()
        || query.page.is_some()
}

/// The address of a page of the same list.
#[must_use]
pub fn address(query: &ContainerQuery, page: u32) -> String {
    let mut parts = Vec::new();
    let mut add = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            parts.push(format!("{name}={}", crate::address::segment(value)));
        }
    };
    add("search", query.search.as_deref());
    add("state", query.state.map(ContainerGroup::as_str));
    add("product", query.product.as_deref());
    add("page", (page > 1).then(|| page.to_string()).as_deref());
    match parts.is_empty() {
        true => "/containers".to_owned(),
        false => format!("/containers?{}", parts.join("&")),
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
                .map(|(_, value)| value.to_owned())
        };
        let query = read(parameter);
        assert_eq!(super::address(&query, query.page.unwrap_or(1)), expected);
    }

    #[test]
    fn addresses_read_back_and_nonsense_is_left_out() {
        check("/containers", "/containers");
        check(
            "/containers?search=web&state=trouble&product=demo.shop&page=3",
            "/containers?search=web&state=trouble&product=demo.shop&page=3",
        );
        check(
            "/containers?search=&state=odd&product=&page=-4",
            "/containers",
        );
    }
}
