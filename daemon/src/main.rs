//! The daemon that owns the work graph, and the commands people run.

#[allow(dead_code, reason = "called once the daemon's start is put together")]
mod config;
#[allow(dead_code, reason = "called once the daemon's start is put together")]
mod near;
#[allow(dead_code, reason = "called once the daemon's start is put together")]
mod project;
#[allow(dead_code, reason = "called once the daemon's start is put together")]
mod prompts;
#[allow(dead_code, reason = "called once the daemon's start is put together")]
mod reload;
#[allow(dead_code, reason = "called once the daemon's start is put together")]
mod small_file;

fn main() {}
