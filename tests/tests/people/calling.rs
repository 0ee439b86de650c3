//! `call`: help from the schemas, options anywhere, exit codes of batches.

use e2e::{TestEnv, json};

use crate::add;

#[test]
fn call_knows_every_tool_by_its_schema() {
    let env = TestEnv::new();
    let ann = env.person();
    let help = ann.ends_with(0, &["call", "advance_item", "--help"]).stdout;
    assert!(help.contains("trigger") && help.contains("start, complete, block"), "{help}");
    assert!(ann.ends_with(0, &["call", "--help"]).stdout.contains("--list"));
    let list = ann.ends_with(0, &["call", "--list"]).stdout;
    assert!(list.contains("query_history") && !list.contains("echo"), "{list}");
    let near = ann.ends_with(2, &["call", "advance_itm", "--help"]);
    assert!(near.stderr.contains("Did you mean advance_item?"), "{near:?}");
    let near = ann.ends_with(2, &["call", "advance_itm", "item_id=abcd"]);
    assert!(
        near.stderr.contains("Did you mean advance_item? `task-orchestrator call --list` lists"),
        "{near:?}"
    );
    assert!(
        ann.ends_with(2, &["call", "nosuch"])
            .stderr
            .contains("Unknown tool: nosuch. `task-orchestrator call --list`")
    );
    assert_eq!(ann.json(&["call", "nosuch"])["error"]["code"], "VALIDATION");
    assert!(env.daemon_pids().is_empty(), "neither help nor a slip needs a daemon");
    let read = ann.typing("{\"operation\": \"create\", \"title\": \"from stdin\"}");
    assert!(read.ends_with(0, &["call", "manage_items", "-"]).stdout.contains("from stdin"));
}

#[test]
fn call_takes_options_wherever_they_stand() {
    let env = TestEnv::new();
    let ann = env.person();
    let other = env.home().join("other.db");
    let other = other.to_str().unwrap_or_default();
    let made =
        ann.ends_with(0, &["call", "manage_items", "operation=create", "title=-1", "--json", "--db", other]);
    assert!(made.stdout.contains("\"title\":\"-1\""), "{made:?}");
    let list = ann.ends_with(0, &["call", "--db", other, "query_items", "operation=list", "--json"]).stdout;
    assert!(list.contains("\"total\":1"), "{list}");
    assert!(
        ann.ends_with(0, &["call", "query_items", "operation=list", "-h"])
            .stdout
            .contains("Usage: task-orchestrator call query_items")
    );
    ann.ends_with(2, &["call", "query_items", "--operation=list"]);
}

#[test]
fn a_batch_of_which_nothing_was_done_is_one() {
    let env = TestEnv::new();
    let ann = env.person();
    let id = add(&ann, &["here"]);
    let failed = format!("transitions=[{{\"item_id\":\"{id}\",\"trigger\":\"resume\"}}]");
    let half = format!(
        "transitions=[{{\"item_id\":\"{id}\",\"trigger\":\"start\"}},{{\"item_id\":\"{id}\",\"trigger\":\"resume\"}}]"
    );
    let cases: [(i32, &[&str]); 8] = [
        (1, &["advance_item", &failed]),
        (0, &["advance_item", &half]),
        (1, &["manage_items", "operation=create", "items=[{}]"]),
        (0, &["manage_items", "operation=create", "items=[{},{\"title\":\"a\"}]"]),
        (
            1,
            &[
                "manage_notes",
                "operation=upsert",
                "notes=[{\"item_id\":\"ffffffff\",\"key\":\"k\",\"body\":\"b\"}]",
            ],
        ),
        (1, &["manage_items", "operation=delete", "ids=ffffffff,eeeeeeee"]),
        (0, &["manage_items", "operation=delete", &format!("ids=ffffffff,{id}")]),
        (0, &["manage_items", "operation=create", "items=[]"]),
    ];
    for (code, words) in cases {
        let ended = ann.ends_with(code, &[&["call"], words].concat());
        assert!(ended.stdout.starts_with('{') && ended.stderr.is_empty(), "{words:?}: {ended:?}");
    }
}

/// For every form of every tool's calls: without any one of what it needs, the call is refused and names an argument.
#[test]
fn calls_without_what_their_usage_asks_for_are_refused() {
    let env = TestEnv::new();
    let ann = env.person();
    let list = ann.json(&["call", "--list"]);
    let (item, other) = (add(&ann, &["here"]), add(&ann, &["there"]));
    let (mut forms, agent) = (0, env.agent("ben"));
    for tool in list["tools"].as_array().into_iter().flatten().filter_map(|tool| tool["name"].as_str()) {
        let help = ann.ends_with(0, &["call", tool, "--help"]).stdout;
        let start = format!("task-orchestrator call {tool} ");
        for form in help.lines().filter_map(|line| line.split(&start).nth(1)) {
            forms += 1;
            let words: Vec<&str> = form.split(' ').filter(|word| !word.starts_with('[')).collect();
            for missing in 0..words.len() {
                let mut arguments = json!({});
                for (_, word) in words.iter().enumerate().filter(|(at, _)| *at != missing) {
                    let first = word.split('|').next().unwrap_or_default();
                    let (key, value) = first.split_once('=').unwrap_or_default();
                    arguments[key] = match (key, value) {
                        ("to_id", "…") => json!(other),
                        (key, "…") if key.ends_with("_id") => json!(item),
                        (key, "…") if key.ends_with('s') || key == "children" => json!([]),
                        (_, "…") => json!("start"),
                        (_, word) => json!(word),
                    };
                }
                // These two list when they are not told what to do.
                let lists = ["query_items", "manage_schemas"].contains(&tool);
                if lists && words[missing].starts_with("operation=") {
                    continue;
                }
                let answer = agent.call(tool, arguments.clone()).doc;
                let message = answer["error"]["message"].as_str().unwrap_or_default();
                let says = message.contains("required") || message.starts_with("Need at least");
                assert!(says, "{tool} {arguments}: {answer}");
            }
        }
    }
    assert!(forms > 40, "{forms} forms");
}
