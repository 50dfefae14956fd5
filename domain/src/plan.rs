//! Decide, then do: desired and observed become a [`Plan`], a graph of small acts, each with a cause.

mod observed;

pub use observed::{
    ContainerState, Health, Observed, ObservedContainer, ObservedObject, Ownership,
};
