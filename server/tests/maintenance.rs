//! Observers of deployed products: who looks when, what is kept, and who is told.

mod looking;
mod when;
mod world;
