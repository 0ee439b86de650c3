//! The rules of the work graph, and nothing else.
//!
//! A change to the graph is a value. [`decide`] looks at the present state through a [`View`], at the
//! [`Policies`] that config.yaml set, and at a [`Command`], and answers the list of [`Change`]s that carry it
//! out, or the [`Refusal`] that says why not. It writes nothing, reads no clock and draws no id: time, actor and
//! random bits come in through [`Cx`]. Whoever owns the state applies the changes and publishes them.
//!
//! So there is no I/O, no async and no serialisation here; other crates convert by hand. The rules follow the
//! tool contract (`docs/contract.md`), whose sections the comments name.

#![forbid(unsafe_code)]

pub mod change;
pub mod claim;
pub mod command;
mod decide;
pub mod edge;
pub mod gate;
pub mod id;
pub mod item;
pub mod limits;
pub mod line;
pub mod metrics;
pub mod note;
pub mod policy;
pub mod priority;
pub mod refusal;
pub mod schedule;
pub mod status;
pub mod text;
pub mod time;
pub mod topo;
pub mod view;
pub mod words;
pub mod workflow;
pub mod workspace;

pub use change::Change;
pub use command::{Command, Cx};
pub use decide::{decide, resolve};
pub use id::ItemId;
pub use policy::Policies;
pub use refusal::{Code, Refusal, Stop};
pub use view::View;
