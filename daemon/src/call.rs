//! One call of a tool: who makes it, when, under which rules, and the steps it takes.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use orc_core::claim::Actor;
use orc_core::command::{Command, Cx};
use orc_core::id::Ids;
use orc_core::refusal::Refusal;
use orc_core::time::Stamp;
use orc_core::{Change, Policies, View, decide, limits};
use orc_store::Tx;
use orc_store::queries::{Filter, Scope, Within};
use serde_json::Value;

use crate::answer::Rows;
use crate::args::Args;
use crate::engine::Shared;
use crate::halt::Halt;
use crate::reload::InForce;
use crate::sessions::Session;

/// What a tool answers.
pub(crate) type Answer<T = Value> = Result<T, Halt>;

/// The circumstances of one call. The present moment is fixed when the call begins to run, so that all it writes carries one
/// time.
pub(crate) struct Call<'a> {
    /// What all sessions share.
    pub shared: &'a Shared,
    /// Whose call it is.
    pub session: &'a Session,
    /// The configuration in force.
    pub config: Arc<InForce>,
    /// Time, actor and ids.
    pub cx: Cx,
    steps: Cell<u64>,
}

impl<'a> Call<'a> {
    pub(crate) fn begin(
        shared: &'a Shared,
        session: &'a Session,
        args: &Args,
        config: Arc<InForce>,
        seed: u128,
        now: Stamp,
    ) -> Result<Self, Refusal> {
        let subagent = args.text("agent")?.map(str::trim).filter(|name| !name.is_empty());
        if let Some(name) = subagent {
            limits::chars("agent", name, limits::KEY_CHARS)?;
        }
        let actor = Actor {
            session: session.id.clone(),
            agent: session.agent.clone(),
            subagent: subagent.map(str::to_owned),
        };
        let cx = Cx { now, actor, ids: Ids::new(seed), project: session.project() };
        Ok(Self { shared, session, config, cx, steps: Cell::new(0) })
    }

    /// Microseconds now.
    pub(crate) fn now(&self) -> i64 {
        self.cx.now.micros()
    }

    /// The rules in force.
    pub(crate) fn policies(&self) -> &Policies {
        &self.config.policies
    }

    /// Decides one step and applies it.
    pub(crate) fn act(&self, tx: &Tx<'_>, command: &Command) -> Answer<Vec<Change>> {
        let (changes, cx) = self.decide(tx, command)?;
        tx.commit(&changes, &cx.actor, &cx.now, self.policies())?;
        Ok(changes)
    }

    /// Decides one step and throws the changes away.
    pub(crate) fn preview(&self, tx: &Tx<'_>, command: &Command) -> Answer<Vec<Change>> {
        Ok(self.decide(tx, command)?.0)
    }

    fn decide(&self, tx: &Tx<'_>, command: &Command) -> Answer<(Vec<Change>, Cx)> {
        let cx = self.cx.at_step(self.steps.get());
        self.steps.set(self.steps.get() + 1);
        Ok((decide(tx, self.policies(), command, &cx)?, cx))
    }

    /// The rows of an answer, at the session's level.
    pub(crate) fn rows<'t, 'c>(&'t self, tx: &'t Tx<'c>) -> Answer<Rows<'t, 'c>> {
        Ok(Rows::new(tx, self.session.level, &self.cx.now)?)
    }

    /// The projects that a read covers: the one named by `project`, all for `*`, else the session's and none's.
    pub(crate) fn scope(&self, tx: &Tx<'_>, args: &Args) -> Answer<Scope> {
        match named_project(tx, args)? {
            Some(scope) => Ok(scope),
            None => Ok(self.cx.project.clone().map_or(Scope::All, Scope::With)),
        }
    }

    /// The projects that a report on the whole store covers: all, unless `project` names one.
    pub(crate) fn whole_store(&self, tx: &Tx<'_>, args: &Args) -> Answer<Scope> {
        Ok(named_project(tx, args)?.unwrap_or(Scope::All))
    }

    /// The filter that `workspace` and `project` make.
    pub(crate) fn report_filter(&self, tx: &Tx<'_>, args: &Args, scope: Scope) -> Answer<Filter> {
        Ok(Filter { workspace: within(tx, args.text("workspace")?)?, ..Filter::of(scope) })
    }

    /// A path of the caller's: relative ones are meant from the shim's folder (contract.md §2).
    pub(crate) fn path(&self, text: &str) -> PathBuf {
        match text.strip_prefix("~/") {
            Some(rest) => self.shared.places.home.join(rest),
            None => self.session.folder.join(Path::new(text)),
        }
    }
}

fn named_project(tx: &Tx<'_>, args: &Args) -> Answer<Option<Scope>> {
    match args.text("project")?.map(str::trim) {
        None => Ok(None),
        Some("*") => Ok(Some(Scope::All)),
        Some(name) if tx.has_project(name)? => Ok(Some(Scope::Only(name.to_owned()))),
        Some(name) => {
            let known = tx.project_names()?;
            let known = if known.is_empty() { "there are none yet".to_owned() } else { known.join(", ") };
            let message = format!("Project '{name}' not found. Known: {known}; '*' means all");
            Err(Refusal::not_found(message).field("project").into())
        }
    }
}

/// The workspace that a call names.
pub(crate) fn within(tx: &Tx<'_>, name: Option<&str>) -> Answer<Option<Within>> {
    let Some(name) = name else { return Ok(None) };
    match tx.workspace(name.trim())? {
        Some(workspace) => Ok(Some(Within { name: name.trim().to_owned(), tags: workspace.tags })),
        None => Err(Refusal::not_found(format!("Workspace '{name}' not found")).field("workspace").into()),
    }
}
