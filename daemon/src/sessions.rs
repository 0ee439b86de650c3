//! Who is connected. A session is one shim's connection, known to be alive because the connection is (contract.md §7).

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use orc_core::claim::PERSON;
use orc_core::limits;
use orc_core::time::Stamp;
use orc_proto::Hello;
use orc_proto::handshake::Kind;
use orc_proto::wire::Poll;
use tokio_util::sync::CancellationToken;

use crate::answer::Level;
use crate::catalog::ToolSet;
use crate::peer;

/// One client's session.
#[derive(Debug)]
pub(crate) struct Session {
    /// Its public id; a person's is `person:USER` and never ends.
    pub id: String,
    /// The secret by which its shim resumes it.
    pub token: String,
    /// Its agent's name.
    pub agent: String,
    /// The client's name and version, for people.
    pub client: String,
    /// The client's process.
    pub pid: Option<u32>,
    /// Where relative paths are meant from.
    pub folder: PathBuf,
    /// When it connected.
    pub since: Stamp,
    /// Whether its project is that of the client's roots: neither its settings nor its folder name one.
    pub follows_roots: bool,
    /// Its project; see [`Session::project`].
    pub project: RwLock<Option<String>>,
    /// Watched addresses of items, and the items they mean.
    pub watched: Mutex<HashMap<String, Box<str>>>,
    /// How much its answers show.
    pub level: Level,
    /// Which tools it lists.
    pub tools: ToolSet,
    /// What it must be told about its settings, such as a configuration file that is not in force.
    pub notices: Vec<String>,
    /// The subagents that have written in this session, so that a claim can be handed to them by name.
    pub subagents: Mutex<BTreeSet<String>>,
    /// Its client has gone, and its shim waits for answers alone.
    pub leaving: CancellationToken,
}

/// Subagents remembered of one session; others are still named `agent/subagent`.
const SUBAGENTS: usize = 256;

impl Session {
    /// A subagent writes.
    pub(crate) fn heard_of(&self, subagent: &str) {
        let mut known = self.subagents.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() < SUBAGENTS && !known.contains(subagent) {
            known.insert(subagent.to_owned());
        }
    }

    /// Whether that subagent has written.
    pub(crate) fn knows(&self, subagent: &str) -> bool {
        self.subagents.lock().unwrap_or_else(PoisonError::into_inner).contains(subagent)
    }

    /// Its project: the one its settings name, that of its folder, or that of the client's roots (daemon.md rule 24). A call
    /// reads it once, at its beginning.
    pub(crate) fn project(&self) -> Option<String> {
        self.project.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The item that a watched address was found to mean.
    pub(crate) fn watched_item(&self, uri: &str) -> Option<Box<str>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner).get(uri).cloned()
    }

    /// Keeps what a watched address means, for as long as the session lasts.
    pub(crate) fn remember_watched_item(&self, uri: &str, id: &str) {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        // A client that watches ever new items forgets the old ones; they are looked up again.
        if watched.len() >= 2 * Poll::MAX_WATCHED {
            watched.clear();
        }
        watched.insert(uri.to_owned(), id.into());
    }

    /// The client's roots are elsewhere now.
    pub(crate) fn set_project(&self, project: Option<String>) {
        *self.project.write().unwrap_or_else(PoisonError::into_inner) = project;
    }

    /// Whether it is a person's, whose claims do not end with the process.
    pub(crate) fn is_person(&self) -> bool {
        self.id.starts_with(PERSON)
    }
}

/// A session that was open when the last daemon ended. While its process runs it is about to come back, and until then no other
/// gets its name, with which it would get its claims.
#[derive(Debug)]
pub(crate) struct Expected {
    /// Its public id.
    pub id: String,
    /// Its agent's name.
    pub agent: String,
    /// Its shim's process.
    pub pid: Option<u32>,
    /// In microseconds: from then on it is not expected any more.
    pub until: i64,
}

/// The sessions that are connected now, and those that are about to be.
#[derive(Debug)]
pub(crate) struct Registry(Mutex<Known>);

#[derive(Debug)]
struct Known {
    live: HashMap<String, Arc<Session>>,
    /// All commands of one person have one id, and are not each other's successors.
    people: Vec<Arc<Session>>,
    expected: Vec<Expected>,
}

impl Registry {
    /// Nobody is connected yet.
    pub(crate) fn new(expected: Vec<Expected>) -> Self {
        Self(Mutex::new(Known { live: HashMap::new(), people: Vec::new(), expected }))
    }

    /// Adds a session; one of the same id, whose connection is not yet known to be dead, gives way.
    pub(crate) fn add(&self, session: Arc<Session>) {
        let mut known = self.lock();
        if session.is_person() {
            known.people.push(session);
            return;
        }
        known.expected.retain(|expected| expected.id != session.id);
        known.live.insert(session.id.clone(), session);
    }

    /// Takes a session away, unless its id has been resumed by another connection. Answers whether it was there.
    pub(crate) fn remove(&self, session: &Arc<Session>) -> bool {
        let Known { live, people, .. } = &mut *self.lock();
        if session.is_person() {
            let before = people.len();
            people.retain(|other| !Arc::ptr_eq(other, session));
            return people.len() < before;
        }
        match live.get(&session.id) {
            Some(current) if Arc::ptr_eq(current, session) => live.remove(&session.id).is_some(),
            _ => false,
        }
    }

    /// All that are connected, by name.
    pub(crate) fn all(&self) -> Vec<Arc<Session>> {
        let mut all: Vec<Arc<Session>> = {
            let known = self.lock();
            known.live.values().chain(&known.people).cloned().collect()
        };
        all.sort_by(|a, b| (&a.agent, &a.id).cmp(&(&b.agent, &b.id)));
        all
    }

    /// How many are connected.
    pub(crate) fn len(&self) -> usize {
        let known = self.lock();
        known.live.len() + known.people.len()
    }

    /// The name for a session that brings none: `base`, or `base#2` and so on, the lowest that no other session has, be it live
    /// or expected.
    pub(crate) fn free_name(&self, base: &str, own: &str, now: i64) -> String {
        let mut known = self.lock();
        known.expected.retain(|expected| now < expected.until && expected.pid.is_some_and(peer::runs));
        let live = known.live.values().map(|session| (&session.id, &session.agent));
        let expected = known.expected.iter().map(|expected| (&expected.id, &expected.agent));
        let taken: BTreeSet<&str> =
            live.chain(expected).filter(|(id, _)| *id != own).map(|(_, agent)| agent.as_str()).collect();
        let numbered = (2..).map(|n| format!("{base}#{n}"));
        std::iter::once(base.to_owned())
            .chain(numbered)
            .find(|name| !taken.contains(name.as_str()))
            .unwrap_or_default()
    }

    /// Whether no other live session has this name.
    pub(crate) fn is_free(&self, name: &str, own: &str) -> bool {
        !self.lock().live.values().any(|session| session.id != own && session.agent == name)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        // It is whole after every insert and remove, so a panic elsewhere cannot have left it half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The name a session gets when it brings none: `<client>@<folder>`.
pub(crate) fn default_name(hello: &Hello) -> String {
    let client = hello.client_name.as_deref().map(str::trim).filter(|c| !c.is_empty()).unwrap_or("agent");
    let folder =
        hello.folder.file_name().map(|f| f.to_string_lossy().into_owned()).unwrap_or_else(|| "/".to_owned());
    orc_core::text::cut(&format!("{client}@{folder}"), limits::KEY_CHARS)
}

/// The name that a person's commands act under.
pub(crate) fn person_name(hello: &Hello) -> String {
    let user = hello.user.as_deref().filter(|u| !u.is_empty()).unwrap_or("unknown");
    orc_core::text::cut(&format!("{PERSON}{user}"), limits::KEY_CHARS)
}

/// Whether a hello is from a command that a person runs.
pub(crate) fn is_person(hello: &Hello) -> bool {
    hello.kind == Kind::Person.word()
}

/// The client, as people are shown it.
pub(crate) fn client(hello: &Hello) -> String {
    let client = match (&hello.client_name, &hello.client_version) {
        (Some(name), Some(version)) => format!("{name} {version}"),
        (Some(name), None) => name.clone(),
        (None, _) => hello.kind.clone(),
    };
    orc_core::text::cut(&client, limits::KEY_CHARS)
}

/// Longest folder of a session, in bytes: no system has longer ones.
const FOLDER_BYTES: usize = 4_096;

/// The folder of a hello, absolute in any case.
pub(crate) fn folder(hello: &Hello) -> PathBuf {
    if hello.folder.is_absolute() && hello.folder.as_os_str().len() <= FOLDER_BYTES {
        hello.folder.clone()
    } else {
        Path::new("/").to_owned()
    }
}
