//! `import SOURCE`: an exported document of any size, or what another program kept.
//!
//! What comes from another program is turned into such a document first ([`sources`], [`settle`]); a document is sent to the
//! daemon in calls of a bounded size ([`send`]). Each call is one transaction, so that whatever ends an import leaves whole
//! calls behind, and the same import again completes it: what is there already is left as it is.

mod document;
mod foreign;
mod kind;
mod present;
mod progress;
mod remarks;
mod report;
mod send;
mod settle;
mod sources;

use std::{
    collections::HashMap,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use indicatif::HumanCount;
use orc_core::{limits, policy::DEFAULT_MAX_DEPTH};
use orc_proto::wire;
use orc_store::moving::{Kind as Database, MovingError, Source};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::{
    Trouble, complain,
    exit::Exit,
    person::{Given, Person},
};
use crate::clock;
pub(crate) use document::Unreadable;
use document::{Document, Found, List};
use foreign::Foreign;
use kind::Kind;
use present::Present;
use remarks::Remarks;
use report::Report;
use send::{Ended, Import};
use settle::{Rules, Settled, settle};

/// How long the daemon may take to say what its configuration is.
const CONFIG_WITHIN: Duration = Duration::from_secs(30);

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A file, or the folder of a project: an exported document; a database of task-orchestrator-py or of the Kotlin
    /// task-orchestrator 3; beads, Taskmaster or Backlog.md
    #[arg(value_hint = clap::ValueHint::AnyPath)]
    source: PathBuf,
    /// What the source is (default: told by its content)
    #[arg(long, value_enum)]
    from: Option<Kind>,
    /// Change nothing; say what would come
    #[arg(long)]
    dry_run: bool,
    /// The project the items are to belong to, and by which their ids are told from those of another project (default: they
    /// belong to none, and the folder's name tells them apart)
    #[arg(long, value_name = "NAME", value_parser = project_name)]
    project: Option<String>,
    /// merge keeps what is there and adds what is not; replace deletes what is there first
    #[arg(long, value_enum, default_value = "merge")]
    mode: Mode,
    /// With replace: delete also what agents have claimed; the history says that it was forced
    #[arg(long)]
    force: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Mode {
    Merge,
    Replace,
}

/// A project's name as it can be kept.
fn project_name(given: &str) -> Result<String, String> {
    let name = given.trim();
    match name.chars().count() {
        0 => Err("it is blank".to_owned()),
        n if n > limits::KEY_CHARS => {
            Err(format!("it has {n} characters; at most {} are kept", limits::KEY_CHARS))
        }
        _ => Ok(name.to_owned()),
    }
}

pub(crate) fn run(arguments: &Arguments, json: bool, db: Option<&Path>) -> Result<ExitCode, Trouble> {
    let found = kind::find(&arguments.source, arguments.from)?;
    if found.kind == Kind::Graph && arguments.project.is_some() {
        let why = "a document says itself which project its items belong to; leave --project out".to_owned();
        return Err(Trouble::Usage(why));
    }
    let person = Person::new(db, json)?;
    if !arguments.dry_run {
        person.is_about_to_write();
    }
    let mut ready = prepare(&found, arguments.project.as_deref(), &person)?;
    // A document that is broken somewhere is refused before anything is changed.
    let mut lists = ready.document.survey()?;
    lists.sort_by_key(|found| found.list);
    let present = match arguments.mode {
        Mode::Merge if !person.has_none() => Present::read(&person)?,
        Mode::Merge | Mode::Replace => Present::default(),
    };
    let replaced = match arguments.mode {
        Mode::Replace => Some(items_there(&person)?),
        Mode::Merge => None,
    };
    let tally = present.tally(&mut ready.document, &lists)?;
    let mut report = Report {
        kind: found.kind,
        source: found.path,
        dry_run: arguments.dry_run,
        replaced,
        rows: counts(&lists),
        there: tally.there,
        skipped: [0; 3],
        remarks: ready.remarks,
        rate: 0,
    };
    if arguments.dry_run {
        for (list, id, why) in tally.dangling {
            report.skip(list, ready.names.get(&id).unwrap_or(&id), &why);
        }
        return Ok(report.tell(json));
    }
    person.wait(place(&person, ready.document, &lists, arguments.force, &ready.names, report))
}

/// How many items a replacement deletes.
fn items_there(person: &Person) -> Result<u64, Trouble> {
    if person.has_none() {
        return Ok(0);
    }
    let overview = person.call("query_items", Given::operation("overview").with("project", "*").done())?;
    Ok(overview.value["total"].as_u64().unwrap_or(0))
}

/// A document that can be sent, and what is to be said about it.
struct Ready {
    document: Document,
    remarks: Remarks,
    /// How items, notes and links are called where they come from, by their ids here.
    names: HashMap<String, String>,
    /// The document where it was made for this; removed at the end.
    _file: Option<NamedTempFile>,
}

fn prepare(found: &kind::Found, project: Option<&str>, person: &Person) -> Result<Ready, Trouble> {
    if found.kind == Kind::Graph {
        let document = Document::open(&found.path)?;
        return Ok(Ready { document, remarks: Remarks::default(), names: HashMap::new(), _file: None });
    }
    let place = project.unwrap_or(&found.place);
    let foreign = read(found, place)?;
    let levels = match found.kind {
        // A take-over keeps every level, and so does moving in from the same database.
        Kind::Original => None,
        _ if person.has_none() => Some(DEFAULT_MAX_DEPTH as usize),
        _ => Some(max_depth(person)),
    };
    let settled = settle(foreign, &Rules { kind: found.kind.word(), place, levels, project });
    let mut file = NamedTempFile::new()?;
    write(&settled, &mut file)?;
    let document = Document::open(file.path())?;
    Ok(Ready { document, remarks: settled.remarks, names: settled.names, _file: Some(file) })
}

/// What another program kept.
fn read(found: &kind::Found, place: &str) -> Result<Foreign, Trouble> {
    let path = found.path.as_path();
    match found.kind {
        Kind::Beads => sources::beads::read(path, place),
        Kind::Taskmaster => sources::taskmaster::read(path, place),
        Kind::Backlog => sources::backlog::read(path, place),
        Kind::Kotlin => {
            let tables = database(path, Database::Kotlin)?.kotlin().map_err(said)?;
            Ok(sources::kotlin::convert(tables))
        }
        Kind::Original | Kind::Graph => {
            let moved = database(path, Database::Original)?.original(&clock::now()).map_err(said)?;
            Ok(sources::original::convert(moved))
        }
    }
}

/// A database that is the one it was said to be.
fn database(path: &Path, told: Database) -> Result<Source, Trouble> {
    let source = Source::open(path).map_err(said)?;
    if source.kind() == told {
        return Ok(source);
    }
    let is = match source.kind() {
        Database::Original => "task-orchestrator-py",
        Database::Kotlin => "the Kotlin task-orchestrator 3",
    };
    Err(Trouble::Said(format!("{} is a database of {is}; leave --from out", path.display())))
}

fn said(error: MovingError) -> Trouble {
    Trouble::Said(error.to_string())
}

fn write(settled: &Settled, file: &mut NamedTempFile) -> Result<(), Trouble> {
    let mut out = BufWriter::new(file.as_file_mut());
    for (list, rows) in [
        (List::Items, &settled.items),
        (List::Notes, &settled.notes),
        (List::Dependencies, &settled.dependencies),
    ] {
        let begin = if list == List::Items { '{' } else { ',' };
        write!(out, "{begin}\"{}\":[", list.key())?;
        for (at, row) in rows.iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            write!(out, "{comma}{row}")?;
        }
        write!(out, "]")?;
    }
    write!(out, "}}")?;
    Ok(out.flush()?)
}

/// How many levels of items the configuration allows.
fn max_depth(person: &Person) -> usize {
    let asked = person.wait(async {
        let connection = person.connection().await.ok()?;
        let params = wire::Document::from(json!({"uri": "task://config"}).to_string());
        let answer = connection.ask("resources/read", Some(params), CONFIG_WITHIN).await.ok()?.ok()?;
        let answer: Value = serde_json::from_str(answer.text()).ok()?;
        let config: Value = serde_json::from_str(answer["contents"][0]["text"].as_str()?).ok()?;
        usize::try_from(config["hierarchy"]["max_depth"].as_u64()?).ok()
    });
    asked.unwrap_or(DEFAULT_MAX_DEPTH as usize)
}

fn counts(lists: &[Found]) -> [u64; 3] {
    List::ALL.map(|list| lists.iter().filter(|found| found.list == list).map(|found| found.rows).sum())
}

/// Sends the document, and tells what came of it.
async fn place(
    person: &Person,
    document: Document,
    lists: &[Found],
    force: bool,
    names: &HashMap<String, String>,
    mut report: Report,
) -> Result<ExitCode, Trouble> {
    let mut import = Import::begin(person.connection().await?, document, lists);
    let outcome = import.all(lists, report.replaced.is_some(), force).await;
    // At its end the bar says that all rows have been answered.
    let sent = import.progress.rows();
    import.progress.end();
    let rows = HumanCount(sent);
    match outcome {
        Ok(skipped) => {
            for (list, id, why) in skipped.named {
                report.skip(list, names.get(&id).unwrap_or(&id), &why);
            }
            for (list, more) in List::ALL.into_iter().zip(skipped.unnamed) {
                report.skip_unnamed(list, more);
            }
            report.rate = import.progress.rate();
            Ok(report.tell(person.json))
        }
        Err(Ended::Interrupted) => {
            complain(&format!(
                "interrupted after {rows} rows. They stay; the same import again adds the rest"
            ));
            Ok(Exit::Interrupted.into())
        }
        Err(Ended::Trouble(trouble)) => {
            if sent > 0 {
                complain(&format!("after {rows} rows, which stay; the same import again adds the rest:"));
            }
            Err(trouble)
        }
    }
}
