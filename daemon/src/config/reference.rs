//! docs/config.md and docs/config.schema.json, made from the tables that the parser reads.

use std::fmt::Write;

use orc_core::limits;
use orc_core::policy::Lifecycle;
use orc_core::status::{Priority, Role};
use orc_core::time::{LONGEST_SPAN, SECOND, span_text};
use serde_json::{Map, Value, json};

use super::FILE_BYTES;
use super::schemas::{NOTE_KEYS, SCHEMA_KEYS};
use super::settings::{Holds, Setting, TOP, Takes, Where};

/// A user's file that says something of everything.
const USERS: &str = "\
# yaml-language-server: $schema=config.schema.json
work_item_schemas:
  task:                       # items of type `task`, or tagged so
    lifecycle: auto
    notes:
      - key: requirements
        role: queue           # needed before the item leaves queue
        required: true
        description: Acceptance criteria
        guidance: What must hold when it is done?
      - {key: test-notes, role: work, required: true, guidance: \"What was run, and what it said\"}
  default: {}                 # all other items: no notes are needed
hierarchy: {max_depth: 4}
stale: {queue: 7d, work: 3d}
priority: {due_within: 24h, overdue: critical}
claims: {grace: 2m, protect_notes: false}
daemon: {idle_exit: 30m}
history: {keep: 90d}
backup: {every: 24h, keep_daily: 7, keep_weekly: 4}
";

/// A project's file.
const PROJECTS: &str = "\
# .taskorchestrator/config.yaml
name: web-shop
work_item_schemas:
  bug:
    notes:
      - {key: cause, role: work, required: true, guidance: \"Why did it happen?\"}
stale: {work: 1d}
";

/// What a schema's and a note's keys take, their default and what they are for, in the order of the tables beside them.
const ABOUT_SCHEMA: [(&str, &str, &str); 2] = [
    ("manual, auto, auto-reopen or permanent", "manual", "How its items move, see below"),
    ("a list of notes", "none", "The notes that it knows"),
];
const ABOUT_NOTE: [(&str, &str, &str); 5] = [
    (
        "text, at most 200 characters",
        "must be given",
        "The key that the note is written under; once in a schema",
    ),
    (
        "queue, work or review",
        "queue",
        "The status that needs it: it is asked for when an item goes past that",
    ),
    ("true or false", "false", "Whether it is a gate. A blank body opens none"),
    ("text", "empty", "What it is for; agents see it"),
    ("text", "empty", "How to write it; a refusal shows it"),
];
const ABOUT_LIFECYCLES: [&str; 4] = [
    "every phase",
    "start from work skips review when the schema has no note for review",
    "a note written on a done or cancelled item puts it back into the queue",
    "cannot be cancelled",
];

/// docs/config.md.
pub(crate) fn page() -> String {
    let mut out = String::new();
    // Writing to a String does not fail.
    let _ = write!(
        out,
        "# config.yaml\n\nWritten by `task-orchestrator man --page config` from the table that the parser reads.\n\n\
         Two places, both optional: the user's `~/.config/task-orchestrator/config.yaml`, for everything, and a project's\n\
         `.taskorchestrator/config.yaml` (or `.yml`), for the items of that project. What a project's file sets counts there\n\
         instead; its schemas replace the user's of the same name. `TASK_ORCHESTRATOR_CONFIG` names a file that stands in the\n\
         place of the user's.\n\n\
         - A change counts for the next call, in every session. Nothing is restarted.\n\
         - An unknown key, a wrong value or broken YAML changes nothing: the last good file stays in force, and `get_context`,\n\
         \x20 `manage_schemas` and `status` show the error with its line and column.\n\
         - A file that becomes empty counts as half-written. A deleted one means defaults.\n\
         - At most {} KiB.\n\n## Example\n\nThe user's file:\n\n```yaml\n{USERS}```\n\nA project's:\n\n```yaml\n{PROJECTS}```\n\n",
        FILE_BYTES >> 10
    );
    out.push_str(EDITORS);
    out.push_str("\n## Keys\n\n| key | whose file | |\n|---|---|---|\n");
    for top in TOP {
        let whose = match top.place {
            Where::Both => "both",
            Where::User => "the user's",
            Where::Project => "a project's",
        };
        let _ = writeln!(out, "| `{}` | {whose} | {} |", top.name, top.about);
    }
    out.push_str("\n## Settings\n\n| setting | takes | default | |\n|---|---|---|---|\n");
    for (section, setting) in settings() {
        let default =
            if setting.default.is_empty() { "none".into() } else { format!("`{}`", setting.default) };
        let takes = takes(&setting.takes);
        let _ = writeln!(out, "| `{section}.{}` | {takes} | {default} | {} |", setting.name, setting.about);
    }
    out.push_str(
        "\nA length of time is `30s`, `2m`, `24h`, `7d`, `1w`, `1h30m`, or a bare number of seconds.\n\n## Schemas\n\n\
         Under `work_item_schemas`, each by its name. A schema may also be nothing but the list of its notes.\n\n",
    );
    described(&mut out, SCHEMA_KEYS, &ABOUT_SCHEMA);
    out.push_str("\nA note:\n\n");
    described(&mut out, NOTE_KEYS, &ABOUT_NOTE);
    out.push_str("\n| lifecycle | |\n|---|---|\n");
    for ((word, _), about) in Lifecycle::WORDS.iter().zip(ABOUT_LIFECYCLES) {
        let _ = writeln!(out, "| {word} | {about} |");
    }
    out + VARIABLES
}

/// What the environment says; the names are those of the settings that processes read.
const VARIABLES: &str = "
## Variables

For the shim, in the `env` of the client's entry; for commands, in the shell. Clients that share a database share one daemon; it keeps
the config file that its first session named, and tells a session that names another.

| variable | default | |
|---|---|---|
| `TASK_ORCHESTRATOR_DB` | `~/.local/share/task-orchestrator/tasks.db` | the database; one daemon each |
| `TASK_ORCHESTRATOR_CONFIG` | | a file in place of the user's config.yaml |
| `TASK_ORCHESTRATOR_AGENT` | `<client>@<folder>` | the agent's name |
| `TASK_ORCHESTRATOR_TOOLS` | `core` | what `tools/list` shows: `core`, `full`, or `read` (and every write is refused) |
| `TASK_ORCHESTRATOR_RESPONSES` | `compact` | `full`: every field, 36-character ids |
| `TASK_ORCHESTRATOR_STRUCTURED` | off | `1`: answers also as `structuredContent` |
| `TASK_ORCHESTRATOR_PROJECT` | the git repository's folder | the project's name; `*`: in none, and all are seen |
| `TASK_ORCHESTRATOR_RUNTIME_DIR` | `~/.local/state/task-orchestrator/run` | sockets and logs |
| `TASK_ORCHESTRATOR_LOG` | `info` | level or filter |
| `TASK_ORCHESTRATOR_WORKSPACES` | beside the database | the original's workspaces.json, taken over once |
";

const EDITORS: &str = "\
## Editors

[config.schema.json](config.schema.json) tells editors with a YAML language server which keys there are. Put it beside the file with
`task-orchestrator man --page config-schema > ~/.config/task-orchestrator/config.schema.json`; the first line of the
example above names it. It does not see everything that the parser does: a length of time that is too short or too long, two notes of one
key, a list of notes beside notes under names of their own. And it is stricter in spelling: the parser takes words in any case,
and `yes` and `no` for true and false. No editor was run with it; CI checks it with a validator, on a table of files that the parser
is held to as well.
";

fn settings() -> impl Iterator<Item = (&'static str, &'static Setting)> {
    TOP.iter().flat_map(|top| {
        let settings = match top.holds {
            Holds::Section(settings) => settings,
            Holds::Version | Holds::Name | Holds::Schemas => &[],
        };
        settings.iter().map(|setting| (top.name, setting))
    })
}

fn takes(takes: &Takes) -> String {
    let at_least = |least: i64| match least {
        0 => String::new(),
        _ => format!(", at least {}", span_text(least)),
    };
    match takes {
        Takes::Number { least, most, .. } => format!("a whole number from {least} to {most}"),
        Takes::Flag(_) => "true or false".to_owned(),
        Takes::Priority(_) => words(&priorities()),
        Takes::Span { least, .. } => format!("a length of time{}", at_least(*least)),
        Takes::SpanOr { word, least, .. } => format!("`{word}`, or a length of time{}", at_least(*least)),
    }
}

fn priorities() -> Vec<&'static str> {
    Priority::ALL.iter().map(|priority| priority.as_str()).collect()
}

/// `a, b or c`.
fn words(words: &[&str]) -> String {
    match words.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

fn described(out: &mut String, keys: &[&str], about: &[(&str, &str, &str)]) {
    out.push_str("| key | takes | default | |\n|---|---|---|---|\n");
    for (key, (takes, default, about)) in keys.iter().zip(about) {
        let _ = writeln!(out, "| `{key}` | {takes} | {default} | {about} |");
    }
}

/// docs/config.schema.json: draft 7, which YAML language servers read. One for both places; a file with a `name` is a
/// project's.
pub(crate) fn schema() -> Value {
    let mut properties = Map::new();
    for top in TOP {
        let mut holds = match top.holds {
            Holds::Version => scalar(),
            Holds::Name => with(&short_text(), &json!({"not": {"enum": ["*"]}})),
            Holds::Schemas => json!({"$ref": "#/definitions/schemas"}),
            Holds::Section(settings) => section(settings),
        };
        let whose = match top.place {
            Where::Both => "",
            Where::User => ". The user's file only",
            Where::Project => ". A project's file only",
        };
        let about = json!(format!("{}{whose}", top.about));
        if holds.get("$ref").is_some() {
            // Draft 7 ignores whatever stands beside a reference.
            holds = json!({"description": about, "allOf": [holds]});
        } else {
            holds["description"] = about;
        }
        properties.insert(top.name.to_owned(), holds);
    }
    let of = |place: Where| TOP.iter().filter(move |top| top.place == place).map(|top| top.name);
    let both = of(Where::User)
        .flat_map(|users| of(Where::Project).map(move |own| json!({"required": [users, own]})));
    let excluded: Vec<Value> =
        both.chain([json!({"required": ["work_item_schemas", "note_schemas"]})]).collect();
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "task-orchestrator's config.yaml",
        "type": ["object", "null"],
        "properties": properties,
        "additionalProperties": false,
        "not": {"anyOf": excluded},
        "definitions": {"schemas": schemas(), "note": note()},
    })
}

fn section(settings: &[Setting]) -> Value {
    let properties: Map<String, Value> = settings
        .iter()
        .map(|setting| {
            let mut value = value(&setting.takes);
            let default = match setting.default {
                "" => String::new(),
                default => format!(" (default: {default})"),
            };
            value["description"] = json!(format!("{}{default}", setting.about));
            (setting.name.to_owned(), value)
        })
        .collect();
    json!({"type": "object", "properties": properties, "additionalProperties": false})
}

/// Any scalar, which the parser takes as its author typed it.
fn scalar() -> Value {
    json!({"type": ["string", "number", "boolean"]})
}

fn short_text() -> Value {
    with(&scalar(), &json!({"maxLength": limits::KEY_CHARS, "pattern": "\\S"}))
}

fn with(below: &Value, above: &Value) -> Value {
    let fields = [below, above].into_iter().filter_map(Value::as_object).flatten();
    Value::Object(fields.map(|(key, value)| (key.clone(), value.clone())).collect())
}

const SPAN: &str = "\\s*[0-9]+\\s*((s|sec|seconds?|m|min|minutes?|h|hours?|d|days?|w|weeks?)\\s*([0-9]+\\s*(s|sec|seconds?|m|min|minutes?|h|hours?|d|days?|w|weeks?)\\s*)*)?";

fn value(takes: &Takes) -> Value {
    let span = |least: i64, pattern: String| json!({"type": ["string", "integer"], "pattern": pattern, "minimum": least / SECOND, "maximum": LONGEST_SPAN / SECOND});
    match takes {
        Takes::Number { least, most, .. } => json!({"type": "integer", "minimum": least, "maximum": most}),
        Takes::Flag(_) => json!({"type": "boolean"}),
        Takes::Priority(_) => json!({"enum": priorities()}),
        Takes::Span { least, .. } => span(*least, format!("^{SPAN}$")),
        Takes::SpanOr { word, least, .. } => span(*least, format!("^({word}|{SPAN})$")),
    }
}

/// All forms of a schema: a mapping with `notes`, one with its notes directly in it, or the list of its notes.
fn schemas() -> Value {
    let lifecycles: Vec<Value> =
        Lifecycle::WORDS.iter().map(|(word, _)| json!(word)).chain([Value::Null]).collect();
    let notes = json!({"$ref": "#/definitions/note"});
    json!({
        "type": "object",
        "propertyNames": {"maxLength": limits::KEY_CHARS, "pattern": "\\S"},
        "additionalProperties": {
            "type": ["object", "array"],
            "items": notes,
            "properties": {
                "lifecycle": {"enum": lifecycles, "description": ABOUT_SCHEMA[0].2},
                "notes": {"type": ["array", "null"], "items": notes, "description": ABOUT_SCHEMA[1].2},
            },
            "additionalProperties": notes,
        },
    })
}

fn note() -> Value {
    let text = || json!({"type": ["string", "number", "boolean", "null"]});
    let roles: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
    let holds = [short_text(), json!({"enum": roles}), json!({"type": "boolean"}), text(), text()];
    let properties: Map<String, Value> = NOTE_KEYS
        .iter()
        .zip(holds)
        .zip(ABOUT_NOTE)
        .map(|((key, holds), (_, _, about))| {
            ((*key).to_owned(), with(&holds, &json!({"description": about})))
        })
        .collect();
    json!({"type": "object", "properties": properties, "required": ["key"], "additionalProperties": false})
}

#[cfg(test)]
mod tests {
    use super::super::{BackupPolicy, DEFAULT_IDLE_EXIT, Place, parse};
    use super::*;
    use orc_core::policy::{ClaimPolicy, Policy};

    #[test]
    fn the_defaults_that_the_page_names_are_those_in_force() {
        let text: String = settings().filter(|(_, setting)| !setting.default.is_empty()).fold(
            String::new(),
            |text, (section, setting)| {
                let line = format!("  {}: {}\n", setting.name, setting.default);
                if text.contains(&format!("{section}:\n")) {
                    text + &line
                } else {
                    format!("{text}{section}:\n{line}")
                }
            },
        );
        let file = parse(&text, Place::User).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(file.policy_over(&Policy::default()), Policy::default());
        assert_eq!(file.claims(), ClaimPolicy::default());
        assert_eq!(file.idle_exit(), DEFAULT_IDLE_EXIT);
        assert_eq!(file.history_keep(), None);
        assert_eq!(file.backup(), BackupPolicy::default());
    }

    #[test]
    fn the_examples_are_good_files() {
        parse(USERS, Place::User).unwrap();
        assert_eq!(parse(PROJECTS, Place::Project).unwrap().name.as_deref(), Some("web-shop"));
        for top in TOP
            .iter()
            .filter(|top| top.place != Where::Project && !["version", "note_schemas"].contains(&top.name))
        {
            assert!(USERS.contains(&format!("\n{}:", top.name)), "the example leaves out {}", top.name);
        }
    }

    #[test]
    fn every_key_is_described() {
        assert_eq!(SCHEMA_KEYS.len(), ABOUT_SCHEMA.len());
        assert_eq!(NOTE_KEYS.len(), ABOUT_NOTE.len());
        assert_eq!(Lifecycle::WORDS.len(), ABOUT_LIFECYCLES.len());
    }
}
