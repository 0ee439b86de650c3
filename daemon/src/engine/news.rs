//! The long polls of shims: what became of the resources they watch, and whether what they list reads differently
//! (contract.md §9).
//!
//! A poll that watches nothing sleeps in no registry of changes, so that a commit does not wake the sessions it is nothing to.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use orc_core::ItemId;
use orc_proto::wire::{Events, Poll, Watched};
use orc_store::Tx;

use super::{Engine, Session, Shared};
use crate::call::Answer;
use crate::catalog;
use crate::halt::Halt;
use crate::resources::{self, Resource};
use crate::watch::Topic;

/// A watched address, the number of the news up to which it is known, and what touches it.
type Watch = (String, u64, HashSet<Topic>);

impl Engine {
    /// Waits until something watched was touched or the lists read differently, or the time is over.
    pub(crate) async fn events(&self, session: &Arc<Session>, poll: &Poll, wait: Duration) -> Events {
        let watched = self.watched(session, &poll.watch).await;
        let topics: HashSet<Topic> = watched.iter().flat_map(|(_, _, topics)| topics.clone()).collect();
        let mut listener = self.0.watchers.on(topics.into_iter().collect());
        let mut config = self.0.book.subscribe();
        let mut over = std::pin::pin!(tokio::time::sleep(wait));
        let mut last_look = wait.is_zero();
        loop {
            config.mark_unchanged();
            let revision = catalog::revision(session.tools, &self.schema_names(session));
            let (touched, latest) = self.0.watchers.touched(&watched);
            let news =
                !touched.is_empty() || (poll.catalog_revision != 0 && poll.catalog_revision != revision);
            if news || last_look {
                let updated = touched.into_iter().cloned().collect();
                return Events { latest, updated, catalog_revision: revision, stopping: false };
            }
            tokio::select! {
                () = listener.woken() => {}
                changed = config.changed() => last_look = changed.is_err(),
                () = &mut over => last_look = true,
            }
        }
    }

    /// The names of the schemas in force for a session, which its catalogue shows.
    pub(super) fn schema_names(&self, session: &Session) -> Vec<String> {
        let config = self.0.book.in_force();
        let policy = config.policies.of(session.project().as_deref());
        policy.schemas.iter().map(|schema| schema.name.clone()).collect()
    }

    /// What touches each watched resource. One that is not there is touched by nothing.
    async fn watched(&self, session: &Arc<Session>, watch: &[Watched]) -> Vec<Watch> {
        let watch: Vec<Watched> = watch.iter().take(Poll::MAX_WATCHED).cloned().collect();
        if watch.is_empty() {
            return Vec::new();
        }
        let (shared, session) = (Arc::clone(&self.0), Arc::clone(session));
        let found = tokio::task::spawn_blocking(move || {
            watch
                .into_iter()
                .map(|one| {
                    let topics = topics(&shared, &session, &one.uri);
                    (one.uri, one.after, topics)
                })
                .collect()
        });
        found.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
    }
}

/// What touches an address.
fn topics(shared: &Shared, session: &Session, uri: &str) -> HashSet<Topic> {
    let Ok(resource) = Resource::parse(uri) else { return HashSet::new() };
    let topics = shared.read(|tx| match &resource {
        Resource::Item(reference) => resources::item_topics(tx, &watched_item(tx, session, uri, reference)?),
        _ => resource.topics(shared, tx),
    });
    match topics {
        Ok(topics) => topics.into_iter().collect(),
        Err(Halt::Refused(_)) => HashSet::new(),
        // The disk failed us: told too often rather than not at all.
        Err(Halt::Store(_)) => HashSet::from([Topic::Any]),
    }
}

/// The item that an address means. It is remembered with the session: it stays the same item when it is deleted, or when
/// another one comes to begin with the same characters.
fn watched_item(tx: &Tx<'_>, session: &Session, uri: &str, reference: &str) -> Answer<ItemId> {
    if let Some(id) = session.watched_item(uri) {
        return Ok(ItemId::new(id));
    }
    let id = orc_core::resolve(tx, reference, "uri")?;
    session.remember_watched_item(uri, id.as_str());
    Ok(id)
}
