//! `manage_workspaces` and `get_workspace_context` (`contract.md` §5, §6).

use e2e::{TestEnv, json, titles};

#[test]
fn workspaces_are_made_changed_listed_and_removed() {
    let env = TestEnv::new();
    let agent = env.connect();
    let made = agent.ok(
        "manage_workspaces",
        json!({"operation": "create", "name": "web", "tags": "ui, css", "memory_tags": ["m"], "description": "d", "repos": "/a,/b", "conventions": ["one", "two"]}),
    );
    let want = json!({"web": {"tags": ["ui", "css"], "memory_tags": ["m"], "description": "d", "repos": ["/a", "/b"], "conventions": ["one", "two"]}});
    assert_eq!(made, want);
    assert_eq!(agent.ok("manage_workspaces", json!({"operation": "list"})), json!({"workspaces": want}));
    let changed = agent.ok("manage_workspaces", json!({"operation": "update", "name": "web", "tags": "ui"}));
    assert_eq!(
        (&changed["web"]["tags"], &changed["web"]["description"]),
        (&json!(["ui"]), &json!("d")),
        "{changed}"
    );
    let refusal =
        agent.refused("manage_workspaces", json!({"operation": "create", "name": "web"}), "CONFLICT");
    assert_eq!(refusal.message, "Workspace 'web' already exists");
    for operation in ["update", "delete"] {
        let refusal = agent.refused(
            "manage_workspaces",
            json!({"operation": operation, "name": "none", "tags": "x"}),
            "NOT_FOUND",
        );
        assert_eq!(refusal.message, "Workspace 'none' not found");
    }
    agent.refused("manage_workspaces", json!({"operation": "create"}), "VALIDATION").names("name");
    assert_eq!(
        agent.ok("manage_workspaces", json!({"operation": "delete", "name": "web"})),
        json!({"deleted": "web"})
    );
    assert_eq!(agent.ok("manage_workspaces", json!({"operation": "list"})), json!({"workspaces": {}}));
}

#[test]
fn a_workspaces_context_grows_with_verbosity() {
    let env = TestEnv::new();
    let agent = env.connect();
    agent.ok(
        "manage_workspaces",
        json!({"operation": "create", "name": "web", "tags": "ui", "memory_tags": "m", "description": "the site"}),
    );
    let id = agent.item_with(json!({"title": "in", "tags": "ui"}));
    let held = agent.item_with(json!({"title": "held", "tags": "ui"}));
    agent.item_with(json!({"title": "out", "tags": "uix"}));
    agent.advance(&id, "start");
    agent.advance(&held, "block");
    agent.note(&id, "decision-colour", "blue");
    agent.note(&id, "log", "no decision");
    let context = |verbosity: &str| {
        agent.ok("get_workspace_context", json!({"workspace_name": "web", "verbosity": verbosity}))
    };
    let minimal = context("minimal");
    assert_eq!((&minimal["workspace"], &minimal["brief"]), (&json!("web"), &json!("the site")), "{minimal}");
    assert_eq!(minimal["status_counts"], json!({"work": 1, "blocked": 1}), "{minimal}");
    assert_eq!(minimal["memory_tags"], json!(["m"]), "{minimal}");
    assert_eq!(minimal["next_item"]["title"], "in", "{minimal}");
    assert!(minimal.get("active_items").is_none(), "{minimal}");
    let standard = context("");
    assert_eq!(titles(&standard["active_items"]), ["in"], "{standard}");
    assert_eq!(titles(&standard["blocked_items"]), ["held"], "{standard}");
    assert!(standard.get("recent_decisions").is_none(), "{standard}");
    let full = context("full");
    let decisions = full["recent_decisions"].as_array().expect("decisions");
    assert_eq!(decisions.len(), 1, "{full}");
    assert_eq!(
        (&decisions[0]["key"], &decisions[0]["body"]),
        (&json!("decision-colour"), &json!("blue")),
        "{full}"
    );
    agent
        .refused("get_workspace_context", json!({"workspace_name": "web", "verbosity": "loud"}), "VALIDATION")
        .names("verbosity")
        .says("Invalid verbosity: loud");
    agent
        .refused("get_workspace_context", json!({"workspace_name": "none"}), "NOT_FOUND")
        .says("Workspace 'none' not found");
}

#[test]
fn a_workspace_filters_whole_tags() {
    let env = TestEnv::new();
    let agent = env.connect();
    agent.ok("manage_workspaces", json!({"operation": "create", "name": "web", "tags": "ui"}));
    agent.item_with(json!({"title": "in", "tags": "x,ui"}));
    agent.item_with(json!({"title": "out", "tags": "build"}));
    let list = agent.ok("query_items", json!({"operation": "list", "workspace": "web"}));
    assert_eq!(titles(&list["items"]), ["in"]);
    let context = agent.ok("get_context", json!({"workspace": "web"}));
    assert_eq!(context["counts"], json!({"queue": 1}), "{context}");
}

#[test]
fn the_originals_workspaces_file_is_taken_over_once() {
    let env = TestEnv::new();
    let file = env.database().with_file_name("workspaces.json");
    std::fs::write(
        &file,
        r#"{"old": {"tags": ["a"], "memory_tags": [], "description": "d", "repos": [], "conventions": []}}"#,
    )
    .expect("the file");
    let agent = env.connect();
    let list = agent.ok("manage_workspaces", json!({"operation": "list"}));
    assert_eq!(list["workspaces"]["old"]["tags"], json!(["a"]), "{list}");
    agent.ok("manage_workspaces", json!({"operation": "delete", "name": "old"}));
    agent.end();
    env.kill_daemon();
    let list = env.connect().ok("manage_workspaces", json!({"operation": "list"}));
    assert_eq!(list, json!({"workspaces": {}}), "read once, not again");
}
