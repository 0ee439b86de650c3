//! The seven prompts (`contract.md` §5).

use e2e::{Lifecycle, TestEnv, json};

const PROMPTS: [&str; 7] = [
    "batch_complete",
    "create_item_from_context",
    "dependency_manager",
    "quick_start",
    "session_start",
    "status_progression",
    "work_summary",
];

#[test]
fn all_seven_are_listed_in_both_lifecycles() {
    let env = TestEnv::new();
    for lifecycle in Lifecycle::ALL {
        let prompts = env.client().speaking(lifecycle).connect().prompts();
        let mut names: Vec<_> = prompts.iter().map(|p| p["name"].as_str().unwrap_or_default()).collect();
        names.sort_unstable();
        assert_eq!(names, PROMPTS, "{lifecycle:?}");
        for prompt in &prompts {
            assert!(prompt["description"].as_str().is_some_and(|text| !text.is_empty()), "{prompt}");
        }
    }
}

#[test]
fn arguments_are_declared() {
    let env = TestEnv::new();
    let prompts = env.connect().prompts();
    for (name, argument, required) in [
        ("status_progression", "item_id", true),
        ("dependency_manager", "item_id", false),
        ("batch_complete", "parent_id", true),
    ] {
        let prompt = prompts.iter().find(|p| p["name"] == name).expect("it is listed");
        let declared = &prompt["arguments"][0];
        assert_eq!(declared["name"], argument, "{prompt}");
        assert_eq!(declared["required"].as_bool().unwrap_or(false), required, "{prompt}");
    }
}

#[test]
fn each_names_todays_tools() {
    let env = TestEnv::new();
    let agent = env.client().tools("full").connect();
    let id = agent.item("Write the page");
    let known: Vec<String> =
        agent.list_tools().iter().map(|tool| tool["name"].as_str().unwrap_or_default().to_owned()).collect();
    for (name, arguments) in PROMPTS.iter().map(|name| match *name {
        "status_progression" | "dependency_manager" => (name, json!({"item_id": id})),
        "batch_complete" => (name, json!({"parent_id": id})),
        _ => (name, json!({})),
    }) {
        let text = agent.prompt(name, arguments);
        assert!(text.len() > 80, "{name} says something: {text}");
        assert!(known.iter().any(|tool| text.contains(tool.as_str())), "{name} names a tool: {text}");
        let mut words =
            text.split(|c: char| !(c.is_ascii_lowercase() || c == '_')).filter(|word| word.contains('_'));
        let families = [
            "manage_",
            "query_",
            "get_",
            "advance_",
            "create_work",
            "complete_",
            "export_",
            "import_",
            "claim_",
        ];
        let stray = words.find(|word| {
            families.iter().any(|f| word.starts_with(f))
                && !known.iter().any(|tool| tool == word)
                && !PROMPTS.contains(word)
        });
        assert_eq!(stray, None, "{name} names a tool that does not exist: {text}");
    }
    assert!(
        agent.prompt("status_progression", json!({"item_id": id})).contains(&id),
        "the argument is in the text"
    );
}

#[test]
fn faults_are_errors() {
    let env = TestEnv::new();
    let agent = env.connect();
    let error = agent.rpc_error("prompts/get", json!({"name": "nothing"}));
    assert!(error["message"].as_str().is_some_and(|text| text.contains("nothing")), "{error}");
    let error = agent.rpc_error("prompts/get", json!({"name": "batch_complete"}));
    assert!(error["message"].as_str().is_some_and(|text| text.contains("parent_id")), "{error}");
    assert_eq!(agent.total(), 0, "and the session goes on");
}

#[test]
fn a_prompt_about_an_item_that_is_not_there_is_an_error_that_says_how_to_find_it() {
    let env = TestEnv::new();
    for lifecycle in Lifecycle::ALL {
        let agent = env.client().speaking(lifecycle).connect();
        for (name, argument) in [
            ("status_progression", "item_id"),
            ("dependency_manager", "item_id"),
            ("batch_complete", "parent_id"),
        ] {
            let ask =
                |id: &str| agent.rpc_error("prompts/get", json!({"name": name, "arguments": {argument: id}}));
            let error = ask("ffffffff");
            assert_eq!(error["code"], -32602, "{error}");
            let message = error["message"].as_str().unwrap_or_default();
            assert!(message.contains("No item matching prefix 'ffffffff'"), "{error}");
            assert!(message.contains("query_items") && message.contains("get_context"), "{error}");
            let body = &error["data"];
            assert_eq!((&body["code"], &body["field"]), (&json!("NOT_FOUND"), &json!(argument)), "{error}");
            let short = ask("abc");
            assert_eq!(short["code"], -32602, "{short}");
            assert!(short["message"].as_str().is_some_and(|text| text.contains("at least 4")), "{short}");
        }
        let id = agent.item("here");
        assert!(agent.prompt("batch_complete", json!({"parent_id": id})).contains(&id));
        assert!(agent.prompt("dependency_manager", json!({"item_id": ""})).contains("no item was named"));
    }
}
