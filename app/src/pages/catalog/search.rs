//! Looking for products: words, a category and a tag, all of which stand in the address.

use std::collections::BTreeSet;

use leptos::prelude::*;

use crate::address;
use crate::calls::catalog::ProductCard;
use crate::components::Button;

const WORDS: &str = "q";
const CATEGORY: &str = "category";
const TAG: &str = "tag";
/// Most tags that are offered to choose from.
const MOST_TAGS: usize = 24;

/// What is looked for; empty where anything will do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    pub words: String,
    pub category: String,
    pub tag: String,
}

impl Wanted {
    /// From the parameters of an address.
    #[must_use]
    pub fn read(parameter: impl Fn(&str) -> Option<String>) -> Self {
        let read = |name| parameter(name).unwrap_or_default().trim().to_owned();
        Self {
            words: read(WORDS),
            category: read(CATEGORY),
            tag: read(TAG),
        }
    }

    /// The address that looks for this.
    #[must_use]
    pub fn address(&self) -> String {
        let parameters = [
            (WORDS, &self.words),
            (CATEGORY, &self.category),
            (TAG, &self.tag),
        ];
        let mut address = "/catalog".to_owned();
        let given = parameters.iter().filter(|(_, value)| !value.is_empty());
        for (number, (name, value)) in given.enumerate() {
            address.push(if number == 0 { '?' } else { '&' });
            address.push_str(name);
            address.push('=');
            address.push_str(&address::segment(value));
        }
        address
    }

    /// Products in which every word stands somewhere, of this category and with this tag.
    #[must_use]
    pub fn found(&self, products: &[ProductCard]) -> Vec<ProductCard> {
        let fits = products.iter().filter(|product| self.fits(product));
        fits.cloned().collect()
    }

    fn fits(&self, product: &ProductCard) -> bool {
        let same = |wanted: &str, is: &str| wanted.to_lowercase() == is.to_lowercase();
        let category = product.category.as_deref().unwrap_or_default();
        if !self.category.is_empty() && !same(&self.category, category) {
            return false;
        }
        if !self.tag.is_empty() && !product.tags.iter().any(|tag| same(&self.tag, tag)) {
            return false;
        }
        let mut text = [
            product.name.as_str(),
            product.description.as_str(),
            category,
            product.source.as_str(),
        ]
        .join(" ");
        for tag in &product.tags {
            text.push(' ');
            text.push_str(tag);
        }
        let text = text.to_lowercase();
        let words = self.words.to_lowercase();
        words.split_whitespace().all(|word| text.contains(word))
    }
}

/// What there is to choose from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offered {
    pub categories: Vec<String>,
    pub tags: Vec<String>,
}

impl Offered {
    /// Of these products, in alphabetical order.
    #[must_use]
    pub fn of(products: &[ProductCard]) -> Self {
        let categories: BTreeSet<_> = products
            .iter()
            .filter_map(|it| it.category.clone())
            .collect();
        let tags: BTreeSet<_> = products.iter().flat_map(|it| it.tags.clone()).collect();
        Self {
            categories: categories.into_iter().collect(),
            tags: tags.into_iter().take(MOST_TAGS).collect(),
        }
    }
}

/// A form for words and the category, links for tags: both without scripts.
#[component]
pub fn Search(wanted: Memo<Wanted>, offered: Offered) -> impl IntoView {
    let now = wanted.get_untracked();
    let options = offered
        .categories
        .into_iter()
        .map(|category| {
            let selected = category == now.category;
            let value = category.clone();
            view! { <option value=value selected=selected>{category}</option> }
        })
        .collect_view();
    let tags = offered
        .tags
        .into_iter()
        .map(|tag| {
            let (of, here) = (tag.clone(), tag.clone());
            let is_here = Memo::new(move |_| wanted.with(|wanted| wanted.tag == here));
            let href = move || {
                // Chosen again, it is given up.
                let tag = if is_here.get() { String::new() } else { of.clone() };
                Wanted { tag, ..wanted.get() }.address()
            };
            view! {
                <li>
                    <a class="tag tag--link" href=href aria-current=move || is_here.get().then_some("true")>
                        {tag}
                    </a>
                </li>
            }
        })
        .collect_view();
    let kept = move || {
        let tag = wanted.with(|wanted| wanted.tag.clone());
        (!tag.is_empty()).then(|| view! { <input type="hidden" name=TAG value=tag /> })
    };
    view! {
        <div class="catalog-search">
            <form method="get" action="/catalog" class="row" role="search">
                {kept}
                <input
                    class="input"
                    type="search"
                    name=WORDS
                    aria-label="Search products"
                    placeholder="Search products..."
                    value=now.words
                />
                <select class="input" name=CATEGORY aria-label="Category">
                    <option value="">"All categories"</option>
                    {options}
                </select>
                <Button submit=true>"Search"</Button>
            </form>
            <nav aria-label="Tags">
                <ul class="tags">{tags}</ul>
            </nav>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(name: &str, category: &str, tags: &[&str]) -> ProductCard {
        serde_json::from_value(serde_json::json!({
            "id": name, "name": name, "version": null, "description": "Sells things", "category": category, "tags": tags,
            "stacks": 1, "services": 1, "source": "local", "last_synced_at": "2026-11-21T10:41:05.123Z",
        }))
        .unwrap()
    }

    fn check(words: &str, category: &str, tag: &str, expected: &[&str]) {
        let products = [
            product("Shop", "Commerce", &["web", "Data"]),
            product("Blog", "Media", &["web"]),
        ];
        let wanted = Wanted {
            words: words.to_owned(),
            category: category.to_owned(),
            tag: tag.to_owned(),
        };
        let found = wanted.found(&products);
        let names: Vec<_> = found.iter().map(|product| product.name.as_str()).collect();
        assert_eq!(names, expected, "{wanted:?}");
    }

    #[test]
    fn every_word_category_and_tag_must_fit() {
        check("", "", "", &["Shop", "Blog"]);
        check("sells shop", "", "", &["Shop"]);
        check("LOCAL web", "", "", &["Shop", "Blog"]);
        check("shop blog", "", "", &[]);
        check("", "media", "", &["Blog"]);
        check("", "", "data", &["Shop"]);
        check("", "Media", "data", &[]);
    }

    #[test]
    fn what_is_looked_for_stands_in_the_address() {
        let wanted = Wanted {
            words: "a&b c".to_owned(),
            category: String::new(),
            tag: "web".to_owned(),
        };
        assert_eq!(wanted.address(), "/catalog?q=a%26b%20c&tag=web");
        assert_eq!(Wanted::default().address(), "/catalog");
    }
}
