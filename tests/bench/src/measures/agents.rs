//! Many agents at once: how soon a waiter wakes, and what claiming the next item costs on a large store.

use std::{
    sync::{
        Barrier,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    Outcome,
    chart::thousands,
    client::Client,
    machine::Disk,
    reference::Reference,
    report::Row,
    samples::{Samples, ms},
    say,
    stores::Store,
    world::{Setup, World},
};

const AGENTS: usize = 32;
/// At least this long after an answer, an agent calls again.
const PAUSE: Duration = Duration::from_millis(50);
/// Each agent has a moment of its own in every turn: 2 ms after the one before it.
const TURN: Duration = Duration::from_millis(64);
const CLAIMS: usize = 40;
const WAITS: usize = 60;

pub(crate) fn measure(setup: &Setup, reference: &mut Reference, store: &Store) -> Outcome<Vec<Row>> {
    let world = setup.world_of(store)?;
    let mut rows = vec![waking(&world, reference)?];
    rows.extend(claiming(&world, reference, store.size)?);
    Ok(rows)
}

/// From the answer of the change to the answer of the wait, both read by this process.
fn waking(world: &World, reference: &mut Reference) -> Outcome<Row> {
    say("waking a waiter ...");
    let (mut worker, waiter) = (world.session()?, world.session()?);
    let mut ids = Vec::new();
    for n in 0..WAITS {
        let item =
            worker.call("manage_items", json!({"operation": "create", "title": format!("Wait {n}")}))?;
        let item: serde_json::Value = serde_json::from_str(item.result.as_str().unwrap_or_default())?;
        ids.push(item["id"].clone());
    }
    let (ask, asked) = channel();
    let (woken, wakes) = channel();
    let waiting = thread::spawn(move || wait_for_each(waiter, &asked, &woken));
    let mut times = Samples::default();
    for round in reference.rounds(WAITS, 20) {
        ask.send(ids[round].clone())?;
        // The wait has to be under way before the change; nothing tells when, so it is given time.
        thread::sleep(Duration::from_millis(20));
        worker.call("advance_item", json!({"item_id": ids[round], "trigger": "complete"}))?;
        let answered = Instant::now();
        let woke: Instant = wakes.recv_timeout(Duration::from_secs(10))?;
        times.add(woke.saturating_duration_since(answered));
    }
    drop(ask);
    waiting.join().map_err(|_| "the waiter panicked")??;
    let kept = times.median() < 10.0;
    Ok(Row::time("a waiter wakes, after the change's answer", &times).wanted("10 ms", kept))
}

fn wait_for_each(
    mut waiter: Client,
    asked: &Receiver<serde_json::Value>,
    woken: &Sender<Instant>,
) -> Outcome {
    while let Ok(id) = asked.recv() {
        waiter.call("wait_for", json!({"item_id": id, "until": "done", "timeout_seconds": 20}))?;
        woken.send(Instant::now())?;
    }
    Ok(())
}

/// `get_next_item(claim=true)` by every agent in its turns, beside a disk flush of the same moments.
fn claiming(world: &World, reference: &mut Reference, size: usize) -> Outcome<Vec<Row>> {
    let items = thousands(size as f64);
    say(&format!("claiming among {items} items ..."));
    reference.repeat();
    let sessions = (0..AGENTS).map(|_| world.session()).collect::<Outcome<Vec<_>>>()?;
    let line = Barrier::new(AGENTS + 1);
    let (claims, flushes) = thread::scope(|scope| {
        let agents: Vec<_> = sessions
            .into_iter()
            .enumerate()
            .map(|(n, session)| {
                let line = &line;
                scope.spawn(move || claim_and_complete(session, Turns::of(n, line)?))
            })
            .collect();
        let flushes = flush_meanwhile(world, &line);
        let mut all = Samples::default();
        for agent in agents {
            all.add_all(agent.join().map_err(|_| "an agent panicked")??);
        }
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>((all, flushes?))
    })?;
    let beyond = claims.median() - flushes.median();
    let pause = PAUSE.as_millis();
    let name =
        format!("get_next_item(claim) by {AGENTS} agents, {items} items, {pause} ms and more between calls");
    Ok(vec![
        Row::time(&name, &claims).beside("a disk flush", claims.median() / flushes.median()),
        Row::value("of a claiming get_next_item, what is beyond the disk flush", ms(beyond))
            .wanted("1 ms", beyond < 1.0),
    ])
}

/// Work gets done: nobody holds more than one item.
fn claim_and_complete(mut session: Client, mut turns: Turns) -> Outcome<Samples> {
    let mut times = Samples::default();
    for _ in 0..CLAIMS {
        turns.wait();
        let claimed = session.call("get_next_item", json!({"claim": true}))?;
        times.add(claimed.time);
        turns.answered();
        let item: serde_json::Value = serde_json::from_str(claimed.result.as_str().unwrap_or_default())?;
        turns.wait();
        session.call("advance_item", json!({"item_id": item["id"], "trigger": "complete"}))?;
        turns.answered();
    }
    Ok(times)
}

fn flush_meanwhile(world: &World, line: &Barrier) -> Outcome<Samples> {
    let (mut disk, mut times) = (Disk::open(world.data())?, Samples::default());
    let mut turns = Turns::of(AGENTS, line)?;
    for _ in 0..CLAIMS {
        turns.wait();
        disk.flush(&mut times)?;
        turns.answered();
    }
    Ok(times)
}

/// When one agent may call: at its own moment of a turn, and never sooner after an answer than [`PAUSE`]. Agents that call at
/// the same moment would measure the queue that they make.
struct Turns {
    next: Instant,
    answered: Option<Instant>,
}

impl Turns {
    /// Waits for all the others, then takes the nth moment.
    fn of(n: usize, line: &Barrier) -> Outcome<Self> {
        let offset = TURN * u32::try_from(n)? / u32::try_from(AGENTS)?;
        line.wait();
        Ok(Self { next: Instant::now() + offset, answered: None })
    }

    fn wait(&mut self) {
        while self.answered.is_some_and(|answered| self.next < answered + PAUSE) {
            self.next += TURN;
        }
        thread::sleep(self.next.saturating_duration_since(Instant::now()));
        self.next += TURN;
    }

    fn answered(&mut self) {
        self.answered = Some(Instant::now());
    }
}
