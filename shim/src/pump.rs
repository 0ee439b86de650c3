//! One long poll for events, from the first connection to the end of the process. It also keeps the session: a lost
//! connection is made again here, even when the client asks for nothing.
//!
//! It starts no daemon that somebody stopped, and after one failed start it leaves starting to tool calls
//! (`daemon.md` rule 9).

use std::{sync::Arc, time::Duration};

use orc_proto::{autostart::May, wire::Poll};
use tokio::time::{Instant, sleep};

use crate::{
    link::{Link, Live},
    subscriptions::Subscriptions,
};

/// Length of one poll.
const WAIT: Duration = Duration::from_secs(120);
/// Many changes in a moment are one piece of news.
const COALESCE: Duration = Duration::from_millis(50);
/// Between looks for a daemon: at first, and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// Runs for ever.
pub(crate) async fn run(link: Arc<Link>, subscriptions: Arc<Subscriptions>) {
    let mut known = None;
    // A new session may take back an earlier `stop`.
    let mut may = May::Start;
    let mut pause = PAUSE.0;
    loop {
        let found =
            if may == May::OnlyDial && !link.may_be_up() { None } else { link.connection(may).await.ok() };
        if let Some(live) = found {
            let stopping = follow(&live, &subscriptions, &mut known).await;
            link.lost(&live).await;
            may = if stopping { May::OnlyDial } else { May::StartUnlessStopped };
            pause = PAUSE.0;
        } else {
            may = May::OnlyDial;
        }
        sleep(pause).await;
        pause = (pause * 2).min(PAUSE.1);
    }
}

/// Polls until the connection is lost. Whether the daemon ends by somebody's wish.
async fn follow(live: &Live, subscriptions: &Subscriptions, known: &mut Option<u64>) -> bool {
    let mut poll = Poll { after: Poll::FROM_NOW, wait_ms: 0 };
    loop {
        let begun = Instant::now();
        let Ok(events) = live.connection.events(poll).await else { return false };
        if events.stopping {
            return true;
        }
        let before = *known;
        if events.catalog_revision != 0 {
            *known = Some(events.catalog_revision);
        }
        // The first revision ever seen is no change.
        if before.is_some() && before != *known {
            subscriptions.lists_changed().await;
        }
        // An answer without news that came at once would make this a busy loop.
        let idle =
            events.latest == poll.after && poll.wait_ms > 0 && begun.elapsed() < Duration::from_secs(1);
        sleep(if idle { Duration::from_secs(1) } else { COALESCE }).await;
        poll = Poll { after: events.latest, wait_ms: u64::try_from(WAIT.as_millis()).unwrap_or(u64::MAX) };
    }
}
