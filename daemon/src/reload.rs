//! Which rules are in force, and how a changed config.yaml comes into force (daemon.md rules 25 and 26).
//!
//! A [`ConfigBook`] holds one [`Source`] for the user's file and one for each known project's. A source is looked at by
//! three parties: the watcher's thread after a change, every call before it decides
//! ([`ConfigBook::refresh_if_changed`], so that a call right after a save sees it), and `manage_schemas reload`. What it
//! shows is judged there (`source.rs`): a good file comes into force, a bad one leaves the last good one in force and
//! becomes a fault. The book lays the sources over each other and publishes the result as one [`InForce`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use orc_core::Policies;
use orc_store::queries::is_name_of;
use tokio::sync::watch;

use crate::config::{BackupPolicy, Place};
use crate::project::ProjectRoot;
use bell::Bell;
use source::{Ledger, Patience, Save, Source};

pub(crate) use watcher::Watching;

mod bell;
mod compose;
mod content;
mod sight;
mod source;
mod targets;
mod watcher;

/// Everything that config files decide, at one moment.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct InForce {
    /// The rules of items and claims.
    pub(crate) policies: Arc<Policies>,
    /// Files that are refused just now, the user's first.
    pub(crate) faults: Vec<ConfigFault>,
    /// What else a person should know, as sentences: a file that was deleted, one that is not read.
    pub(crate) notices: Vec<String>,
    /// How long the daemon stays without sessions.
    pub(crate) idle_exit: Duration,
    /// Microseconds of history that are kept; `None` is for ever.
    pub(crate) history_keep: Option<i64>,
    /// The backups that are made by themselves.
    pub(crate) backup: BackupPolicy,
    /// Counts what was published since the start; the first is 1.
    pub(crate) revision: u64,
    /// The user's file, when there is a good version of one in force.
    pub(crate) user_file: Option<PathBuf>,
    /// The files of projects that have one in force, by the project's name.
    pub(crate) project_files: BTreeMap<String, ProjectFile>,
}

/// A project's file that is in force.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ProjectFile {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// The schemas that come from it; the project's others come from the user's file.
    pub(crate) schemas: Vec<String>,
    /// The name it gives the project.
    pub(crate) names: Option<String>,
}

/// A file that is refused, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ConfigFault {
    /// Which file.
    pub(crate) path: PathBuf,
    /// Counted from 1; 0 when the fault has no place in it, such as a file that cannot be read.
    pub(crate) line: usize,
    /// In characters, counted from 1; 0 like the line.
    pub(crate) column: usize,
    /// What is wrong, what would be valid, and what is in force meanwhile.
    pub(crate) message: String,
    /// The project whose file it is; `None` is the user's.
    pub(crate) project: Option<String>,
}

/// Where the text of the last good version of each file outlives the daemon.
///
/// `path` only tells files apart: it is the path a file has when it has the first of its possible names.
pub(crate) trait LastGood: Send + Sync {
    /// The text saved last, unless it was forgotten.
    fn load(&self, path: &Path) -> Option<String>;
    /// Keeps the text, or forgets it. Called in order and under no lock of the book's, but on whichever thread saw the
    /// change, which may be one that decides a call: queue the write and do not wait for it.
    fn save(&self, path: &Path, text: Option<&str>);
}

impl InForce {
    /// The file that the schema of that name comes from, for items of that project or of none.
    pub(crate) fn file_of_schema(&self, project: Option<&str>, schema: &str) -> Option<&Path> {
        if let Some(file) = project.and_then(|name| self.project_files.get(name))
            && file.schemas.iter().any(|name| name == schema)
        {
            return Some(&file.path);
        }
        self.policies.user.schema(schema).and(self.user_file.as_deref())
    }
}

/// The config files that the daemon knows, and what is in force. Clones share one book.
#[derive(Clone)]
pub(crate) struct ConfigBook {
    shared: Arc<Shared>,
}

struct Shared {
    last_good: Arc<dyn LastGood>,
    sources: RwLock<Vec<Arc<Source>>>,
    published: watch::Sender<Arc<InForce>>,
    ledger: Ledger,
    /// How many of the ledger's changes are in what is published. Held while publishing.
    composed: Mutex<u64>,
    /// Held while texts are handed to [`LastGood`], which keeps their order between threads.
    saving: Mutex<()>,
    bell: Arc<Bell>,
}

impl ConfigBook {
    /// Reads the user's file, or what was good of it last. The file need not exist.
    pub(crate) fn open(user_file: PathBuf, last_good: Arc<dyn LastGood>) -> Self {
        let user = Source::open(vec![user_file], None, Place::User, last_good.as_ref());
        Self::of(user, last_good)
    }

    /// The same with a file that was named in its place (contract.md §11); that it does not exist is told.
    pub(crate) fn open_named(user_file: PathBuf, last_good: Arc<dyn LastGood>) -> Self {
        let user = Source::open_named(user_file, last_good.as_ref());
        Self::of(user, last_good)
    }

    fn of(user: Arc<Source>, last_good: Arc<dyn LastGood>) -> Self {
        let first = compose::in_force(std::slice::from_ref(&user), 0);
        let book = Self {
            shared: Arc::new(Shared {
                last_good,
                sources: RwLock::new(vec![user]),
                published: watch::Sender::new(Arc::new(first)),
                ledger: Ledger::default(),
                // No count is this one, so that the first look is published whatever it finds.
                composed: Mutex::new(u64::MAX),
                saving: Mutex::default(),
                bell: Arc::default(),
            }),
        };
        book.look(Patience::None);
        book
    }

    /// What is in force. Costs a lock that nobody holds for long, and no I/O.
    pub(crate) fn in_force(&self) -> Arc<InForce> {
        self.shared.published.borrow().clone()
    }

    /// Wakes whenever something else is in force, or a fault or notice came or went.
    pub(crate) fn subscribe(&self) -> watch::Receiver<Arc<InForce>> {
        self.shared.published.subscribe()
    }

    /// Makes a project's file count for the items of that project, from now on. A root that is known already only takes
    /// the new name; a known name moves to the new root.
    pub(crate) fn add_project(&self, name: &str, root: &ProjectRoot) {
        let same =
            |source: &Source| source.project_root() == Some(&root.root) && source.project() == Some(name);
        if self.sources().iter().any(|source| same(source)) {
            return;
        }
        let owner = source::Owner { name: name.to_owned(), root: root.root.clone() };
        let files = root.config_candidates().to_vec();
        let source = Source::open(files, Some(owner), Place::Project, self.shared.last_good.as_ref());
        source.look(Patience::None, &self.shared.ledger);
        {
            let mut sources = self.shared.sources.write().unwrap_or_else(PoisonError::into_inner);
            sources.retain(|s| s.project() != Some(name) && s.project_root() != Some(&root.root));
            sources.push(source);
        }
        self.shared.ledger.changes.fetch_add(1, Ordering::SeqCst);
        self.finish();
        self.shared.bell.ring();
    }

    /// Takes every file as it stands now, without giving a deleted or emptied one time to come back.
    pub(crate) fn reload_now(&self) -> Arc<InForce> {
        self.look(Patience::None);
        self.in_force()
    }

    /// Takes in what has changed. For calls, before they decide: without a change it costs one or two `stat` a file.
    /// Only a file of the last two seconds is read again, because its time may hide a second save.
    pub(crate) fn refresh_if_changed(&self) -> Arc<InForce> {
        self.look(Patience::Settle);
        self.in_force()
    }

    /// Starts the thread that takes in changes by itself; it ends, for good, when the answer is dropped. Once a book.
    pub(crate) fn watch(&self) -> std::io::Result<Watching> {
        watcher::start(self.clone())
    }

    /// The name that a project's file gives it, read like any other rule: from the last good version when the file is
    /// bad, so that a typo does not rename a project. For those who have to name a project before they can add it.
    pub(crate) fn declared_name(&self, root: &ProjectRoot) -> Option<String> {
        let files = root.config_candidates().to_vec();
        let source = Source::open(files, None, Place::Project, self.shared.last_good.as_ref());
        source.look(Patience::None, &Ledger::default());
        source.outcome().good.and_then(|good| good.file.name.clone())
    }

    /// The projects that are called otherwise than their files say now, or their folders where a file says nothing.
    pub(crate) fn misnamed(&self) -> Vec<ProjectRoot> {
        let misnamed = |source: Arc<Source>| {
            let root = ProjectRoot { root: source.project_root()?.clone(), config: None };
            let declared = source.outcome().good.and_then(|good| good.file.name.clone());
            let wanted = declared.unwrap_or_else(|| root.folder_name());
            (!is_name_of(source.project()?, &wanted)).then_some(root)
        };
        self.sources().into_iter().filter_map(misnamed).collect()
    }

    /// Looks at every file. Says whether one is in a state that may pass by itself.
    fn look(&self, patience: Patience) -> bool {
        let mut sources = self.sources();
        loop {
            let mut unsettled = false;
            for source in &sources {
                unsettled |= source.look(patience, &self.shared.ledger);
            }
            let now = self.sources();
            // A project that got another name meanwhile has another source, which may have been looked at before the file changed.
            if now.len() == sources.len() && now.iter().zip(&sources).all(|(a, b)| Arc::ptr_eq(a, b)) {
                self.finish();
                return unsettled;
            }
            sources = now;
        }
    }

    fn sources(&self) -> Vec<Arc<Source>> {
        self.shared.sources.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Publishes, and hands over what is to be kept.
    fn finish(&self) {
        self.publish();
        if lock(&self.shared.ledger.saves).is_empty() {
            return;
        }
        let _in_order = lock(&self.shared.saving);
        loop {
            let next = lock(&self.shared.ledger.saves).pop_front();
            let Some(Save { key, text }) = next else { return };
            self.shared.last_good.save(&key, text.as_deref());
        }
    }

    /// Publishes what the sources say, if that is something else. A caller that finds a change being published by
    /// another thread waits for it here.
    fn publish(&self) {
        let mut composed = lock(&self.shared.composed);
        let changes = self.shared.ledger.changes.load(Ordering::SeqCst);
        if *composed == changes {
            return;
        }
        *composed = changes;
        let present = self.in_force();
        let mut next = compose::in_force(&self.sources(), present.revision);
        if next == *present && present.revision > 0 {
            return;
        }
        next.revision += 1;
        if next.policies == present.policies {
            next.policies = present.policies.clone();
        }
        self.shared.published.send_replace(Arc::new(next));
    }
}

/// A panic elsewhere leaves these locks' contents whole: each is changed in one step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
