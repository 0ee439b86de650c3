//! SQLite and nothing else: how the work graph is kept.
//!
//! One [`Writer`] thread owns the only connection that writes. It takes jobs that wait together, runs each in a savepoint of
//! its own, commits once, and then answers all of them (`daemon.md` rule 19). A [`Readers`] pool gives every read a snapshot
//! that never waits for the writer. Both hand out a [`Tx`], which answers the domain's questions
//! ([`orc_core::View`]) and the queries of reports; on the writer it also applies changes: the rows, the columns derived
//! from them, and one history row each, in one transaction.
//!
//! There is no tokio here, and no rule of the domain: `orc_core::decide` makes the changes.

#![forbid(unsafe_code)]

mod apply;
pub mod backup;
mod check;
#[cfg(any(test, feature = "testing"))]
pub mod contract;
pub mod error;
#[cfg(feature = "faults")]
pub mod faults;
pub mod fields;
pub mod history;
#[cfg(test)]
mod leases;
pub mod left_log;
#[cfg(any(test, feature = "testing"))]
pub mod memory;
#[cfg(any(test, feature = "testing"))]
pub mod meter;
pub mod moving;
pub mod open;
pub mod original_workspaces;
mod place;
pub mod queries;
#[cfg(any(test, feature = "testing"))]
pub mod random;
mod reader;
pub mod repair;
mod replace;
pub mod restore;
mod revoke;
pub mod row;
#[cfg(any(test, feature = "testing"))]
pub mod sample;
mod schema;
pub mod takeover;
#[cfg(test)]
mod tests;
mod tidying;
mod tx;
mod view;
mod wal;
mod write;
mod writer;

pub use apply::Apply;
pub use backup::{BackupError, newest_beside};
pub use check::{Soundness, check_still};
pub use error::Error;
pub use open::{Found, Opened, Step, look, open, open_telling};
pub use reader::Readers;
pub use takeover::{Report as TakeoverReport, TakeoverError, takeover};
pub use tx::{Done, Event, Tx};
pub use writer::{Outcome, Writer};
