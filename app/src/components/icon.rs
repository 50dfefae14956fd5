//! Drawings of 16 by 16, in the colour of the text around them. Always beside a word, so screen readers skip them.

use leptos::prelude::*;

/// What is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glyph {
    /// A solid disc: runs.
    Running,
    /// A triangle: runs in part.
    Partial,
    /// An octagon: failed.
    Failed,
    /// A hollow ring: waits for its turn.
    Pending,
    /// A turning ring: is being changed.
    InProgress,
    /// A square: stopped.
    Stopped,
    /// A wrench: in maintenance.
    Maintenance,
    /// A hatched disc: nobody knows.
    Unknown,
    /// A disc with a tick: a one-shot that did its work.
    Completed,
    /// A dashed ring: gone.
    Gone,
    Windlass,
    Catalog,
    Deployments,
    Engine,
    Light,
    Dark,
    System,
    ChevronRight,
    ArrowLeft,
    ArrowRight,
    Copy,
    Tick,
    Cross,
    Eye,
    EyeOff,
    Refresh,
    Info,
    Warning,
    External,
    Layers,
    Box,
    /// A drum.
    Volume,
    Bolt,
    Clock,
    Search,
    /// A line that beats.
    Pulse,
    Undo,
    /// Panels of different size.
    Dashboard,
    /// Three sliders.
    Settings,
}

impl Glyph {
    /// Content of the `<svg>`.
    pub(crate) const fn drawing(self) -> &'static str {
        match self {
            Self::Running => r#"<circle cx="8" cy="8" r="5.5" fill="currentColor" stroke="none"/>"#,
            Self::Partial => {
                r#"<path d="M8 2.2 14.6 13.6H1.4z" fill="currentColor" stroke-width="1"/>"#
            }
            Self::Failed => {
                r#"<path d="M5.3 1.5h5.4l3.8 3.8v5.4l-3.8 3.8H5.3l-3.8-3.8V5.3z" fill="currentColor" stroke="none"/>"#
            }
            Self::Pending => r#"<circle cx="8" cy="8" r="5" stroke-width="1.75"/>"#,
            Self::InProgress => {
                r#"<circle cx="8" cy="8" r="5.25" stroke-width="2" opacity=".28"/><path d="M8 2.75A5.25 5.25 0 0 1 13.25 8" stroke-width="2"/>"#
            }
            Self::Stopped => {
                r#"<rect x="3" y="3" width="10" height="10" rx="1.5" fill="currentColor" stroke="none"/>"#
            }
            Self::Maintenance => {
                r#"<path d="M13.7 4.4a3.6 3.6 0 0 1-4.8 4.5L4.6 13.2a1.25 1.25 0 0 1-1.8-1.8l4.3-4.3a3.6 3.6 0 0 1 4.5-4.8L9.5 4.4v2.1h2.1z"/>"#
            }
            Self::Unknown => {
                r#"<circle cx="8" cy="8" r="5.5"/><path d="M3.6 8.9 8.9 3.6M4.6 11.9l7.3-7.3M7.1 12.4l5.3-5.3" stroke-width="1.25"/>"#
            }
            Self::Completed => {
                r#"<circle cx="8" cy="8" r="5.75"/><path d="m5.5 8.2 1.8 1.8 3.3-3.7"/>"#
            }
            Self::Gone => r#"<circle cx="8" cy="8" r="5.25" stroke-dasharray="2.2 2"/>"#,
            Self::Windlass => {
                r#"<circle cx="8" cy="8" r="3.25"/><circle cx="8" cy="8" r=".6" fill="currentColor"/><path d="M8 4.75V1.2M8 14.8v-3.55M4.75 8H1.2M14.8 8h-3.55M5.7 5.7 3.2 3.2M12.8 12.8l-2.5-2.5M5.7 10.3l-2.5 2.5M12.8 3.2l-2.5 2.5"/>"#
            }
            Self::Catalog => {
                r#"<rect x="2" y="2" width="5" height="5" rx="1"/><rect x="9" y="2" width="5" height="5" rx="1"/><rect x="2" y="9" width="5" height="5" rx="1"/><rect x="9" y="9" width="5" height="5" rx="1"/>"#
            }
            Self::Deployments | Self::Layers => {
                r#"<path d="m8 1.75 6 3-6 3-6-3zM2.5 8.2 8 10.95l5.5-2.75M2.5 11.4 8 14.15l5.5-2.75"/>"#
            }
            Self::Engine => {
                r#"<rect x="2" y="2.5" width="12" height="4.5" rx="1"/><rect x="2" y="9" width="12" height="4.5" rx="1"/><path d="M4.75 4.75h.01M4.75 11.25h.01"/>"#
            }
            Self::Light => {
                r#"<circle cx="8" cy="8" r="2.75"/><path d="M8 1.5v1M8 13.5v1M1.5 8h1M13.5 8h1M3.4 3.4l.7.7M11.9 11.9l.7.7M3.4 12.6l.7-.7M11.9 4.1l.7-.7"/>"#
            }
            Self::Dark => r#"<path d="M13.6 9.6A6 6 0 1 1 6.4 2.4a4.75 4.75 0 0 0 7.2 7.2z"/>"#,
            Self::System => {
                r#"<rect x="1.75" y="2.5" width="12.5" height="8.5" rx="1"/><path d="M5.5 13.75h5"/>"#
            }
            Self::ChevronRight => r#"<path d="m6 3.5 4.5 4.5L6 12.5"/>"#,
            Self::ArrowLeft => r#"<path d="M13.5 8h-11M7 3.5 2.5 8 7 12.5"/>"#,
            Self::ArrowRight => r#"<path d="M2.5 8h11M9 3.5 13.5 8 9 12.5"/>"#,
            Self::Copy => {
                r#"<rect x="5.5" y="5.5" width="8" height="8.5" rx="1.25"/><path d="M3.75 10.5h-.25a1 1 0 0 1-1-1V3a1 1 0 0 1 1-1h5.5a1 1 0 0 1 1 1v.25"/>"#
            }
            Self::Tick => r#"<path d="m3 8.5 3.25 3.25L13 4.75"/>"#,
            Self::Cross => r#"<path d="m4 4 8 8M12 4l-8 8"/>"#,
            Self::Eye => {
                r#"<path d="M1.5 8S3.75 3.5 8 3.5 14.5 8 14.5 8 12.25 12.5 8 12.5 1.5 8 1.5 8z"/><circle cx="8" cy="8" r="2"/>"#
            }
            Self::EyeOff => {
                r#"<path d="M6.3 3.7A6 6 0 0 1 8 3.5C12.25 3.5 14.5 8 14.5 8a11 11 0 0 1-1.7 2.3M10 11.9a5.6 5.6 0 0 1-2 .4C3.75 12.3 1.5 8 1.5 8a11 11 0 0 1 3-3.4M2 2l12 12"/>"#
            }
            Self::Refresh => {
                r#"<path d="M13.5 6.5A5.75 5.75 0 0 0 3 5.3L2 6.5M2 3v3.5h3.5M2.5 9.5A5.75 5.75 0 0 0 13 10.7l1-1.2M14 13V9.5h-3.5"/>"#
            }
            Self::Info => r#"<circle cx="8" cy="8" r="6"/><path d="M8 7.25V11M8 4.9h.01"/>"#,
            Self::Warning => r#"<path d="M8 2.2 14.4 13.4H1.6zM8 6.5v3.25M8 11.5h.01"/>"#,
            Self::External => r#"<path d="M6.5 3.5h-3v9h9v-3M9 2.5h4.5V7M13.25 2.75 7.5 8.5"/>"#,
            Self::Box => {
                r#"<path d="m8 1.75 5.5 3v6.5l-5.5 3-5.5-3v-6.5zM2.75 4.9 8 7.75l5.25-2.85M8 7.75v6.25"/>"#
            }
            Self::Volume => {
                r#"<ellipse cx="8" cy="4" rx="5.5" ry="2.25"/><path d="M2.5 4v8c0 1.25 2.45 2.25 5.5 2.25s5.5-1 5.5-2.25V4M2.5 8c0 1.25 2.45 2.25 5.5 2.25S13.5 9.25 13.5 8"/>"#
            }
            Self::Bolt => r#"<path d="M9 1.5 3 9.25h4.25L7 14.5l6-7.75H8.75z"/>"#,
            Self::Clock => r#"<circle cx="8" cy="8" r="6"/><path d="M8 4.5V8l2.25 1.5"/>"#,
            Self::Search => r#"<circle cx="7" cy="7" r="4.5"/><path d="m10.4 10.4 3.35 3.35"/>"#,
            Self::Pulse => r#"<path d="M1.5 8.5h3l2-5 3 9 2-4h3"/>"#,
            Self::Dashboard => {
                r#"<rect x="2" y="2" width="5" height="7" rx="1"/><rect x="9" y="2" width="5" height="4" rx="1"/><rect x="2" y="11" width="5" height="3" rx="1"/><rect x="9" y="8" width="5" height="6" rx="1"/>"#
            }
            Self::Settings => {
                r#"<path d="M2 4h7M12.5 4H14M2 8h1.5M7 8h7M2 12h5.5M11 12h3"/><circle cx="10.75" cy="4" r="1.75"/><circle cx="5.25" cy="8" r="1.75"/><circle cx="9.25" cy="12" r="1.75"/>"#
            }
            Self::Undo => r#"<path d="M2.5 5.5h7a4 4 0 0 1 0 8H6M5.5 2.5l-3 3 3 3"/>"#,
        }
    }

    const fn class(self) -> &'static str {
        match self {
            Self::InProgress => "icon icon--turning",
            _ => "icon",
        }
    }
}

/// A drawing. Never the only sign of anything.
#[component]
pub fn Icon(#[prop(into)] glyph: Signal<Glyph>) -> impl IntoView {
    view! {
        <svg
            class=move || glyph.get().class()
            viewBox="0 0 16 16"
            fill="none"
            stroke="currentColor"
            stroke-width="1.5"
            stroke-linecap="round"
            stroke-linejoin="round"
            aria-hidden="true"
            inner_html=move || glyph.get().drawing()
        ></svg>
    }
}
