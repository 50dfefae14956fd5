//! Obligations of the reconciler towards an engine in memory: what happens there shows, and what nobody knows is not claimed.

mod scale;
mod silent;
mod watched;
mod world;
