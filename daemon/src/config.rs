//! config.yaml as a value: read from text, checked, and laid over what is below it (contract.md §11).
//!
//! There are two places, the user's file and a project's. Both hold schemas and the numbers of reports; only the user's
//! sets what concerns the whole store (claims, daemon, history), only a project's gives the project a name. Reading is
//! strict: an unknown key or word is an error with its line and column, because a setting that is silently ignored is a
//! gate that is silently off (daemon.md rule 26). What is in force, and since when, is [`crate::reload`]'s business.

use std::collections::BTreeSet;
use std::time::Duration;

use orc_core::limits;
use orc_core::policy::{ClaimPolicy, Policy, Schema};
use orc_core::status::Priority;
use orc_core::time::{DAY, HOUR, SECOND, span_text};

use fields::{Field, Fields};
use yaml::{At, Node, Value};

mod fields;
mod schemas;
mod yaml;

/// Largest config.yaml, in bytes.
pub(crate) const FILE_BYTES: usize = 1 << 20;

/// The daemon ends after this long without sessions, unless the user's file says otherwise (daemon.md rule 8).
pub(crate) const DEFAULT_IDLE_EXIT: Duration = Duration::from_secs(30 * 60);

/// Most backups of one kind that are kept.
const MOST_BACKUPS: u32 = 366;

/// Whose file it is; decides which keys it may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    /// The user's, for the whole store.
    User,
    /// A project's `.taskorchestrator/config.yaml`.
    Project,
}

/// A file that does not parse or validate.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub(crate) struct ConfigError {
    /// Counted from 1.
    pub(crate) line: usize,
    /// In characters, counted from 1.
    pub(crate) column: usize,
    /// What is wrong and what would be valid.
    pub(crate) message: String,
}

/// What one file says; `None` where it says nothing. Times are in microseconds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct ConfigFile {
    /// What the project is called. A project's file only.
    pub(crate) name: Option<String>,
    /// In the order of the file.
    pub(crate) schemas: Vec<Schema>,
    /// Most levels of nesting, 1 to [`limits::DEPTH`].
    pub(crate) max_depth: Option<u32>,
    /// See [`Policy::stale_queue`].
    pub(crate) stale_queue: Option<i64>,
    /// See [`Policy::stale_work`].
    pub(crate) stale_work: Option<i64>,
    /// See [`Policy::due_within`].
    pub(crate) due_within: Option<i64>,
    /// See [`Policy::overdue`].
    pub(crate) overdue: Option<Priority>,
    /// See [`ClaimPolicy::grace`]. The user's file only, like the rest from here.
    pub(crate) claim_grace: Option<i64>,
    /// See [`ClaimPolicy::protect_notes`].
    pub(crate) protect_notes: Option<bool>,
    /// How long the daemon stays without sessions; at least a second.
    pub(crate) idle_exit: Option<i64>,
    /// How long the history is kept.
    pub(crate) history: Option<Keep>,
    /// How often a backup is made by itself.
    pub(crate) backup_every: Option<Every>,
    /// See [`BackupPolicy::keep_daily`].
    pub(crate) backup_daily: Option<u32>,
    /// See [`BackupPolicy::keep_weekly`].
    pub(crate) backup_weekly: Option<u32>,
}

/// How often something is done by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Every {
    /// Not at all.
    Never,
    /// Every so many microseconds; at least an hour.
    Span(i64),
}

/// The backups that the daemon makes by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct BackupPolicy {
    /// How many microseconds lie between two; `None`: none are made.
    pub(crate) every: Option<i64>,
    /// Of how many days, counted from the newest, the last one is kept.
    pub(crate) keep_daily: u32,
    /// Of how many weeks, counted from the newest, the last one is kept.
    pub(crate) keep_weekly: u32,
}

impl Default for BackupPolicy {
    fn default() -> Self {
        Self { every: Some(DAY), keep_daily: 7, keep_weekly: 4 }
    }
}

/// How long the history is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Keep {
    /// For ever, which is the default.
    Forever,
    /// Rows older than this many microseconds may go; at least a day.
    For(i64),
}

/// Reads a file. Text that is empty, or holds nothing but comments, says nothing at all.
pub(crate) fn parse(text: &str, place: Place) -> Result<ConfigFile, ConfigError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.len() > FILE_BYTES {
        let message = format!("the file has {} bytes; at most {FILE_BYTES} are allowed", text.len());
        return Err(ConfigError::new(At { line: 1, column: 1 }, message));
    }
    let root = yaml::parse(text)?;
    match root.value {
        Value::Null => Ok(ConfigFile::default()),
        _ => file(&root, place),
    }
}

const BOTH: &[&str] = &["version", "work_item_schemas", "note_schemas", "hierarchy", "stale", "priority"];
const USER_ONLY: &[&str] = &["claims", "daemon", "history", "backup"];
const PROJECT_ONLY: &[&str] = &["name"];

fn file(root: &Node, place: Place) -> Result<ConfigFile, ConfigError> {
    let (own, other, whose) = match place {
        Place::User => (USER_ONLY, PROJECT_ONLY, "a project's .taskorchestrator/config.yaml"),
        Place::Project => {
            (PROJECT_ONLY, USER_ONLY, "the user's config.yaml, because it concerns every project")
        }
    };
    let known = [BOTH, own].concat();
    for (key, _) in fields::entries(root, "", &known)? {
        if other.contains(&key.name.as_str()) {
            return Err(ConfigError::new(key.at, format!("{} belongs into {whose}", key.name)));
        }
    }
    let top = Fields::of(root, "", &known)?;
    let mut file = ConfigFile { schemas: both_names(&top)?, ..ConfigFile::default() };
    top.read("version", |f| f.text("a number").map(drop))?;
    file.name = top.read("name", project_name)?;
    if let Some(section) = section(&top, "hierarchy", &["max_depth"])? {
        file.max_depth = section.read("max_depth", |f| f.number(1, limits::DEPTH))?;
    }
    if let Some(section) = section(&top, "stale", &["queue", "work"])? {
        file.stale_queue = section.read("queue", Field::span)?;
        file.stale_work = section.read("work", Field::span)?;
    }
    if let Some(section) = section(&top, "priority", &["due_within", "overdue"])? {
        let words: Vec<(&str, Priority)> = Priority::ALL.iter().map(|p| (p.as_str(), *p)).collect();
        file.due_within = section.read("due_within", Field::span)?;
        file.overdue = section.read("overdue", |f| f.word(&words))?;
    }
    if let Some(section) = section(&top, "claims", &["grace", "protect_notes"])? {
        file.claim_grace = section.read("grace", Field::span)?;
        file.protect_notes = section.read("protect_notes", Field::flag)?;
    }
    if let Some(section) = section(&top, "daemon", &["idle_exit"])? {
        file.idle_exit = section.read("idle_exit", |f| at_least(f, f.span()?, SECOND))?;
    }
    if let Some(section) = section(&top, "history", &["keep"])? {
        file.history = section.read("keep", keep)?;
    }
    if let Some(section) = section(&top, "backup", &["every", "keep_daily", "keep_weekly"])? {
        file.backup_every = section.read("every", every)?;
        file.backup_daily = section.read("keep_daily", |f| f.number(1, MOST_BACKUPS))?;
        file.backup_weekly = section.read("keep_weekly", |f| f.number(0, MOST_BACKUPS))?;
    }
    Ok(file)
}

/// The schemas, under the present name or the older one.
fn both_names(top: &Fields<'_>) -> Result<Vec<Schema>, ConfigError> {
    match (top.get("work_item_schemas"), top.get("note_schemas"), top.key("note_schemas")) {
        (Some(_), Some(_), Some(key)) => {
            let message = "note_schemas is the older name of work_item_schemas; keep one of the two";
            Err(ConfigError::new(key.at, message.to_owned()))
        }
        (Some(section), ..) | (None, Some(section), _) => schemas::read(&section),
        _ => Ok(Vec::new()),
    }
}

fn section<'n>(top: &Fields<'n>, key: &str, known: &[&str]) -> Result<Option<Fields<'n>>, ConfigError> {
    top.read(key, |field| Fields::of(field.node, key, known))
}

fn project_name(field: &Field<'_>) -> Result<String, ConfigError> {
    match field.short_text(limits::KEY_CHARS)? {
        "*" => Err(field.fault("a project cannot be called *; that means all of them")),
        name => Ok(name.to_owned()),
    }
}

fn keep(field: &Field<'_>) -> Result<Keep, ConfigError> {
    let wants = "forever, or a length of time such as 90d";
    let text = field.text(wants)?;
    if text.trim().eq_ignore_ascii_case("forever") {
        return Ok(Keep::Forever);
    }
    let span = field.span().map_err(|_| field.takes(wants))?;
    at_least(field, span, DAY).map(Keep::For)
}

fn every(field: &Field<'_>) -> Result<Every, ConfigError> {
    let wants = "never, or a length of time such as 24h";
    if field.text(wants)?.trim().eq_ignore_ascii_case("never") {
        return Ok(Every::Never);
    }
    let span = field.span().map_err(|_| field.takes(wants))?;
    at_least(field, span, HOUR).map(Every::Span)
}

fn at_least(field: &Field<'_>, span: i64, least: i64) -> Result<i64, ConfigError> {
    if span < least {
        return Err(field.takes(&format!("at least {}", span_text(least))));
    }
    Ok(span)
}

impl ConfigError {
    fn new(at: At, message: String) -> Self {
        Self { line: at.line, column: at.column, message }
    }
}

impl ConfigFile {
    /// What this file says, over `below` where it says nothing. Its schemas come first and replace those of the same
    /// name (contract.md §11).
    pub(crate) fn policy_over(&self, below: &Policy) -> Policy {
        let own: BTreeSet<&str> = self.schemas.iter().map(|s| s.name.as_str()).collect();
        let kept = below.schemas.iter().filter(|s| !own.contains(s.name.as_str()));
        Policy {
            schemas: self.schemas.iter().chain(kept).cloned().collect(),
            max_depth: self.max_depth.unwrap_or(below.max_depth),
            stale_queue: self.stale_queue.unwrap_or(below.stale_queue),
            stale_work: self.stale_work.unwrap_or(below.stale_work),
            due_within: self.due_within.unwrap_or(below.due_within),
            overdue: self.overdue.or(below.overdue),
        }
    }

    /// The rules for claims.
    pub(crate) fn claims(&self) -> ClaimPolicy {
        let defaults = ClaimPolicy::default();
        ClaimPolicy {
            grace: self.claim_grace.unwrap_or(defaults.grace),
            protect_notes: self.protect_notes.unwrap_or(defaults.protect_notes),
        }
    }

    /// How long the daemon stays without sessions.
    pub(crate) fn idle_exit(&self) -> Duration {
        let micros = self.idle_exit.and_then(|micros| u64::try_from(micros).ok());
        micros.map_or(DEFAULT_IDLE_EXIT, Duration::from_micros)
    }

    /// The backups that are made by themselves.
    pub(crate) fn backup(&self) -> BackupPolicy {
        let defaults = BackupPolicy::default();
        BackupPolicy {
            every: match self.backup_every {
                Some(Every::Span(micros)) => Some(micros),
                Some(Every::Never) => None,
                None => defaults.every,
            },
            keep_daily: self.backup_daily.unwrap_or(defaults.keep_daily),
            keep_weekly: self.backup_weekly.unwrap_or(defaults.keep_weekly),
        }
    }

    /// How many microseconds of history are kept; `None` is for ever.
    pub(crate) fn history_keep(&self) -> Option<i64> {
        match self.history {
            Some(Keep::For(micros)) => Some(micros),
            Some(Keep::Forever) | None => None,
        }
    }
}

#[cfg(test)]
mod tests;
