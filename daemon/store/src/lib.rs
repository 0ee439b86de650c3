//! Keeps the work graph: what is changed is applied as a list of [`orc_core::Change`]s, what is asked is answered through
//! [`orc_core::View`].

#![forbid(unsafe_code)]

mod apply;
#[cfg(any(test, feature = "testing"))]
pub mod contract;
#[cfg(any(test, feature = "testing"))]
pub mod memory;
#[cfg(any(test, feature = "testing"))]
pub mod random;

pub use apply::Apply;
