//! How sessions begin and end.

use std::sync::{Arc, Mutex, OnceLock, RwLock};

use orc_core::claim::Actor;
use orc_core::command::{Command, Cx};
use orc_core::id::Ids;
use orc_core::refusal::Refusal;
use orc_core::time::DAY;
use orc_core::{Policies, decide};
use orc_proto::Hello;
use orc_store::Tx;
use orc_store::queries::SessionRow;
use tokio_util::sync::CancellationToken;

use super::{Shared, roots};
use crate::answer::Level;
use crate::call::Answer;
use crate::catalog::ToolSet;
use crate::clock;
use crate::connection::HandshakeRefusal;
use crate::project;
use crate::sessions::{self, Session};
use crate::watch::Topic;

/// An ended session can be resumed by its token this long.
const REMEMBERED: i64 = 7 * DAY;

/// Begins a session, or resumes the one whose token the hello brings.
pub(super) async fn begin(
    shared: &Arc<Shared>,
    hello: Hello,
    pid: Option<u32>,
) -> Result<Arc<Session>, HandshakeRefusal> {
    let preparing = Arc::clone(shared);
    let prepared = tokio::task::spawn_blocking(move || prepare(&preparing, &hello, pid)).await;
    let applicant = prepared.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?;

    // Registered by the job, so that names are given out, and ends and resumptions come, one after the other.
    let registered = Arc::new(OnceLock::new());
    let (admitting, entry) = (Arc::clone(shared), Arc::clone(&registered));
    let job = move |tx: &Tx<'_>| {
        let session = Arc::new(admit(tx, &admitting, applicant)?);
        admitting.sessions.add(Arc::clone(&session));
        let _ = entry.set(Arc::clone(&session)); // a job runs once
        Ok(session)
    };
    let admitted = shared.submit(job).await.map_err(|refusal| {
        if let Some(session) = registered.get() {
            shared.sessions.remove(session);
        }
        refused("SESSION", refusal.message)
    })?;
    shared.watchers.touch(Topic::Agents);
    Ok(admitted)
}

/// A session that is not let in yet, with what its name and project follow from.
struct Applicant {
    session: Session,
    root: Option<project::ProjectRoot>,
    name: Name,
}

/// In place of a project's name: a session that asks for all is in none, so that it sees all.
const ALL: &str = "*";

/// How a session comes by its agent's name.
enum Name {
    /// The client gave it.
    Given(String),
    /// The session had it before its connection was lost; unless another has it by now, it has it again.
    Kept(String, String),
    /// `<client>@<folder>`, with a number while others have it.
    Drawn(String),
}

/// What the hello says, read and checked. Blocks on the file system.
fn prepare(shared: &Shared, hello: &Hello, pid: Option<u32>) -> Result<Applicant, HandshakeRefusal> {
    let settings = &hello.settings;
    let level = choose(
        "TASK_ORCHESTRATOR_RESPONSES",
        settings.responses.as_deref(),
        &[("compact", Level::Compact), ("full", Level::Full)],
    )?;
    let tools = choose("TASK_ORCHESTRATOR_TOOLS", settings.tools.as_deref(), ToolSet::WORDS)?;
    let folder = sessions::folder(hello);
    // `TASK_ORCHESTRATOR_PROJECT` names a folder's project or, where it is no folder, the project itself.
    let named = settings.project.as_deref().map(str::trim).filter(|p| !p.is_empty());
    let find = |folder: &std::path::Path| project::find(folder, &shared.places.home);
    let own = match named {
        None => find(&folder),
        Some(ALL) => None,
        Some(name) => find(&folder.join(name)).filter(|_| folder.join(name).is_dir()),
    };
    let follows_roots = named.is_none() && own.is_none();
    let root = own.or_else(|| roots::first_project(hello.roots.iter().filter(|_| follows_roots), find));
    if let (Some(name), None) = (named, &root) {
        orc_core::limits::chars("TASK_ORCHESTRATOR_PROJECT", name, orc_core::limits::KEY_CHARS)
            .map_err(|refusal| refused("SETTINGS", refusal.message))?;
    }
    let known = shared.read(|tx| match &hello.token {
        Some(token) => Ok(tx.session_by_token(token)?),
        None => Ok(None),
    });
    let known = known.map_err(|halt| refused("SESSION", Refusal::from(halt).message))?;
    let id = match (&known, sessions::is_person(hello)) {
        (_, true) => sessions::person_name(hello),
        (Some(row), false) => row.id.clone(),
        (None, false) => uuid::Uuid::new_v4().to_string(),
    };
    let given = hello.agent.as_deref().map(str::trim).filter(|name| !name.is_empty());
    let name = match (given, &known) {
        _ if sessions::is_person(hello) => Name::Given(sessions::person_name(hello)),
        (Some(name), _) => Name::Given(orc_core::text::cut(name, orc_core::limits::KEY_CHARS)),
        (None, Some(row)) => Name::Kept(row.agent.clone(), sessions::default_name(hello)),
        (None, None) => Name::Drawn(sessions::default_name(hello)),
    };
    let session = Session {
        id,
        token: known.map_or_else(|| uuid::Uuid::new_v4().to_string(), |row| row.token),
        agent: String::new(),
        client: sessions::client(hello),
        pid: pid.or((hello.pid != 0).then_some(hello.pid)),
        folder,
        since: clock::now(),
        follows_roots,
        watched: Mutex::default(),
        project: RwLock::new(named.filter(|name| root.is_none() && *name != ALL).map(str::to_owned)),
        level,
        tools,
        notices: notices(shared, hello),
        subagents: std::sync::Mutex::default(),
        leaving: CancellationToken::new(),
    };
    Ok(Applicant { session, root, name })
}

/// A setting with a few words; an unknown one is refused rather than ignored, for it may be meant to forbid something.
fn choose<T: Copy + Default>(
    variable: &str,
    word: Option<&str>,
    words: &[(&str, T)],
) -> Result<T, HandshakeRefusal> {
    let Some(word) = word.map(str::trim).filter(|w| !w.is_empty()) else { return Ok(T::default()) };
    match words.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)) {
        Some((_, value)) => Ok(*value),
        None => {
            let valid: Vec<&str> = words.iter().map(|(known, _)| *known).collect();
            let message = format!(
                "{variable} is '{word}'. Valid: {}. Correct it in the client's configuration",
                valid.join(", ")
            );
            Err(refused("SETTINGS", message))
        }
    }
}

fn refused(code: &str, message: String) -> HandshakeRefusal {
    HandshakeRefusal { code: code.to_owned(), message }
}

/// One daemon serves one configuration: a session that brings another is told so, and served by the one in force.
fn notices(shared: &Shared, hello: &Hello) -> Vec<String> {
    match (&hello.settings.config, &shared.named_config) {
        (Some(wanted), in_force) if in_force.as_ref() != Some(wanted) => {
            let in_force = in_force.clone().unwrap_or_else(|| shared.places.config.join("config.yaml"));
            vec![format!(
                "TASK_ORCHESTRATOR_CONFIG of this session names {}, but the running daemon was started with {}, which stays in force for all. Stop the daemon to change it.",
                wanted.display(),
                in_force.display()
            )]
        }
        _ => Vec::new(),
    }
}

/// Names the agent and its project, keeps the session, and lets it take over what its agent held before.
fn admit(tx: &Tx<'_>, shared: &Shared, applicant: Applicant) -> Answer<Session> {
    let Applicant { mut session, root, name } = applicant;
    session.agent = match name {
        Name::Given(name) => name,
        Name::Kept(name, _) if shared.sessions.is_free(&name, &session.id) => name,
        Name::Kept(_, base) | Name::Drawn(base) => {
            shared.sessions.free_name(&base, &session.id, session.since.micros())
        }
    };
    if let Some(root) = root {
        session.set_project(Some(name_project(tx, shared, &root)?));
    }
    if session.is_person() {
        return Ok(session);
    }
    let resumed = tx.session_by_token(&session.token)?.is_some();
    tx.keep_session(&row(&session), &clock::now())?;
    run(tx, &shared.book.in_force().policies, &Command::AdoptClaims { resumed }, &actor(&session))?;
    Ok(session)
}

/// The name of the project at a root, whose file counts from now on. Where it was called otherwise before, the sessions in it
/// are in the same project still.
pub(super) fn name_project(tx: &Tx<'_>, shared: &Shared, root: &project::ProjectRoot) -> Answer<String> {
    let wanted = shared.book.declared_name(root).unwrap_or_else(|| root.folder_name());
    let at = root.root.display().to_string();
    let before = tx.project_at(&at)?;
    let name = tx.name_project(&at, &wanted)?;
    shared.book.add_project(&name, root);
    if before.as_ref().is_some_and(|before| *before != name) {
        // Here and not later: the next write must not bring the old name back as a project of its own.
        for session in shared.sessions.all() {
            if session.project() == before {
                session.set_project(Some(name.clone()));
            }
        }
        shared.watchers.touch(Topic::Agents);
    }
    Ok(name)
}

/// The session as it is kept.
pub(super) fn row(session: &Session) -> SessionRow {
    SessionRow {
        id: session.id.clone(),
        token: session.token.clone(),
        agent: session.agent.clone(),
        client: session.client.clone(),
        pid: session.pid.map(i64::from),
        folder: Some(session.folder.display().to_string()),
        project: session.project(),
    }
}

fn actor(session: &Session) -> Actor {
    Actor { session: session.id.clone(), agent: session.agent.clone(), subagent: None }
}

/// Decides and applies one command of the daemon's own.
pub(super) fn run(tx: &Tx<'_>, policies: &Policies, command: &Command, actor: &Actor) -> Answer<usize> {
    let cx = Cx { now: clock::now(), actor: actor.clone(), ids: Ids::new(0), project: None };
    let changes = decide(tx, policies, command, &cx)?;
    tx.commit(&changes, &cx.actor, &cx.now, policies)?;
    Ok(changes.len())
}

/// Ends a session whose connection is gone. A person's commands have no session to end.
///
/// While the daemon ends, sessions are left open: their clients are there and come back to the next daemon, from whose start
/// the grace runs (contract.md §7).
pub(super) async fn end(shared: &Arc<Shared>, session: &Arc<Session>) {
    if session.is_person() || shared.stopping.is_cancelled() {
        if shared.sessions.remove(session) {
            shared.watchers.touch(Topic::Agents);
        }
        return;
    }
    let (ending, session) = (Arc::clone(shared), Arc::clone(session));
    let job = move |tx: &Tx<'_>| {
        // Asked here, after every earlier resumption and before every later one: a resumed session has not ended.
        if !ending.sessions.remove(&session) {
            return Ok(());
        }
        ending.watchers.touch(Topic::Agents);
        run(tx, &ending.book.in_force().policies, &Command::EndSession, &actor(&session))?;
        let now = clock::now();
        Ok(tx.end_session(&session.id, &now, now.micros() - REMEMBERED)?)
    };
    if let Err(refusal) = shared.submit(job).await {
        // At the next start every session that is still open is ended, so nothing is lost.
        tracing::warn!(message = refusal.message, "a session's end could not be kept");
    }
}
