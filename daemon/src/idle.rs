//! Ending a daemon nobody uses: no session, for a while. Calls do not count, sessions do; a probe is none.

use std::time::Duration;

use tokio::sync::watch;

/// Returns once there has been no session for `quiet`; never with `None`.
pub(crate) async fn idle(mut sessions: watch::Receiver<usize>, quiet: Option<Duration>) {
    let Some(quiet) = quiet else { return std::future::pending().await };
    loop {
        let unused = *sessions.borrow_and_update() == 0;
        tokio::select! {
            () = tokio::time::sleep(quiet), if unused => return,
            changed = sessions.changed() => {
                if changed.is_err() {
                    return std::future::pending().await;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[tokio::test]
    async fn a_session_puts_the_end_off() {
        let (sessions, watched) = watch::channel(1);
        let waiting = tokio::spawn(idle(watched, Some(Duration::from_millis(30))));
        tokio::time::sleep(Duration::from_millis(60)).await;
        assert!(!waiting.is_finished());
        let freed = Instant::now();
        sessions.send_replace(0);
        waiting.await.unwrap();
        assert!(freed.elapsed() >= Duration::from_millis(30));
    }
}
