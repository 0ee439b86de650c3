//! The harness of the end-to-end suites: real shims and real daemons, each test with a home folder, a database and a
//! runtime folder of its own.
//!
//! ```no_run
//! use e2e::{TestEnv, json};
//! let env = TestEnv::new();
//! let agent = env.connect();
//! let item = agent.ok("manage_items", json!({"operation": "create", "title": "Write the page"}));
//! agent.refused("advance_item", json!({"item_id": item["id"], "trigger": "resume"}), "CONFLICT");
//! ```
//!
//! Nothing here but [`Evidence`] knows the code under test: suites see what a client, a person at a terminal and the file
//! system see.
//! No wait is a fixed sleep: each has a condition and a deadline, and a missed deadline prints what was said on the
//! wire and what the daemon logged.

mod answer;
mod binaries;
mod client;
mod daemon;
mod env;
mod evidence;
mod journal;
mod lifecycle;
pub mod machine;
mod person;
mod processes;
mod resources;
mod stable;
mod storm;
mod wait;
mod words;

pub use answer::{Answer, Refusal, ids, keys, titles};
pub use binaries::{binary, workspace_root};
pub use client::McpClient;
pub use daemon::{Daemon, Gate, fault_points};
pub use env::{Client, Finished, TestEnv};
pub use evidence::Evidence;
pub use journal::{Deed, Entry, Journal, Outcome};
pub use lifecycle::Lifecycle;
pub use person::Person;
pub use serde_json::{Value, json};
pub use stable::stable;
pub use storm::{Report, Storm};
pub use wait::{DEADLINE, eventually};
