//! What a tool costs follows its answer and not the store: counted in instructions of SQLite's virtual machine, without a clock.

mod fuzz;
mod histories;

use std::path::Path;

use orc_proto::handshake::Kind;
use orc_proto::wire::ToolCall;
use orc_proto::{Hello, Places};
use orc_store::{meter, sample};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::boot::ServeOptions;
use crate::clock;
use crate::engine::{Engine, Session};
use crate::peer::Peer;

const SMALL: u64 = 1_000;
const LARGE: u64 = 100_000;
/// How much dearer a call may be on the large store.
const TIMES: f64 = 2.0;

/// One call.
struct Case {
    name: &'static str,
    tool: &'static str,
    /// For an item that can be started; each time another.
    arguments: fn(&str) -> Value,
}

const CASES: [Case; 24] = [
    Case { name: "get", tool: "query_items", arguments: |item| json!({"operation": "get", "item_id": item}) },
    Case { name: "next", tool: "get_next_item", arguments: |_| json!({}) },
    Case { name: "next by tag", tool: "get_next_item", arguments: |_| json!({"tags": "stone"}) },
    Case { name: "next of a project", tool: "get_next_item", arguments: |_| json!({"project": "house"}) },
    Case { name: "claim next", tool: "get_next_item", arguments: |_| json!({"claim": true}) },
    Case { name: "context", tool: "get_context", arguments: |_| json!({}) },
    Case { name: "context of a project", tool: "get_context", arguments: |_| json!({"project": "house"}) },
    Case { name: "brief", tool: "get_context", arguments: |_| json!({"brief": true}) },
    Case { name: "context of an item", tool: "get_context", arguments: |item| json!({"item_id": item}) },
    Case { name: "list", tool: "query_items", arguments: |_| json!({}) },
    Case { name: "list by status", tool: "query_items", arguments: |_| json!({"status": "queue"}) },
    Case { name: "list by two", tool: "query_items", arguments: |_| json!({"status": "done,queue"}) },
    Case { name: "list by priority", tool: "query_items", arguments: |_| json!({"priority": "high"}) },
    Case { name: "list by type", tool: "query_items", arguments: |_| json!({"item_type": "bug"}) },
    Case { name: "list of a project", tool: "query_items", arguments: |_| json!({"project": "house"}) },
    Case { name: "tag", tool: "query_items", arguments: |_| json!({"tags": "stone"}) },
    Case { name: "search", tool: "query_items", arguments: |_| json!({"search": "section"}) },
    Case {
        name: "children",
        tool: "query_items",
        arguments: |item| json!({"operation": "children", "parent_id": item}),
    },
    Case { name: "overview", tool: "query_items", arguments: |_| json!({"operation": "overview"}) },
    Case { name: "blocked", tool: "get_blocked_items", arguments: |_| json!({"limit": 10}) },
    Case {
        name: "create",
        tool: "manage_items",
        arguments: |_| json!({"operation": "create", "title": "One more", "tags": "roof"}),
    },
    Case {
        name: "start",
        tool: "advance_item",
        arguments: |item| json!({"item_id": item, "trigger": "start", "force": true}),
    },
    Case {
        name: "note",
        tool: "manage_notes",
        arguments: |item| json!({"operation": "upsert", "item_id": item, "key": "found", "body": "It leaks."}),
    },
    Case {
        name: "claim",
        tool: "claim_item",
        arguments: |item| json!({"operation": "claim", "item_id": item}),
    },
];

struct Bench {
    engine: Engine,
    session: std::sync::Arc<Session>,
}

impl Bench {
    async fn open(folder: &Path, items: u64) -> Self {
        let database = folder.join("tasks.db");
        let opened = orc_store::open(&database).unwrap();
        opened.connection.execute_batch("PRAGMA synchronous = OFF").unwrap();
        sample::fill(&opened.connection, items, clock::now().micros()).unwrap();
        drop(opened);
        meter::watch(&database);
        let places = Places::under(folder);
        let options = ServeOptions {
            after_crash: false,
            lost: None,
            database: database.clone(),
            default_place: false,
            config: None,
            workspaces: None,
            places,
            stopping: CancellationToken::new(),
            trouble: std::sync::Arc::default(),
            doing: std::sync::Arc::default(),
        };
        let engine = Engine::open(&options).await.unwrap();
        let hello = Hello { folder: folder.to_owned(), ..Hello::new(Kind::Shim, database) };
        let session = engine.open_session(hello, Peer { is_ours: true, pid: None }).await.unwrap();
        Self { engine, session }
    }

    async fn call(&self, case: &Case, item: &str) {
        let arguments = (case.arguments)(item).to_string();
        let call = ToolCall {
            name: case.tool.to_owned(),
            arguments: Some(arguments.into()),
            key: Some(format!("{}-{item}", case.name)),
            progress: false,
            waited_ms: 0,
        };
        let answer = self.engine.call(&self.session, call).await;
        assert!(!answer.is_error, "{}: {}", case.name, answer.document.text());
    }

    /// The median of the instructions of several calls, and every statement they ran.
    async fn measure(&self, case: &Case, items: u64) -> (i64, Vec<String>) {
        let (mut steps, mut statements) = (Vec::new(), std::collections::BTreeSet::new());
        for (n, item) in sample::startable(items, 12).iter().enumerate() {
            meter::spent();
            self.call(case, item.as_str()).await;
            let spent = meter::spent();
            // The first ones prepare their statements.
            if n > 2 {
                steps.push(spent.steps);
            }
            statements.extend(spent.statements);
        }
        steps.sort_unstable();
        (steps[steps.len() / 2], statements.into_iter().collect())
    }
}

#[test]
fn what_a_tool_costs_follows_its_answer_and_not_the_store() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (small, large) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let measured = |folder: &Path, items| {
        runtime.block_on(async {
            let bench = Bench::open(folder, items).await;
            let mut all = Vec::new();
            for case in &CASES {
                all.push(bench.measure(case, items).await);
            }
            bench.engine.drain().await;
            all
        })
    };
    let few = measured(small.path(), SMALL);
    let many = measured(large.path(), LARGE);

    let database = large.path().join("tasks.db");
    let mut faults = Vec::new();
    for (case, ((few, _), (many, statements))) in std::iter::zip(&CASES, std::iter::zip(few, many)) {
        #[expect(clippy::cast_precision_loss, reason = "a few thousand instructions")]
        let ratio = many as f64 / few.max(1) as f64;
        let line = format!("{:22} {few:7} {many:7} instructions, {ratio:.2} times", case.name);
        if ratio > TIMES {
            faults.push(line.clone());
        }
        for statement in statements {
            for step in meter::plan(&database, &statement) {
                if step.contains("TEMP B-TREE") || reads_whole_table(&step) && !takes_one_or_two(&statement) {
                    faults.push(format!("{}: {step} in {statement}", case.name));
                }
            }
        }
        // Shown where the test fails, or is asked to.
        eprintln!("{line}");
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Whether a step reads a table that grows with the store.
fn reads_whole_table(step: &str) -> bool {
    let growing =
        ["i", "n", "e", "c", "h", "t", "items", "notes", "edges", "claims", "history", "tagged", "requests"];
    let mut words = step.split(' ');
    words.next() == Some("SCAN") && words.next().is_some_and(|name| growing.contains(&name))
}

/// Whether a statement takes the first rows that it meets.
fn takes_one_or_two(statement: &str) -> bool {
    ["LIMIT 1", "LIMIT 2)"].iter().any(|limit| statement.contains(limit))
}
