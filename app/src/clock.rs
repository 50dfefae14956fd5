//! The reader's clock: one for the whole page. There is none on the server, nor before the page runs, so what is rendered
//! first is the same on both sides.

use domain::timestamp::Timestamp;
use leptos::prelude::*;

/// How often relative times and running durations are told again.
#[cfg(feature = "hydrate")]
const TICK: std::time::Duration = std::time::Duration::from_secs(1);

#[derive(Clone, Copy)]
struct Clock(RwSignal<Option<Timestamp>>);

/// Starts the clock. Once, by the root of the application.
pub fn provide_clock() {
    let now = RwSignal::new(None);
    provide_context(Clock(now));
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| {
        now.set(Some(read()));
        let ticking = set_interval_with_handle(move || now.set(Some(read())), TICK);
        match ticking {
            Ok(handle) => on_cleanup(move || handle.clear()),
            Err(error) => leptos::logging::warn!("the clock does not run: {error:?}"),
        }
    });
}

/// The time now, to the second; none on the server and while what asks for it is taken over by the browser.
#[must_use]
pub fn use_now() -> Signal<Option<Timestamp>> {
    let Some(Clock(now)) = use_context::<Clock>() else {
        return Signal::stored(None);
    };
    // The code of a page may come long after the clock was started. What it says first must be what the server said all the same:
    // a text that is another one from the start is never put into the document.
    let taken_over = RwSignal::new(false);
    Effect::new(move |_| taken_over.set(true));
    Signal::derive(move || if taken_over.get() { now.get() } else { None })
}

/// Now, by the reader's clock.
#[cfg(feature = "hydrate")]
#[expect(
    clippy::cast_possible_truncation,
    reason = "milliseconds since 1970 fit for long"
)]
pub(crate) fn read() -> Timestamp {
    Timestamp::from_millis(web_sys::js_sys::Date::now() as i64)
}

/// In the words and the zone of the reader; RFC 3339 on the server.
#[must_use]
pub fn local(at: Timestamp) -> String {
    #[cfg(feature = "hydrate")]
    {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds fit into 53 bits")]
        let millis = at.millis() as f64;
        let date = web_sys::js_sys::Date::new(&millis.into());
        date.to_locale_string("default", &web_sys::wasm_bindgen::JsValue::UNDEFINED)
            .into()
    }
    #[cfg(not(feature = "hydrate"))]
    at.to_string()
}

/// The time of the day: `12:04:07`, in the zone of the reader; in UTC, and saying so, on the server.
#[must_use]
pub fn time_of_day(at: Timestamp) -> String {
    #[cfg(feature = "hydrate")]
    {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds fit into 53 bits")]
        let millis = at.millis() as f64;
        let date = web_sys::js_sys::Date::new(&millis.into());
        format!(
            "{:02}:{:02}:{:02}",
            date.get_hours(),
            date.get_minutes(),
            date.get_seconds()
        )
    }
    #[cfg(not(feature = "hydrate"))]
    {
        let text = at.to_string();
        // `2026-11-21T10:41:05.123Z`
        text.get(11..19)
            .map_or_else(|| text.clone(), |time| format!("{time} UTC"))
    }
}
