//! Whether the database is sound, while it is served: asked by `doctor`, and after an end that was none of the daemon's own.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use orc_proto::wire::Fault;
use orc_store::Soundness;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::{Engine, Shared};
use crate::backups;
use crate::clock;

/// JSON-RPC: it is our fault, or the disk's.
const INTERNAL: i32 = -32603;

impl Engine {
    /// Checks everything there is, on a snapshot; see [`soundness_json`].
    pub(crate) async fn examine(&self) -> Result<Value, Fault> {
        let shared = Arc::clone(&self.0);
        let check = move || {
            let policies = Arc::clone(&shared.book.in_force().policies);
            shared.read(|tx| Ok(tx.check(Some((&policies, clock::micros())))?))
        };
        let checked = tokio::task::spawn_blocking(check).await;
        let checked = checked.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
        checked.map(|found| soundness_json(&found)).map_err(|halt| {
            let refusal: orc_core::refusal::Refusal = halt.into();
            Fault::new(INTERNAL, refusal.message)
        })
    }
}

/// What a check found, as `doctor` is told it.
pub(crate) fn soundness_json(found: &Soundness) -> Value {
    let derived = found.derived.iter().map(|(what, ids)| json!({"what": what, "ids": ids}));
    json!({"damage": found.damage, "dangling": found.dangling, "derived": derived.collect::<Vec<_>>()})
}

/// Told while something that looked like damage is being looked at.
pub(super) const IN_DOUBT: &str = "The database gave an error that a damaged file gives; it is being looked at, and nothing is written until \
that is over. Call again in a moment";

/// Looks whenever something looked like damage. One look settles all that came before it.
pub(super) async fn settle_doubts(shared: Weak<Shared>, doubt: Arc<Notify>) {
    loop {
        doubt.notified().await;
        let Some(shared) = shared.upgrade() else { return };
        look_for_damage(Arc::clone(&shared)).await;
        shared.in_doubt.store(false, Ordering::Relaxed);
    }
}

/// Looks whether the file is whole. Where it is not, nothing is written any more: what is left could be overwritten.
pub(super) async fn look_for_damage(shared: Arc<Shared>) {
    let looking = Arc::clone(&shared);
    let look = move || looking.read(|tx| Ok(tx.quick_check()?));
    let looked = tokio::task::spawn_blocking(look).await;
    let Ok(Ok(damage)) = looked else {
        tracing::warn!("whether the database is whole could not be looked at; `doctor` looks again");
        return;
    };
    if let Some(first) = damage.first() {
        stop_writing(&shared, first);
    }
}

/// From now on every write is refused, with what is wrong and what to do.
fn stop_writing(shared: &Shared, damage: &str) {
    let words = in_words(shared, damage);
    // What was found first is what is told.
    if shared.damage.set(words.clone()).is_ok() {
        tracing::error!("{words}");
    }
}

fn in_words(shared: &Shared, damage: &str) -> String {
    let newest = backups::list(&shared.database).into_iter().next();
    let next = match newest {
        Some(backup) => {
            format!("The newest backup is {}: stop the daemon, then `restore` it", backup.path.display())
        }
        None => "There is no backup in the usual folder: stop the daemon, then try `repair`".to_owned(),
    };
    let database = shared.database.display();
    format!(
        "The database {database} is damaged ({damage}), so nothing is written to it any more; it can still be read. {next}"
    )
}
