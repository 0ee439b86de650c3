//! What a setup changes: one change for each file, whatever ends in it.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use super::{
    client::{Client, Files, Format, HookForm, Rules, Scope},
    edit::{self, Edit},
    entry::Server,
    hooks::Runner,
    json::Fault,
    places::{Ground, Platform},
    rules,
    text::{self, Writer},
    toml,
};

/// What is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    /// Whose files.
    pub(crate) scope: Scope,
    /// The server.
    pub(crate) server: Server,
    /// This program, which the hooks run.
    pub(crate) program: PathBuf,
    /// Whether hooks are wanted.
    pub(crate) hooks: bool,
    /// Whether rules are wanted.
    pub(crate) rules: bool,
    /// The daemon's socket.
    pub(crate) socket: PathBuf,
}

/// One file, and what is to be in it.
#[derive(Debug)]
pub(crate) struct Change {
    /// The file.
    pub(crate) path: PathBuf,
    /// For people: `server`, `hooks`, `rules`, or several.
    pub(crate) holds: String,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Json(Vec<Edit>),
    Toml,
    Block,
    Own { text: String, executable: bool },
}

/// What would be left of a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// This text.
    Text(String),
    /// Nothing: it was made for us.
    Nothing,
}

impl Left {
    /// The text; of nothing an empty one.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Nothing => "",
        }
    }
}

/// Who has a server's name in a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// Nobody.
    Absent,
    /// The server itself, which runs this.
    Ours(String),
    /// Another one, which runs this.
    Other(String),
}

impl Presence {
    pub(super) fn of(command: &str, server: &Server) -> Self {
        let made = if server.is_ours(command) { Self::Ours } else { Self::Other };
        made(command.to_owned())
    }
}

/// Something that is not as it was asked for, in words.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Lack {
    /// It is not there.
    Missing(String),
    /// It is otherwise.
    Different(String),
}

impl Lack {
    /// What an entry lacks: of its command, and its variables.
    pub(super) fn of_server(
        server: &Server,
        command: Option<&str>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Vec<Self> {
        let Some(command) = command else {
            return vec![Self::Missing(format!("no server \"{}\"", server.name))];
        };
        let wanted = server.command();
        let runs = (command != wanted).then(|| format!("{}, not '{wanted}'", server.runs(command)));
        let variables = server.environment.iter().filter_map(|(name, wanted)| match variable(name) {
            Some(there) if there == *wanted => None,
            Some(there) => Some(format!("{name} is '{there}', not '{wanted}'")),
            None => Some(format!("{name} is not set to '{wanted}'")),
        });
        runs.into_iter().chain(variables).map(Self::Different).collect()
    }
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(words) | Self::Different(words) => f.write_str(words),
        }
    }
}

/// The changes that make a client know the server, in order.
pub(crate) fn plan(client: &Client, files: &Files, wish: &Wish, ground: &Ground) -> Vec<Change> {
    let mut changes = Vec::new();
    if let Some(first) = files.config.first() {
        let path = files.config.iter().map(|spot| spot.path(ground)).find(|path| path.exists());
        let content = match client.entry {
            Format::Json(at, shape) => Content::Json(vec![Edit::Server { at, shape }]),
            Format::Toml => Content::Toml,
        };
        add(&mut changes, path.unwrap_or_else(|| first.path(ground)), "server", content);
    }
    if let Some(hooks) = files.hooks.filter(|_| wish.hooks) {
        let database = wish.server.environment.iter().find(|(name, _)| name == orc_proto::settings::DB);
        let runner = Runner {
            program: &wish.program,
            client: client.id,
            database: database.map(|(_, path)| path.as_str()),
            platform: ground.platform,
        };
        let path = hooks.file.path(ground);
        if hooks.form != HookForm::ClineScripts {
            let mut edits = runner.edits(hooks.form);
            if hooks.form == HookForm::Claude && ground.platform == Platform::MacOs {
                edits.push(Edit::Socket(wish.socket.to_string_lossy().into_owned()));
            }
            add(&mut changes, path, "hooks", Content::Json(edits));
        } else if ground.platform != Platform::Windows {
            for (event, command) in runner.scripts(hooks.form) {
                let script = Content::Own { text: rules::script(&command), executable: true };
                add(&mut changes, path.join(event), "hooks", script);
            }
        }
    }
    match files.rules.filter(|_| wish.rules) {
        Some(Rules::Own(spot, frame)) => {
            let content = Content::Own { text: rules::file(frame), executable: false };
            add(&mut changes, spot.path(ground), "rules", content);
        }
        Some(Rules::Block(spot)) => add(&mut changes, spot.path(ground), "rules", Content::Block),
        None => {}
    }
    changes
}

/// Adds a change, to the one of the same file if there is one.
fn add(changes: &mut Vec<Change>, path: PathBuf, holds: &str, content: Content) {
    if let Content::Json(more) = &content
        && let Some(same) = changes.iter_mut().find(|change| change.path == path)
        && let Content::Json(edits) = &mut same.content
    {
        edits.extend(more.iter().cloned());
        same.holds = format!("{}, {holds}", same.holds);
        return;
    }
    changes.push(Change { path, holds: holds.to_owned(), content });
}

impl Change {
    /// What the file is to be.
    ///
    /// # Errors
    /// [`Fault`]: it does not parse, or holds something in our place; it is to be left alone.
    pub(crate) fn put(&self, text: Option<&str>, server: &Server) -> Result<String, Fault> {
        let there = text.unwrap_or_default();
        match &self.content {
            Content::Json(edits) => edit::put(there, edits, server),
            Content::Toml => toml::put(there, server),
            Content::Block => text::put_block(there, rules::CYCLE),
            Content::Own { text: own, .. } => match text.map(text::writer) {
                None | Some(Writer::Setup) => Ok(own.clone()),
                Some(Writer::Edited) => Err(Fault::at(there, 0, "it was edited since setup wrote it")),
                Some(Writer::Other) => Err(Fault::at(there, 0, "it was not written by setup")),
            },
        }
    }

    /// What is left of the file without us; `before`: as it was then, where that is known.
    ///
    /// # Errors
    /// [`Fault`]: it does not parse, or was edited; it is to be left alone.
    pub(crate) fn take(&self, text: &str, server: &Server, before: Option<&str>) -> Result<Left, Fault> {
        let left = match &self.content {
            Content::Json(edits) => edit::take(text, edits, server, before)?,
            Content::Toml => {
                let kept = toml::take(text, server, before)?.unwrap_or_else(|| text.to_owned());
                (before.is_some() || kept == text || !kept.trim().is_empty()).then_some(kept)
            }
            Content::Block => text::take_block(text, before)?,
            Content::Own { .. } => match text::writer(text) {
                Writer::Setup => None,
                Writer::Edited => return Err(Fault::at(text, 0, "it was edited since setup wrote it")),
                Writer::Other => Some(text.to_owned()),
            },
        };
        Ok(left.map_or(Left::Nothing, Left::Text))
    }

    /// Who has the server's name in the file.
    ///
    /// # Errors
    /// [`Fault`]: it does not parse.
    pub(crate) fn presence(&self, text: Option<&str>, server: &Server) -> Result<Presence, Fault> {
        match (&self.content, text) {
            (Content::Json(edits), Some(text)) => edit::presence(text, edits, server),
            (Content::Toml, Some(text)) => toml::presence(text, server),
            _ => Ok(Presence::Absent),
        }
    }

    /// What is not in the file, or otherwise than [`Change::put`] makes it.
    ///
    /// # Errors
    /// [`Fault`]: it does not parse.
    pub(crate) fn lacks(&self, text: Option<&str>, server: &Server) -> Result<Vec<Lack>, Fault> {
        let Some(text) = text else { return Ok(vec![Lack::Missing("there is no such file".to_owned())]) };
        let lacks = match &self.content {
            Content::Json(edits) => edit::lacks(text, edits, server)?,
            Content::Toml => toml::lacks(text, server)?,
            Content::Block if text::take_block(text, None)?.as_deref() == Some(text) => {
                vec![Lack::Missing("no rules of task-orchestrator".to_owned())]
            }
            Content::Block | Content::Own { .. } => Vec::new(),
        };
        let otherwise = || vec![Lack::Different("it is not as this version writes it".to_owned())];
        Ok(if lacks.is_empty() { otherwise() } else { lacks })
    }

    /// Whether the servers are in the file.
    pub(crate) fn holds_server(&self) -> bool {
        self.holds.split(", ").any(|part| part == "server")
    }

    /// Whether nobody else writes into the file, so that no copy is needed.
    pub(crate) fn is_ours_alone(&self) -> bool {
        matches!(self.content, Content::Own { .. })
    }

    /// Whether the file is to be executable.
    pub(crate) fn executable(&self) -> bool {
        matches!(self.content, Content::Own { executable: true, .. })
    }
}

/// Whether a client is here: one of its programs on PATH, or one of its folders.
pub(crate) fn is_here(client: &Client, ground: &Ground, search: &[PathBuf]) -> bool {
    let named = |folder: &Path, program: &str| {
        ["", ".exe", ".cmd"].iter().any(|end| folder.join(format!("{program}{end}")).is_file())
    };
    let on_path = |program: &&str| search.iter().any(|folder| named(folder, program));
    client.programs.iter().any(on_path) || client.folders.iter().any(|spot| spot.path(ground).is_dir())
}
