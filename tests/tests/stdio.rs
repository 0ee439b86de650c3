//! The shim's stdio: both MCP lifecycles, bad lines, the end of stdin (`daemon.md` rules 7 and 12).

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

use std::{
    io::Write,
    process::Stdio,
    time::{Duration, Instant},
};

use e2e::machine::{McpClient, Run, TestEnv};
use serde_json::{Value, json};

/// Writes everything, ends stdin, and takes what comes: `printf … | task-orchestrator-mcp`.
fn pipe(env: &TestEnv, input: &[u8]) -> Vec<Value> {
    let mut child =
        env.shim().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let run: Run = child.wait_with_output().unwrap().into();
    assert_eq!(run.code, Some(0));
    assert_eq!(run.stderr, "", "silent unless asked");
    run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn lines(messages: &[Value]) -> Vec<u8> {
    messages.iter().flat_map(|message| format!("{message}\n").into_bytes()).collect()
}

fn request(id: u64, method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

fn initialize(version: &str) -> Value {
    let client = json!({"name": "suite", "version": "1"});
    request(1, "initialize", json!({"protocolVersion": version, "capabilities": {}, "clientInfo": client}))
}

/// A call that does not end by itself while the test runs: nothing closes the item.
fn wait_for_ever(client: &mut McpClient) -> u64 {
    let (item, is_error) = client.call("manage_items", json!({"operation": "create", "title": "never done"}));
    assert!(!is_error, "{item}");
    let arguments = json!({"item_id": item["id"], "until": "done", "timeout_seconds": 300});
    client.ask("tools/call", json!({"name": "wait_for", "arguments": arguments}))
}

fn by_id(answers: &[Value], id: u64) -> &Value {
    answers
        .iter()
        .find(|answer| answer["id"] == id)
        .unwrap_or_else(|| panic!("no answer {id} in {answers:?}"))
}

#[test]
fn a_person_is_told_what_the_program_is_for() {
    let env = TestEnv::new();
    let run =
        |words: &[&str]| -> Run { env.shim().args(words).stdin(Stdio::piped()).output().unwrap().into() };
    let help = run(&["--help"]);
    assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""));
    for words in ["An MCP client runs it", "task-orchestrator setup CLIENT", "docs/"] {
        assert!(help.stdout.contains(words), "{words}: {}", help.stdout);
    }
    let page = std::fs::read_to_string(e2e::workspace_root().join("docs/config.md")).unwrap();
    let variables = page.lines().filter_map(|line| line.strip_prefix("| `TASK_")?.split('`').next());
    let missing: Vec<&str> =
        variables.filter(|name| !help.stdout.contains(&format!("TASK_{name} "))).collect();
    assert!(missing.is_empty() && page.contains("| `TASK_"), "{missing:?}");
    let version = run(&["--version"]);
    assert_eq!((version.code, version.stdout.lines().count()), (Some(0), 1));
    assert!(version.stdout.starts_with("task-orchestrator-mcp "), "{version:?}");
    for words in [&["--db", "x"][..], &["serve"]] {
        let wrong = run(words);
        assert!(wrong.code == Some(2) && wrong.stdout.is_empty(), "{wrong:?}");
        assert!(wrong.stderr.contains(&format!("'{}' is not known", words[0])), "{wrong:?}");
    }
    assert!(env.daemons().is_empty(), "and no daemon is started for it");
}

#[test]
fn all_lines_of_a_pipe_are_answered_before_the_end() {
    let env = TestEnv::new();
    let mut messages =
        vec![initialize("2025-06-18"), json!({"jsonrpc": "2.0", "method": "notifications/initialized"})];
    messages.push(request(2, "tools/list", json!({})));
    let calls = 3..40;
    messages.extend(
        calls.clone().map(|id| request(id, "tools/call", json!({"name": "get_context", "arguments": {}}))),
    );
    let answers = pipe(&env, &lines(&messages));
    assert!(by_id(&answers, 2)["result"]["tools"].is_array());
    for id in calls {
        assert!(!McpClient::document(by_id(&answers, id)).1);
    }
    let mut unended = lines(&[initialize("2025-06-18"), request(2, "ping", json!({}))]);
    unended.pop();
    assert_eq!(by_id(&pipe(&env, &unended), 2)["result"], json!({}), "a last line needs no end");
}

#[test]
fn every_version_with_initialize_is_served() {
    let env = TestEnv::new();
    for version in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
        let mut client = McpClient::spawn(env.shim());
        let result = client.initialize(version);
        assert_eq!(result["protocolVersion"], version);
        assert_eq!(result["serverInfo"]["name"], "task-orchestrator");
        assert_eq!(result["capabilities"]["tools"]["listChanged"], true);
        assert!(client.request("tools/list", json!({}))["result"]["tools"].is_array());
        assert!(client.request("prompts/list", json!({}))["result"]["prompts"].is_array());
        let answer = client.request("tools/call", json!({"name": "get_context", "arguments": {}}));
        assert!(answer["result"].get("structuredContent").is_none());
    }
    let mut client = McpClient::spawn(env.shim());
    assert_eq!(client.initialize("1999-01-01")["protocolVersion"], "2025-11-25");
}

#[test]
fn the_lifecycle_without_initialize_is_served() {
    let env = TestEnv::new();
    let mut client = McpClient::spawn(env.shim());
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "modern", "version": "2"},
    });
    let discovered = client.request("server/discover", json!({"_meta": meta}));
    assert!(
        discovered["result"]["supportedVersions"].as_array().unwrap().contains(&json!("2026-07-28")),
        "{discovered}"
    );
    let answer = client.request("tools/call", json!({"_meta": meta, "name": "get_context", "arguments": {}}));
    assert!(!McpClient::document(&answer).1);
    assert_eq!(answer["result"]["resultType"], "complete");
    assert!(client.request("tools/list", json!({"_meta": meta}))["result"]["tools"].is_array());
    let listening = client.ask(
        "subscriptions/listen",
        json!({"_meta": meta, "notifications": {"toolsListChanged": true, "promptsListChanged": true}}),
    );
    let acknowledged = client.wait(Duration::from_secs(20), |message| {
        message["method"] == "notifications/subscriptions/acknowledged"
    });
    assert!(acknowledged.is_some());
    assert_eq!(client.request("tools/list", json!({}))["error"]["code"], -32602, "no metadata");
    // An open stream ends with stdin; it does not hold the process.
    let _ = listening;
    let (status, took) = client.close();
    assert!(status.success() && took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn what_is_no_message_is_answered_and_ends_nothing() {
    let env = TestEnv::new();
    let mut client = env.client();
    let mut refused = |bytes: &[u8], code: i64, id: Value| {
        client.write(bytes);
        let answer = client.wait(Duration::from_secs(20), |message| message.get("error").is_some()).unwrap();
        assert_eq!(answer["error"]["code"], code, "{answer}");
        assert_eq!(answer.get("id"), Some(&id));
    };
    refused(b"not json\n", -32700, Value::Null);
    // Whoever waits for this one is told, though it cannot be read.
    refused(b"{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"\xff\xfe\"}\n", -32700, json!(5));
    refused(b"\"text\"\n", -32600, Value::Null);
    refused(b"{\"jsonrpc\":\"2.0\"}\n", -32600, Value::Null);
    let mut long = vec![b' '; (16 << 20) + 2];
    long.push(b'\n');
    refused(&long, -32600, Value::Null);
    client.write(b"\n\r\n");
    client.send(&json!({"jsonrpc": "2.0", "method": "notifications/unheard_of"}));
    client.send(&json!({"jsonrpc": "2.0", "id": 999, "result": {}}));
    assert_eq!(client.request("no/such/method", json!({}))["error"]["code"], -32601);
    assert_eq!(client.request("tools/call", json!({"arguments": {}}))["error"]["code"], -32602);
    assert!(!client.call("get_context", json!({})).1);
}

#[test]
fn a_notification_before_initialize_ends_nothing() {
    let env = TestEnv::new();
    let mut client = McpClient::spawn(env.shim());
    client.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
    client.write(b"junk\n");
    assert_eq!(client.request("ping", json!({}))["result"], json!({}));
    assert_eq!(client.initialize("2025-06-18")["protocolVersion"], "2025-06-18");
}

#[test]
fn a_large_message_gets_through() {
    let env = TestEnv::new();
    let mut client = env.client();
    let text = "x".repeat(7 << 20);
    let answer = client.request("tools/call", json!({"name": "get_context", "arguments": {"unknown": text}}));
    McpClient::document(&answer); // whatever the tool makes of it
    let text = "x".repeat(15 << 20);
    let answer = client.request("tools/call", json!({"name": "get_context", "arguments": {"unknown": text}}));
    McpClient::document(&answer);
    assert!(!client.call("get_context", json!({})).1, "the connection lives on");
}

#[test]
fn the_end_of_stdin_ends_the_process_and_the_session() {
    let env = TestEnv::new();
    let mut client = env.client();
    client.call("get_context", json!({}));
    let (status, took) = client.close();
    assert!(status.success() && took < Duration::from_secs(1), "{took:?}");
    let mut waiting = env.client();
    wait_for_ever(&mut waiting);
    waiting.call("get_context", json!({}));
    let (_, took) = waiting.close();
    assert!(took < Duration::from_secs(3), "a long wait does not hold it: {took:?}");
    e2e::machine::eventually("the sessions end", || (env.status()["sessions"] == 0).then_some(()));
}

#[test]
fn structured_content_is_for_those_who_ask() {
    let env = TestEnv::new().var("TASK_ORCHESTRATOR_STRUCTURED", "1");
    let answer = env.client().request("tools/call", json!({"name": "get_context", "arguments": {}}));
    let (document, _) = McpClient::document(&answer);
    assert_eq!(answer["result"]["structuredContent"], document);
}

#[test]
fn cancelled_calls_leave_the_session_working() {
    let env = TestEnv::new();
    let mut client = env.client();
    let begun = Instant::now();
    for _ in 0..100 {
        let id = wait_for_ever(&mut client);
        client.send(
            &json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": id}}),
        );
    }
    // More than a session may have in flight: the cancelled ones count no more.
    e2e::machine::eventually("room again", || (!client.call("get_context", json!({})).1).then_some(()));
    assert!(begun.elapsed() < Duration::from_secs(30));
}

/// Clients written for Node give their servers sockets instead of pipes.
#[test]
#[cfg(unix)]
fn sockets_serve_as_pipes_do() {
    use std::{io::Read, net::Shutdown, os::fd::OwnedFd, os::unix::net::UnixStream};

    let env = TestEnv::new();
    let ((mut to, stdin), (mut from, stdout)) = (UnixStream::pair().unwrap(), UnixStream::pair().unwrap());
    let mut child = env.shim().stdin(OwnedFd::from(stdin)).stdout(OwnedFd::from(stdout)).spawn().unwrap();
    let text = "large ".repeat(150_000);
    let create = json!({"name": "manage_items", "arguments": {"operation": "create", "title": "x", "description": text}});
    let input = lines(&[initialize("2025-06-18"), request(2, "tools/call", create)]);
    let reading = std::thread::spawn(move || {
        let mut output = String::new();
        from.read_to_string(&mut output).unwrap();
        output
    });
    to.write_all(&input).unwrap();
    to.shutdown(Shutdown::Write).unwrap();
    assert!(child.wait().unwrap().success());
    drop(child); // and with it this process' copies of the shim's ends
    let answers: Vec<Value> =
        reading.join().unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let answer = by_id(&answers, 2)["result"]["content"][0]["text"].as_str().unwrap();
    assert!(answer.contains("\"title\":\"x\""), "{answer}");
}
