//! What wakes the watcher's thread.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::lock;

/// A flag that a thread waits for. Ringing twice before it is heard is ringing once, so a flood of events costs nothing.
#[derive(Default)]
pub(super) struct Bell {
    state: Mutex<State>,
    heard: Condvar,
}

#[derive(Default)]
struct State {
    rung: bool,
    stopped: bool,
}

/// How waiting ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Waited {
    /// It rang.
    Rung,
    /// Nothing happened for that long.
    Quiet,
    /// It will not ring again.
    Stopped,
}

impl Bell {
    /// Ends the present or the next wait.
    pub(super) fn ring(&self) {
        lock(&self.state).rung = true;
        self.heard.notify_all();
    }

    /// Ends every wait from now on.
    pub(super) fn stop(&self) {
        lock(&self.state).stopped = true;
        self.heard.notify_all();
    }

    /// Waits for a ring, for at most that long.
    pub(super) fn wait(&self, most: Duration) -> Waited {
        let state = lock(&self.state);
        let waited = self.heard.wait_timeout_while(state, most, |s| !s.rung && !s.stopped);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        match (state.stopped, std::mem::take(&mut state.rung)) {
            (true, _) => Waited::Stopped,
            (false, true) => Waited::Rung,
            (false, false) => Waited::Quiet,
        }
    }

    /// After a ring: waits until it has been quiet for `quiet`, but no longer than `most` altogether, so that a folder
    /// that never rests does not hide a change.
    pub(super) fn settle(&self, quiet: Duration, most: Duration) -> Waited {
        let end = Instant::now() + most;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.wait(quiet.min(left)) {
                Waited::Rung if !left.is_zero() => {}
                Waited::Stopped => return Waited::Stopped,
                Waited::Rung | Waited::Quiet => return Waited::Rung,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn rings_before_waiting_are_heard_once() {
        let bell = Bell::default();
        bell.ring();
        bell.ring();
        assert_eq!(bell.wait(Duration::from_secs(60)), Waited::Rung);
        assert_eq!(bell.wait(Duration::ZERO), Waited::Quiet);
        bell.ring();
        bell.stop();
        assert_eq!(bell.settle(Duration::from_secs(60), Duration::from_secs(60)), Waited::Stopped);
    }

    #[test]
    fn settling_ends_although_it_never_gets_quiet() {
        let bell = Bell::default();
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::SeqCst) {
                    bell.ring();
                    std::thread::yield_now();
                }
            });
            let waited = bell.settle(Duration::from_secs(60), Duration::from_millis(50));
            done.store(true, Ordering::SeqCst);
            assert_eq!(waited, Waited::Rung);
        });
    }
}
