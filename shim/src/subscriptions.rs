//! Who wants to hear of changes: the client of the older lifecycle, by its connection, or any number of
//! `subscriptions/listen` streams of the newer one.

use std::sync::{Mutex, PoisonError};

use rmcp::{
    RoleServer,
    model::RequestId,
    service::{Peer, SubscriptionSink},
};

/// Everybody to tell.
#[derive(Default)]
pub(crate) struct Subscriptions(Mutex<Listeners>);

#[derive(Default)]
struct Listeners {
    client: Option<Peer<RoleServer>>,
    streams: Vec<SubscriptionSink>,
}

impl Subscriptions {
    /// The client said `notifications/initialized`: unasked notifications are fine from here on.
    pub(crate) fn client(&self, peer: Peer<RoleServer>) {
        self.locked(|listeners| listeners.client = Some(peer));
    }

    /// A stream began.
    pub(crate) fn add(&self, stream: SubscriptionSink) {
        self.locked(|listeners| listeners.streams.push(stream));
    }

    /// A stream ended.
    pub(crate) fn remove(&self, id: &RequestId) {
        self.locked(|listeners| listeners.streams.retain(|stream| stream.id() != id));
    }

    /// Tools and prompts read differently now. Whoever did not ask for one of the two is not told of it.
    pub(crate) async fn lists_changed(&self) {
        let (client, streams) =
            self.locked(|listeners| (listeners.client.clone(), listeners.streams.clone()));
        if let Some(client) = client {
            let _ = client.notify_tool_list_changed().await; // a client that left needs no notice
            let _ = client.notify_prompt_list_changed().await;
        }
        for stream in streams {
            let _ = stream.notify_tool_list_changed().await;
            let _ = stream.notify_prompt_list_changed().await;
        }
    }

    fn locked<T>(&self, what: impl FnOnce(&mut Listeners) -> T) -> T {
        what(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
