//! What earlier versions left or still say: their databases, their first frames (`daemon.md` rules 11 and 20).
//!
//! The fixtures were made by real builds: a database by `.ci/schemas/make.py` for each released schema, a hello and a call
//! recorded from the shim of each protocol. Real older programs are played in `mixed_versions`.

#![allow(clippy::expect_used, reason = "test code")]

use std::path::{Path, PathBuf};

use e2e::machine::{self, raw};
use e2e::{TestEnv, Value, json, workspace_root};
use rusqlite::Connection;

fn fixture(name: &str) -> PathBuf {
    workspace_root().join("tests/fixtures").join(name)
}

/// A database that a new installation makes.
fn fresh() -> (TestEnv, Connection) {
    let env = TestEnv::new();
    env.connect().item("x");
    assert!(env.cli(&["stop"]).success);
    let connection = Connection::open(env.database()).expect("the database");
    (env, connection)
}

fn version(connection: &Connection) -> usize {
    let version: i64 =
        connection.query_row("PRAGMA user_version", [], |row| row.get(0)).expect("the version");
    usize::try_from(version).expect("a version")
}

/// Everything the schema is made of.
fn schema(connection: &Connection) -> Vec<(String, String, Option<String>)> {
    let sql = "SELECT type, name, sql FROM sqlite_schema ORDER BY type, name";
    let mut rows = connection.prepare(sql).expect("the schema");
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).expect("the schema");
    rows.map(|row| row.expect("a row")).collect()
}

fn count(connection: &Connection, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    connection.query_row(&sql, [], |row| row.get(0)).expect("a count")
}

#[test]
fn the_database_of_every_released_schema_opens_and_keeps_every_row() {
    let (_env, new) = fresh();
    for number in 1..=version(&new) {
        let made = fixture(&format!("schema-{number}"));
        let words = "make it with .ci/schemas/make.py and the programs that released it";
        assert!(made.join("tasks.db").is_file(), "{} has no tasks.db: {words}", made.display());
        let expected = std::fs::read_to_string(made.join("expected.json")).expect("what is in it");
        let expected: Value = serde_json::from_str(&expected).expect("a document");

        let env = TestEnv::new();
        std::fs::copy(made.join("tasks.db"), env.database()).expect("a copy");
        assert_eq!(version(&Connection::open(env.database()).expect("the copy")), number);
        // The same agent in the same place: what it held is still its own.
        let agent = env.client().agent("ann").tools("full").connect();
        let mut graph = agent.ok("export_graph", json!({}));
        graph.as_object_mut().expect("an object").remove("exported_at");
        assert_eq!(graph, expected["graph"], "schema {number}");
        assert_eq!(agent.ok("manage_checkpoints", json!({"operation": "verify"})), json!({"ok": true}));
        let found = agent.ok("query_items", json!({"operation": "list", "search": "größ", "project": "*"}));
        assert_eq!(found["total"], 1, "the search text came along: {found}");
        let workspaces = agent.ok("manage_workspaces", json!({"operation": "list"}));
        assert_eq!(workspaces["workspaces"].as_object().map(serde_json::Map::len), Some(2), "{workspaces}");
        let claims = agent.ok("claim_item", json!({"operation": "list", "mine": true}));
        assert_eq!(claims["total"], 2, "its agent has its claims back: {claims}");
        let made_again = agent.ok(
            "manage_items",
            json!({"operation": "create", "title": "Sweep", "schedule": "0 6 * * *", "request_id": "sweep-1"}),
        );
        assert_eq!(made_again["title"], "Sweep");
        assert_eq!(
            agent.ok("export_graph", json!({}))["items"].as_array().map(Vec::len),
            Some(7),
            "a repeated call"
        );
        assert!(env.cli(&["stop"]).success);

        let migrated = Connection::open(env.database()).expect("the database");
        for (table, rows) in expected["rows"].as_object().expect("counts") {
            // Its rows went into the lists of tags, with schema 2.
            let table = if table == "item_tags" { "tagged" } else { table };
            let (now, was) = (count(&migrated, table), rows.as_i64().unwrap_or(0));
            assert!(was > 0, "{table} of schema {number} has no row to lose");
            assert!(now >= was, "{table}: {was} rows became {now}");
        }
        assert_eq!(
            schema(&migrated),
            schema(&new),
            "a database that came from schema {number} is made as a new one is. A migration that was released never changes; \
             what is new is a new one"
        );
    }
}

#[test]
fn the_hello_of_every_protocol_is_answered_in_words_or_served() {
    let env = machine::TestEnv::new();
    env.client().call("get_context", json!({}));
    let socket = PathBuf::from(env.status()["socket"].as_str().expect("a socket"));
    let status = env.status();
    let (oldest, newest) = (status["protocol_min"].as_u64(), status["protocol_max"].as_u64());
    for protocol in 1..=newest.expect("a protocol") {
        let recorded = std::fs::read_to_string(fixture(&format!("hellos/protocol-{protocol}.json")));
        let recorded = recorded
            .expect("a recorded hello of each protocol")
            .replace("DATABASE", &env.database().display().to_string());
        let hello: Value = serde_json::from_str(&recorded).expect("a document");
        let reply = raw::greet(&socket, &hello).expect("a reply");
        if Some(protocol) >= oldest {
            assert_eq!(reply["welcome"]["protocol"], protocol, "{reply}");
            served(&socket, &hello, protocol);
        } else {
            assert_eq!(reply["refused"]["code"], "PROTOCOL", "{reply}");
            let words = reply["refused"]["message"].as_str().unwrap_or_default();
            assert!(words.contains("Update the client (task-orchestrator-mcp"), "{words}");
        }
    }
}

#[test]
fn a_probe_of_any_protocol_may_stop_the_daemon() {
    let env = machine::TestEnv::new();
    env.client().call("get_context", json!({}));
    let socket = PathBuf::from(env.status()["socket"].as_str().expect("a socket"));
    let mut hello = raw::hello(&env.database());
    hello["kind"] = "probe".into();
    (hello["protocol_min"], hello["protocol_max"]) = (json!(1), json!(1));
    let mut session = raw::Session::open(&socket, &hello).expect("a welcome");
    session.request(json!({"Ask": {"ask": {"method": "daemon/stop"}}}), "", 10).expect("sent");
    machine::eventually("its end", || env.daemons().is_empty().then_some(()));
}

/// A call as the shim of that protocol sent it.
fn served(socket: &Path, hello: &Value, protocol: u64) {
    let call = std::fs::read(fixture(&format!("hellos/protocol-{protocol}-call.frame")));
    let mut session = raw::Session::open(socket, hello).expect("a welcome");
    raw::send(&mut session.stream, &call.expect("a recorded call of each protocol that is spoken"))
        .expect("sent");
    let answer = session.answer().expect("an answer");
    assert!(answer.document.contains("counts"), "{answer:?}");
}
