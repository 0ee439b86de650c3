//! Ending a daemon nobody uses: no session, for a while. Calls do not count, sessions do; a probe is none.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

use crate::{ownership::Program, reload::InForce, stop::Reason};

/// When a daemon ends for want of sessions (`daemon.md` rule 8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IdleExit {
    /// Never: a person or a service manager runs it.
    Never,
    /// After this long, as its command line says.
    After(Duration),
    /// After `daemon.idle_exit` of the user's config.yaml, as it stands.
    Configured,
}

impl IdleExit {
    /// How long without sessions is too long now.
    pub(crate) fn quiet(self, config: &InForce) -> Option<Duration> {
        match self {
            Self::Never => None,
            Self::After(fixed) => Some(fixed),
            Self::Configured => Some(config.idle_exit),
        }
    }
}

/// Returns once there has been no session for as long as `exit` says; at once when `program` was replaced, for the next session
/// is better served by the new one. A daemon that is to stay up stays all the same.
pub(crate) async fn idle(
    mut sessions: watch::Receiver<usize>,
    exit: IdleExit,
    mut config: watch::Receiver<Arc<InForce>>,
    program: &Program,
) -> Reason {
    loop {
        let unused = *sessions.borrow_and_update() == 0;
        let quiet = exit.quiet(&config.borrow_and_update()).filter(|_| unused);
        if quiet.is_some() && program.was_replaced() {
            return Reason::Updated;
        }
        let changed = tokio::select! {
            () = tokio::time::sleep(quiet.unwrap_or_default()), if quiet.is_some() => return Reason::Idle,
            changed = sessions.changed() => changed,
            changed = config.changed() => changed,
        };
        if changed.is_err() {
            return std::future::pending().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[tokio::test]
    async fn a_session_puts_the_end_off_and_a_new_setting_counts_at_once() {
        let (sessions, watched) = watch::channel(1);
        let setting =
            |millis| Arc::new(InForce { idle_exit: Duration::from_millis(millis), ..InForce::default() });
        let (config, configured) = watch::channel(setting(3_600_000));
        let waiting = tokio::spawn(async move {
            let program = Program::of_this_process();
            idle(watched, IdleExit::Configured, configured, &program).await
        });
        config.send_replace(setting(30));
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        let freed = Instant::now();
        sessions.send_replace(0);
        assert_eq!(waiting.await.unwrap(), Reason::Idle);
        assert!(freed.elapsed() >= Duration::from_millis(30));
    }
}
