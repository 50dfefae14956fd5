//! Placeholder cover page.
