//! A client's hook from its start to its end: what every session of every client waits for.

use std::{
    io::Write,
    process::{Command, Stdio},
    time::Instant,
};

use crate::{
    Outcome,
    chart::thousands,
    reference::Reference,
    report::Row,
    samples::Samples,
    say,
    stores::Store,
    world::{Setup, World},
};

const ROUNDS: usize = 60;

pub(crate) fn measure(setup: &Setup, reference: &mut Reference, store: &Store) -> Outcome<Vec<Row>> {
    say("hooks ...");
    let (up, none) = (setup.world_of(store)?, setup.world()?);
    let _keeps_the_daemon_up = up.session()?;
    let items = thousands(store.size as f64);
    let (mut floor, mut with_daemon, mut without) =
        (Samples::default(), Samples::default(), Samples::default());
    for _ in reference.rounds(ROUNDS, 1) {
        let said = run(&mut floor, Command::new("cat"))?;
        with_daemon_says(run(&mut with_daemon, hook(&up))?)?;
        let nothing = run(&mut without, hook(&none))?;
        if said.is_empty() || !nothing.is_empty() {
            return Err("a hook without a daemon said something".into());
        }
    }
    let ratio = |samples: &Samples| samples.median() / floor.median();
    Ok(vec![
        Row::time("start and end `cat` with the same stdin (the floor)", &floor),
        Row::time(&format!("`hook session-start`, daemon up, {items} items"), &with_daemon)
            .beside("`cat`", ratio(&with_daemon))
            .wanted("50 ms", with_daemon.median() <= 50.0),
        Row::time("`hook session-start`, no daemon", &without)
            .beside("`cat`", ratio(&without))
            .wanted("20 ms", without.median() <= 20.0),
    ])
}

fn hook(world: &World) -> Command {
    world.orchestrator(&["hook", "session-start", "--client", "claude-code"])
}

fn with_daemon_says(said: Vec<u8>) -> Outcome {
    if said.is_empty() { Err("a hook with a daemon said nothing".into()) } else { Ok(()) }
}

/// One run from its start to its end, with what a client says on stdin; what it printed.
fn run(times: &mut Samples, mut command: Command) -> Outcome<Vec<u8>> {
    let said = br#"{"session_id":"abc","hook_event_name":"SessionStart","source":"startup","cwd":"/"}"#;
    let begun = Instant::now();
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    // One that has ended already needs nothing more.
    let _ = child.stdin.take().map(|mut stdin| stdin.write_all(said));
    let output = child.wait_with_output()?;
    times.add(begun.elapsed());
    Ok(output.stdout)
}
