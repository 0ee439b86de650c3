//! `task-orchestrator-mcp`: the MCP server a client runs. MCP over stdio on one side, the daemon's socket on the other.
//!
//! A table of conversions and nothing more: it knows no tool (`daemon.md` rule 12). `initialize` is answered from what
//! it knows, while the connection to the daemon is still being made; a daemon that is not there is started
//! ([`orc_proto::autostart`]). [`link`] keeps the connection, [`handler`] answers the client, [`pump`] carries
//! changes out, [`stdio`] reads and writes lines. Nothing but protocol is ever written to stdout, unless a person asks for
//! [`command_line`]'s help.

mod command_line;
mod convert;
mod door;
mod handler;
mod id;
mod line;
mod lines;
mod link;
mod note;
mod pump;
mod roots;
mod stdio;
mod streams;
mod subscriptions;

use std::{
    io::{IsTerminal, Write},
    process::ExitCode,
    sync::Arc,
};

use rmcp::ServiceExt;

use crate::{
    command_line::Asked, door::Door, handler::Handler, link::Link, stdio::Stdio, subscriptions::Subscriptions,
};

fn main() -> ExitCode {
    match command_line::asked(std::env::args_os().skip(1)) {
        Asked::Serve => run(),
        Asked::Text(text) => match writeln!(std::io::stdout().lock(), "{text}") {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
        Asked::Nothing(why) => {
            note::always(&why);
            ExitCode::from(2)
        }
    }
}

fn run() -> ExitCode {
    if std::io::stdin().is_terminal() {
        note::always("waiting for an MCP client on stdin; --help says how one is set up, Ctrl-D ends this");
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            note::always(&format!("cannot start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    runtime.block_on(serve());
    // A read of stdin or a starting daemon may still be waited for; neither must hold the exit.
    runtime.shutdown_background();
    ExitCode::SUCCESS
}

async fn serve() {
    let link = Arc::new(Link::of_this_process());
    let subscriptions = Arc::new(Subscriptions::default());
    let (stdio, traffic) = Stdio::open();
    let handler = Handler::new(Arc::clone(&link), subscriptions, traffic.clone());
    let session = async {
        match Door(handler).serve(stdio).await {
            Ok(running) => drop(running.waiting().await),
            Err(ended) => note::note(&format!("the client left before it began: {ended}")),
        }
    };
    let leaving = async {
        traffic.ended().await;
        link.leave().await;
        std::future::pending::<()>().await;
    };
    // Whichever is first: all is answered, or what is left takes too long for a client that has gone.
    tokio::select! {
        () = session => {}
        () = leaving => {}
        () = traffic.quiet_after_the_end(|| link.is_connecting()) => {}
    }
}
