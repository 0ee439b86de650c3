//! docs/config.md and its JSON schema, and that the schema and the parser agree.

use e2e::{TestEnv, Value, json, workspace_root};

use crate::is_up_to_date;

#[test]
fn the_page_of_settings_is_up_to_date() {
    let page = TestEnv::new().person().ends_with(0, &["man", "--page", "config"]).stdout;
    is_up_to_date("docs/config.md", &page);
}

#[test]
fn the_schema_of_settings_is_up_to_date() {
    let page = TestEnv::new().person().ends_with(0, &["man", "--page", "config-schema"]).stdout;
    is_up_to_date("docs/config.schema.json", &page);
}

/// What the parser makes of each file in the table of examples. What the schema makes of them, `.ci/pages/config_schema.py`
/// looks at, with the same table.
#[test]
fn the_parser_takes_what_the_table_of_examples_says() {
    let text = std::fs::read_to_string(workspace_root().join("tests/fixtures/config/examples.json")).unwrap();
    let table: Value = text.parse().unwrap();
    let rows = table.as_array().unwrap();
    assert!(rows.len() > 30, "only {} examples", rows.len());
    let env = TestEnv::new();
    let project = env.project("shop", "stale: {work: 1d}\n");
    let agent = env.client().within(&project).connect();
    let mut wrong = Vec::new();
    for row in rows {
        let file = row["file"].as_str().unwrap();
        let projects = row["place"] == "project";
        if projects {
            std::fs::write(project.join(".taskorchestrator/config.yaml"), file).unwrap();
        } else {
            env.write_config(file);
        }
        let refused = agent.ok("get_context", json!({}))["config_error"].clone();
        if refused.is_null() != (row["parser"] == "takes") {
            wrong.push(format!("wanted that the parser {}, got {refused}:\n{file}", row["parser"]));
        }
        if projects {
            std::fs::write(project.join(".taskorchestrator/config.yaml"), "stale: {work: 1d}\n").unwrap();
        } else {
            env.write_config("stale: {work: 1d}\n");
        }
        assert!(agent.ok("get_context", json!({}))["config_error"].is_null(), "after {file}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
