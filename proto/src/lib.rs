//! What the shim and the daemon must agree on, and nothing else.
//!
//! One daemon owns one database; everybody else talks to it over a local socket. A connection begins with one
//! JSON frame each way ([`handshake`]), frozen for ever, so that programs of any two versions can at least say why
//! they do not fit. Then the same stream carries [`service`]: few calls whose meaning is in names and raw JSON, so
//! that a tool or a method is added in the daemon alone.
//!
//! [`endpoint`] turns a database path into a socket; [`dial`] connects to it; [`autostart`] brings a daemon up when
//! nobody answers, exactly one however many ask at once.

pub mod autostart;
pub mod codec;
pub mod dial;
pub mod endpoint;
pub mod handshake;
pub mod lockfile;
pub mod places;
pub mod private_dir;
pub mod service;
pub mod settings;
pub mod spawn;
pub mod stop_marker;
pub mod wire;

pub use dial::{Connection, DialError, dial};
pub use endpoint::{Endpoint, EndpointError};
pub use handshake::{Hello, HelloSettings, Kind, Refused, Reply, Welcome};
pub use places::Places;
pub use settings::Settings;
