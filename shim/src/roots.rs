//! The client's roots (daemon.md rule 24): asked for when the client has them, handed to the daemon, which makes of them what it
//! will. Only clients with `initialize` can be asked; a client of 2026-07-28 has its folder and its settings.

use std::{sync::Arc, time::Duration};

use rmcp::{RoleServer, model::ClientCapabilities, service::Peer};
use serde_json::json;
use tokio::{sync::watch, time::timeout};

use crate::link::Link;

/// How long a client may take to name its roots.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// How long the first calls wait for them: a client that is slower works without them at first.
const WORTH_WAITING: Duration = Duration::from_secs(1);

/// Roots that are handed on, and bytes of the longest: with them a hello has to fit into its frame.
const MOST: usize = 64;
const LONGEST: usize = 4_096;

/// What is known of the client's roots.
pub(crate) struct Roots {
    link: Arc<Link>,
    /// Whether there are none to wait for.
    settled: watch::Sender<bool>,
}

impl Roots {
    pub(crate) fn new(link: Arc<Link>) -> Self {
        Self { link, settled: watch::Sender::new(true) }
    }

    /// A client with these capabilities begins: its first calls are meant for the project of its roots.
    pub(crate) fn expect(&self, client: &ClientCapabilities) {
        self.settled.send_replace(client.roots.is_none());
    }

    /// Asks the client, and tells the daemon.
    #[expect(
        deprecated,
        reason = "roots are deprecated with the lifecycles that have them, which are served"
    )]
    pub(crate) async fn ask(&self, client: &Peer<RoleServer>) {
        if client.peer_info().is_none_or(|info| info.capabilities.roots.is_none()) {
            return;
        }
        if let Ok(Ok(listed)) = timeout(ANSWER_WITHIN, client.list_roots()).await {
            let uris = listed.roots.into_iter().map(|root| root.uri);
            let roots: Vec<String> = uris.filter(|uri| uri.len() <= LONGEST).take(MOST).collect();
            let params = json!({ "roots": &roots }).to_string().into();
            // From now on every connection begins with them; the one there is has to be told.
            self.link.set_roots(roots);
            let _ = self.link.ask("session/roots", Some(params)).await; // without a daemon, the next one is told
        }
        self.settled.send_replace(true);
    }

    /// Returns once the daemon knows the roots, or they take too long.
    pub(crate) async fn settled(&self) {
        if !*self.settled.borrow() {
            // The sender lives in `self`, so waiting cannot fail but by time.
            let _ = timeout(WORTH_WAITING, self.settled.subscribe().wait_for(|settled| *settled)).await;
            self.settled.send_replace(true);
        }
    }
}
