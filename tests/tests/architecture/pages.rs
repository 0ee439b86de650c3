//! The pages name what there is: every tool, every setting, every suite's rule.

use std::collections::BTreeSet;

use e2e::TestEnv;

use crate::tree::{files, none, read};

/// Tools of `docs/contract.md` section 7 and 8 that are still to come: empty when all have. This is the one list of them.
const STILL_TO_COME: [&str; 0] = [];

/// What a client with the whole catalogue is shown.
fn listed() -> BTreeSet<String> {
    let tools = TestEnv::new().client().tools("full").connect().list_tools();
    let names: BTreeSet<_> =
        tools.iter().filter_map(|tool| tool["name"].as_str()).map(str::to_owned).collect();
    assert!(names.len() > 20, "wanted the whole catalogue, got {names:?}");
    names
}

/// The names that the table of section 5 promises.
fn promised() -> BTreeSet<String> {
    let contract = read("docs/contract.md");
    let section =
        contract.split("\n## 5. ").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("section 5");
    let rows = section.lines().filter_map(|line| line.strip_prefix("| "));
    let names = rows.filter_map(|row| row.split(" | ").next()).filter(|cell| cell.contains('_'));
    names.flat_map(|cell| cell.split(", ")).map(|name| name.trim().to_owned()).collect()
}

#[test]
fn the_contracts_tools_are_the_catalogues() {
    let (listed, promised) = (listed(), promised());
    let contract = read("docs/contract.md");
    for name in STILL_TO_COME {
        assert!(contract.contains(name), "{name} is to come, but docs/contract.md does not name it");
        assert!(!listed.contains(name), "{name} has come: take it out of STILL_TO_COME in {}", file!());
    }
    let missing: Vec<_> = promised.difference(&listed).cloned().collect();
    none("tools of docs/contract.md that tools/list lacks", &missing);
    let unknown: Vec<_> = listed.iter().filter(|name| !contract.contains(name.as_str())).cloned().collect();
    none("tools of tools/list that docs/contract.md does not name", &unknown);
}

#[test]
fn the_readme_names_every_tool() {
    let readme = read("README.md");
    let missing = listed().into_iter().filter(|name| !readme.contains(&format!("`{name}`")));
    none("tools that README.md does not name", &missing.collect::<Vec<_>>());
}

#[test]
fn the_readme_names_every_setting() {
    let (readme, settings) = (read("README.md"), read("proto/src/settings.rs"));
    let names = settings.split('"').filter(|word| word.starts_with("TASK_ORCHESTRATOR_"));
    let names: BTreeSet<_> = names.map(str::to_owned).collect();
    assert!(names.len() >= 10, "{names:?}");
    let missing = names.into_iter().filter(|name| !readme.contains(&format!("`{name}`")));
    none("variables that README.md does not name", &missing.collect::<Vec<_>>());
}

#[test]
fn the_readme_names_every_prompt() {
    let readme = read("README.md");
    let prompts =
        files("daemon/src/prompts").into_iter().filter(|path| path.extension().is_some_and(|e| e == "md"));
    let names = prompts.map(|path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned());
    none(
        "prompts that README.md does not name",
        &names.filter(|name| !readme.contains(&format!("`{name}`"))).collect::<Vec<_>>(),
    );
}

#[test]
fn the_pages_name_every_client() {
    let (readme, page, rows) =
        (read("README.md"), read("docs/clients.md"), read("daemon/src/setup/clients.rs"));
    let clients: Vec<_> =
        rows.split("id: \"").skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect();
    assert!(clients.len() > 10, "{clients:?}");
    // Its places, its hooks and rules, and what they follow; the form of its brief only where it has hooks.
    let missing = clients.iter().filter(|client| {
        !readme.contains(client.as_str()) || page.matches(&format!("\n| `{client}` |")).count() < 3
    });
    none(
        "clients that README.md or a table of docs/clients.md does not name",
        &missing.cloned().collect::<Vec<_>>(),
    );
}

#[test]
fn every_test_that_a_page_names_exists() {
    let tests: String =
        files("").into_iter().filter(|path| path.extension().is_some_and(|e| e == "rs")).map(read).collect();
    let mut found = Vec::new();
    for page in ["ARCHITECTURE.md", "docs/rules.md", "docs/SECURITY.md"] {
        // A test is named as `file::function`; the file is for the reader, the function is looked for.
        for name in read(page)
            .split('`')
            .filter(|word| word.contains("::") && *word != "file::test" && !word.contains([' ', '(', '/']))
        {
            let function = name.rsplit("::").next().unwrap_or_default();
            if !tests.contains(&format!("fn {function}(")) && !tests.contains(&format!("fn {function}<")) {
                found.push(format!("{page}: {name}"));
            }
        }
    }
    none("tests named by a page that do not exist", &found);
}

#[test]
fn links_between_pages_lead_somewhere() {
    let mut found = Vec::new();
    for page in files("").into_iter().filter(|path| path.extension().is_some_and(|e| e == "md")) {
        let folder = page.parent().unwrap_or(std::path::Path::new("")).to_owned();
        for target in read(&page).split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next()) {
            let outside = target.is_empty() || target.contains("://") || target.contains(char::is_whitespace);
            if !outside && !e2e::workspace_root().join(&folder).join(target).exists() {
                found.push(format!("{}: {target}", page.display()));
            }
        }
    }
    none("links that lead nowhere", &found);
}
