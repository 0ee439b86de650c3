//! What is measured, one file a question.

pub(crate) mod agents;
pub(crate) mod hooks;
pub(crate) mod idle;
pub(crate) mod importing;
pub(crate) mod latencies;
pub(crate) mod memory;
pub(crate) mod original;
pub(crate) mod reading;
pub(crate) mod starting;
pub(crate) mod throughput;
pub(crate) mod writing;
