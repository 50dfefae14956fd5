//! The environment that is worked on. Where there is more than one, a menu: a form, which needs no scripts.

use leptos::prelude::*;

use crate::calls::environments::{self, ChooseEnvironment, environments};
use crate::components::{Glyph, Icon};
use crate::json::loaded;
use crate::live::Tab;

/// While it is not known, nothing is claimed. The tab begins to listen once it is.
#[component]
pub fn EnvironmentSwitch() -> impl IntoView {
    let all = loaded(|| (), |()| environments());
    let tab = Tab::of_page();
    // Effects run in browsers only, and once.
    Effect::new(move |listens: Option<bool>| {
        if listens == Some(true) {
            return true;
        }
        let current = all.get().and_then(Result::ok).map(|all| all.current.id);
        current.map(|id| tab.listen(id)).is_some()
    });
    let content = move || {
        Suspend::new(async move {
            match all.await {
                Ok(all) if all.all.len() > 1 => view! { <Menu all /> }.into_any(),
                Ok(all) => view! {
                    <span class="shell__environment-name">{all.current.name}</span>
                }
                .into_any(),
                Err(_) => view! { <span class="soft">"Environment unknown"</span> }.into_any(),
            }
        })
    };
    view! {
        <div class="shell__environment">
            <Icon glyph=Glyph::Engine />
            <span class="unseen">"Environment"</span>
            <Suspense>{content}</Suspense>
        </div>
    }
}

#[component]
fn Menu(all: environments::Choice) -> impl IntoView {
    let current = all.current.id;
    let address = <ChooseEnvironment as server_fn::ServerFn>::url();
    let choices = all
        .all
        .into_iter()
        .map(|environment| {
            let chosen = environment.id == current;
            view! {
                <li>
                    <button
                        type="submit"
                        class="menu__item"
                        name="environment"
                        value=environment.id
                        aria-current=chosen.then_some("true")
                    >
                        {environment.name}
                    </button>
                </li>
            }
        })
        .collect_view();
    view! {
        <details class="menu menu--start" data-menu>
            <summary class="button button--quiet">
                <span class="shell__environment-name">{all.current.name}</span>
            </summary>
            <form
                class="menu__panel menu__panel--narrow"
                method="post"
                action=address
            >
                <ul class="menu__items">{choices}</ul>
            </form>
        </details>
    }
}
