//! How a deployed product, or one of its stacks, was in the last hour, day or week. The choice is in the address, so it needs no scripts.

use domain::health::HealthStatus;
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_query_map};

use crate::calls::health::health_over_time;
use crate::components::{Card, HealthStrips, ProblemNotice};
use crate::json::loaded;

/// Name of the parameter in the address.
const PARAMETER: &str = "history";
/// Hours of each choice, with its words: in the address, and for people.
const CHOICES: [(u32, &str, &str); 3] = [
    (1, "1h", "1 hour"),
    (24, "24h", "24 hours"),
    (168, "7d", "7 days"),
];
/// Hours where nobody chose.
const USUAL: u32 = 24;

fn hours(parameter: Option<&str>) -> u32 {
    let mut choices = CHOICES.into_iter();
    let chosen = choices.find(|(_, word, _)| parameter == Some(*word));
    chosen.map_or(USUAL, |(hours, ..)| hours)
}

/// The strips of what has this id. They are fetched anew when `health` changes.
#[component]
pub fn HealthHistory(id: String, health: Memo<HealthStatus>) -> impl IntoView {
    let query = use_query_map();
    let hours = Memo::new(move |_| query.with(|all| hours(all.get_str(PARAMETER))));
    let timeline = loaded(
        move || (hours.get(), health.get()),
        move |(hours, _)| health_over_time(id.clone(), hours),
    );
    let content = move || {
        Suspend::new(async move {
            match timeline.await {
                Ok(timeline) => view! { <HealthStrips timeline /> }.into_any(),
                Err(error) => view! { <ProblemNotice problem=error.0 /> }.into_any(),
            }
        })
    };
    let path = use_location().pathname;
    let links = move || {
        let each = CHOICES.into_iter().map(|(of, word, label)| {
            let href = move || format!("{}?{PARAMETER}={word}", path.get());
            let here = move || (hours.get() == of).then_some("true");
            view! {
                <a class="button" href=href aria-current=here data-noscroll="" prop:replace=true>
                    {label}
                </a>
            }
        });
        each.collect_view()
    };
    let header = move || {
        view! {
            <h2>"Health history"</h2>
            <nav class="row health-strips__choice" aria-label="Time that is shown">
                {links()}
            </nav>
        }
    };
    view! {
        <Card header>
            <Transition>{content}</Transition>
        </Card>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_says_which_time_is_shown() {
        assert_eq!(hours(None), 24);
        assert_eq!(hours(Some("7d")), 168);
        assert_eq!(hours(Some("a year")), 24);
    }
}
