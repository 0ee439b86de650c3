//! Plays a history on both, call by call.

use std::path::Path;
use std::sync::Arc;

use orc_model::{Level, Model, compare};
use orc_proto::handshake::{HelloSettings, Kind};
use orc_proto::wire::ToolCall;
use orc_proto::{Hello, Places};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::boot::ServeOptions;
use crate::engine::{Engine, Session};
use crate::peer::Peer;

/// One call. In its arguments `@3` stands for the first 8 characters of the fourth item ever made, `@3!` for all that is known
/// of its id, `@3~` for its first 4.
#[derive(Clone, PartialEq)]
pub(super) struct Step {
    pub session: usize,
    /// A tool; or `reconnect`: the session ends, and the same agent's next one begins; or `pages`: query_items page by page,
    /// which must find what one long list has.
    pub tool: String,
    pub arguments: Value,
}

impl Step {
    /// As a line of a kept history.
    pub(super) fn written(&self) -> String {
        json!([self.session, self.tool, self.arguments]).to_string()
    }

    pub(super) fn read(line: &str) -> Option<Self> {
        let (session, tool, arguments) = serde_json::from_str(line).ok()?;
        Some(Self { session, tool, arguments })
    }
}

impl std::fmt::Debug for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.written())
    }
}

/// Who takes part: agent, level of answers, read-only, project.
const WHO: [(&str, &str, bool, Option<&str>); 4] = [
    ("ann", "compact", false, None),
    ("bob", "full", false, None),
    ("cid", "compact", false, Some("alpha")),
    ("eve", "full", true, None),
];
/// How many there are.
pub(super) const SESSIONS: usize = WHO.len();

/// Both sides.
struct Pair {
    engine: Engine,
    sessions: Vec<Arc<Session>>,
    /// The model's numbers of those sessions.
    numbers: Vec<u64>,
    model: Model,
    database: std::path::PathBuf,
}

/// Plays a history; the first difference in words.
pub(super) fn play(steps: &[Step]) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    runtime.block_on(async {
        let mut pair = Pair::open(folder.path()).await;
        let played = pair.play(steps).await;
        pair.engine.drain().await;
        played
    })
}

impl Pair {
    async fn open(folder: &Path) -> Self {
        let config = folder.join("config.yaml");
        std::fs::write(&config, orc_model::CONFIG).unwrap();
        let database = folder.join("tasks.db");
        let options = ServeOptions {
            database: database.clone(),
            default_place: false,
            after_crash: false,
            lost: None,
            config: Some(config),
            workspaces: None,
            places: Places::under(folder),
            stopping: CancellationToken::new(),
            trouble: Arc::default(),
            doing: Arc::default(),
        };
        let engine = Engine::open(&options).await.unwrap();
        let mut pair =
            Self { engine, sessions: Vec::new(), numbers: Vec::new(), model: Model::default(), database };
        for who in 0..SESSIONS {
            let session = pair.connect(who).await;
            pair.sessions.push(session);
            pair.numbers.push(who as u64);
        }
        pair
    }

    async fn connect(&mut self, who: usize) -> Arc<Session> {
        let (agent, level, read_only, project) = WHO[who];
        let settings = HelloSettings {
            responses: Some(level.to_owned()),
            tools: read_only.then(|| "read".to_owned()),
            project: project.map(str::to_owned),
            ..HelloSettings::default()
        };
        let folder = self.database.parent().map(Path::to_owned).unwrap_or_default();
        let hello = Hello {
            agent: Some(agent.to_owned()),
            folder,
            settings,
            ..Hello::new(Kind::Shim, self.database.clone())
        };
        // The model numbers sessions in the order in which they begin.
        let number = self.numbers.iter().max().map_or(self.sessions.len() as u64, |last| last + 1);
        self.model.connect(orc_model::Session {
            number,
            agent: agent.to_owned(),
            level: if level == "full" { Level::Full } else { Level::Compact },
            read_only,
            project: project.map(str::to_owned),
            subagents: std::collections::BTreeSet::new(),
        });
        self.engine.open_session(hello, Peer { is_ours: true, pid: None }).await.unwrap()
    }

    async fn play(&mut self, steps: &[Step]) -> Result<(), String> {
        for (n, step) in steps.iter().enumerate() {
            if step.tool == "reconnect" {
                self.model.disconnect(self.numbers[step.session]);
                self.engine.close_session(&self.sessions[step.session]).await;
                self.sessions[step.session] = self.connect(step.session).await;
                self.numbers[step.session] = self.numbers.iter().max().map_or(0, |last| last + 1);
                continue;
            }
            let arguments = self.named(&step.arguments);
            let played = match step.tool.as_str() {
                "pages" => self.pages(step.session, arguments).await,
                tool => self.step(step.session, tool, &arguments).await,
            };
            played.map_err(|why| format!("step {n}, {}: {why}", step.written()))?;
        }
        self.ends_alike().await
    }

    async fn pages(&mut self, session: usize, mut arguments: Value) -> Result<(), String> {
        arguments["limit"] = json!(2);
        let mut items = Vec::new();
        let expected = loop {
            let (refused, mut page) = self.ask(session, "query_items", &arguments).await;
            if refused {
                break self.model.call(self.numbers[session], "query_items", &arguments).err();
            }
            items.extend(page["items"].as_array_mut().map(std::mem::take).unwrap_or_default());
            if page["next_cursor"].is_null() {
                arguments["limit"] = json!(500);
                arguments["cursor"] = Value::Null;
                break self.model.call(self.numbers[session], "query_items", &arguments).ok();
            }
            arguments["cursor"] = page["next_cursor"].take();
        };
        match expected {
            // What is refused is compared by `step`.
            Some(refusal) if refusal.get("error").is_some() => Ok(()),
            Some(whole) => compare(&whole["items"], &json!(items), &mut self.model.known)
                .map_err(|why| format!("{why}\n  got      {}\n  expected {}", json!(items), whole["items"])),
            None => Err("only one of the two refused it".to_owned()),
        }
    }

    /// The whole store, every claim, the whole history.
    async fn ends_alike(&mut self) -> Result<(), String> {
        let at_the_end = |why| format!("at the end: {why}");
        self.step(1, "claim_item", &json!({"operation": "list", "limit": 500})).await.map_err(at_the_end)?;
        self.step(1, "manage_workspaces", &json!({"operation": "list"})).await.map_err(at_the_end)?;
        self.step(1, "query_history", &json!({"limit": 500, "cursor": 0})).await.map_err(at_the_end)?;
        self.step(1, "get_metrics", &json!({})).await.map_err(at_the_end)?;
        self.step(1, "export_graph", &json!({})).await.map_err(at_the_end)?;
        self.comes_back_as_it_went().await.map_err(at_the_end)
    }

    /// What is exported and imported again is what was exported.
    async fn comes_back_as_it_went(&mut self) -> Result<(), String> {
        let (_, mut before) = self.ask(1, "export_graph", &json!({})).await;
        let (refused, answer) =
            self.ask(1, "import_graph", &json!({"data": before, "mode": "replace", "force": true})).await;
        if refused || answer["skipped"] != json!([]) {
            return Err(format!("its own export is not taken back: {answer}"));
        }
        let (_, mut after) = self.ask(1, "export_graph", &json!({})).await;
        for document in [&mut before, &mut after] {
            document["exported_at"] = Value::Null;
            // Rows of one moment stand in the order in which they came.
            for list in ["items", "notes", "dependencies"] {
                if let Some(rows) = document[list].as_array_mut() {
                    rows.sort_by_key(|row| row["id"].to_string());
                }
            }
        }
        if before == after { Ok(()) } else { Err(format!("exported {before}, and after its import {after}")) }
    }

    /// Arguments with ids in place of `@n`.
    fn named(&self, arguments: &Value) -> Value {
        match arguments {
            Value::String(text) if text.contains('@') => {
                let named: Vec<String> = text.split(',').map(|part| self.id(part)).collect();
                json!(named.join(","))
            }
            Value::Array(entries) => entries.iter().map(|entry| self.named(entry)).collect(),
            Value::Object(fields) => {
                Value::Object(fields.iter().map(|(key, value)| (key.clone(), self.named(value))).collect())
            }
            other => other.clone(),
        }
    }

    fn id(&self, part: &str) -> String {
        let Some(n) = part.strip_prefix('@') else { return part.to_owned() };
        let known = n.trim_end_matches(['!', '~']).parse().ok().and_then(|n| self.model.made(n));
        let known = known.unwrap_or("00000000");
        let shown = match n.as_bytes().last() {
            Some(b'!') => known.len(),
            Some(b'~') => 4,
            _ => 8,
        };
        known.chars().take(shown).collect()
    }

    async fn ask(&self, session: usize, tool: &str, arguments: &Value) -> (bool, Value) {
        let call = ToolCall {
            name: tool.to_owned(),
            arguments: Some(arguments.to_string().into()),
            key: None,
            progress: false,
            waited_ms: 0,
        };
        let answer = self.engine.call(&self.sessions[session], call).await;
        (answer.is_error, serde_json::from_str(answer.document.text()).unwrap())
    }

    async fn step(&mut self, session: usize, tool: &str, arguments: &Value) -> Result<(), String> {
        let (refused, got) = self.ask(session, tool, arguments).await;
        let expected = self.model.call(self.numbers[session], tool, arguments);
        let alike = match (&expected, refused) {
            (Ok(wanted), false) | (Err(wanted), true) => compare(wanted, &got, &mut self.model.known),
            (Ok(_), true) => Err("it was refused".to_owned()),
            (Err(_), false) => Err("it was not refused".to_owned()),
        };
        let (Ok(expected) | Err(expected)) = expected;
        alike.map_err(|why| {
            format!("{why}\n  called   {tool} {arguments}\n  got      {got}\n  expected {expected}")
        })
    }
}
