//! Reading databases of other programs whose items somebody wants to have here. Nothing is written to them.
//!
//! A database may be in use: it is read in one transaction ([`source`]). What is in it comes out as rows of a graph document
//! ([`original`]) or as the tables themselves ([`kotlin`]); placing them is an import's business.

mod kotlin;
mod original;
mod source;
#[cfg(test)]
mod tests;

pub use crate::takeover::cycles::closing as closing_edges;
pub use kotlin::Tables;
pub use original::{Moved, Odd};
pub use source::{Kind, MovingError, Source};
