//! What sessions cost that are connected and do nothing: memory, time on a core, and wake-ups.

use std::time::Instant;

use serde_json::json;

use crate::{
    Outcome,
    chart::thousands,
    client::Client,
    machine::{self, Activity},
    report::Row,
    say,
    world::{Setup, World},
};

const SESSIONS: usize = 50;
/// As many as the daemon takes, with the one that asks.
const WEIGHED: usize = 999;
/// Share of one core; wake-ups in so many seconds.
const SHARE: f64 = 0.001;
const EVERY: f64 = 30.0;

/// Idle sessions that are watched while other things are measured.
pub(crate) struct Idle {
    _sessions: Vec<Client>,
    pid: u32,
    since: Option<(Instant, Activity)>,
    _world: World,
}

impl Idle {
    /// Opens the sessions.
    pub(crate) fn begin(setup: &Setup) -> Outcome<Self> {
        say(&format!("{SESSIONS} sessions that do nothing, until the end ..."));
        let world = setup.world()?;
        let sessions = (0..SESSIONS).map(|_| world.session()).collect::<Outcome<Vec<_>>>()?;
        Ok(Self { pid: world.daemon_pid()?, _sessions: sessions, since: None, _world: world })
    }

    /// From now on it is idle: what follows a start is over.
    pub(crate) fn watch(&mut self) {
        self.since = Activity::of(self.pid).map(|activity| (Instant::now(), activity));
    }

    /// What the daemon did since.
    pub(crate) fn end(self) -> Outcome<Vec<Row>> {
        let (Some((since, before)), Some(after)) = (&self.since, Activity::of(self.pid)) else {
            return Ok(vec![Row::value("an idle daemon", "not told by this system")]);
        };
        let seconds = since.elapsed().as_secs_f64();
        let (nanos, woke) = after.since(before);
        let (share, wakes) = (nanos as f64 / 1e9 / seconds, woke as f64 / seconds * EVERY);
        let (cores, wakeups) = (
            format!("daemon with {SESSIONS} idle sessions, over {seconds:.0} s: share of one core"),
            format!("daemon with {SESSIONS} idle sessions: wake-ups in {EVERY:.0} s"),
        );
        Ok(vec![
            Row::value(&cores, format!("{:.4} %", share * 100.0)).wanted("0.1 %", share < SHARE),
            Row::value(&wakeups, format!("{wakes:.2}")).wanted("1", wakes <= 1.0),
        ])
    }
}

/// What the daemon's memory grows by for each session that is connected and does nothing.
pub(crate) fn weigh(setup: &Setup) -> Outcome<Row> {
    say(&format!("{WEIGHED} idle sessions ..."));
    let world = setup.world()?;
    let mut first = world.session()?;
    let pid = world.daemon_pid()?;
    let Some((before, _)) = machine::memory(pid) else {
        return Ok(Row::value("an idle session", "not told by this system"));
    };
    let idle = (0..WEIGHED).map(|_| world.session()).collect::<Outcome<Vec<_>>>()?;
    first.call("get_context", json!({}))?;
    let (after, _) = machine::memory(pid).ok_or("the daemon is gone")?;
    drop(idle);
    let each = after.saturating_sub(before) as f64 / WEIGHED as f64;
    let what = format!("daemon memory for each of {} sessions, idle", thousands((WEIGHED + 1) as f64));
    Ok(Row::value(&what, format!("{each:.1} KiB RSS")).wanted("64 KiB", each < 64.0))
}
