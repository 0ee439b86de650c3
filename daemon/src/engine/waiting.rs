//! Waiting for a change (contract.md §7, wait_for). A wait holds a place in the registry of watchers and nothing else: it looks
//! again only when a change that concerns it has been committed.

use std::sync::Arc;

use orc_core::refusal::Refusal;
use orc_proto::wire::Document;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

use super::{Shared, bounded};
use crate::answer::written;
use crate::args::Args;
use crate::call::{Answer, Call};
use crate::clock;
use crate::sessions::Session;
use crate::tools::wait_for::{self, Wait};

/// Waits until what is waited for has happened, or the time is over, or the daemon or the session ends: then `met` is false.
///
/// `waited`: how long the caller has waited already, when an earlier daemon was lost in the middle of it. The wait ends when
/// it was to end, and knows what happened in between.
pub(super) async fn wait(
    shared: &Arc<Shared>,
    session: &Arc<Session>,
    args: Args,
    waited: Duration,
) -> Result<Document, Refusal> {
    let begun = Instant::now();
    let args = Arc::new(args);
    let began = move |call: &Call<'_>, args: &Args, tx: &orc_store::Tx<'_>| {
        let waited = i64::try_from(waited.as_micros()).unwrap_or(i64::MAX);
        wait_for::begin(call, args, tx, (waited > 0).then(|| call.now().saturating_sub(waited)))
    };
    let wait = Arc::new(on_snapshot(shared, session, &args, began).await?);
    let deadline = begun + wait.patience.saturating_sub(waited);
    // Listening comes before looking, so that no change falls between the two.
    let mut listener = match &wait.item {
        Some(id) => shared.watchers.on_item(id.as_str()),
        None => shared.watchers.on_any(),
    };
    let mut ending = None;
    loop {
        if let Some(document) = look(shared, session, &args, &wait).await? {
            return bounded(written(&document)?);
        }
        tokio::select! {
            () = listener.woken() => {}
            () = sleep_until(deadline) => break,
            () = shared.stopping.cancelled() => {
                ending = Some("the daemon is ending");
                break;
            }
            () = session.leaving.cancelled() => {
                ending = Some("the session is ending");
                break;
            }
        }
    }
    let last = Arc::clone(&wait);
    let mut document =
        on_snapshot(shared, session, &args, move |call, _, tx| wait_for::over(call, tx, &last)).await?;
    if let Some(reason) = ending {
        document["reason"] = reason.into();
    }
    bounded(written(&document)?)
}

async fn look(
    shared: &Arc<Shared>,
    session: &Arc<Session>,
    args: &Arc<Args>,
    wait: &Arc<Wait>,
) -> Result<Option<serde_json::Value>, Refusal> {
    let wait = Arc::clone(wait);
    on_snapshot(shared, session, args, move |call, args, tx| wait_for::look(call, args, tx, &wait)).await
}

async fn on_snapshot<T: Send + 'static>(
    shared: &Arc<Shared>,
    session: &Arc<Session>,
    args: &Arc<Args>,
    run: impl FnOnce(&Call<'_>, &Args, &orc_store::Tx<'_>) -> Answer<T> + Send + 'static,
) -> Result<T, Refusal> {
    let (shared, session, args) = (Arc::clone(shared), Arc::clone(session), Arc::clone(args));
    let read = move || {
        let config = shared.book.refresh_if_changed();
        let call = Call::begin(&shared, &session, &args, config, 0, clock::now())?;
        Ok(shared.read(|tx| run(&call, &args, tx))?)
    };
    let ran = tokio::task::spawn_blocking(read).await;
    ran.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}
