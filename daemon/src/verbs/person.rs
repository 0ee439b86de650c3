//! The person who runs a command: where it points, how they want to be answered, and their calls of tools.
//!
//! What they do is recorded as `person:USER` (`contract.md` §7), whatever TASK_ORCHESTRATOR_AGENT says: that names an agent.

use std::{
    cell::{Cell, RefCell},
    path::Path,
    time::Duration,
};

use orc_proto::{
    autostart::May,
    dial::{Connection, RpcError},
    wire::{Document, ToolCall},
};
use serde_json::{Map, Value};

use super::{Here, Trouble, paint::Paint, refusal::Refused, say};
use crate::catalog;

/// Longer than the longest tool (`wait_for`, 300 s).
const DEADLINE: Duration = Duration::from_secs(330);
/// Longer than the largest store takes to be written out.
const LONG: Duration = Duration::from_secs(3_600);
/// A call is made so often before its connection is given up.
const TRIES: u32 = 3;

/// Somebody at a terminal, or a script of theirs.
pub(crate) struct Person {
    /// Where the commands point.
    pub(crate) here: Here,
    /// Whether they want JSON.
    pub(crate) json: bool,
    /// How text looks on their stdout.
    pub(crate) paint: Paint,
    runtime: tokio::runtime::Runtime,
    connection: RefCell<Option<Connection>>,
    /// Whether a daemon may be started for the next connection.
    may: Cell<May>,
    /// Whether the database may be made for any call: by default, and for who is about to write.
    makes: Cell<bool>,
}

/// What a tool answered.
pub(crate) struct Answer {
    /// The document as it came.
    pub(crate) text: String,
    /// The same, read.
    pub(crate) value: Value,
}

impl Person {
    /// Finds out about them; nothing is connected yet.
    pub(crate) fn new(db: Option<&Path>, json: bool) -> Result<Self, Trouble> {
        Ok(Self {
            here: Here::find(db)?,
            json,
            paint: Paint::of_stdout(),
            runtime: super::client_runtime()?,
            connection: RefCell::new(None),
            may: Cell::new(May::Start),
            makes: Cell::new(db.is_none()),
        })
    }

    /// Calls a tool, through a daemon that is started if need be. A refusal is an error.
    pub(crate) fn call(&self, tool: &str, arguments: Value) -> Result<Answer, Trouble> {
        let about = ["item_id", "from_id", "parent_id"].iter().find_map(|key| arguments[*key].as_str());
        let about = about.map(str::to_owned);
        let (text, refused) = self.raw(tool, arguments.to_string())?;
        read(text, refused, about)
    }

    /// The same for something long: Ctrl-C ends the wait for it.
    pub(crate) fn call_or_interrupt(&self, tool: &str, arguments: Value) -> Result<Answer, Trouble> {
        self.refuse_to_make_for(tool, &arguments)?;
        let connection = self.connect()?;
        let call = ToolCall {
            name: tool.to_owned(),
            arguments: Some(Document::from(arguments.to_string())),
            ..ToolCall::default()
        };
        let answer = self.runtime.block_on(async {
            tokio::select! {
                answer = connection.call(call, LONG) => Ok(answer?),
                _ = tokio::signal::ctrl_c() => Err(Trouble::Interrupted),
            }
        })?;
        read(answer.document.into_text(), answer.is_error, None)
    }

    /// Calls a tool with arguments that are JSON already; the document, and whether it is a refusal.
    ///
    /// A call whose connection is lost, or that a daemon about to end did not begin, is made again under the same key: it happens
    /// once (`daemon.md` rule 13).
    pub(crate) fn raw(&self, tool: &str, arguments: String) -> Result<(String, bool), Trouble> {
        if !self.makes.get() {
            self.refuse_to_make_for(tool, &serde_json::from_str(&arguments).unwrap_or_default())?;
        }
        let call = ToolCall {
            name: tool.to_owned(),
            arguments: Some(Document::from(arguments)),
            key: Some(uuid::Uuid::new_v4().to_string()),
            ..ToolCall::default()
        };
        let mut tries = 1;
        loop {
            let connection = self.connect()?;
            match self.runtime.block_on(connection.call(call.clone(), DEADLINE)) {
                Ok(answer) if !answer.not_begun || tries == TRIES => {
                    return Ok((answer.document.into_text(), answer.is_error));
                }
                Err(error) if tries == TRIES || !lost(&error) => return Err(error.into()),
                Ok(_) | Err(_) => self.disconnect(),
            }
            tries += 1;
        }
    }

    /// Runs something that waits, beside the connection.
    pub(crate) fn wait<F: Future>(&self, waiting: F) -> F::Output {
        self.runtime.block_on(waiting)
    }

    /// Prints an answer: as it came where they want JSON, else in words.
    pub(crate) fn print(&self, answer: &Answer, words: impl FnOnce(&Value) -> String) {
        match self.json {
            true => say(&answer.text),
            false => super::tell(&words(&answer.value)),
        }
    }

    /// From now on no daemon is started: who only looks on brings none back that somebody stopped (`daemon.md` rule 9).
    pub(crate) fn only_look_on(&self) {
        self.may.set(May::OnlyDial);
    }

    /// From now on a database that is not there is made, whatever is called first.
    pub(crate) fn is_about_to_write(&self) {
        self.makes.set(true);
    }

    /// Whether the database named with `--db` is not there.
    pub(crate) fn has_none(&self) -> bool {
        !self.makes.get() && self.here.has_none()
    }

    /// Refuses a call that only reads, of a database named with `--db` that is not there.
    fn refuse_to_make_for(&self, tool: &str, arguments: &Value) -> Result<(), Trouble> {
        if self.makes.get() || catalog::writes(tool, arguments) {
            Ok(())
        } else {
            self.here.refuse_to_read_nothing()
        }
    }

    fn connect(&self) -> Result<Connection, Trouble> {
        self.runtime.block_on(self.connection())
    }

    /// The connection of this command, made when it is first asked for.
    pub(crate) async fn connection(&self) -> Result<Connection, Trouble> {
        let made = self.connection.borrow().clone();
        if let Some(connection) = made {
            return Ok(connection);
        }
        let mut settings = self.here.settings.for_hello();
        if !self.json {
            // Words are made from compact answers; JSON is as their settings say.
            settings.responses = None;
        }
        let connection = self.here.connect_as(settings, self.may.get()).await?;
        *self.connection.borrow_mut() = Some(connection.clone());
        Ok(connection)
    }

    /// Forgets a connection that is lost.
    pub(crate) fn disconnect(&self) {
        self.connection.borrow_mut().take();
    }
}

fn read(text: String, refused: bool, about: Option<String>) -> Result<Answer, Trouble> {
    let value = serde_json::from_str(&text).map_err(std::io::Error::from)?;
    match refused {
        true => Err(Trouble::Refused(Box::new(Refused::new(text, value, about)))),
        false => Ok(Answer { text, value }),
    }
}

/// Whether the connection is gone, and the call perhaps with it.
pub(crate) fn lost(error: &RpcError) -> bool {
    matches!(error, RpcError::Shutdown | RpcError::Channel(_))
}

/// The arguments of a call: those that were given.
#[derive(Default)]
pub(crate) struct Given(Map<String, Value>);

impl Given {
    /// An operation of a tool.
    pub(crate) fn operation(name: &str) -> Self {
        Self::default().with("operation", name)
    }

    /// Adds one.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// Adds one where there is one.
    pub(crate) fn maybe<T: Into<Value>>(self, name: &str, value: Option<T>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Adds words, where there are any.
    pub(crate) fn words(self, name: &str, words: &[String]) -> Self {
        if words.is_empty() { self } else { self.with(name, words.join(",")) }
    }

    /// Adds a flag that is set.
    pub(crate) fn flag(self, name: &str, set: bool) -> Self {
        if set { self.with(name, true) } else { self }
    }

    /// All of them.
    pub(crate) fn done(self) -> Value {
        Value::Object(self.0)
    }

    /// All of them, by their names.
    pub(crate) fn fields(self) -> Map<String, Value> {
        self.0
    }
}
