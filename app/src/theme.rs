//! Light or dark: read from a cookie, so the server renders the right colours at once and no page
//! flashes. Without the cookie the stylesheet follows the system.

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

    /// The other one.
    #[must_use]
    pub const fn toggled(self) -> Self {
        match self {
            Self::Light => Self::Dark,
            Self::Dark => Self::Light,
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

/// Shows a choice at once and keeps it for a year. Does nothing on the server.
pub fn remember(theme: Theme) {
    #[cfg(feature = "hydrate")]
    {
        use leptos::wasm_bindgen::JsCast as _;

        let document = leptos::prelude::document();
        let name = theme.as_str();
        let shown = document
            .document_element()
            .map(|root| root.set_attribute("data-theme", name));
        let cookie = format!("{COOKIE}={name}; path=/; max-age=31536000; samesite=lax");
        let kept = document
            .dyn_ref::<web_sys::HtmlDocument>()
            .map(|html| html.set_cookie(&cookie));
        if !matches!((shown, kept), (Some(Ok(())), Some(Ok(())))) {
            leptos::logging::warn!("the choice of colours could not be kept");
        }
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = theme;
}

#[cfg(test)]
mod tests {
    use super::Theme;

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
}
