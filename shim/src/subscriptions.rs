//! Who wants to hear of changes: the client of the older lifecycle, by its connection and what it subscribed to, or any number
//! of `subscriptions/listen` streams of the newer one. And what is watched for them all together.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, PoisonError},
};

use orc_proto::wire::{Poll, Watched};
use rmcp::{
    RoleServer,
    model::{RequestId, ResourceUpdatedNotificationParam},
    service::{Peer, SubscriptionSink},
};
use tokio::sync::Notify;

/// Everybody to tell, and of what.
#[derive(Default)]
pub(crate) struct Subscriptions {
    listeners: Mutex<Listeners>,
    changed: Notify,
}

#[derive(Default)]
struct Listeners {
    client: Option<Peer<RoleServer>>,
    /// What the client of the older lifecycle subscribed to.
    subscribed: HashSet<String>,
    streams: Vec<SubscriptionSink>,
    /// Every watched address, with the number of the news up to which it is known.
    known: HashMap<String, u64>,
}

/// No more addresses can be watched.
#[derive(Debug)]
pub(crate) struct Full;

impl Subscriptions {
    /// The client said `notifications/initialized`: unasked notifications are fine from here on.
    pub(crate) fn client(&self, peer: Peer<RoleServer>) {
        self.locked(|listeners| listeners.client = Some(peer));
    }

    /// The client subscribes to an address, of which it knows all up to `after`.
    pub(crate) fn subscribe(&self, uri: String, after: u64) -> Result<(), Full> {
        self.locked(|listeners| {
            listeners.watch(&uri, after)?;
            listeners.subscribed.insert(uri);
            Ok(())
        })?;
        self.changed.notify_one();
        Ok(())
    }

    /// It does not want to hear of it any more.
    pub(crate) fn unsubscribe(&self, uri: &str) {
        self.locked(|listeners| {
            listeners.subscribed.remove(uri);
            listeners.forget_unwanted();
        });
        self.changed.notify_one();
    }

    /// A stream began; its addresses are those of its filter, each known up to the number beside it.
    pub(crate) fn add(&self, stream: SubscriptionSink, known: &HashMap<String, u64>) {
        self.locked(|listeners| {
            for (uri, after) in known {
                let _ = listeners.watch(uri, *after); // past the bound it stays silent
            }
            listeners.streams.push(stream);
        });
        self.changed.notify_one();
    }

    /// A stream ended.
    pub(crate) fn remove(&self, id: &RequestId) {
        self.locked(|listeners| {
            listeners.streams.retain(|stream| stream.id() != id);
            listeners.forget_unwanted();
        });
        self.changed.notify_one();
    }

    /// How many more addresses can be watched.
    pub(crate) fn room(&self) -> usize {
        self.locked(|listeners| Poll::MAX_WATCHED.saturating_sub(listeners.known.len()))
    }

    /// What a poll is to ask for.
    pub(crate) fn watched(&self) -> Vec<Watched> {
        self.locked(|listeners| {
            listeners.known.iter().map(|(uri, after)| Watched { uri: uri.clone(), after: *after }).collect()
        })
    }

    /// Something else is to be asked for: the poll that runs is of no more use.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// The poll has to be made anew for another reason.
    pub(crate) fn ask_anew(&self) {
        self.changed.notify_one();
    }

    /// What was asked for is known up to `latest`.
    pub(crate) fn known(&self, asked: &[Watched], latest: u64) {
        self.locked(|listeners| {
            for Watched { uri, .. } in asked {
                if let Some(after) = listeners.known.get_mut(uri) {
                    *after = latest;
                }
            }
        });
    }

    /// Tells of resources that were touched, each where it is wanted.
    pub(crate) async fn updated(&self, uris: &[String]) {
        let (client, subscribed, streams) = self.locked(|listeners| {
            (listeners.client.clone(), listeners.subscribed.clone(), listeners.streams.clone())
        });
        for uri in uris {
            if let Some(client) = client.as_ref().filter(|_| subscribed.contains(uri)) {
                let notice = ResourceUpdatedNotificationParam::new(uri.clone());
                let _ = client.notify_resource_updated(notice).await; // a client that left needs no notice
            }
            for stream in streams.iter().filter(|stream| wants(stream, uri)) {
                let _ = stream.notify_resource_updated(uri.clone()).await;
            }
        }
    }

    /// What is listed reads differently now. Whoever did not ask for one of the lists is not told of it.
    pub(crate) async fn lists_changed(&self) {
        let (client, streams) =
            self.locked(|listeners| (listeners.client.clone(), listeners.streams.clone()));
        if let Some(client) = client {
            let _ = client.notify_tool_list_changed().await; // a client that left needs no notice
            let _ = client.notify_prompt_list_changed().await;
            let _ = client.notify_resource_list_changed().await;
        }
        for stream in streams {
            let _ = stream.notify_tool_list_changed().await;
            let _ = stream.notify_prompt_list_changed().await;
            let _ = stream.notify_resource_list_changed().await;
        }
    }

    fn locked<T>(&self, what: impl FnOnce(&mut Listeners) -> T) -> T {
        what(&mut self.listeners.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Listeners {
    /// Watches an address. One that is watched already is known as far as it was: somebody else may still have to hear of it.
    fn watch(&mut self, uri: &str, after: u64) -> Result<(), Full> {
        if self.known.contains_key(uri) {
            return Ok(());
        }
        if self.known.len() >= Poll::MAX_WATCHED {
            return Err(Full);
        }
        self.known.insert(uri.to_owned(), after);
        Ok(())
    }

    fn forget_unwanted(&mut self) {
        let (subscribed, streams) = (&self.subscribed, &self.streams);
        self.known
            .retain(|uri, _| subscribed.contains(uri) || streams.iter().any(|stream| wants(stream, uri)));
    }
}

fn wants(stream: &SubscriptionSink, uri: &str) -> bool {
    stream.accepted().resource_subscriptions.iter().flatten().any(|wanted| wanted == uri)
}
