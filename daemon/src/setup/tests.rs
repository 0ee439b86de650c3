//! Every client's row, on every platform: what a setup makes of nothing and of what is there, and its removal.

use std::{collections::BTreeSet, path::PathBuf};

use serde_json::Value;

use super::{
    client::{Client, Scope},
    clients::CLIENTS,
    entry::Server,
    places::{Ground, Platform},
    plan::{Change, Left, Wish, plan},
};

fn wish(scope: Scope) -> Wish {
    let environment = vec![("TASK_ORCHESTRATOR_DB".to_owned(), "/d b/t.db".to_owned())];
    Wish {
        scope,
        server: Server {
            name: "task-orchestrator".to_owned(),
            shim: "/opt/my apps/task-orchestrator-mcp".into(),
            environment,
            ..Server::default()
        },
        program: "/opt/my apps/task-orchestrator".into(),
        hooks: true,
        rules: true,
        socket: "/run/x.sock".into(),
    }
}

fn ground(platform: Platform) -> Ground {
    Ground {
        platform,
        home: PathBuf::from("/home/ann"),
        project: PathBuf::from("/work/p"),
        variables: Vec::new(),
    }
}

/// Every change of every client, scope and platform.
fn all() -> Vec<(&'static Client, Change, Wish)> {
    let mut all = Vec::new();
    for platform in [Platform::Linux, Platform::MacOs, Platform::Windows] {
        for client in CLIENTS {
            for scope in [Scope::User, Scope::Project] {
                let Some(files) = client.files(scope) else { continue };
                let changes = plan(client, files, &wish(scope), &ground(platform));
                all.extend(changes.into_iter().map(|change| (client, change, wish(scope))));
            }
        }
    }
    all
}

#[test]
fn every_row_is_made_of_nothing_and_goes_again() {
    let mut seen = BTreeSet::new();
    for (client, change, wish) in all() {
        let made = change.put(None, &wish.server).unwrap();
        let what = format!("{} {}: {made}", client.id, change.path.display());
        assert_eq!(change.put(Some(&made), &wish.server).unwrap(), made, "twice is once: {what}");
        if !made.is_empty() {
            assert_eq!(change.take(&made, &wish.server, None).unwrap(), Left::Nothing, "{what}");
            seen.insert(client.id);
        }
        if change.holds.contains("hooks") && change.path.extension().is_some() {
            assert!(made.contains("--db "), "hooks ask the same database: {what}");
        }
    }
    assert_eq!(seen.len(), CLIENTS.len());
}

#[test]
fn no_two_changes_are_of_one_file_and_all_are_inside_home_or_project() {
    for platform in [Platform::Linux, Platform::MacOs, Platform::Windows] {
        for client in CLIENTS {
            for scope in [Scope::User, Scope::Project] {
                let Some(files) = client.files(scope) else { continue };
                let changes = plan(client, files, &wish(scope), &ground(platform));
                let paths: BTreeSet<_> = changes.iter().map(|change| &change.path).collect();
                assert_eq!(paths.len(), changes.len(), "{} twice", client.id);
                let root = if scope == Scope::User { "/home/ann" } else { "/work/p" };
                assert!(paths.iter().all(|path| path.starts_with(root)), "{}: {paths:?}", client.id);
            }
        }
    }
}

#[test]
fn an_older_path_is_brought_up_to_date_and_what_was_added_stays() {
    for (client, change, wish) in all().into_iter().filter(|(_, change, _)| change.path.extension().is_some())
    {
        if change.holds == "rules" || client.id == "codex" {
            continue;
        }
        let made = change.put(None, &wish.server).unwrap();
        let older = made
            .replace("/opt/my apps/", "/old/")
            .replace("'/old/task-orchestrator'", "/old/task-orchestrator");
        let older = older.replace("\"command\":", "\"disabled\": false, \"command\":");
        let fresh = change.put(Some(&older), &wish.server).unwrap();
        assert!(!fresh.contains("/old/"), "{}: {fresh}", client.id);
        assert_eq!(fresh.matches("\"disabled\"").count(), older.matches("\"disabled\"").count(), "{fresh}");
    }
}

#[test]
fn a_server_of_somebody_elses_keeps_its_name() {
    let client = CLIENTS.iter().find(|client| client.id == "cursor").unwrap();
    let wish = wish(Scope::User);
    let changes = plan(client, &client.user, &wish, &ground(Platform::Linux));
    let theirs =
        r#"{"mcpServers": {"task-orchestrator": {"command": "uvx", "args": ["task-orchestrator-py"]}}}"#;
    let fault = changes[0].put(Some(theirs), &wish.server).unwrap_err();
    assert!(fault.message.contains("'uvx'; choose another name with --name"), "{fault}");
    assert_eq!(changes[0].take(theirs, &wish.server, None).unwrap(), Left::Text(theirs.to_owned()));
}

#[test]
fn opencode_of_either_version_gets_its_own_form() {
    let client = CLIENTS.iter().find(|client| client.id == "opencode").unwrap();
    let wish = wish(Scope::User);
    let changes = plan(client, &client.user, &wish, &ground(Platform::Linux));
    let put = |text: &str| -> Value {
        serde_json::from_str(&changes[0].put(Some(text), &wish.server).unwrap()).unwrap()
    };
    let second = put(r#"{"mcp": {"servers": {"a": {"type": "local", "command": ["x"]}}}}"#);
    assert_eq!(second["mcp"]["servers"]["task-orchestrator"]["type"], "local");
    let first = put(r#"{"mcp": {"servers": {"type": "local", "command": ["x"]}}}"#);
    assert_eq!(first["mcp"]["task-orchestrator"]["command"][0], "/opt/my apps/task-orchestrator-mcp");
    let database = &first["mcp"]["task-orchestrator"]["environment"]["TASK_ORCHESTRATOR_DB"];
    assert_eq!(database, "/d b/t.db");
}

#[test]
fn a_sandbox_that_is_on_is_told_of_the_socket_where_it_goes_by_paths() {
    let client = CLIENTS.iter().find(|client| client.id == "claude-code").unwrap();
    let wish = wish(Scope::User);
    let settings = |platform| {
        let changes = plan(client, &client.user, &wish, &ground(platform));
        changes.into_iter().find(|change| change.holds == "hooks").unwrap()
    };
    let on = r#"{"sandbox": {"enabled": true, "network": {"allowUnixSockets": ["/a.sock"]}}}"#;
    let with = settings(Platform::MacOs).put(Some(on), &wish.server).unwrap();
    assert!(with.contains(r#"["/a.sock", "/run/x.sock"]"#), "{with}");
    let before = settings(Platform::MacOs).take(&with, &wish.server, Some(on)).unwrap();
    assert_eq!(before, Left::Text(on.to_owned()));
    let off = on.replace("true", "false");
    for (platform, text) in [(Platform::MacOs, off.as_str()), (Platform::Linux, on)] {
        let with = settings(platform).put(Some(text), &wish.server).unwrap();
        assert!(!with.contains("/run/x.sock"), "{with}");
    }
}
