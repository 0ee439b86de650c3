//! Pages that are made from the same definitions as the commands.

use std::collections::BTreeSet;

use e2e::TestEnv;

/// The verbs that the help lists.
fn verbs(help: &str) -> BTreeSet<String> {
    let commands = help.split("Commands:\n").nth(1).unwrap_or_default();
    let rows = commands
        .lines()
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next());
    rows.filter(|verb| *verb != "help").map(str::to_owned).collect()
}

#[test]
fn every_verb_has_a_man_page() {
    let env = TestEnv::new();
    let ann = env.person();
    let verbs = verbs(&ann.ends_with(0, &["--help"]).stdout);
    assert!(verbs.len() > 20 && verbs.contains("next") && !verbs.contains("hook"), "{verbs:?}");
    ann.ends_with(0, &["man", "--out", "pages"]);
    for verb in verbs {
        let page = std::fs::read_to_string(env.folder().join(format!("pages/task-orchestrator-{verb}.1")));
        let page = page.unwrap_or_else(|error| panic!("{verb}: {error}"));
        assert!(page.contains(".SH NAME"), "{verb}: {page}");
    }
    let root = std::fs::read_to_string(env.folder().join("pages/task-orchestrator.1")).unwrap();
    assert!(root.contains("Exit codes"), "{root}");
}

#[test]
fn the_help_has_the_exit_codes() {
    let help = TestEnv::new().person().ends_with(0, &["--help"]).stdout;
    for code in ["0  done", "1  refused", "2  wrong usage", "3  no daemon"] {
        assert!(help.contains(code), "{help}");
    }
}
