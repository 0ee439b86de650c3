//! The client's roots (`daemon.md` rule 24): they name the project of a session that was started in none.

use std::path::Path;

use e2e::{Lifecycle, McpClient, TestEnv};

fn uri(folder: &Path) -> String {
    format!("file://{}", folder.display().to_string().replace(' ', "%20"))
}

/// The project that a new item of the session gets.
fn project_of(agent: &McpClient) -> String {
    agent.get(&agent.item("x"))["project"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn the_first_root_in_a_project_counts() {
    let env = TestEnv::new();
    let (shop, site) = (env.project("my shop", ""), env.project("site", ""));
    for version in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
        let agent = env.client().with_roots().speaking(Lifecycle::Initialize(version)).connect();
        agent.answer_roots(&["https://example.org".to_owned(), uri(&env.home()), uri(&shop), uri(&site)]);
        // The first call is made right behind the answer, and is of the project already.
        assert_eq!(project_of(&agent), "my shop", "{version}");
    }
}

#[test]
fn a_folder_and_the_variable_go_before_the_roots() {
    let env = TestEnv::new();
    let (shop, site) = (env.project("shop", ""), env.project("site", ""));
    let in_shop = env.client().with_roots().within(&shop).connect();
    in_shop.answer_roots(&[uri(&site)]);
    assert_eq!(project_of(&in_shop), "shop");
    let named = env.client().with_roots().set("TASK_ORCHESTRATOR_PROJECT", "named").connect();
    named.answer_roots(&[uri(&site)]);
    assert_eq!(project_of(&named), "named");
}

#[test]
fn a_session_follows_its_roots() {
    let env = TestEnv::new();
    let (shop, site) =
        (env.project("shop", ""), env.project("site", "work_item_schemas:\n  page: {notes: []}\n"));
    let agent = env.client().with_roots().connect();
    agent.answer_roots(&[uri(&shop)]);
    assert_eq!(project_of(&agent), "shop");
    agent.watch(&["task://agents"]);
    agent.roots_changed();
    agent.answer_roots(&[uri(&site)]);
    agent.updated("task://agents");
    assert_eq!(project_of(&agent), "site");
    assert!(agent.read("task://agents").contains("site"));
    agent.notified("notifications/tools/list_changed");
    assert!(
        format!("{:?}", agent.list_tools()).contains("note schema: page"),
        "the project's schemas are listed"
    );
}

#[test]
fn roots_are_kept_over_a_restart_of_the_daemon() {
    let env = TestEnv::new();
    let shop = env.project("shop", "");
    let agent = env.client().with_roots().connect();
    agent.answer_roots(&[uri(&shop)]);
    assert_eq!(project_of(&agent), "shop");
    env.kill_daemon();
    assert_eq!(project_of(&agent), "shop", "the first call on the new daemon is of the project too");
}

#[test]
fn a_client_that_does_not_answer_is_served_all_the_same() {
    let env = TestEnv::new();
    let agent = env.client().with_roots().connect();
    assert_eq!(project_of(&agent), "");
}

#[test]
fn a_client_without_roots_is_not_asked() {
    let env = TestEnv::new();
    let shop = env.project("shop", "");
    for lifecycle in Lifecycle::ALL {
        let agent = env.client().speaking(lifecycle).within(&shop).connect();
        assert_eq!(project_of(&agent), "shop");
        assert!(agent.notices("roots/list").is_empty(), "{lifecycle:?}");
    }
}
