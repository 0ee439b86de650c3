//! What reaches the tools and the configuration from outside, as examples changed at random (`orc-fuzz`).

use std::path::Path;
use std::sync::Arc;

use orc_fuzz::fuzz;
use orc_proto::handshake::{HelloSettings, Kind};
use orc_proto::wire::ToolCall;
use orc_proto::{Hello, Places};
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use crate::boot::ServeOptions;
use crate::config::{self, Place};
use crate::engine::{Engine, Session};
use crate::peer::Peer;

/// What a refusal may be called when it is the caller's fault.
const CALLERS_FAULT: [&str; 6] =
    ["NOT_FOUND", "VALIDATION", "CONFLICT", "DEPENDENCY_UNSATISFIED", "GATE_BLOCKED", "FORBIDDEN"];

/// Tools that wait, or write files where the caller says.
const LEFT_OUT: [&str; 2] = ["wait_for", "manage_checkpoints"];

/// A product of its own, and a session.
struct World {
    runtime: tokio::runtime::Runtime,
    engine: Engine,
    session: Arc<Session>,
    _folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (engine, session) = runtime.block_on(open(folder.path()));
        Self { runtime, engine, session, _folder: folder }
    }

    /// Whether the call was refused, and its document.
    fn call(&self, tool: &str, arguments: String) -> Result<(bool, Value), String> {
        let call = ToolCall {
            name: tool.to_owned(),
            arguments: Some(arguments.into()),
            key: None,
            progress: false,
            waited_ms: 0,
        };
        let answer = self.runtime.block_on(self.engine.call(&self.session, call));
        let document = serde_json::from_str(answer.document.text())
            .map_err(|e| format!("{tool} answered what is no JSON: {e}"))?;
        Ok((answer.is_error, document))
    }

    /// The same for a call whose outcome is known.
    fn ask(&self, tool: &str, arguments: &Value) -> Result<Value, String> {
        match self.call(tool, arguments.to_string())? {
            (false, document) => Ok(document),
            (true, document) => Err(format!("{tool} was refused: {document}")),
        }
    }

    /// How much has happened, by the history.
    fn changes(&self) -> Result<Value, String> {
        Ok(self.ask("query_history", &json!({"limit": 1}))?["cursor"].take())
    }

    /// The whole store without the moment at which it was written, rows by id.
    fn whole(&self) -> Result<Value, String> {
        let mut document = self.ask("export_graph", &json!({}))?;
        document["exported_at"] = Value::Null;
        for list in ["items", "notes", "dependencies"] {
            if let Some(rows) = document[list].as_array_mut() {
                rows.sort_by_key(|row| row["id"].to_string());
            }
        }
        Ok(document)
    }
}

async fn open(folder: &Path) -> (Engine, Arc<Session>) {
    let database = folder.join("tasks.db");
    let options = ServeOptions {
        database: database.clone(),
        default_place: false,
        after_crash: false,
        lost: None,
        config: None,
        workspaces: None,
        places: Places::under(folder),
        stopping: CancellationToken::new(),
        trouble: Arc::default(),
        doing: Arc::default(),
    };
    let engine = Engine::open(&options).await.unwrap();
    let settings = HelloSettings { responses: Some("full".to_owned()), ..HelloSettings::default() };
    let hello = Hello { folder: folder.to_owned(), settings, ..Hello::new(Kind::Shim, database) };
    let session = engine.open_session(hello, Peer { is_ours: true, pid: None }).await.unwrap();
    (engine, session)
}

/// A refusal says what is wrong, and is never the daemon's own.
fn well_refused(document: &Value) -> Result<(), String> {
    let error = &document["error"];
    let (code, message) = (error["code"].as_str().unwrap_or_default(), error["message"].as_str());
    if CALLERS_FAULT.contains(&code) && message.is_some_and(|text| !text.is_empty() && text.len() < 10_000) {
        return Ok(());
    }
    Err(format!("refused with {document}"))
}

/// An example: the tool's name, a line feed, the arguments.
#[test]
fn whatever_arguments_a_tool_gets_it_answers_or_refuses_and_then_changes_nothing() {
    let world = World::new();
    fuzz("arguments", |input| {
        let text = String::from_utf8_lossy(input);
        let (tool, arguments) = text.split_once('\n').unwrap_or((&text, ""));
        if LEFT_OUT.contains(&tool) {
            return Ok(());
        }
        let before = world.changes()?;
        let (refused, answer) = world.call(tool, arguments.to_owned())?;
        if refused {
            well_refused(&answer)?;
            let after = world.changes()?;
            return if before == after { Ok(()) } else { Err(format!("{answer}, yet something changed")) };
        }
        let given = serde_json::from_str::<Map<String, Value>>(arguments).unwrap_or_default();
        match (tool, answer["id"].as_str()) {
            ("manage_items", Some(_)) => kept_as_given(&given, &answer),
            ("manage_notes", Some(_)) => kept(&given, &answer, "body"),
            _ => Ok(()),
        }
    });
}

/// What callers never see parsed comes back to the letter (contract.md §2).
fn kept_as_given(given: &Map<String, Value>, row: &Value) -> Result<(), String> {
    let fields = ["description", "summary", "metadata", "properties", "due_at", "not_before", "schedule"];
    fields.into_iter().try_for_each(|field| kept(given, row, field))
}

fn kept(given: &Map<String, Value>, row: &Value, field: &str) -> Result<(), String> {
    match given.get(field) {
        Some(Value::String(text)) if !text.is_empty() && row[field] != json!(text) => {
            Err(format!("{field} {text:?} became {}", row[field]))
        }
        _ => Ok(()),
    }
}

#[test]
fn whatever_document_is_imported_it_comes_back_or_nothing_changes() {
    let world = World::new();
    fuzz("imports", |input| {
        let before = world.changes()?;
        let arguments = format!("{{\"mode\":\"replace\",\"data\":{}}}", String::from_utf8_lossy(input));
        let (refused, answer) = world.call("import_graph", arguments)?;
        if refused {
            well_refused(&answer)?;
            let after = world.changes()?;
            return if before == after { Ok(()) } else { Err(format!("{answer}, yet something changed")) };
        }
        let whole = world.whole()?;
        for (list, count) in answer["counts"].as_object().into_iter().flatten() {
            if whole[list].as_array().map(Vec::len).map(Value::from).as_ref() != Some(count) {
                return Err(format!("{count} {list} are counted: {}", whole[list]));
            }
        }
        // What was taken is taken once more, whole and to the letter; and the same beside itself adds nothing.
        for mode in ["replace", "merge"] {
            let answer = world.ask("import_graph", &json!({"data": whole, "mode": mode}))?;
            if answer["skipped"] != json!([]) {
                return Err(format!("its own export is not taken back: {answer}"));
            }
            let again = world.whole()?;
            if again != whole {
                return Err(format!("{whole} came back as {again}"));
            }
        }
        Ok(())
    });
}

#[test]
fn whatever_a_configuration_says_it_is_read_or_its_fault_has_a_place() {
    fuzz("config", |input| {
        let text = String::from_utf8_lossy(input);
        for place in [Place::User, Place::Project] {
            // YAML takes a carriage return alone for the end of a line, too.
            let lines = text.replace("\r\n", "\n").split(['\n', '\r']).count();
            match config::parse(&text, place) {
                Ok(file) => {
                    // The same with a remark in front says the same.
                    let remark = format!("# a remark\n{}", text.trim_start_matches('\u{feff}'));
                    match config::parse(&remark, place) {
                        Ok(again) if again == file => {}
                        other => return Err(format!("{file:?}, and behind a remark {other:?}")),
                    }
                }
                Err(error) if error.to_string().is_empty() => return Err("a fault without words".to_owned()),
                Err(error) if error.line == 0 || error.line > lines + 1 || error.column == 0 => {
                    return Err(format!("line {} of {lines}: {error}", error.line));
                }
                Err(_) => {}
            }
        }
        Ok(())
    });
}
