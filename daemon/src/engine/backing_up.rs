//! Backups while the database is in use: those that a person asks for, and those that are due.
//!
//! Whether one is due is asked when the daemon starts, after each write, and when the configuration changes; an idle daemon is not
//! woken for it, and where nothing has changed since the last one there is nothing to do.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, Weak};

use orc_core::time::{HOUR, Stamp};
use orc_proto::wire::Fault;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{Engine, Shared};
use crate::backups::{self, Made};
use crate::clock;
use crate::reload::InForce;

/// After a failure, the next try comes with the first write after so long, in microseconds.
const TRY_AGAIN: i64 = HOUR;
/// JSON-RPC: the parameters are wrong.
const INVALID: i32 = -32602;
/// JSON-RPC: it is our fault, or the disk's.
const INTERNAL: i32 = -32603;

impl Engine {
    /// Copies the database to the place that `params` names as `path`, or to the usual one.
    pub(crate) async fn back_up(&self, params: &Value) -> Result<Value, Fault> {
        let database = &self.0.database;
        let place = match params["path"].as_str().map(PathBuf::from) {
            Some(path) if path.is_absolute() => path,
            Some(path) => {
                return Err(Fault::new(INVALID, format!("{} is no absolute path", path.display())));
            }
            None => backups::place(database, Made::Manual, &clock::now()),
        };
        let _alone = self.0.backing_up.lock().await;
        let failed = |why: String| Fault::new(INTERNAL, why);
        if place.parent() == Some(&backups::folder(database)) {
            backups::make_folder(database).map_err(|error| failed(error.to_string()))?;
        }
        copy(database, &place).await.map_err(failed)?;
        let bytes = std::fs::metadata(&place).map(|file| file.len()).unwrap_or_default();
        Ok(json!({"path": place, "bytes": bytes}))
    }
}

/// Makes the backups that are due, until the engine is gone.
pub(super) async fn keep_backups(engine: Weak<Shared>, mut config: watch::Receiver<Arc<InForce>>) {
    loop {
        let Some(shared) = engine.upgrade() else { return };
        shared.next_backup.store(due_at(&shared), Ordering::Relaxed);
        if clock::micros() >= shared.next_backup.load(Ordering::Relaxed) {
            make_due_one(&shared).await;
        }
        tokio::select! {
            () = shared.backup_due.notified() => {}
            changed = config.changed() => if changed.is_err() { return },
        }
    }
}

/// When the next one is due, in microseconds: a while after the last one; where there is none, after the first change.
fn due_at(shared: &Shared) -> i64 {
    let Some(every) = shared.book.in_force().backup.every else { return i64::MAX };
    let begins = || shared.read(|tx| Ok(tx.history_begins()?)).ok().flatten();
    let from = last_scheduled(&shared.database).map(|(_, at)| at).or_else(begins);
    let due = from.unwrap_or_else(clock::micros).saturating_add(every);
    let failed = shared.backup_trouble.lock().unwrap_or_else(PoisonError::into_inner).is_some();
    if failed { due.max(clock::micros().saturating_add(TRY_AGAIN)) } else { due }
}

fn last_scheduled(database: &Path) -> Option<(PathBuf, i64)> {
    let all = backups::list(database).into_iter();
    all.filter(|backup| backup.made == Made::Scheduled).map(|backup| (backup.path, backup.at)).next()
}

async fn make_due_one(shared: &Arc<Shared>) {
    // Until it is made, writes do not ring for it again.
    shared.next_backup.store(i64::MAX, Ordering::Relaxed);
    let outcome = make_and_rotate(shared).await;
    if let Err(why) = &outcome {
        tracing::error!(why, "the backup that is due could not be made");
    }
    *shared.backup_trouble.lock().unwrap_or_else(PoisonError::into_inner) = outcome.err();
    shared.next_backup.store(due_at(shared), Ordering::Relaxed);
}

async fn make_and_rotate(shared: &Arc<Shared>) -> Result<(), String> {
    let _alone = shared.backing_up.lock().await;
    let database = &shared.database;
    if !changed_since_last(shared) {
        return Ok(());
    }
    backups::make_folder(database).map_err(|error| error.to_string())?;
    let place = backups::place(database, Made::Scheduled, &clock::now());
    copy(database, &place).await?;
    tracing::info!(path = %place.display(), "backed up");
    backups::rotate(database, shared.book.in_force().backup)
        .map_err(|error| format!("old backups cannot be taken away: {error}"))
}

/// A last one that cannot be read does not count.
fn changed_since_last(shared: &Shared) -> bool {
    let last =
        last_scheduled(&shared.database).and_then(|(path, _)| orc_store::backup::cursor_of(&path).ok());
    let now = shared.read(|tx| Ok(tx.cursor()?));
    now.is_err() || last != now.ok()
}

async fn copy(database: &Path, place: &Path) -> Result<(), String> {
    let (from, to) = (database.to_owned(), place.to_owned());
    let copied = tokio::task::spawn_blocking(move || orc_store::backup::to(&from, &to)).await;
    copied.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic())).map_err(|e| e.to_string())
}

/// What `status` says of backups.
pub(super) fn status(shared: &Shared) -> Value {
    let newest = backups::list(&shared.database).into_iter().next();
    let next = shared.next_backup.load(Ordering::Relaxed);
    let time = |micros: i64| Stamp::from_micros(micros).text().to_owned();
    json!({
        "folder": backups::folder(&shared.database),
        "newest": newest.as_ref().map(|backup| &backup.path),
        "newest_at": newest.as_ref().map(|backup| time(backup.at)),
        "next_after": (next < i64::MAX).then(|| time(next)),
        "trouble": *shared.backup_trouble.lock().unwrap_or_else(PoisonError::into_inner),
    })
}
