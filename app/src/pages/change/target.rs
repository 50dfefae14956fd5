//! Which version an upgrade leads to, or which release a rollback returns to. The choice stands in the address.

use domain::operation::OperationKind;
use domain::wire::{AvailableVersion, ReleaseView};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};

use crate::address::segment;

/// As raw HTML: browsers that run scripts see no elements in here to take over.
const SHOW: &str = "<button class=\"button\" type=\"submit\">Show the plan</button>";

/// The parameter of the address.
pub const PARAMETER: &str = "to";

/// A list to choose from; nothing for operations that lead nowhere else. Without scripts, the button takes the choice up.
#[component]
pub fn TargetChoice(
    kind: OperationKind,
    versions: Vec<AvailableVersion>,
    releases: Vec<ReleaseView>,
    target: String,
) -> impl IntoView {
    let (label, options) = match kind {
        OperationKind::Upgrade => ("Target Version", of_versions(versions)),
        OperationKind::Rollback => ("Target Release", of_releases(releases)),
        _ => return ().into_any(),
    };
    if options.is_empty() {
        return ().into_any();
    }
    let options = options
        .into_iter()
        .map(|(value, text)| {
            let selected = value == target;
            view! { <option value=value selected=selected>{text}</option> }
        })
        .collect_view();
    let navigate = use_navigate();
    let path = use_location().pathname;
    let choose = move |event| {
        let value = segment(&event_target_value(&event));
        let address = format!("{}?{PARAMETER}={value}", path.get_untracked());
        let options = NavigateOptions {
            scroll: false,
            replace: true,
            ..NavigateOptions::default()
        };
        navigate(&address, options);
    };
    view! {
        <form method="get" class="target">
            <label for="target">{label}</label>
            <select class="input" id="target" name=PARAMETER on:change=choose>
                {options}
            </select>
            <noscript inner_html=SHOW></noscript>
        </form>
    }
    .into_any()
}

fn of_versions(versions: Vec<AvailableVersion>) -> Vec<(String, String)> {
    let options = versions.into_iter().map(|version| {
        let name = version.version.map_or_else(
            || version.product_id.clone(),
            |version| format!("v{version}"),
        );
        (version.product_id, name)
    });
    options.collect()
}

fn of_releases(releases: Vec<ReleaseView>) -> Vec<(String, String)> {
    let options = releases.into_iter().map(|release| {
        let version = release
            .version
            .map(|version| format!(" · v{version}"))
            .unwrap_or_default();
        let number = release.number.to_string();
        (number.clone(), format!("Release {number}{version}"))
    });
    options.collect()
}
