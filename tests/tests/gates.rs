//! Note gates, lifecycles (`contract.md` §4) and `manage_schemas` (§5, §6).

use e2e::{McpClient, TestEnv, json};

const CONFIG: &str = r#"
work_item_schemas:
  task:
    lifecycle: auto
    notes:
      - {key: requirements, role: queue, required: true, description: "What is wanted", guidance: "One sentence each"}
      - {key: done-criteria, role: work, required: true, description: "When it is done"}
      - {key: remarks, role: work, required: false, description: "Anything else"}
  bug:
    notes:
      - {key: reproduction, role: queue, required: true, description: "Steps"}
      - {key: verdict, role: review, required: true, description: "Is it gone"}
  living:
    lifecycle: auto-reopen
  law:
    lifecycle: permanent
"#;

fn typed(agent: &McpClient, item_type: &str) -> String {
    agent.item_with(json!({"title": item_type, "item_type": item_type}))
}

fn trigger(id: &str, trigger: &str) -> e2e::Value {
    json!({"item_id": id, "trigger": trigger})
}

#[test]
fn start_needs_the_notes_of_every_role_before_the_target() {
    let env = TestEnv::with_config(CONFIG);
    let agent = env.connect();
    let id = typed(&agent, "task");
    let refusal = agent.refused("advance_item", trigger(&id, "start"), "GATE_BLOCKED");
    assert_eq!(refusal.message, "Missing required notes: requirements. Hint: One sentence each");
    let missing = refusal.details.to_string();
    for part in ["requirements", "queue", "What is wanted", "One sentence each"] {
        assert!(missing.contains(part), "{part:?} is in the details: {refusal:?}");
    }
    agent.note(&id, "requirements", "  \n ");
    agent.refused("advance_item", trigger(&id, "start"), "GATE_BLOCKED"); // blank satisfies no gate
    agent.note(&id, "requirements", "it works");
    assert_eq!(agent.advance(&id, "start")["status"], "work");
    let refusal = agent.refused("advance_item", trigger(&id, "start"), "GATE_BLOCKED");
    refusal.says("Missing required notes: done-criteria");
    agent.ok("manage_notes", json!({"operation": "delete", "item_id": id, "key": "requirements"}));
    let refusal = agent.refused("advance_item", trigger(&id, "start"), "GATE_BLOCKED");
    refusal.says("Missing required notes: requirements, done-criteria");
}

#[test]
fn complete_needs_the_notes_of_all_roles() {
    let env = TestEnv::with_config(CONFIG);
    let agent = env.connect();
    let id = typed(&agent, "bug");
    let refusal = agent.refused("advance_item", trigger(&id, "complete"), "GATE_BLOCKED");
    refusal.says("Missing required notes: reproduction, verdict. Hint: Steps");
    agent.note(&id, "reproduction", "press both keys");
    agent.note(&id, "verdict", "gone");
    assert_eq!(agent.advance(&id, "complete")["status"], "done");
}

#[test]
fn other_triggers_pass_no_gate() {
    let env = TestEnv::with_config(CONFIG);
    let agent = env.connect();
    let id = typed(&agent, "bug");
    for trigger in ["block", "resume", "cancel", "reopen"] {
        agent.advance(&id, trigger);
    }
    assert_eq!(agent.status(&id), "queue");
}

#[test]
fn the_preview_names_what_is_missing() {
    let env = TestEnv::with_config(CONFIG);
    let agent = env.connect();
    let id = typed(&agent, "task");
    let preview = agent.ok("get_next_status", trigger(&id, "start"));
    assert_eq!(preview["can_advance"], false, "{preview}");
    assert!(preview["reason"].as_str().is_some_and(|text| text.contains("requirements")), "{preview}");
    assert_eq!(preview["missing"][0]["key"], "requirements", "{preview}");
    assert_eq!(preview["guidance"], "One sentence each", "{preview}");
}

#[test]
fn auto_skips_a_review_that_has_no_notes() {
    let env = TestEnv::with_config(CONFIG);
    let agent = env.connect();
    let id = typed(&agent, "task");
    agent.note(&id, "requirements", "r");
    agent.note(&id, "done-criteria", "d");
    agent.advance(&id, "start");
    let preview = agent.ok("get_next_status", trigger(&id, "start"));
    assert_eq!(preview["next"], "done", "the preview knows the lifecycle: {preview}");
    assert_eq!(agent.advance(&id, "start")["status"], "done");
    let id = typed(&agent, "bug");
    agent.note(&id, "reproduction", "r");
    agent.advance(&id, "start");
    assert_eq!(agent.advance(&id, "start")["status"], "review", "manual goes through every phase");
}

#[test]
fn auto_reopen_puts_a_noted_item_back() {
    let env = TestEnv::with_config(CONFIG);
    let agent = env.connect();
    let id = typed(&agent, "living");
    for (trigger, reopens) in [("complete", true), ("cancel", true)] {
        agent.advance(&id, trigger);
        let note = agent.note(&id, "news", trigger);
        assert_eq!(note["auto_reopened"], reopens, "{note}");
        assert_eq!(agent.status(&id), "queue");
    }
    let other = typed(&agent, "task");
    agent.advance(&other, "cancel");
    let note = agent.note(&other, "news", "x");
    assert_ne!(note.get("auto_reopened"), Some(&json!(true)), "{note}");
    assert_eq!(agent.status(&other), "cancelled");
}

#[test]
fn auto_reopen_leaves_the_parent_as_it_is() {
    let env = TestEnv::with_config(CONFIG);
    let agent = env.connect();
    let parent = agent.item("parent");
    let child = agent.item_with(json!({"title": "child", "parent_id": parent, "item_type": "living"}));
    agent.advance(&child, "complete");
    agent.advance(&parent, "complete");
    assert_eq!(agent.note(&child, "news", "x")["auto_reopened"], true);
    assert_eq!([agent.status(&child), agent.status(&parent)], ["queue", "done"]);
}

#[test]
fn permanent_items_cannot_be_cancelled() {
    let env = TestEnv::with_config(CONFIG);
    let agent = env.connect();
    let id = typed(&agent, "law");
    agent.refused("advance_item", trigger(&id, "cancel"), "CONFLICT").says("permanent");
    let preview = agent.ok("get_next_status", trigger(&id, "cancel"));
    assert_eq!(preview["can_advance"], false, "{preview}");
    assert_eq!(agent.advance(&id, "complete")["status"], "done");
}

#[test]
fn the_schema_is_found_by_type_then_tag_then_default() {
    let env = TestEnv::with_config(&format!(
        "{CONFIG}  default:\n    notes:\n      - {{key: why, role: queue, required: true}}\n"
    ));
    let agent = env.connect();
    for (fields, wanted) in [
        (json!({"title": "by type", "item_type": "bug", "tags": "task"}), "bug"),
        (json!({"title": "by tag", "tags": "web,task,bug"}), "task"),
        (json!({"title": "unknown type, by tag", "item_type": "story", "tags": "bug"}), "bug"),
        (json!({"title": "by default"}), "default"),
        (json!({"title": "a tag's part is no tag", "tags": "bugs,multitask"}), "default"),
    ] {
        let id = agent.item_with(fields.clone());
        let check = agent.ok("manage_schemas", json!({"operation": "check", "item_id": id}));
        assert_eq!(check["schema"], wanted, "{fields}: {check}");
    }
}

#[test]
fn no_schema_means_no_gate() {
    let env = TestEnv::with_config(CONFIG);
    let agent = env.connect();
    let id = agent.item("free");
    let check = agent.ok("manage_schemas", json!({"operation": "check", "item_id": id}));
    assert_eq!((&check["has_schema"], &check["can_advance"]), (&json!(false), &json!(true)), "{check}");
    assert_eq!(agent.advance(&id, "complete")["status"], "done");
}

#[test]
fn schemas_are_listed_shown_and_checked() {
    let env = TestEnv::with_config(CONFIG);
    let agent = env.connect();
    let list = agent.ok("manage_schemas", json!({"operation": "list"}));
    for (name, lifecycle) in
        [("task", "auto"), ("bug", "manual"), ("living", "auto-reopen"), ("law", "permanent")]
    {
        assert_eq!(list[name]["lifecycle"], lifecycle, "NAME → schema: {list}");
    }
    let task = agent.ok("manage_schemas", json!({"operation": "get", "schema_name": "task"}));
    assert_eq!(task["name"], "task", "{task}");
    assert_eq!(task["notes"].as_array().map(Vec::len), Some(3), "{task}");
    assert_eq!(task["notes"][0]["key"], "requirements", "{task}");
    assert_eq!(task["notes"][0]["required"], true, "{task}");
    agent
        .refused("manage_schemas", json!({"operation": "get", "schema_name": "story"}), "NOT_FOUND")
        .says("story");

    let id = typed(&agent, "task");
    let check = agent.ok("manage_schemas", json!({"operation": "check", "item_id": id}));
    assert_eq!(check["has_schema"], true, "{check}");
    assert_eq!((&check["schema"], &check["lifecycle"]), (&json!("task"), &json!("auto")), "{check}");
    assert_eq!(check["can_advance"], false, "{check}");
    assert_eq!(check["missing"][0]["key"], "requirements", "{check}");
    assert_eq!(check["guidance"], "One sentence each", "{check}");
    agent.note(&id, "requirements", "r");
    let check = agent.ok("manage_schemas", json!({"operation": "check", "item_id": id}));
    assert_eq!((&check["can_advance"], &check["missing"]), (&json!(true), &json!([])), "{check}");
    let reload = agent.ok("manage_schemas", json!({"operation": "reload"}));
    assert_eq!(reload["reloaded"], true, "{reload}");
}

#[test]
fn the_older_name_and_form_of_the_file_are_read() {
    let env =
        TestEnv::with_config("note_schemas:\n  task:\n    first: {key: why, role: queue, required: true}\n");
    let agent = env.connect();
    let id = typed(&agent, "task");
    agent.refused("advance_item", trigger(&id, "start"), "GATE_BLOCKED").says("Missing required notes: why");
}

#[test]
fn item_context_shows_the_gate() {
    let env = TestEnv::with_config(CONFIG);
    let agent = env.connect();
    let id = typed(&agent, "task");
    let context = agent.ok("get_context", json!({"item_id": id}));
    assert_eq!(context["can_advance"], false, "{context}");
    assert_eq!(context["missing_notes"][0]["key"], "requirements", "{context}");
    assert_eq!(context["guidance"], "One sentence each", "{context}");
}
