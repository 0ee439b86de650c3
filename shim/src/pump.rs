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

/// Length of one poll. Long: its end wakes both processes for nothing. A connection that is lost ends it at once, and a daemon
/// that hangs is found by the next call.
const WAIT: Duration = Duration::from_secs(12 * 3_600);
/// The first change is told of at once; those of the next moment are one piece of news.
const COALESCE: Duration = Duration::from_millis(50);
/// A poll that ends sooner, without news, is no wait.
const BUSY: Duration = Duration::from_secs(1);
/// Between looks for a daemon: at first, and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// Runs for ever.
pub(crate) async fn run(link: Arc<Link>, subscriptions: Arc<Subscriptions>) {
    let mut known = 0;
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
async fn follow(live: &Live, subscriptions: &Subscriptions, known: &mut u64) -> bool {
    let mut wait = Duration::ZERO;
    loop {
        let begun = Instant::now();
        let poll = Poll {
            wait_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            catalog_revision: *known,
            watch: subscriptions.watched(),
        };
        let answered = tokio::select! {
            // Dropping the poll ends it in the daemon; what it had found is found again.
            () = subscriptions.changed() => continue,
            answered = live.connection.events(poll.clone()) => answered,
        };
        let Ok(events) = answered else { return false };
        if events.stopping {
            return true;
        }
        if events.latest != 0 {
            subscriptions.known(&poll.watch, events.latest);
        }
        subscriptions.updated(&events.updated).await;
        let before = *known;
        if events.catalog_revision != 0 {
            *known = events.catalog_revision;
        }
        // The first revision ever seen is no change.
        let lists_changed = before != 0 && before != *known;
        if lists_changed {
            subscriptions.lists_changed().await;
        }
        if lists_changed || !events.updated.is_empty() {
            sleep(COALESCE).await;
        } else if !wait.is_zero() && begun.elapsed() < BUSY {
            // Without news and at once: this would become a busy loop.
            sleep(BUSY).await;
        }
        wait = WAIT;
    }
}
