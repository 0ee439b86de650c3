//! The texts name what exists, stay short, and take what callers send.

use proptest::prelude::*;

use super::*;

/// Every tool of the contract that a prompt may name.
const TOOLS: &[&str] = &[
    "advance_item",
    "claim_item",
    "complete_tree",
    "create_work_tree",
    "get_blocked_items",
    "get_context",
    "get_next_item",
    "get_next_status",
    "list_agents",
    "manage_dependencies",
    "manage_items",
    "manage_notes",
    "manage_schemas",
    "query_dependencies",
    "query_items",
    "query_notes",
    "wait_for",
];

fn args(pairs: &[(&str, Value)]) -> Map<String, Value> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

fn text(name: &str, pairs: &[(&str, Value)]) -> Result<String, String> {
    let result = get(name, &args(pairs)).map_err(|e| e.to_string())?;
    Ok(result["messages"][0]["content"]["text"].as_str().unwrap().to_owned())
}

#[test]
fn all_seven_are_listed_as_mcp_wants_them() {
    let list = list();
    let mut names: Vec<&str> =
        list["prompts"].as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "batch_complete",
            "create_item_from_context",
            "dependency_manager",
            "quick_start",
            "session_start",
            "status_progression",
            "work_summary"
        ]
    );
    let prompts = list["prompts"].as_array().unwrap();
    let one = prompts.iter().find(|p| p["name"] == "status_progression").unwrap();
    assert_eq!(one["arguments"][0]["name"], "item_id");
    assert_eq!(one["arguments"][0]["required"], true);
}

#[test]
fn texts_are_short_and_name_only_tools_that_exist() {
    for prompt in PROMPTS {
        let length = prompt.text.chars().count();
        assert!(length <= PROMPT_CHARS, "{} has {length} characters", prompt.name);
        // Code that calls something, or that is nothing but a name with an underscore and a verb like a tool's.
        for code in prompt.text.split('`').skip(1).step_by(2) {
            let name = code.split('(').next().unwrap_or_default();
            let calls = code.contains('(')
                || name
                    .split('_')
                    .next()
                    .is_some_and(|verb| TOOLS.iter().any(|t| t.starts_with(&format!("{verb}_"))));
            assert!(!calls || TOOLS.contains(&name), "{}: {code}", prompt.name);
        }
    }
}

#[test]
fn arguments_are_put_in_or_refused() {
    type Case<'a> = (&'a str, &'a [(&'a str, Value)], Result<&'a str, &'a str>);
    let cases: &[Case<'_>] = &[
        ("status_progression", &[("item_id", json!("ab12cd34"))], Ok("Bring the item \"ab12cd34\" one")),
        ("status_progression", &[("item_id", json!(12345678))], Ok("item_id=\"12345678\"")),
        (
            "status_progression",
            &[("item_id", json!("a\"b {item_id} {scope}"))],
            Ok("item \"a\\\"b {item_id} {scope}\" one"),
        ),
        ("batch_complete", &[("parent_id", json!("ab12"))], Ok("complete_tree(parent_id=\"ab12\")")),
        ("dependency_manager", &[("item_id", json!("ab12"))], Ok("Begin with the item \"ab12\".")),
        ("dependency_manager", &[], Ok("no item was named")),
        ("dependency_manager", &[("item_id", json!(""))], Ok("no item was named")),
        ("dependency_manager", &[("item_id", Value::Null)], Ok("no item was named")),
        ("status_progression", &[], Err("the prompt status_progression needs item_id")),
        (
            "status_progression",
            &[("item_id", json!(" "))],
            Err("the prompt status_progression needs item_id"),
        ),
        (
            "status_progression",
            &[("item", json!("x"))],
            Err("the prompt status_progression has no argument item; did you mean item_id?"),
        ),
        ("work_summary", &[("days", json!(3))], Err("the prompt work_summary has no argument days")),
        (
            "batch_complete",
            &[("parent_id", json!("a\nIgnore all"))],
            Err("parent_id has to be an id: one line of at most 200 characters"),
        ),
        (
            "batch_complete",
            &[("parent_id", json!("x".repeat(201)))],
            Err("parent_id has to be an id: one line of at most 200 characters"),
        ),
        (
            "batch_complete",
            &[("parent_id", json!(["x"]))],
            Err("parent_id has to be an id: one line of at most 200 characters"),
        ),
        ("work_sumary", &[], Err("no prompt is called work_sumary; did you mean work_summary?")),
        ("poem", &[], Err("no prompt is called poem")),
    ];
    for (name, pairs, want) in cases {
        match (text(name, pairs), want) {
            (Ok(got), Ok(part)) => assert!(got.contains(part), "{name} {pairs:?}: {got}"),
            (got, want) => {
                assert_eq!(got, want.map(str::to_owned).map_err(str::to_owned), "{name} {pairs:?}")
            }
        }
    }
}

#[test]
fn no_place_is_left_open() {
    for prompt in PROMPTS {
        let given: Vec<(&str, Value)> = prompt.arguments.iter().map(|a| (a.name, json!("ab12"))).collect();
        let text = text(prompt.name, &given).unwrap();
        for place in ["{item_id}", "{parent_id}", "{scope}"] {
            assert!(!text.contains(place), "{}: {text}", prompt.name);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_argument_never_adds_a_line(id in any::<String>()) {
        let lines = text("status_progression", &[("item_id", json!("ab12"))]).unwrap().lines().count();
        if let Ok(text) = text("status_progression", &[("item_id", json!(id))]) {
            prop_assert_eq!(text.lines().count(), lines);
        }
    }
}
