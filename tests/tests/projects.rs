//! Projects (`contract.md` §5, `daemon.md` 24): reads default to the session's project plus items of none.

use e2e::{TestEnv, eventually, json, titles};

#[test]
fn a_session_sees_its_project_and_what_belongs_to_none() {
    let env = TestEnv::new();
    let (shop, site) = (env.project("shop", ""), env.project("site", "name: the-site\n"));
    env.connect().item("of none");
    let in_shop = env.client().within(&shop).connect();
    let id = in_shop.item("of the shop");
    let in_site = env.client().within(&site.join(".taskorchestrator")).connect();
    in_site.item("of the site");
    let seen = |agent: &e2e::McpClient, filter: e2e::Value| {
        let mut call = filter;
        call["operation"] = "list".into();
        let mut titles = titles(&agent.ok("query_items", call)["items"]);
        titles.sort();
        titles
    };
    assert_eq!(seen(&in_shop, json!({})), ["of none", "of the shop"]);
    assert_eq!(seen(&in_site, json!({})), ["of none", "of the site"]);
    assert_eq!(
        seen(&env.connect(), json!({})),
        ["of none", "of the shop", "of the site"],
        "in no project: all"
    );
    assert_eq!(seen(&in_shop, json!({"project": "*"})).len(), 3);
    assert_eq!(seen(&in_shop, json!({"project": "the-site"})), ["of the site"]);
    let other = in_site.get(&id);
    assert_eq!(
        other["project"], "shop",
        "an item keeps its project, and its id is known everywhere: {other}"
    );
    let context = in_shop.ok("get_context", json!({}));
    assert!(context["other_projects"].to_string().contains("the-site"), "nothing seems lost: {context}");
    assert_eq!(context["counts"], json!({"queue": 2}), "{context}");
}

#[test]
fn history_and_waits_are_of_the_project_too() {
    let env = TestEnv::new();
    let in_shop = env.client().within(&env.project("shop", "")).connect();
    let in_site = env.client().within(&env.project("site", "")).connect();
    let changed = |answer: &e2e::Value, list: &str| {
        let rows = answer[list].as_array().cloned().unwrap_or_default();
        rows.iter()
            .map(|row| row["item"]["title"].as_str().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    let id = in_site.item("of the site");
    in_shop.item("of the shop");
    env.connect().item("of none");
    let history = |project: e2e::Value| in_shop.ok("query_history", json!({"project": project}));
    assert_eq!(changed(&history(json!("")), "items"), ["of none", "of the shop"]);
    assert_eq!(changed(&history(json!("site")), "items"), ["of the site"]);
    assert_eq!(changed(&history(json!("*")), "items"), ["of none", "of the shop", "of the site"]);
    let named = in_shop.ok("query_history", json!({"item_id": id}));
    assert_eq!(
        changed(&named, "items"),
        ["of the site"],
        "an item that is named is looked at wherever it is"
    );

    let seen = in_shop.ok("wait_for", json!({"cursor": 0, "timeout_seconds": 0}));
    assert_eq!(changed(&seen, "events"), ["of the shop", "of none"], "{seen}");
    let wait = json!({"cursor": seen["cursor"], "timeout_seconds": 300});
    let call = in_shop.send("tools/call", json!({"name": "wait_for", "arguments": wait}));
    in_site.item("another of the site");
    in_shop.item("another of the shop");
    let met = e2e::Answer::read(in_shop.receive(call)["result"].clone()).ok("wait_for");
    assert_eq!(changed(&met, "events"), ["another of the shop"], "{met}");
    in_site.item("a third of the site");
    let over = in_shop.ok("wait_for", json!({"cursor": met["cursor"], "timeout_seconds": 0}));
    assert_eq!(over["met"], false, "{over}");
    assert!(
        over["cursor"].as_i64() > met["cursor"].as_i64(),
        "what was looked at is not looked at again: {over}"
    );
    let all = in_shop.ok("wait_for", json!({"cursor": met["cursor"], "project": "*", "timeout_seconds": 0}));
    assert_eq!(changed(&all, "events"), ["a third of the site"], "{all}");
}

#[test]
fn worktrees_of_one_repository_are_one_project() {
    let env = TestEnv::new();
    let (main, tree) = (env.folder().join("repo"), env.folder().join("elsewhere"));
    let git = |words: &[&str]| {
        let done = std::process::Command::new("git")
            .args(["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"])
            .args(words)
            .env("HOME", env.home())
            .output();
        done.is_ok_and(|output| output.status.success())
    };
    let (main_path, tree_path) = (main.to_string_lossy(), tree.to_string_lossy());
    let made = git(&["init", "-q", &main_path])
        && git(&["-C", &main_path, "commit", "-q", "--allow-empty", "-m", "first"])
        && git(&["-C", &main_path, "worktree", "add", "-q", &tree_path]);
    assert!(made, "this test needs git");
    env.client().within(&main).connect().item("from the main worktree");
    let there = env.client().within(&tree).connect();
    assert_eq!(there.total(), 1, "the other worktree sees it");
    let row = there.ok("query_items", json!({"operation": "list", "fields": "title,project"}));
    assert_eq!(row["items"][0]["project"], "repo", "{row}");
}

#[test]
fn a_project_that_gets_another_name_stays_one_in_every_session() {
    let env = TestEnv::new();
    let shop = env.project("shop", "name: one\n");
    let config = shop.join(".taskorchestrator/config.yaml");
    let old = env.client().within(&shop).connect();
    let id = old.item("before");
    std::fs::write(&config, "name: two\n").expect("a project's config");
    let sees =
        |agent: &e2e::McpClient| titles(&agent.ok("query_items", json!({"operation": "list"}))["items"]);
    let called = |name: &str| {
        eventually("the project's name", || match &old.get(&id)["project"] {
            now if now == name => Ok(()),
            now => Err(now.to_string()),
        });
    };
    called("two");
    assert_eq!(sees(&old), ["before"], "a session that was there keeps its items");
    old.item("after");
    let new = env.client().within(&shop).connect();
    let mut seen = sees(&new);
    seen.sort();
    assert_eq!(seen, ["after", "before"]);

    let cursor = old.ok("query_history", json!({"limit": 1}))["cursor"].clone();
    let arguments = json!({"cursor": cursor, "timeout_seconds": 60});
    let wait = old.send("tools/call", json!({"name": "wait_for", "arguments": arguments}));
    eventually("the wait", || {
        let status: e2e::Value =
            serde_json::from_str(&env.cli(&["status", "--json"]).stdout).unwrap_or_default();
        if status["engine"]["waiting"] == 1 { Ok(()) } else { Err(status.to_string()) }
    });

    // A session that comes before the daemon has seen the file takes the others with it.
    std::fs::write(&config, "name: three\n").expect("a project's config");
    env.client().within(&shop).connect().item("last");
    let waited = e2e::Answer::read(old.receive(wait)["result"].clone()).ok("wait_for");
    assert_eq!(waited["met"], true, "and so do waits that were under way");
    old.item("at once");
    assert_eq!([sees(&old).len(), sees(&new).len()], [4, 4]);
    std::fs::remove_file(&config).expect("a project's config");
    called("shop");
    assert_eq!(sees(&new).len(), 4);
}

#[test]
fn the_variable_names_the_project() {
    let env = TestEnv::new();
    let agent = env.client().set("TASK_ORCHESTRATOR_PROJECT", "named").connect();
    let id = agent.item("x");
    assert_eq!(agent.get(&id)["project"], "named");
    let shop = env.project("shop", "");
    let all = env.client().within(&shop).set("TASK_ORCHESTRATOR_PROJECT", "*").connect();
    let of_none = all.item("y");
    assert_eq!(all.get(&of_none).get("project"), None, "no project is called so");
    assert_eq!(
        titles(&all.ok("query_items", json!({"operation": "list", "sort": "created_at"}))["items"]).len(),
        2
    );
}
