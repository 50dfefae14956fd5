//! Which part of a long list is shown, and the ways to the others.

use leptos::prelude::*;

/// Which part of all rows a page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Rows of all pages.
    pub total: u64,
    /// From 1.
    pub page: u32,
    pub page_size: u32,
    /// Rows of this page.
    pub rows: u64,
    /// One row, and several of them: `deployment`, `deployments`.
    pub noun: (&'static str, &'static str),
}

impl Place {
    fn skipped(self) -> u64 {
        u64::from(self.page.max(1) - 1) * u64::from(self.page_size)
    }

    /// `26 to 50 of 73`.
    #[must_use]
    pub fn words(self) -> String {
        let first = self.skipped() + 1;
        let last = self.skipped() + self.rows;
        if self.rows == self.total {
            match self.total {
                1 => format!("1 {}", self.noun.0),
                total => format!("{total} {}", self.noun.1),
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
        (self.skipped() + self.rows < self.total && self.rows > 0).then(|| self.page.max(1) + 1)
    }
}

/// The words and the links; `address` gives that of a page.
#[component]
pub fn Paging(#[prop(into)] place: Signal<Place>, address: Callback<u32, String>) -> impl IntoView {
    let way = move |page: Option<u32>, label: &'static str, rel: &'static str| {
        page.map(|page| {
            view! { <a class="button" href=address.run(page) rel=rel>{label}</a> }
        })
    };
    view! {
        <nav class="pages" aria-label="Pages">
            <span class="soft number">{move || place.get().words()}</span>
            {move || way(place.get().before(), "Previous", "prev")}
            {move || way(place.get().after(), "Next", "next")}
        </nav>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(page: u32, rows: u64, total: u64) -> Place {
        Place {
            total,
            page,
            page_size: 25,
            rows,
            noun: ("deployment", "deployments"),
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
