//! Every number and size a client can choose has an end (`contract.md` §12, `daemon.md` rule 14), tried from outside: past it there is
//! a refusal in words, or less is kept; the session goes on and others are served. (Sizes of single fields: `limits`.)

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use e2e::machine::{TestEnv, eventually, raw};
use serde_json::{Value, json};

/// Waits of one session that run at a time.
const WAITS: usize = 64;

fn daemon() -> (TestEnv, PathBuf) {
    let env = TestEnv::new();
    env.client().call("get_context", json!({}));
    let socket = env.status()["socket"].as_str().unwrap().into();
    (env, socket)
}

fn session(env: &TestEnv, socket: &Path) -> raw::Session {
    raw::Session::open(socket, &raw::hello(&env.database())).unwrap()
}

/// A call's document, which may be a refusal.
fn called(session: &mut raw::Session, tool: &str, arguments: &str) -> Value {
    session.call(tool, arguments, 60).unwrap();
    serde_json::from_str(&session.answer().unwrap().document).unwrap()
}

fn create(session: &mut raw::Session, title: &str) -> String {
    let made = called(session, "manage_items", &json!({"operation": "create", "title": title}).to_string());
    made["id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
}

#[test]
fn nesting_without_end_is_refused() {
    let (env, socket) = daemon();
    let mut session = session(&env, &socket);
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        for arguments in [deep.clone(), format!("{{\"operation\":\"create\",\"items\":{deep}}}")] {
            let answer = called(&mut session, "manage_items", &arguments);
            assert_eq!(answer["error"]["code"], "VALIDATION", "{answer}");
        }
        // In text that is JSON itself.
        let within = json!({"operation": "create", "items": deep}).to_string();
        assert_eq!(called(&mut session, "manage_items", &within)["error"]["code"], "VALIDATION");
        // Metadata is kept as it is and never read.
        let kept = json!({"operation": "create", "title": "x", "metadata": &deep[..60_000]}).to_string();
        assert!(called(&mut session, "manage_items", &kept)["id"].is_string());
    }
    create(&mut session, "still well");
}

#[test]
fn numbers_without_end_are_refused() {
    let (env, socket) = daemon();
    let mut session = session(&env, &socket);
    let id = create(&mut session, "x");
    let fields = [
        ("query_items", "\"operation\":\"list\"", "limit"),
        ("query_items", "\"operation\":\"list\"", "offset"),
        ("get_context", "\"brief\":false", "stale_days"),
        ("get_next_item", "\"explain\":true", "limit"),
        ("get_metrics", "\"workspace\":\"\"", "days"),
        ("manage_archive", "\"operation\":\"stats\"", "archive_after_days"),
        ("query_history", "\"kind\":\"\"", "cursor"),
        ("manage_items", "\"operation\":\"create\",\"title\":\"y\"", "complexity"),
        ("query_dependencies", "\"item_id\":\"ID\",\"neighbors_only\":false", "max_depth"),
        ("claim_item", "\"operation\":\"claim\",\"resource\":\"r\"", "ttl_seconds"),
        ("wait_for", "\"item_id\":\"ID\",\"until\":\"queue\"", "timeout_seconds"),
        ("advance_item", "\"item_id\":\"ID\",\"trigger\":\"block\"", "expected_version"),
    ];
    let numbers = [
        "1e400",
        "1e308",
        "-1e308",
        "99999999999999999999999999",
        "9223372036854775808",
        "-9223372036854775808",
        "0.5",
        "NaN",
    ];
    for (tool, rest, field) in fields {
        for number in numbers {
            let rest = rest.replace("ID", &id);
            let answer = called(&mut session, tool, &format!("{{{rest},\"{field}\":{number}}}"));
            // A number that only finds nothing is none of the wrong ones; a wrong one is said to be wrong.
            let code = answer["error"]["code"].as_str().unwrap_or("answered");
            assert!(
                ["answered", "VALIDATION", "CONFLICT"].contains(&code),
                "{tool} {field} {number}: {answer}"
            );
            let size = answer.to_string().len();
            assert!(size < 20_000, "{tool} {field} {number}: {size} bytes");
            if number.starts_with("1e") || number == "NaN" {
                assert_eq!(code, "VALIDATION", "{tool} {field} {number}: {answer}");
            }
        }
    }
    assert_eq!(
        called(&mut session, "query_items", &format!("{{\"operation\":\"get\",\"item_id\":\"{id}\"}}"))["status"],
        "queue"
    );
}

#[test]
fn ten_thousand_calls_at_once_are_answered_each() {
    const MANY: u64 = 10_000;
    let (env, socket) = daemon();
    let mut flood = session(&env, &socket);
    let mut reading = raw::Session::of(flood.stream.try_clone().unwrap());
    let sending = std::thread::spawn(move || {
        for _ in 0..MANY {
            flood.call("get_context", "{}", 60).unwrap();
        }
        flood
    });
    let mut good = env.client();
    let (mut answered, mut refused) = (BTreeSet::new(), 0);
    for n in 0..MANY {
        let answer = reading.answer().unwrap();
        assert!(answered.insert(answer.id), "one answer each: {answer:?}");
        // Past 64 in words; past four times that by the library beneath.
        let words = ["calls of this session are running", "throttled"];
        let full = words
            .iter()
            .any(|word| answer.document.contains(word) || answer.message.to_string().contains(word));
        assert!(full || answer.document.contains("counts"), "{answer:?}");
        refused += u64::from(full);
        if n % 1_000 == 0 {
            assert!(!good.call("get_context", json!({})).1, "others are served");
        }
    }
    assert!(refused < MANY, "and some of them were served");
    drop(sending.join().unwrap());
}

#[test]
fn waits_have_their_number_and_end_with_their_session() {
    let (env, socket) = daemon();
    let mut session = session(&env, &socket);
    let id = create(&mut session, "x");
    for _ in 0..WAITS + 40 {
        let wait = json!({"item_id": id, "until": "done", "timeout_seconds": 300});
        session.call("wait_for", &wait.to_string(), 330).unwrap();
    }
    for _ in 0..40 {
        let answer = session.answer().unwrap();
        assert!(answer.document.contains("64 waits of this session"), "{answer:?}");
    }
    let waiting = || env.status()["engine"]["waiting"].as_u64().unwrap();
    eventually("all that were let in wait", || (waiting() == WAITS as u64).then_some(()));
    assert!(!env.client().call("manage_items", json!({"operation": "create", "title": "y"})).1);
    drop(session);
    eventually("nobody waits any more", || (waiting() == 0).then_some(()));
}

#[test]
fn a_poll_watches_as_much_as_one_may_and_no_more() {
    let (env, socket) = daemon();
    let mut session = session(&env, &socket);
    let id = create(&mut session, "x");
    let mut watch: Vec<Value> =
        (0..10_000).map(|n| json!({"uri": format!("task://item/{n:08}"), "after": 0})).collect();
    watch.push(json!({"uri": format!("task://item/{id}"), "after": 0}));
    for _ in 0..300 {
        let poll = json!({"Events": {"poll": {"wait_ms": 300_000, "watch": watch[9_990..]}}});
        session.request(poll, "", 330).unwrap();
    }
    let poll = json!({"Events": {"poll": {"wait_ms": 0, "watch": watch}}});
    let mut other = raw::Session::open(&socket, &raw::hello(&env.database())).unwrap();
    other.request(poll, "", 60).unwrap();
    let answer = other.answer().unwrap();
    assert!(answer.message["message"]["Ok"]["Events"]["latest"].is_u64(), "{answer:?}");
    // Of many polls one waits.
    let waiting = || env.status()["engine"]["waiting"].as_u64().unwrap();
    eventually("one poll of a session", || (waiting() <= 1).then_some(()));
    assert!(!env.client().call("get_context", json!({})).1);
}

#[test]
fn names_in_a_hello_are_cut_or_refused() {
    let (env, socket) = daemon();
    let long = "n".repeat(100_000);
    let with = |key: &str, value: Value| {
        let mut hello = raw::hello(&env.database());
        hello[key] = value;
        hello
    };
    let _cut = [
        with("client_name", json!(long)),
        with("client_version", json!(long)),
        with("agent", json!(long)),
        with("folder", json!(format!("/{long}"))),
        with("roots", json!(vec!["file:///nowhere"; 10_000])),
        with("token", json!(long)),
    ]
    .map(|hello| raw::Session::open(&socket, &hello).unwrap());
    let (agents, _) = env.client().call("list_agents", json!({}));
    let size = agents.to_string().len();
    assert!(size < 8_000, "nobody's name fills the list: {size} bytes");
    let refused = |hello: &Value, words: &str| {
        let reply = raw::greet(&socket, hello).unwrap();
        let said = reply["refused"]["message"].as_str().unwrap_or_else(|| panic!("{reply}"));
        assert!(said.contains(words) && said.len() < 1_000, "{said}");
    };
    refused(&with("settings", json!({"project": long})), "TASK_ORCHESTRATOR_PROJECT");
    // Hung up on before it is through, perhaps with words.
    let large = raw::greet(&socket, &with("client_name", json!("n".repeat(2 << 20))));
    assert!(large.is_err() || large.is_ok_and(|reply| reply["refused"].is_object()));
    let person = raw::Session::open(&socket, &with("kind", json!("person")));
    drop(person.unwrap());
}

#[test]
fn a_message_past_the_largest_ends_its_connection_alone() {
    let (env, socket) = daemon();
    let mut large = session(&env, &socket);
    let fits = json!({"operation": "create", "title": "x", "description": "y".repeat(15 << 20)}).to_string();
    let answer = called(&mut large, "manage_items", &fits);
    assert_eq!(
        answer["error"]["field"], "description",
        "what fits the message is read, and refused by its field: {answer}"
    );
    // The daemon hangs up when it has read the length; the rest may not even be sent.
    let _ = large.call("manage_items", &"y".repeat(17 << 20), 60);
    assert!(large.answer().is_err(), "a message of 17 MiB ends the connection");
    create(&mut session(&env, &socket), "still well");
}

#[test]
fn subagents_without_end_are_served_and_the_first_are_remembered() {
    let (env, socket) = daemon();
    let mut session = session(&env, &socket);
    let id = create(&mut session, "x");
    for n in 0..300 {
        let note = json!({"operation": "upsert", "item_id": id, "key": "k", "body": "b", "agent": format!("sub{n}")});
        assert!(called(&mut session, "manage_notes", &note.to_string())["error"].is_null());
    }
    let long = json!({"operation": "create", "title": "y", "agent": "n".repeat(201)}).to_string();
    assert_eq!(called(&mut session, "manage_items", &long)["error"]["field"], "agent");
    let claim = |more: Value| {
        let mut call = json!({"resource": "r"});
        call.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        call.to_string()
    };
    called(&mut session, "claim_item", &claim(json!({"operation": "claim"})));
    let answer = called(&mut session, "claim_item", &claim(json!({"operation": "handoff", "to": "sub299"})));
    assert!(answer["error"]["message"].as_str().unwrap().contains("agent/subagent"), "{answer}");
    let answer = called(&mut session, "claim_item", &claim(json!({"operation": "handoff", "to": "sub7"})));
    assert!(answer["error"].is_null(), "{answer}");
}

#[test]
fn thousands_of_claims_are_listed_by_the_page_and_end_with_their_session() {
    const MANY: u64 = 2_000;
    let (env, socket) = daemon();
    let mut session = session(&env, &socket);
    for round in 0..MANY / 50 {
        for n in 0..50 {
            let claim =
                json!({"operation": "claim", "resource": format!("file:{round}/{n}"), "ttl_seconds": 3_600});
            session.call("claim_item", &claim.to_string(), 60).unwrap();
        }
        for _ in 0..50 {
            let answer = session.answer().unwrap();
            assert!(!answer.document.contains("error"), "{answer:?}");
        }
    }
    let list = called(&mut session, "claim_item", "{\"operation\":\"list\"}");
    assert_eq!((list["items"].as_array().map(Vec::len), &list["has_more"]), (Some(50), &json!(true)));
    let longest = called(
        &mut session,
        "claim_item",
        &json!({"operation": "claim", "resource": "r".repeat(501)}).to_string(),
    );
    assert_eq!(longest["error"]["field"], "resource");
    let brief = called(&mut session, "get_context", "{\"brief\":true}").to_string();
    assert!(brief.len() < 2_000, "{brief}");
    drop(session);
    eventually("the session has ended", || (env.status()["sessions"] == 0).then_some(()));
    assert!(!env.client().call("get_context", json!({})).1);
}

#[test]
fn hundreds_of_projects_and_request_ids_are_served() {
    let (env, socket) = daemon();
    let mut hello = raw::hello(&env.database());
    for n in 0..200 {
        let folder = env.home().join(format!("p{n}"));
        std::fs::create_dir_all(folder.join(".taskorchestrator")).unwrap();
        hello["folder"] = json!(folder);
        let mut session = raw::Session::open(&socket, &hello).unwrap();
        let item = json!({"operation": "create", "title": format!("in {n}"), "request_id": format!("id{n}")});
        assert!(called(&mut session, "manage_items", &item.to_string())["id"].is_string());
    }
    let mut session = session(&env, &socket);
    let long = json!({"operation": "create", "title": "x", "request_id": "r".repeat(201)}).to_string();
    assert_eq!(called(&mut session, "manage_items", &long)["error"]["field"], "request_id");
    let list = called(&mut session, "query_items", "{\"operation\":\"list\",\"project\":\"*\",\"limit\":1}");
    assert_eq!(list["total"], 200, "{list}");
    let context = called(&mut session, "get_context", "{}").to_string();
    assert!(context.len() < 16_000, "{} bytes: {context}", context.len());
}

#[test]
fn a_history_of_megabytes_is_answered_within_the_bound() {
    let (env, socket) = daemon();
    let mut session = session(&env, &socket);
    let id = create(&mut session, "x");
    for n in 0..12 {
        let text = format!("{n}").repeat(500_000);
        let update = json!({"operation": "update", "item_id": id, "description": text}).to_string();
        assert!(called(&mut session, "manage_items", &update)["error"].is_null());
    }
    session.call("query_history", &json!({"item_id": id, "limit": 500}).to_string(), 60).unwrap();
    let answer = session.answer().unwrap().document;
    assert!(answer.len() <= 8 << 20, "{} bytes", answer.len());
    let one: Value = serde_json::from_str(&answer).unwrap();
    assert!(
        one["error"].is_null() || one["error"]["message"].as_str().unwrap().contains("limit"),
        "{}",
        &answer[..200]
    );
}
