//! Which part of a list a page shows, and the ways to the others.

use leptos::prelude::*;

/// A part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Of all that fit.
    pub total: u64,
    /// From 1.
    pub page: u32,
    pub page_size: u32,
    /// Rows that are shown.
    pub rows: usize,
}

impl Part {
    fn skipped(self) -> u64 {
        u64::from(self.page.max(1) - 1) * u64::from(self.page_size)
    }

    /// `26 to 50 of 73`, `1 volume`.
    fn words(self, one: &str, many: &str) -> String {
        let last = self.skipped() + self.rows as u64;
        match self.total {
            1 => format!("1 {one}"),
            total if total == self.rows as u64 => format!("{total} {many}"),
            total => format!("{} to {last} of {total}", self.skipped() + 1),
        }
    }

    fn before(self) -> Option<u32> {
        (self.page > 1).then(|| self.page - 1)
    }

    fn after(self) -> Option<u32> {
        let more = self.skipped() + (self.rows as u64) < self.total && self.rows > 0;
        more.then(|| self.page + 1)
    }
}

/// The words, and links to the pages before and after. `address` gives the one of a page.
#[component]
pub fn Paging(
    part: Signal<Part>,
    one: &'static str,
    many: &'static str,
    address: Callback<u32, String>,
) -> impl IntoView {
    let way = move |page: Option<u32>, label: &'static str, rel: &'static str| {
        let href = address.run(page?);
        Some(view! { <a class="button" href=href rel=rel>{label}</a> })
    };
    view! {
        <nav class="pages" aria-label="Pages">
            <span class="soft number">{move || part.get().words(one, many)}</span>
            {move || way(part.get().before(), "Previous", "prev")}
            {move || way(part.get().after(), "Next", "next")}
        </nav>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(page: u32, rows: usize, total: u64, expected: (&str, Option<u32>, Option<u32>)) {
        let part = Part {
            total,
            page,
            page_size: 25,
            rows,
        };
        let words = part.words("volume", "volumes");
        assert_eq!((words.as_str(), part.before(), part.after()), expected);
    }

    #[test]
    fn a_part_knows_its_place() {
        check(1, 25, 73, ("1 to 25 of 73", None, Some(2)));
        check(3, 23, 73, ("51 to 73 of 73", Some(2), None));
        check(1, 1, 1, ("1 volume", None, None));
        check(1, 4, 4, ("4 volumes", None, None));
    }
}
