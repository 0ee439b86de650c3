//! One config file: what was good of it last, and what is wrong with it now (daemon.md rule 26).
//!
//! | what there is | what comes into force |
//! |---|---|
//! | a file that parses | it, and it is kept as the last good one |
//! | a file that does not, or cannot be read | the last good one stays; a fault |
//! | an empty file, when nothing is in force | nothing: it says as little as no file |
//! | an empty file, while a good one is in force | the last good one stays: it is half-written; a fault once it stays so |
//! | no file | defaults, once it stays so; the last good one is forgotten; a notice |
//! | a project whose folder is not there (an unmounted disk) | the last good one stays; a notice |

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, TryLockError};
use std::time::{Duration, Instant};

use super::content::{hash, is_blank, text, words};
use super::sight::Sight;
use super::{ConfigFault, LastGood, lock};
use crate::config::{self, ConfigFile, Place};
use crate::small_file;

/// An editor that saves by removing and writing anew is done within this time.
pub(super) const SETTLE: Duration = Duration::from_millis(150);
/// A look that takes longer than this is stuck in the file system; others go on without it.
const STUCK: Duration = Duration::from_millis(200);

/// One config file under all names it may have.
pub(super) struct Source {
    names: Vec<PathBuf>,
    owner: Option<Owner>,
    place: Place,
    /// Whether somebody gave its name, which may be mistyped.
    is_named: bool,
    /// Held while the file system is asked.
    looking: Mutex<Looking>,
    /// When the present look began, in milliseconds of [`now_millis`].
    began: AtomicU64,
    /// Held for moments only, so that one file that cannot be reached does not stop the others.
    outcome: Mutex<Outcome>,
}

/// The project whose file it is.
pub(super) struct Owner {
    pub(super) name: String,
    pub(super) root: PathBuf,
}

/// What the looks so far have come to.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Outcome {
    pub(super) good: Option<Good>,
    pub(super) fault: Option<ConfigFault>,
    pub(super) notice: Option<String>,
}

/// A version that is in force.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Good {
    pub(super) path: PathBuf,
    pub(super) file: Arc<ConfigFile>,
}

#[derive(Default)]
struct Looking {
    sight: Option<Sight>,
    /// The content that the outcome was made from.
    judged: Option<[u8; 32]>,
    /// The content that is kept as the last good one.
    kept: Option<[u8; 32]>,
    /// A state that may pass by itself, and since when.
    doubt: Option<(Doubt, Instant)>,
}

/// Why what is seen is not taken for what is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Doubt {
    /// The file is missing while it is in force.
    Missing,
    /// The file is empty while a good version is in force.
    Blank,
    /// The project's folder is missing, and with it the file.
    Away,
}

/// How long a missing or empty file may take to come back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Patience {
    /// [`SETTLE`].
    Settle,
    /// Not at all: take it as it is.
    None,
}

/// What the looks at all sources have brought. Written while a source is still held, so that whoever looks at it next
/// finds the change counted, and texts are kept in the order they were seen.
#[derive(Default)]
pub(super) struct Ledger {
    /// How often an outcome became another one.
    pub(super) changes: AtomicU64,
    /// What is yet to be handed to [`LastGood`].
    pub(super) saves: Mutex<VecDeque<Save>>,
}

/// What judging a file brought beside its outcome.
#[derive(Default)]
struct Verdict {
    /// Worth another look after [`SETTLE`].
    unsettled: bool,
    /// To be kept or forgotten.
    save: Option<Save>,
}

/// For [`LastGood`].
pub(super) struct Save {
    pub(super) key: PathBuf,
    pub(super) text: Option<String>,
}

impl Source {
    /// A source that has been told what was good last, but not looked at its file. There is at least one name.
    pub(super) fn open(
        names: Vec<PathBuf>,
        owner: Option<Owner>,
        place: Place,
        last_good: &dyn LastGood,
    ) -> Arc<Self> {
        Arc::new(Self::new(names, owner, place, last_good))
    }

    /// The user's file, by a name that somebody gave: that it is missing is told, for the name may be mistyped.
    pub(super) fn open_named(file: PathBuf, last_good: &dyn LastGood) -> Arc<Self> {
        Arc::new(Self { is_named: true, ..Self::new(vec![file], None, Place::User, last_good) })
    }

    fn new(names: Vec<PathBuf>, owner: Option<Owner>, place: Place, last_good: &dyn LastGood) -> Self {
        let mut looking = Looking::default();
        let mut outcome = Outcome::default();
        if let Some(text) = names.first().and_then(|key| last_good.load(key)) {
            looking.kept = Some(hash(text.as_bytes()));
            // What an older or newer build called good may be refused by this one.
            if let Ok(file) = config::parse(&text, place) {
                outcome.good = Some(Good { path: names[0].clone(), file: Arc::new(file) });
            }
        }
        Self {
            names,
            owner,
            place,
            is_named: false,
            looking: Mutex::new(looking),
            began: AtomicU64::new(0),
            outcome: Mutex::new(outcome),
        }
    }

    pub(super) fn project(&self) -> Option<&str> {
        self.owner.as_ref().map(|owner| owner.name.as_str())
    }

    pub(super) fn project_root(&self) -> Option<&PathBuf> {
        self.owner.as_ref().map(|owner| &owner.root)
    }

    /// Every path the file may have.
    pub(super) fn names(&self) -> &[PathBuf] {
        &self.names
    }

    pub(super) fn outcome(&self) -> Outcome {
        lock(&self.outcome).clone()
    }

    /// Looks at the file, and judges it if it is not as it was. Says whether another look after [`SETTLE`] is due.
    pub(super) fn look(&self, patience: Patience, ledger: &Ledger) -> bool {
        let Some(mut looking) = self.enter() else { return false };
        let sight = Sight::of(&self.names);
        let same = looking.sight.as_ref() == Some(&sight);
        if same && looking.doubt.is_none() && patience == Patience::Settle && !sight.is_young() {
            return false;
        }
        let before = self.outcome();
        let mut after = before.clone();
        let verdict = self.judge(&mut looking, &sight, patience, &mut after);
        looking.sight = Some(sight);
        if after != before {
            *lock(&self.outcome) = after;
            ledger.changes.fetch_add(1, Ordering::SeqCst);
        }
        if let Some(save) = verdict.save {
            lock(&ledger.saves).push_back(save);
        }
        verdict.unsettled
    }

    /// The right to look; waits for a look that is under way, unless that one is stuck.
    fn enter(&self) -> Option<MutexGuard<'_, Looking>> {
        let guard = match self.looking.try_lock() {
            Ok(guard) => guard,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                let ago = now_millis().saturating_sub(self.began.load(Ordering::SeqCst));
                if u128::from(ago) > STUCK.as_millis() {
                    return None;
                }
                lock(&self.looking)
            }
        };
        self.began.store(now_millis(), Ordering::SeqCst);
        Some(guard)
    }

    fn judge(&self, looking: &mut Looking, sight: &Sight, patience: Patience, to: &mut Outcome) -> Verdict {
        let (path, hidden) = match sight {
            Sight::Missing => return self.judge_missing(looking, patience, to),
            Sight::Closed { path, why } => return self.judge_unreadable(looking, path.clone(), why, to),
            Sight::There { path, hidden, .. } => (path, hidden),
        };
        let bytes = match small_file::read(path, config::FILE_BYTES) {
            Ok(bytes) => bytes,
            // Gone since the look: the next one will tell.
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                return Verdict { unsettled: true, ..Verdict::default() };
            }
            Err(e) => return self.judge_unreadable(looking, path.clone(), &words(&e), to),
        };
        to.notice = hidden.as_ref().map(|other| {
            format!("{} is not read, because {} is there as well", other.display(), path.display())
        });
        if is_blank(&bytes) {
            return self.judge_blank(looking, path.clone(), patience, to);
        }
        looking.doubt = None;
        self.judge_content(looking, path.clone(), bytes, to)
    }

    fn judge_content(
        &self,
        looking: &mut Looking,
        path: PathBuf,
        bytes: Vec<u8>,
        to: &mut Outcome,
    ) -> Verdict {
        let content = hash(&bytes);
        if looking.judged == Some(content) {
            return Verdict::default();
        }
        looking.judged = Some(content);
        let parsed = text(bytes).and_then(|text| Ok((config::parse(&text, self.place)?, text)));
        match parsed {
            Err(e) => {
                to.fault = Some(self.fault(path, e.line, e.column, e.message, to));
                Verdict::default()
            }
            Ok((file, text)) => {
                to.good = Some(Good { path, file: Arc::new(file) });
                to.fault = None;
                let new = looking.kept.replace(content) != Some(content);
                Verdict { save: new.then(|| self.save(Some(text))), ..Verdict::default() }
            }
        }
    }

    fn judge_unreadable(&self, looking: &mut Looking, path: PathBuf, why: &str, to: &mut Outcome) -> Verdict {
        (looking.judged, looking.doubt) = (None, None);
        to.notice = None;
        to.fault = Some(self.fault(path, 0, 0, why.to_owned(), to));
        Verdict::default()
    }

    fn judge_blank(
        &self,
        looking: &mut Looking,
        path: PathBuf,
        patience: Patience,
        to: &mut Outcome,
    ) -> Verdict {
        if to.good.is_none() {
            // Nothing is lost: it says as little as no file.
            (looking.judged, looking.doubt, to.fault) = (None, None, None);
            return Verdict::default();
        }
        if !looking.settled(Doubt::Blank, patience) {
            return Verdict { unsettled: true, ..Verdict::default() };
        }
        looking.judged = None;
        let words = "the file is empty and counts as half-written (to get the defaults, delete it or write {} into it)";
        to.fault = Some(self.fault(path, 1, 1, words.to_owned(), to));
        Verdict::default()
    }

    fn judge_missing(&self, looking: &mut Looking, patience: Patience, to: &mut Outcome) -> Verdict {
        if to.good.is_none() && to.fault.is_none() {
            looking.judged = None;
            // A text of an older build that this one cannot read is of no more use.
            let old = looking.kept.take().is_some();
            to.notice = self.is_named.then(|| {
                let (path, instead) = (self.names[0].display(), self.without_file());
                format!("TASK_ORCHESTRATOR_CONFIG names {path}, which is not there: {instead} in force")
            });
            return Verdict { save: old.then(|| self.save(None)), ..Verdict::default() };
        }
        let path = to.good.as_ref().map_or(&self.names[0], |good| &good.path).display().to_string();
        if let Some(root) = self.project_root().filter(|root| !root.exists()) {
            looking.judged = None;
            looking.doubt = Some((Doubt::Away, Instant::now()));
            to.fault = None;
            let words = format!("{} is not there; what {path} said last stays in force", root.display());
            to.notice = to.good.is_some().then_some(words);
            return Verdict::default();
        }
        if !looking.settled(Doubt::Missing, patience) {
            return Verdict { unsettled: true, ..Verdict::default() };
        }
        *looking = Looking::default();
        let instead = self.without_file();
        *to =
            Outcome { notice: Some(format!("{path} was deleted: {instead} in force")), ..Outcome::default() };
        Verdict { save: Some(self.save(None)), ..Verdict::default() }
    }

    fn fault(&self, path: PathBuf, line: usize, column: usize, what: String, to: &Outcome) -> ConfigFault {
        let meanwhile = match to.good {
            Some(_) => "the last good version stays in force".to_owned(),
            None => format!("no version of it was ever good, so {} in force", self.without_file()),
        };
        let project = self.project().map(str::to_owned);
        ConfigFault { path, line, column, message: format!("{what}; {meanwhile}"), project }
    }

    fn without_file(&self) -> &'static str {
        match self.place {
            Place::User => "defaults are",
            Place::Project => "the user's rules are",
        }
    }

    fn save(&self, text: Option<String>) -> Save {
        Save { key: self.names[0].clone(), text }
    }
}

impl Looking {
    /// Whether a doubtful state has lasted long enough to be meant.
    fn settled(&mut self, doubt: Doubt, patience: Patience) -> bool {
        let since = match self.doubt {
            Some((same, since)) if same == doubt => since,
            _ => Instant::now(),
        };
        self.doubt = Some((doubt, since));
        patience == Patience::None || since.elapsed() >= SETTLE
    }
}

fn now_millis() -> u64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(START.elapsed().as_millis()).unwrap_or(u64::MAX)
}
