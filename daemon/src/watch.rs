//! Who waits for what, and what happened lately: the daemon's one place for wake-ups (contract.md §7 and §9).
//!
//! A commit wakes only those whom it concerns, so that idle sessions cost nothing while others work. A writer pays one short
//! lock, whoever listens and however slowly. What happened is kept as a short list of numbered news; who is further behind
//! than the list reaches is told that anything may have changed: a slow reader loses detail, never correctness.

mod news;

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use orc_store::Event;
use tokio::sync::Notify;

use news::News;

/// Something that can be waited for.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Topic {
    /// Anything in the history.
    Any,
    /// What lists and reports are made of: items, edges and claims, but not the texts of notes.
    Items,
    /// One item by its full id: its fields, notes, edges, claim; its children.
    Item(Box<str>),
    /// What others show of one item: its title and status, what it hangs under, that it is there.
    Head(Box<str>),
    /// Who is connected, and who holds what.
    Agents,
    /// The rules in force.
    Config,
}

/// Wakes those who wait. Clones share one registry.
#[derive(Clone, Debug)]
pub(crate) struct Watchers(Arc<Registry>);

#[derive(Debug)]
struct Registry {
    next: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    news: News,
    bells: HashMap<Topic, HashMap<u64, Arc<Notify>>>,
}

impl Watchers {
    /// `start`: the number before the first piece of news; above whatever an earlier daemon of this database counted to.
    pub(crate) fn new(start: u64) -> Self {
        let state = State { news: News::new(start), bells: HashMap::new() };
        Self(Arc::new(Registry { next: AtomicU64::new(0), state: Mutex::new(state) }))
    }

    /// What a commit made known. Never blocks on a listener.
    pub(crate) fn publish(&self, events: &[Event]) {
        if events.is_empty() {
            return;
        }
        let mut topics = Vec::with_capacity(events.len() + 3);
        let (mut items, mut agents) = (false, false);
        for event in events {
            items |= !matches!(event.kind, "note_written" | "note_deleted" | "workspace_changed");
            agents |= event.kind.starts_with("claim_");
            let ids = event.item.iter().chain(&event.shown_in);
            topics.extend(ids.map(|id| Topic::Item(id.as_str().into())));
            let head = event.item.iter().filter(|_| event.head);
            topics.extend(head.map(|id| Topic::Head(id.as_str().into())));
        }
        topics.dedup();
        topics.push(Topic::Any);
        topics.extend(items.then_some(Topic::Items));
        topics.extend(agents.then_some(Topic::Agents));
        self.0.tell(topics);
    }

    /// The same for what has no row in the history: sessions and configuration.
    pub(crate) fn touch(&self, topic: Topic) {
        self.0.tell(vec![topic]);
    }

    /// Wakes when something of one item changes.
    pub(crate) fn on_item(&self, id: &str) -> Listener {
        self.on(vec![Topic::Item(id.into())])
    }

    /// Wakes when anything is committed.
    pub(crate) fn on_any(&self) -> Listener {
        self.on(vec![Topic::Any])
    }

    /// Wakes on any of several topics; on none, never.
    pub(crate) fn on(&self, topics: Vec<Topic>) -> Listener {
        let key = self.0.next.fetch_add(1, Ordering::Relaxed);
        let bell = Arc::new(Notify::new());
        let mut state = self.0.lock();
        for topic in &topics {
            state.bells.entry(topic.clone()).or_default().insert(key, Arc::clone(&bell));
        }
        drop(state);
        Listener { registry: Arc::clone(&self.0), key, topics, bell }
    }

    /// How many wait for something.
    pub(crate) fn listening(&self) -> usize {
        let state = self.0.lock();
        let keys: HashSet<u64> = state.bells.values().flat_map(HashMap::keys).copied().collect();
        keys.len()
    }

    /// The number of the newest news.
    pub(crate) fn latest(&self) -> u64 {
        self.0.lock().news.latest()
    }

    /// Of `watched`, each a question with the number of the last news its asker knows, the ones that were touched since;
    /// and the newest number, which the askers know from now on.
    pub(crate) fn touched<'a, K>(&self, watched: &'a [(K, u64, HashSet<Topic>)]) -> (Vec<&'a K>, u64) {
        let state = self.0.lock();
        let touched = watched.iter().filter(|(_, after, topics)| state.news.touched(topics, *after));
        (touched.map(|(key, _, _)| key).collect(), state.news.latest())
    }
}

impl Registry {
    fn tell(&self, topics: Vec<Topic>) {
        let mut state = self.lock();
        let mut ring = Vec::new();
        for topic in &topics {
            ring.extend(state.bells.get(topic).into_iter().flat_map(HashMap::values).cloned());
        }
        state.news.add(topics);
        drop(state);
        // News first, bells after: whoever wakes finds what it was woken for.
        for bell in ring {
            bell.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change under this lock is whole in itself, so a panic elsewhere leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One who waits. Dropping it ends the waiting.
///
/// Make it first and look at the state afterwards: what happens from its making on is kept until [`Listener::woken`] asks,
/// so that nothing falls between the look and the wait.
#[derive(Debug)]
pub(crate) struct Listener {
    registry: Arc<Registry>,
    key: u64,
    topics: Vec<Topic>,
    bell: Arc<Notify>,
}

impl Listener {
    /// Returns once something happened since the making, or since it last returned. Several happenings are one wake-up.
    pub(crate) async fn woken(&mut self) {
        self.bell.notified().await;
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut state = self.registry.lock();
        for topic in &self.topics {
            if let Some(bells) = state.bells.get_mut(topic) {
                bells.remove(&self.key);
                if bells.is_empty() {
                    state.bells.remove(topic);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
