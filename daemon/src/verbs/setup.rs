//! `setup CLIENT`: makes an MCP client know the shim, checks that it does, or takes that back.

mod list;

use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use orc_proto::settings::{DB, absolute};
use serde_json::{Value, json};

use self::list::Known;
use super::{Here, Trouble, exit::Exit, say};
use crate::setup::{
    carry::{self, Done, IN_PLACE},
    client::{Client, Files, Scope},
    clients::{CLIENTS, client},
    entry::{SHIM, Server},
    file::Original,
    places::Ground,
    plan::{Change, Presence, Wish, is_here, plan},
    record::Record,
    shim,
};

/// The server's name where no other is given.
const NAME: &str = "task-orchestrator";

const EXIT_CODES: &str = "\
Exit codes:
  0  done; with --check: all is as the same options without it would write it, and the server answers
  1  something was left alone; with --check: something is missing or different, or the server does not answer
  2  wrong usage";

#[derive(clap::Args)]
#[command(after_help = EXIT_CODES)]
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
    /// The server's name in the client [default: task-orchestrator; with --remove: all that setup wrote]
    #[arg(long, value_parser = name)]
    name: Option<String>,
    /// A variable for the server; may be given several times
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    env: Vec<(String, String)>,
    /// Only say what is in place, missing or different, and whether the server answers (exit code 1: not all is well)
    #[arg(long, conflicts_with_all = ["remove", "dry_run"])]
    check: bool,
    /// Take everything back: files are as they were before setup
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
    let record = Record::of(&here.places).map_err(|error| {
        let path = here.places.data.join("setup.json");
        Trouble::Said(format!(
            "What setup has written is kept in {}, which cannot be read: {error}",
            path.display()
        ))
    })?;
    let wish = wish(&arguments, &here, db.map(|db| absolute(db, home, &folder)), &folder)?;
    let chosen: Vec<&Client> = match arguments.client.as_deref().and_then(client) {
        Some(client) => vec![client],
        None if arguments.all => CLIENTS.iter().filter(|client| is_here(client, &ground, &search)).collect(),
        None => {
            arguments.ask_for_no_client()?;
            Known { ground, search, record, wish }.list(json);
            return Ok(Exit::Fine);
        }
    };
    let rows = json.then(Vec::new);
    let mut setup = Setup { arguments, ground, wish, record, well: true, lacking: false, rows };
    setup.look_at_the_shim()?;
    for client in &chosen {
        setup.client(client);
    }
    if chosen.is_empty() {
        setup.remark("No client is installed that this program knows; `task-orchestrator setup` lists them.");
    } else {
        setup.say_what_next();
    }
    if let Some(rows) = &setup.rows {
        say(&json!({"ok": setup.well, "changes": rows}).to_string());
    }
    Ok(if setup.well { Exit::Fine } else { Exit::Refused })
}

impl Arguments {
    /// Options that mean a client are not for the list.
    fn ask_for_no_client(&self) -> Result<(), Trouble> {
        let given = [
            (self.check, "--check"),
            (self.remove, "--remove"),
            (self.dry_run, "--dry-run"),
            (self.name.is_some(), "--name"),
            (!self.env.is_empty(), "--env"),
            (self.shim.is_some(), "--shim"),
            (self.no_hooks, "--no-hooks"),
            (self.no_rules, "--no-rules"),
        ];
        match given.iter().find(|(given, _)| *given) {
            None => Ok(()),
            Some((_, option)) => Err(Trouble::Usage(format!(
                "{option} wants a client, or --all for those that are installed: \
                 `task-orchestrator setup CLIENT {option}`. `task-orchestrator setup` lists the clients."
            ))),
        }
    }

    fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(NAME)
    }
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
        server: Server { name: arguments.name().to_owned(), shim, environment, ..Server::default() },
        program,
        hooks: !arguments.no_hooks,
        rules: !arguments.no_rules,
        socket: here.endpoint.socket.clone(),
    })
}

/// The change of the file that has a client's servers.
fn server_change(client: &Client, files: &Files, wish: &Wish, ground: &Ground) -> Option<Change> {
    let wish = Wish { hooks: false, rules: false, ..wish.clone() };
    plan(client, files, &wish, ground).into_iter().find(Change::holds_server)
}

/// A setup under way.
struct Setup {
    arguments: Arguments,
    ground: Ground,
    wish: Wish,
    record: Record,
    /// Whether everything so far is as it was asked for.
    well: bool,
    /// Whether a check found something that setup would put in place.
    lacking: bool,
    /// For who wants JSON: what came of each change.
    rows: Option<Vec<Value>>,
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
        let mut wish = self.wish.clone();
        if self.arguments.remove && self.has_another(client, files) {
            self.remark("  another server of ours stays, and with it hooks and rules");
            (wish.hooks, wish.rules) = (false, false);
        }
        for change in plan(client, files, &wish, &self.ground) {
            let done = self.carry(&change).unwrap_or_else(|why| {
                self.well = false;
                Done::why("left alone", why.to_string())
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

    fn carry(&mut self, change: &Change) -> Result<Done, carry::Unmade> {
        let (server, dry_run) = (&self.wish.server, self.arguments.dry_run);
        if self.arguments.check {
            let done = carry::check(change, server, &self.record)?;
            self.lacking |= done.state != IN_PLACE;
            self.well &= done.state == IN_PLACE;
            return Ok(done);
        }
        if self.arguments.remove {
            let servers = self.to_remove(change);
            return carry::remove(change, &servers, &mut self.record, dry_run);
        }
        carry::put(change, server, &mut self.record, dry_run)
    }

    /// The one that was named; else every one that setup wrote into the file, and one of the usual name.
    fn to_remove(&self, change: &Change) -> Vec<Server> {
        let written = self.record.servers(&change.path);
        let usual = self.arguments.name().to_owned();
        let others = written.keys().filter(|name| self.arguments.name.is_none() && **name != usual).cloned();
        let names: Vec<String> = [usual.clone()].into_iter().chain(others).collect();
        let named = |name| Server { name, ..self.wish.server.known_by(written.clone()) };
        names.into_iter().map(named).collect()
    }

    /// Whether a client has a server of ours beside the one that is named.
    fn has_another(&self, client: &Client, files: &Files) -> bool {
        let Some(name) = &self.arguments.name else { return false };
        let Some(change) = server_change(client, files, &self.wish, &self.ground) else { return false };
        let written = self.record.servers(&change.path);
        let original = Original::read(&change.path).ok();
        let text = original.as_ref().and_then(Original::text);
        let is_there = |other: &str| {
            let server = Server { name: other.to_owned(), ..self.wish.server.known_by(written.clone()) };
            other != name.as_str() && matches!(change.presence(text, &server), Ok(Presence::Ours(_)))
        };
        written.keys().map(String::as_str).chain([NAME]).any(is_there)
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

    /// After a check: whether all is well, or the command that puts the rest in place.
    fn say_what_next(&self) {
        if self.lacking {
            let words = std::env::args().skip(1).filter(|word| word != "--check" && word != "--json");
            let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@:,=~".contains(c);
            let quoted = words.map(|word| match word.chars().all(plain) {
                true => word,
                false => format!("'{}'", word.replace('\'', r"'\''")),
            });
            let words = quoted.collect::<Vec<_>>().join(" ");
            self.remark(&format!("Not all is in place. This puts it there: task-orchestrator {words}"));
            self.remark("Where setup was given options, --check wants the same ones.");
        } else if self.arguments.check && self.well {
            self.remark("All is in place, and the server answers.");
        }
    }

    /// A line for people.
    fn remark(&self, line: &str) {
        match self.rows {
            Some(_) => super::remark(line.trim_start()),
            None => say(line),
        }
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
