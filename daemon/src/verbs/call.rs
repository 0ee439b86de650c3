//! `call TOOL key=value…`: one tool call by a person, with help made from the tool's schema.

use std::io::Read;

use orc_core::refusal::Refusal;
use serde_json::{Map, Value};

use super::{
    Trouble,
    exit::Exit,
    items::text,
    paint::Paint,
    person::Person,
    refusal::Refused,
    say,
    table::{Cell, Table},
    tell,
};
use crate::{
    catalog::{self, ToolSet, needs},
    command,
};

/// Largest object read from stdin: a message's bound (`contract.md` §12).
const MOST: u64 = 16 << 20;

const EXIT_CODES: &str = "\
Exit codes:
  0  done; of a batch, at least one entry
  1  refused, or every entry of a batch failed
  2  wrong usage, an unknown tool too
  3  no daemon runs or can be reached";

#[derive(clap::Args)]
#[command(disable_help_flag = true, after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    /// The tool's name
    tool: Option<String>,
    /// key=value pairs, or one JSON object; - reads the object from stdin
    #[arg(value_name = "KEY=VALUE")]
    arguments: Vec<String>,
    /// List the tools
    #[arg(long)]
    list: bool,
    /// Print help; behind a tool, what it takes
    #[arg(long, short)]
    help: bool,
}

pub(crate) fn run(arguments: Arguments, person: &Person) -> Result<Exit, Trouble> {
    if arguments.list {
        return list(person);
    }
    match arguments.tool {
        Some(tool) => {
            known(&tool)?;
            if arguments.help { describe(&tool, person) } else { call(&tool, &arguments.arguments, person) }
        }
        None if arguments.help => {
            let mut root = command::definitions();
            root.build();
            if let Some(own) = root.find_subcommand_mut("call") {
                tell(&own.render_help().to_string());
            }
            Ok(Exit::Fine)
        }
        None => Err(Trouble::Usage(format!("name a tool. {LIST}"))),
    }
}

/// Where the tools are named.
const LIST: &str = "`task-orchestrator call --list` lists the tools";

/// Refuses a name that no tool has, with the one that was meant if it is nearly one.
fn known(tool: &str) -> Result<(), Trouble> {
    let unknown = |refusal: Refusal| Trouble::Usage(format!("{} {LIST}", refusal.message));
    catalog::find(tool).map(drop).map_err(unknown)
}

fn call(tool: &str, words: &[String], person: &Person) -> Result<Exit, Trouble> {
    let object = match words {
        [only] if only == "-" => {
            let mut read = String::new();
            std::io::stdin().lock().take(MOST).read_to_string(&mut read)?;
            parse(&[read])
        }
        words => parse(words),
    };
    let object = object.map_err(Trouble::Usage)?;
    let (text, refused) = person.raw(tool, Value::Object(object).to_string())?;
    say(&text);
    let answer: Value = serde_json::from_str(&text).unwrap_or_default();
    Ok(match refused {
        true => Refused::new(String::new(), answer, None).exit(),
        false if all_failed(&answer) => Exit::Refused,
        false => Exit::Fine,
    })
}

/// Whether an answer is a batch's of which nothing was done.
fn all_failed(answer: &Value) -> bool {
    let summary = if answer["summary"].is_object() { &answer["summary"] } else { answer };
    let done = ["created", "deleted", "written", "succeeded"].iter().find_map(|key| summary[*key].as_u64());
    done == Some(0) && summary["failed"].as_u64() > Some(0)
}

/// The arguments as one object.
fn parse(words: &[String]) -> Result<Map<String, Value>, String> {
    if let [only] = words
        && only.trim_start().starts_with('{')
    {
        return serde_json::from_str(only)
            .map_err(|error| format!("The arguments are no JSON object: {error}"));
    }
    let mut object = Map::new();
    for word in words {
        let Some((key, text)) = word.split_once('=').filter(|(key, _)| !key.is_empty()) else {
            return Err(format!("'{word}' is no key=value pair"));
        };
        // Text in any case: the tool knows which of its arguments are numbers, arrays or objects and reads those from text,
        // while a title of digits stays a title.
        object.insert(key.to_owned(), Value::String(text.to_owned()));
    }
    Ok(object)
}

/// Every tool, as `tools/list` shows the whole set.
fn tools() -> Value {
    catalog::list(ToolSet::Full, &[])
}

fn list(person: &Person) -> Result<Exit, Trouble> {
    let tools = tools();
    if person.json {
        say(&tools.to_string());
        return Ok(Exit::Fine);
    }
    let mut table = Table::new(person.paint, &["TOOL", "WHAT IT DOES"]);
    for tool in super::items::rows(&tools, "tools") {
        table.row([
            Cell::new(text(tool, "name"), |t| person.paint.bold(t)),
            Cell::plain(text(tool, "description")),
        ]);
    }
    tell(&table.lines());
    Ok(Exit::Fine)
}

/// A tool's help.
fn describe(name: &str, person: &Person) -> Result<Exit, Trouble> {
    let tools = tools();
    let found = super::items::rows(&tools, "tools").iter().find(|tool| text(tool, "name") == name);
    match found {
        Some(tool) if person.json => say(&tool.to_string()),
        Some(tool) => tell(&help(tool, person.paint)),
        None => say(&format!("{name} is for measures and in no list.")),
    }
    Ok(Exit::Fine)
}

fn help(tool: &Value, paint: Paint) -> String {
    let schema = &tool["inputSchema"];
    let required: Vec<&str> =
        super::items::rows(schema, "required").iter().filter_map(Value::as_str).collect();
    let mut table = Table::new(paint, &["ARGUMENT", "TYPE", ""]);
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let words = super::items::rows(property, "enum").iter().filter_map(Value::as_str).collect::<Vec<_>>();
        let mut about = Vec::new();
        if required.contains(&name.as_str()) {
            about.push("required".to_owned());
        }
        if !words.is_empty() {
            about.push(words.join(", "));
        }
        if let Some(description) = property["description"].as_str() {
            about.push(description.to_owned());
        }
        table.row([
            Cell::new(name.as_str(), |t| paint.bold(t)),
            Cell::plain(text(property, "type")),
            Cell::plain(about.join("; ")),
        ]);
    }
    let (name, description) = (text(tool, "name"), text(tool, "description"));
    format!("{description}\n\n{}\n{}", usage(name, &required), table.lines())
}

/// The forms of a call with what each needs; anything else that the table has may follow.
fn usage(name: &str, required: &[&str]) -> String {
    let wanted = |word: &str| {
        if word.contains('=') { word.to_owned() } else { format!("{}=…", word.replace('|', "=…|")) }
    };
    let line = |words: Vec<&str>| {
        let words = words.into_iter().map(wanted).chain(["[KEY=VALUE…]".to_owned()]);
        format!("task-orchestrator call {name} {}", words.collect::<Vec<_>>().join(" "))
    };
    let lines: Vec<String> = match needs::forms(name) {
        [] => vec![line(required.to_vec())],
        forms => forms.iter().map(|form| line(form.split(' ').collect())).collect(),
    };
    format!("Usage: {}\n", lines.join("\n       "))
}

#[cfg(test)]
mod tests {
    use super::{all_failed, parse, usage};
    use serde_json::json;

    #[test]
    fn a_batch_has_failed_when_nothing_of_it_was_done() {
        let cases = [
            (json!({"created": 0, "failed": 2, "items": [], "failures": []}), true),
            (json!({"created": 1, "failed": 2}), false),
            (json!({"created": 0, "failed": 0}), false),
            (json!({"deleted": 0, "failed": 1}), true),
            (json!({"deleted": true}), false),
            (json!({"written": 0, "failed": 1}), true),
            (json!({"results": [], "summary": {"total": 1, "succeeded": 0, "failed": 1}}), true),
            (json!({"results": [], "summary": {"total": 2, "succeeded": 1, "failed": 1}}), false),
            (json!({"failed": 1}), false),
            (json!([1]), false),
        ];
        for (answer, failed) in cases {
            assert_eq!(all_failed(&answer), failed, "{answer}");
        }
    }

    #[test]
    fn usage_has_a_line_for_each_form() {
        assert_eq!(
            usage("advance_item", &[]),
            "Usage: task-orchestrator call advance_item item_id=… trigger=… [KEY=VALUE…]\n       task-orchestrator call advance_item transitions=… [KEY=VALUE…]\n"
        );
        assert!(usage("manage_items", &["operation"]).contains(" operation=delete item_id=…|ids=… ["));
        assert_eq!(
            usage("complete_tree", &["parent_id"]),
            "Usage: task-orchestrator call complete_tree parent_id=… [KEY=VALUE…]\n"
        );
    }

    #[test]
    fn values_are_text_and_one_object_is_json() {
        let words = [
            "title=Fix it",
            "complexity=3",
            "claim=true",
            "ids=[\"ab\"]",
            "due_at=null",
            "tags=a=b",
            "q=\"x\"",
        ];
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        let expected = json!({"title":"Fix it","complexity":"3","claim":"true","ids":"[\"ab\"]","due_at":"null","tags":"a=b","q":"\"x\""});
        assert_eq!(json!(parse(&words).unwrap()), expected);
        assert_eq!(json!(parse(&[r#"{"a":1}"#.to_owned()]).unwrap()), json!({"a":1}));
        assert!(parse(&["{broken".to_owned()]).is_err());
        assert!(parse(&["alone".to_owned()]).is_err());
    }
}
