//! Where the parts of a picture lie. Plain functions from data to numbers and names, with tests; components draw what they give.
//!
//! Distances along a time are parts of ten thousand, so a picture fits every width. Nothing here is text for people but labels.

pub mod layers;
pub mod markup;
pub mod scale;
pub mod timeline;
