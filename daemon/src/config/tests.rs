//! Files as people write them, right and wrong.

use orc_core::policy::{Lifecycle, NoteSpec};
use orc_core::status::Role;
use orc_core::time::{HOUR, MINUTE};
use proptest::prelude::*;

use super::*;

const WHOLE: &str = r#"
version: 1
work_item_schemas:
  task:
    lifecycle: auto
    notes:
      - {key: requirements, role: queue, required: true, description: "Acceptance criteria", guidance: "List them"}
      - key: review-notes
        role: review
  default: {}
hierarchy: {max_depth: 6}
stale: {queue: 14d, work: 36h}
priority: {due_within: 48h, overdue: critical}
claims: {grace: 5m, protect_notes: yes}
daemon: {idle_exit: 1h30m}
history: {keep: 90d}
backup: {every: 12h, keep_daily: 3, keep_weekly: 0}
"#;

fn user(text: &str) -> ConfigFile {
    parse(text, Place::User).unwrap_or_else(|e| panic!("{e} in\n{text}"))
}

fn note(key: &str, role: Role, required: bool) -> NoteSpec {
    NoteSpec { key: key.into(), role, required, description: String::new(), guidance: String::new() }
}

#[test]
fn everything_that_a_file_can_say() {
    let file = user(WHOLE);
    let requirements = NoteSpec {
        description: "Acceptance criteria".into(),
        guidance: "List them".into(),
        ..note("requirements", Role::Queue, true)
    };
    let notes = vec![requirements, note("review-notes", Role::Review, false)];
    let task = Schema { name: "task".into(), lifecycle: Lifecycle::Auto, notes };
    let default = Schema { name: "default".into(), lifecycle: Lifecycle::Manual, notes: vec![] };
    let want = ConfigFile {
        name: None,
        schemas: vec![task, default],
        max_depth: Some(6),
        stale_queue: Some(14 * DAY),
        stale_work: Some(36 * HOUR),
        due_within: Some(48 * HOUR),
        overdue: Some(Priority::Critical),
        claim_grace: Some(5 * MINUTE),
        protect_notes: Some(true),
        idle_exit: Some(90 * MINUTE),
        history: Some(Keep::For(90 * DAY)),
        backup_every: Some(Every::Span(12 * HOUR)),
        backup_daily: Some(3),
        backup_weekly: Some(0),
    };
    assert_eq!(file, want);
    assert_eq!(file.claims(), ClaimPolicy { grace: 5 * MINUTE, protect_notes: true });
    assert_eq!(file.idle_exit(), Duration::from_secs(90 * 60));
    assert_eq!(file.history_keep(), Some(90 * DAY));
    assert_eq!(file.backup(), BackupPolicy { every: Some(12 * HOUR), keep_daily: 3, keep_weekly: 0 });
    assert_eq!(user("backup: {every: never}").backup().every, None);
    assert_eq!(parse("name: My project\n", Place::Project).unwrap().name.as_deref(), Some("My project"));
}

#[test]
fn a_file_that_says_nothing_is_all_defaults() {
    for text in
        ["", " \n\t", "# nothing yet\n", "---\n", "\u{feff}", "{}", "stale: {}\nhistory: {keep: forever}"]
    {
        let file = parse(text, Place::User).unwrap_or_else(|e| panic!("{text:?}: {e}"));
        assert_eq!(file.policy_over(&Policy::default()), Policy::default(), "{text:?}");
        assert_eq!(file.idle_exit(), DEFAULT_IDLE_EXIT);
        assert_eq!(file.history_keep(), None);
        assert_eq!(file.backup(), BackupPolicy::default());
    }
}

#[test]
fn every_form_that_the_original_reads() {
    let want = vec![note("spec", Role::Queue, true), note("tests", Role::Work, false)];
    let cases = [
        // The present form under the older name, as YAML 1.1 spells a flag.
        "note_schemas:\n  task:\n    notes:\n    - {key: spec, role: queue, required: yes}\n    - {key: tests, role: work, required: off}",
        // Notes directly in the schema, each under a name of its own.
        "note_schemas:\n  task:\n    first: {key: spec, role: queue, required: true}\n    second: {key: tests, role: work}",
        "note_schemas:\n  task:\n    lifecycle: manual\n    notes: []\n    a: {key: spec, role: queue, required: true}\n    b: {key: tests, role: work}",
        "note_schemas:\n  task:\n    lifecycle:\n    notes:\n    a: {key: spec, role: queue, required: true}\n    b: {key: tests, role: work}",
        // A schema that is its list of notes.
        "work_item_schemas:\n  task:\n  - {key: spec, required: True}\n  - {key: tests, role: WORK, description: , guidance: ~}",
        // Anchors and merge keys.
        "work_item_schemas:\n  task:\n    notes:\n    - &n {key: spec, role: queue, required: true}\n    - {<<: *n, key: tests, role: work, required: false}",
    ];
    for text in cases {
        let file = user(text);
        assert_eq!(file.schemas.len(), 1, "{text}");
        assert_eq!(file.schemas[0].notes, want, "{text}");
        assert_eq!(file.schemas[0].lifecycle, Lifecycle::Manual, "{text}");
    }
    let odd = user("work_item_schemas:\n  1.10: {notes: [{key: 007}]}\n  on: {lifecycle: Auto_Reopen}");
    let names: Vec<&str> = odd.schemas.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["1.10", "on"]);
    assert_eq!(odd.schemas[0].notes[0].key, "007");
    assert_eq!(odd.schemas[1].lifecycle, Lifecycle::AutoReopen);
}

#[test]
fn faults_name_the_place_and_what_is_valid() {
    let schema = |inner: &str| format!("work_item_schemas:\n  task:\n{inner}");
    let cases: Vec<(String, (usize, usize), &str)> = vec![
        (
            "stael: {queue: 1d}".into(),
            (1, 1),
            "unknown key stael; did you mean stale? The keys here are version,",
        ),
        ("foo: 1".into(), (1, 1), "unknown key foo; the keys here are version, work_item_schemas"),
        (
            "stale:\n  que: 1d".into(),
            (2, 3),
            "unknown key que in stale; did you mean queue? The keys here are queue, work",
        ),
        (
            "stale: {queue: soon}".into(),
            (1, 16),
            "stale.queue is \"soon\"; it takes a length of time such as 30s",
        ),
        ("stale: {queue: -5}".into(), (1, 16), "stale.queue is -5; it takes a length of time"),
        ("stale: 7d".into(), (1, 8), "stale is \"7d\"; it takes a mapping with queue, work"),
        ("stale:\nhierarchy: {}".into(), (1, 6), "stale is empty; it takes a mapping with queue, work"),
        (
            "hierarchy: {max_depth: 33}".into(),
            (1, 24),
            "hierarchy.max_depth is 33; it takes a whole number from 1 to 32",
        ),
        (
            "hierarchy: {max_depth: \"4\"}".into(),
            (1, 24),
            "hierarchy.max_depth is \"4\"; it takes a whole number",
        ),
        (
            "priority: {overdue: urgent}".into(),
            (1, 21),
            "priority.overdue is \"urgent\"; it takes one of critical, high, medium, low",
        ),
        (
            "claims: {protect_notes: 'yes'}".into(),
            (1, 25),
            "claims.protect_notes is \"yes\"; it takes true or false, without quotes",
        ),
        ("daemon: {idle_exit: 0s}".into(), (1, 21), "daemon.idle_exit is \"0s\"; it takes at least 1s"),
        ("history: {keep: 5m}".into(), (1, 17), "history.keep is \"5m\"; it takes at least 1d"),
        ("backup: {every: 5m}".into(), (1, 17), "backup.every is \"5m\"; it takes at least 1h"),
        (
            "backup: {every: often}".into(),
            (1, 17),
            "backup.every is \"often\"; it takes never, or a length of time",
        ),
        (
            "history: {keep: always}".into(),
            (1, 17),
            "history.keep is \"always\"; it takes forever, or a length of time",
        ),
        ("name: x".into(), (1, 1), "name belongs into a project's .taskorchestrator/config.yaml"),
        ("- a".into(), (1, 1), "the file is a list; it takes a mapping"),
        (
            "work_item_schemas: {}\nnote_schemas: {}".into(),
            (2, 1),
            "note_schemas is the older name of work_item_schemas; keep one",
        ),
        ("work_item_schemas:\n".into(), (1, 18), "work_item_schemas is empty; it takes a mapping"),
        (
            "work_item_schemas:\n  task:\n".into(),
            (2, 7),
            "schema task is empty; it takes a mapping with lifecycle, notes",
        ),
        (
            schema("    lifecyle: auto"),
            (3, 5),
            "unknown key lifecyle in schema task; did you mean lifecycle?",
        ),
        (
            schema("    lifecycle: automatic"),
            (3, 16),
            "schema task.lifecycle is \"automatic\"; it takes one of manual, auto, auto-reopen, permanent",
        ),
        (schema("    lifecycle: permanant"), (3, 16), "auto-reopen, permanent; did you mean permanent?"),
        (
            schema("    note: {key: a}\n    notes: [{key: b}]"),
            (3, 5),
            "schema task has the note note beside its list",
        ),
        (schema("    notes: {key: b}"), (3, 12), "schema task.notes is a mapping; it takes a list of notes"),
        (
            schema("    spec: {role: queue, required: true}"),
            (3, 5),
            "schema task.spec is a note without a key",
        ),
        (schema("    notes:\n    - {role: work}"), (4, 7), "schema task.notes[0] has no key"),
        (
            schema("    notes:\n    - {key: a, rol: work}"),
            (4, 16),
            "unknown key rol in schema task.notes[0]; did you mean role?",
        ),
        (
            schema("    notes:\n    - {key: a, role: done}"),
            (4, 22),
            "schema task.notes[0].role is \"done\"; it takes one of queue, work, review",
        ),
        (
            schema("    notes:\n    - {key: a, required: maybe}"),
            (4, 26),
            "schema task.notes[0].required is \"maybe\"; it takes true or false",
        ),
        (schema("    notes:\n    - {key: ' '}"), (4, 13), "schema task.notes[0].key may not be blank"),
        (
            schema("    notes:\n    - {key: a}\n    - {key: a, role: work}"),
            (5, 13),
            "schema task has two notes with the key a; the first one is in line 4",
        ),
        (
            schema("    notes: []\n  task: {}"),
            (4, 3),
            "the key task stands twice here; the first one is in line 2",
        ),
        (
            schema("    notes: [a]"),
            (3, 13),
            "schema task.notes[0] is \"a\"; it takes a mapping with key, role",
        ),
        ("stale: {queue: 1d".into(), (1, 8), "not valid YAML: unclosed bracket"),
    ];
    for (text, place, message) in cases {
        let error = parse(&text, Place::User).expect_err(&text);
        assert!(error.message.contains(message), "{text}\n  said: {}\n  want: {message}", error.message);
        assert_eq!((error.line, error.column), place, "{text}\n  said: {}", error.message);
    }
}

#[test]
fn what_concerns_every_project_is_not_a_projects_to_say() {
    for key in ["claims", "daemon", "history"] {
        let error = parse(&format!("stale: {{}}\n{key}: {{}}"), Place::Project).unwrap_err();
        assert_eq!((error.line, error.column), (2, 1));
        assert!(error.message.starts_with(&format!("{key} belongs into the user's config.yaml")), "{error}");
    }
    for name in ["''", "'*'", "[a]"] {
        assert!(parse(&format!("name: {name}"), Place::Project).is_err(), "{name}");
    }
}

#[test]
fn a_file_past_its_bound_is_refused() {
    let error = parse(&"# x\n".repeat(FILE_BYTES / 4 + 1), Place::User).unwrap_err();
    assert!(error.message.contains("at most 1048576 are allowed"), "{error}");
}

#[test]
fn a_projects_file_lies_over_the_users() {
    let below = user(
        "work_item_schemas: {a: {lifecycle: auto}, b: {}}\nstale: {queue: 1d}\npriority: {overdue: high}",
    )
    .policy_over(&Policy::default());
    let above =
        parse("work_item_schemas: {c: {}, a: {lifecycle: permanent}}\nstale: {work: 2d}", Place::Project)
            .unwrap()
            .policy_over(&below);
    let shown: Vec<(&str, Lifecycle)> =
        above.schemas.iter().map(|s| (s.name.as_str(), s.lifecycle)).collect();
    let want = [("c", Lifecycle::Manual), ("a", Lifecycle::Permanent), ("b", Lifecycle::Manual)];
    assert_eq!(shown, want);
    assert_eq!((above.stale_queue, above.stale_work), (DAY, 2 * DAY));
    assert_eq!(above.overdue, Some(Priority::High));
}

/// A line that is something like config.yaml, so that random files get past the first key.
fn line() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "work_item_schemas",
        "note_schemas",
        "task",
        "notes",
        "key",
        "role",
        "required",
        "lifecycle",
        "stale",
        "queue",
        "work",
        "auto",
        "7d",
        "true",
        "<<",
        "*a",
        "&a",
        "~",
        "[",
        "]",
        "{",
        "}",
        "- ",
        "'",
        "|",
        ">",
        "é",
        "\t",
        "---",
    ]);
    let tail = prop::sample::select(vec![": ", ":", "", ", "]);
    (0usize..4, prop::collection::vec((word, tail), 0..5)).prop_map(|(indent, parts)| {
        let text: String = parts.into_iter().map(|(word, tail)| format!("{word}{tail}")).collect();
        format!("{}{text}", "  ".repeat(indent))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        let _ = parse(&text, Place::User);
    }

    #[test]
    fn nothing_like_a_config_makes_it_panic(lines in prop::collection::vec(line(), 0..12)) {
        let text = lines.join("\n");
        for place in [Place::User, Place::Project] {
            if let Err(error) = parse(&text, place) {
                prop_assert!(error.line >= 1 && error.column >= 1);
                prop_assert!(!error.message.is_empty());
            }
        }
    }
}
