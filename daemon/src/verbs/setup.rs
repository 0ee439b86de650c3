//! `setup CLIENT`: makes an MCP client know the shim, checks that it does, or takes that back.

use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use orc_proto::settings::{DB, absolute};
use serde_json::{Value, json};

use super::{Here, Trouble, exit::Exit, say};
use crate::setup::{
    client::{Client, Scope},
    clients::{CLIENTS, client},
    entry::{SHIM, Server},
    file::{FileTrouble, Original},
    json::Fault,
    places::Ground,
    plan::{Change, Left, Wish, is_here, plan},
    shim,
};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The client; without one, all are listed
    #[arg(value_parser = PossibleValuesParser::new(CLIENTS.iter().map(|client| client.id)))]
    client: Option<String>,
    /// Every client that is installed
    #[arg(long, conflicts_with = "client")]
    all: bool,
    /// Whose files are changed
    #[arg(long, value_enum, default_value = "user")]
    scope: Scope,
    /// The server's name in the client
    #[arg(long, default_value = "task-orchestrator", value_parser = name)]
    name: String,
    /// A variable for the server; may be given several times
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    env: Vec<(String, String)>,
    /// Only say whether all is in place and the server answers (exit code 1: no)
    #[arg(long, conflicts_with_all = ["remove", "dry_run"])]
    check: bool,
    /// Take everything back
    #[arg(long)]
    remove: bool,
    /// Only show what would change
    #[arg(long)]
    dry_run: bool,
    /// No hooks
    #[arg(long)]
    no_hooks: bool,
    /// No skill or rules for the agent
    #[arg(long)]
    no_rules: bool,
    /// The server's program [default: task-orchestrator-mcp beside this program]
    #[arg(long, value_name = "PATH")]
    shim: Option<PathBuf>,
}

pub(crate) fn run(arguments: Arguments, json: bool, db: Option<&Path>) -> Result<Exit, Trouble> {
    let here = Here::find(db)?;
    let home = &here.places.home;
    let folder = std::env::current_dir().unwrap_or_else(|_| home.clone());
    let ground = Ground::here(home, &folder);
    let search: Vec<PathBuf> = std::env::var_os("PATH").iter().flat_map(std::env::split_paths).collect();
    let chosen: Vec<&Client> = match arguments.client.as_deref().and_then(client) {
        Some(client) => vec![client],
        None if arguments.all => CLIENTS.iter().filter(|client| is_here(client, &ground, &search)).collect(),
        None => {
            list(json, &ground, &search);
            return Ok(Exit::Fine);
        }
    };
    let wish = wish(&arguments, &here, db.map(|db| absolute(db, home, &folder)), &folder)?;
    let rows = json.then(Vec::new);
    let mut setup = Setup { arguments, ground, wish, well: true, rows };
    setup.look_at_the_shim()?;
    for client in &chosen {
        setup.client(client);
    }
    if chosen.is_empty() {
        setup.remark("No client is installed that this program knows; `task-orchestrator setup` lists them.");
    }
    if let Some(rows) = &setup.rows {
        say(&json!({"ok": setup.well, "changes": rows}).to_string());
    }
    Ok(if setup.well { Exit::Fine } else { Exit::Refused })
}

/// What is asked for, with absolute paths.
fn wish(arguments: &Arguments, here: &Here, db: Option<PathBuf>, folder: &Path) -> Result<Wish, Trouble> {
    let program = std::env::current_exe()?;
    let beside = || program.with_file_name(format!("{SHIM}{}", std::env::consts::EXE_SUFFIX));
    let shim =
        arguments.shim.as_deref().map_or_else(beside, |shim| absolute(shim, &here.places.home, folder));
    let mut environment = arguments.env.clone();
    if let Some(db) = db.filter(|_| !environment.iter().any(|(name, _)| name == DB)) {
        environment.push((DB.to_owned(), db.to_string_lossy().into_owned()));
    }
    Ok(Wish {
        scope: arguments.scope,
        server: Server { name: arguments.name.clone(), shim, environment },
        program,
        hooks: !arguments.no_hooks,
        rules: !arguments.no_rules,
        socket: here.endpoint.socket.clone(),
    })
}

/// The clients, and which are here.
fn list(json: bool, ground: &Ground, search: &[PathBuf]) {
    if json {
        let row = |client: &Client| {
            let found = is_here(client, ground, search);
            json!({"id": client.id, "title": client.title, "project": client.project.is_some(), "found": found})
        };
        say(&json!({"clients": CLIENTS.iter().map(row).collect::<Vec<_>>()}).to_string());
        return;
    }
    for client in CLIENTS {
        let found = if is_here(client, ground, search) { "found" } else { "" };
        let scopes = if client.project.is_some() { "user, project" } else { "user" };
        say(format!("{:<15} {:<15} {scopes:<14} {found}", client.id, client.title).trim_end());
    }
    say(
        "Set one up with `task-orchestrator setup CLIENT`, all that are found with `task-orchestrator setup --all`.",
    );
}

/// A setup under way.
struct Setup {
    arguments: Arguments,
    ground: Ground,
    wish: Wish,
    /// Whether everything so far is as it was asked for.
    well: bool,
    /// For who wants JSON: what came of each change.
    rows: Option<Vec<Value>>,
}

/// What came of a change.
struct Done {
    state: &'static str,
    /// What would change, as a diff.
    diff: Option<String>,
    /// Why it was left alone.
    why: Option<String>,
}

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
enum Unmade {
    #[error("{0}")]
    Text(#[from] Fault),
    #[error("{0}")]
    File(#[from] FileTrouble),
}

impl Setup {
    /// An entry is written only for a shim that is there, and is in place only if that answers.
    fn look_at_the_shim(&mut self) -> Result<(), Trouble> {
        let shim = self.wish.server.shim.clone();
        if self.arguments.check {
            if let Err(why) = shim::answers(&shim) {
                self.well = false;
                self.remark(&why);
            }
        } else if !self.arguments.remove && !shim.is_file() {
            let why = format!("There is no {}. Install it there, or name it with --shim", shim.display());
            return Err(Trouble::Said(why));
        }
        Ok(())
    }

    fn client(&mut self, client: &Client) {
        if self.rows.is_none() {
            say(&format!("{} ({})", client.title, client.id));
        }
        let Some(files) = client.files(self.wish.scope) else {
            self.remark("  it has no files of a project; leave out --scope project");
            self.well &= self.arguments.all;
            return;
        };
        for change in plan(client, files, &self.wish, &self.ground) {
            let done = if self.arguments.check { self.check(&change) } else { self.make(&change) };
            let done = done.unwrap_or_else(|why| {
                self.well = false;
                Done { why: Some(why.to_string()), ..Done::new("left alone") }
            });
            self.tell(client, &change, &done);
        }
        if files.config.is_empty() {
            self.remark("  its servers are kept for the user: run this with --scope user as well");
        }
        if !self.arguments.check && !self.arguments.remove {
            for note in client.notes(self.wish.scope) {
                self.remark(&format!("  {note}"));
            }
        }
    }

    fn tell(&mut self, client: &Client, change: &Change, done: &Done) {
        let Done { state, diff, why } = done;
        let path = change.path.display();
        if let Some(rows) = &mut self.rows {
            let path = path.to_string();
            let mut row = json!({"client": client.id, "file": path, "holds": change.holds, "state": state});
            for (key, text) in [("diff", diff), ("why", why)] {
                if let Some(text) = text {
                    row[key] = json!(text);
                }
            }
            rows.push(row);
            return;
        }
        let why = why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        say(&format!("  {state:<12} {path} ({}){why}", change.holds));
        if let Some(diff) = diff {
            say(diff);
        }
    }

    /// A line for people.
    fn remark(&self, line: &str) {
        match self.rows {
            Some(_) => super::remark(line.trim_start()),
            None => say(line),
        }
    }

    fn check(&mut self, change: &Change) -> Result<Done, Unmade> {
        let original = Original::read(&change.path)?;
        let wanted = change.put(original.text(), &self.wish.server)?;
        let there =
            original.text() == Some(wanted.as_str()) || (wanted.is_empty() && original.text().is_none());
        self.well &= there;
        Ok(Done::new(if there { "in place" } else { "not in place" }))
    }

    fn make(&self, change: &Change) -> Result<Done, Unmade> {
        let original = Original::read(&change.path)?;
        if self.arguments.remove { self.remove(change, &original) } else { self.put(change, &original) }
    }

    fn put(&self, change: &Change, original: &Original) -> Result<Done, Unmade> {
        let server = &self.wish.server;
        let there = original.text();
        let wanted = change.put(there, server)?;
        if there == Some(wanted.as_str()) || (there.is_none() && wanted.is_empty()) {
            return Ok(Done::new("unchanged"));
        }
        if self.arguments.dry_run {
            return Ok(Done::would(change, there, &wanted));
        }
        let first = original.before().is_none();
        if !change.is_ours_alone() {
            let without =
                there.map(|there| change.take(there, server, None) == Ok(Left::Text(there.to_owned())));
            original.keep(without == Some(false))?;
        }
        if let Err(why) = original.replace(&wanted, change.executable()) {
            if first {
                original.forget();
            }
            return Err(why.into());
        }
        Ok(Done::new("written"))
    }

    fn remove(&self, change: &Change, original: &Original) -> Result<Done, Unmade> {
        let Some(there) = original.text() else { return Ok(Done::new("nothing there")) };
        let before = original.before();
        let left = change.take(there, &self.wish.server, before.as_deref())?;
        let (text, done) = match &left {
            Left::Text(text) if text == there => return Ok(Done::new("nothing there")),
            Left::Text(text) => (text.as_str(), "removed from"),
            Left::Nothing => ("", "removed"),
        };
        if self.arguments.dry_run {
            return Ok(Done::would(change, Some(there), text));
        }
        match left {
            Left::Text(_) => original.replace(text, false)?,
            Left::Nothing => original.remove(|folder| self.ground.keeps(folder))?,
        }
        if before.as_deref().unwrap_or_default() == text {
            original.forget();
        }
        Ok(Done::new(done))
    }
}

impl Done {
    fn new(state: &'static str) -> Self {
        Self { state, diff: None, why: None }
    }

    fn would(change: &Change, old: Option<&str>, new: &str) -> Self {
        let path = change.path.display().to_string();
        let diff = similar::TextDiff::from_lines(old.unwrap_or_default(), new);
        let header = if old.is_some() { &path } else { "/dev/null" };
        let diff = diff.unified_diff().header(header, &path).to_string();
        Self { diff: Some(diff.trim_end().to_owned()), ..Self::new("would change") }
    }
}

/// A server's name that every client takes.
fn name(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    if !text.is_empty() && text.len() <= 64 && text.chars().all(fits) {
        Ok(text.to_owned())
    } else {
        Err("a name has 1 to 64 letters, digits, - and _".to_owned())
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("wanted NAME=VALUE".to_owned()),
    }
}
