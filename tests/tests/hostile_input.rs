//! Input of every wrong kind: a clear refusal, nothing changed, nobody ended.

use e2e::{McpClient, TestEnv, json};

fn still_well(agent: &McpClient, items: u64) {
    assert!(agent.is_alive(), "the shim goes on");
    assert_eq!(agent.total(), items, "and nothing was changed");
}

#[test]
fn lines_that_are_no_json_rpc_are_survived() {
    let env = TestEnv::new();
    let agent = env.connect();
    agent.item("x");
    let lines: [&[u8]; 14] = [
        b"",
        b"   ",
        b"not json",
        b"{",
        b"[]",
        b"null",
        b"42",
        b"\"text\"",
        b"{}",
        b"{\"jsonrpc\":\"2.0\"}",
        b"{\"jsonrpc\":\"1.0\",\"id\":900,\"method\":\"ping\"}",
        b"\xff\xfe\x00\x01",
        b"{\"method\":\"\xc3\x28\"}",
        b"{\"jsonrpc\":\"2.0\",\"id\":901,\"result\":{}}",
    ];
    for line in lines {
        agent.raw_line(line);
    }
    let nested = [b"[".repeat(100_000), b"]".repeat(100_000)].concat();
    agent.raw_line(&nested);
    still_well(&agent, 1);
}

#[test]
fn invalid_utf8_inside_a_call_does_not_end_the_session() {
    let env = TestEnv::new();
    let agent = env.connect();
    let mut line = br#"{"jsonrpc":"2.0","id":902,"method":"tools/call","params":{"name":"manage_items","arguments":{"operation":"create","title":""#.to_vec();
    line.extend(b"\xc3\x28\xff");
    line.extend(br#""}}}"#);
    agent.raw_line(&line);
    still_well(&agent, 0);
}

#[test]
fn unknown_methods_and_tools_are_errors_by_name() {
    let env = TestEnv::new();
    let agent = env.connect();
    assert_eq!(agent.rpc_error("tools/explode", json!({}))["code"], -32601);
    assert!(agent.rpc_error("tools/call", json!({"arguments": {}})).is_object());
    for name in ["manage_item", "explode", "", "../../etc/passwd", "manage_items; drop table items"] {
        // An unknown tool may be a protocol error or a refusal; either names it.
        let id = agent.send("tools/call", json!({"name": name, "arguments": {}}));
        let answer = agent.receive(id);
        let refused = answer.get("error").is_some() || answer["result"]["isError"] == true;
        assert!(refused, "{name:?} is no tool: {answer}");
        assert!(answer.to_string().contains(name), "the answer names it: {answer}");
    }
    still_well(&agent, 0);
}

#[test]
fn arguments_of_no_object_are_refused() {
    let env = TestEnv::new();
    let agent = env.connect();
    for arguments in [json!([]), json!("operation=list"), json!(5), json!(true)] {
        let id = agent.send("tools/call", json!({"name": "query_items", "arguments": arguments}));
        let answer = agent.receive(id);
        let refused = answer.get("error").is_some() || answer["result"]["isError"] == true;
        assert!(refused, "{arguments} is no object: {answer}");
    }
    let id = agent.send("tools/call", json!({"name": "get_context"}));
    assert!(agent.receive(id)["result"]["content"].is_array(), "no arguments at all are none given");
    still_well(&agent, 0);
}

#[test]
fn strange_text_is_kept_as_it_is() {
    let env = TestEnv::new();
    let agent = env.connect();
    let strange = [
        "'; DROP TABLE items; --",
        "\u{202e}right to left",
        "emoji 👩‍👩‍👧‍👦",
        "nul \u{0} inside",
        "tab\tline\nreturn\r",
        "{\"json\": true}",
        "$(whoami) `id` ${HOME}",
        "%s %n %x",
        "\u{feff}bom",
        "\\u0000",
        "a\u{301}",
    ];
    for text in strange {
        let answer =
            agent.call("manage_items", json!({"operation": "create", "title": text, "description": text}));
        if answer.is_error {
            // A control character may be refused, by name; nothing else may.
            assert!(text.contains('\u{0}'), "{text:?} is text like any other: {}", answer.raw_text);
            continue;
        }
        let row = agent.get(answer.doc["id"].as_str().expect("an id"));
        assert_eq!(row["description"], text, "{row}");
    }
}

#[test]
fn megabytes_are_refused_or_taken_but_end_nobody() {
    let env = TestEnv::new();
    let agent = env.connect();
    let large = "x".repeat(5 << 20);
    agent
        .refused("manage_items", json!({"operation": "create", "title": large}), "VALIDATION")
        .names("title");
    let unknown = agent.call("query_items", json!({"operation": "get", "item_id": large}));
    assert!(
        unknown.raw_text.len() < 2_000,
        "a refusal does not repeat megabytes: {}",
        unknown.raw_text.len()
    );
    unknown.refusal("an id of 5 MiB").names("item_id");
    agent.refused("manage_items", json!({"operation": large, "title": "x"}), "VALIDATION").names("operation");
    let mut odd = json!({"operation": "create", "title": "x"});
    odd[&large] = "y".into();
    let refusal = agent.refused("manage_items", odd, "VALIDATION");
    assert!(refusal.message.len() < 2_000, "a refusal does not repeat megabytes: {}", refusal.message.len());
    let mut deep = json!("x");
    for _ in 0..120 {
        deep = json!([deep]);
    }
    let answer = agent.call("manage_items", json!({"operation": "create", "items": deep}));
    assert!(answer.raw_text.contains("VALIDATION"), "a deep array is no item: {}", answer.raw_text);
    still_well(&agent, 0);
}

#[test]
fn a_message_past_the_limit_ends_nothing() {
    let env = TestEnv::new();
    let agent = env.connect();
    let line = json!({
        "jsonrpc": "2.0", "id": 903, "method": "tools/call",
        "params": {"name": "manage_items", "arguments": {"operation": "create", "title": "x", "description": "y".repeat(17 << 20)}},
    });
    agent.raw_line(line.to_string().as_bytes());
    still_well(&agent, 0);
}

#[test]
fn a_flood_of_calls_is_answered_each() {
    let env = TestEnv::new();
    let agent = env.connect();
    let ids: Vec<i64> = (0..300)
        .map(|n| agent.send("tools/call", json!({"name": "manage_items", "arguments": {"operation": "create", "title": format!("item {n}")}})))
        .collect();
    let mut made = 0;
    for id in ids {
        let answer = agent.receive(id);
        assert!(answer.get("result").is_some(), "every call has its answer: {answer}");
        made += u64::from(answer["result"]["isError"] != true);
    }
    still_well(&agent, made);
}

#[test]
fn one_clients_rubbish_does_not_disturb_another() {
    let env = TestEnv::new();
    let (rude, calm) = (env.connect(), env.connect());
    calm.item("x");
    rude.raw_line(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"manage_items\",\"argum");
    rude.kill();
    still_well(&calm, 1);
}
