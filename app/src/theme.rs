//! Light or dark: read from a cookie, so the server renders the right colours at once and no page
//! flashes. Without the cookie the stylesheet follows the system.

use serde::{Deserialize, Serialize};

/// The cookie that remembers an explicit choice.
pub const COOKIE: &str = "windlass-theme";

/// An explicit choice of colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// Dark text on light ground.
    Light,
    /// Light text on dark ground.
    Dark,
}

impl Theme {
    /// The value of the cookie and of the attribute `data-theme`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Reads a choice from a `Cookie` header; anything unknown is no choice.
    #[must_use]
    pub fn from_cookies(header: &str) -> Option<Self> {
        header
            .split(';')
            .find_map(|pair| match pair.trim().split_once('=')? {
                (COOKIE, "light") => Some(Self::Light),
                (COOKIE, "dark") => Some(Self::Dark),
                _ => None,
            })
    }
}

/// What the reader can choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Choice {
    /// Light, whatever the system says.
    Light,
    /// Dark, whatever the system says.
    Dark,
    /// As the system says.
    System,
}

impl Choice {
    /// The value in forms.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
            Self::System => "system",
        }
    }

    const fn theme(self) -> Option<Theme> {
        match self {
            Self::Light => Some(Theme::Light),
            Self::Dark => Some(Theme::Dark),
            Self::System => None,
        }
    }
}

impl From<Option<Theme>> for Choice {
    fn from(theme: Option<Theme>) -> Self {
        match theme {
            Some(Theme::Light) => Self::Light,
            Some(Theme::Dark) => Self::Dark,
            None => Self::System,
        }
    }
}

/// The cookie that keeps a choice for a year, or takes it back.
#[must_use]
pub fn cookie(choice: Choice) -> String {
    let (value, age) = match choice.theme() {
        Some(theme) => (theme.as_str(), 31_536_000),
        None => ("", 0),
    };
    format!("{COOKIE}={value}; path=/; max-age={age}; samesite=lax")
}

/// What the request that is being rendered asks for. Always `None` in the browser.
#[must_use]
pub fn of_request() -> Option<Theme> {
    #[cfg(feature = "ssr")]
    {
        let parts = leptos::prelude::use_context::<http::request::Parts>()?;
        let cookies = parts.headers.get(http::header::COOKIE)?.to_str().ok()?;
        Theme::from_cookies(cookies)
    }
    #[cfg(not(feature = "ssr"))]
    None
}

/// What the document in the browser shows, if somebody chose. Always `None` on the server.
#[must_use]
pub fn of_document() -> Option<Theme> {
    #[cfg(feature = "hydrate")]
    {
        let root = leptos::prelude::document().document_element()?;
        match root.get_attribute("data-theme")?.as_str() {
            "light" => Some(Theme::Light),
            "dark" => Some(Theme::Dark),
            _ => None,
        }
    }
    #[cfg(not(feature = "hydrate"))]
    None
}

/// Shows a choice at once and keeps it. Does nothing on the server.
pub fn remember(choice: Choice) {
    #[cfg(feature = "hydrate")]
    {
        use leptos::wasm_bindgen::JsCast as _;

        let document = leptos::prelude::document();
        let shown = document
            .document_element()
            .map(|root| match choice.theme() {
                Some(theme) => root.set_attribute("data-theme", theme.as_str()),
                None => root.remove_attribute("data-theme"),
            });
        let kept = document
            .dyn_ref::<web_sys::HtmlDocument>()
            .map(|html| html.set_cookie(&cookie(choice)));
        if !matches!((shown, kept), (Some(Ok(())), Some(Ok(())))) {
            leptos::logging::warn!("the choice of colours could not be kept");
        }
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = choice;
}

#[cfg(test)]
mod tests {
    use super::{Choice, Theme, cookie};

    fn check(header: &str, expected: Option<Theme>) {
        assert_eq!(Theme::from_cookies(header), expected, "{header}");
    }

    #[test]
    fn only_known_choices_are_read() {
        check("windlass-theme=dark", Some(Theme::Dark));
        check("a=b; windlass-theme=light; c=d", Some(Theme::Light));
        check("windlass-theme=\"><script>", None);
        check("other=dark", None);
        check("", None);
    }

    #[test]
    fn the_system_takes_the_choice_back() {
        assert!(cookie(Choice::Dark).starts_with("windlass-theme=dark; path=/; max-age=31536000"));
        assert!(cookie(Choice::System).starts_with("windlass-theme=; path=/; max-age=0"));
    }
}
