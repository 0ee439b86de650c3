//! Connections without a session: those that have not said hello yet, and probes.
//!
//! They are there for a moment. Should more of them stay than there is room for, the oldest gives way to the newest, so that a
//! flood of silent ones keeps nobody out (`daemon.md` rule 14).

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio_util::sync::CancellationToken;

/// Everybody who has no session.
#[derive(Debug, Default)]
pub(crate) struct Lobby(Mutex<Guests>);

#[derive(Debug, Default)]
struct Guests {
    next: u64,
    /// In the order in which they came.
    there: BTreeMap<u64, CancellationToken>,
}

/// One of them; gone when dropped.
#[derive(Debug)]
pub(crate) struct Guest {
    lobby: Arc<Lobby>,
    number: u64,
    leave: CancellationToken,
}

impl Lobby {
    /// A connection comes.
    pub(crate) fn enter(self: &Arc<Self>) -> Guest {
        let leave = CancellationToken::new();
        let mut guests = self.lock();
        let number = guests.next;
        guests.next += 1;
        guests.there.insert(number, leave.clone());
        Guest { lobby: Arc::clone(self), number, leave }
    }

    /// Asks the oldest to leave.
    pub(crate) fn make_room(&self) {
        if let Some((_, leave)) = self.lock().there.pop_first() {
            leave.cancel();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Guests> {
        // Whole after every insert and remove, whoever panics elsewhere.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Guest {
    /// Returns once it must leave.
    pub(crate) async fn must_leave(&self) {
        self.leave.cancelled().await;
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.lobby.lock().there.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[tokio::test]
    async fn the_oldest_leaves_first_and_whoever_went_needs_not() {
        let lobby = Arc::new(Lobby::default());
        let (first, second, third) = (lobby.enter(), lobby.enter(), lobby.enter());
        drop(first);
        lobby.make_room();
        assert!(second.must_leave().now_or_never().is_some());
        assert!(third.must_leave().now_or_never().is_none());
        lobby.make_room();
        lobby.make_room();
        assert!(third.must_leave().now_or_never().is_some());
    }
}
