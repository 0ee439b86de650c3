//! `call TOOL key=value…`: one tool call by a person, with help made from the tool's schema.

use std::io::Read;

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
    catalog::{self, ToolSet},
    command,
};

/// Largest object read from stdin: a message's bound (`contract.md` §12).
const MOST: u64 = 16 << 20;

#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Arguments {
    /// The tool's name
    tool: Option<String>,
    /// key=value pairs, or one JSON object; - reads the object from stdin
    #[arg(value_name = "KEY=VALUE", allow_hyphen_values = true)]
    arguments: Vec<String>,
    /// List the tools
    #[arg(long)]
    list: bool,
    /// Print help; behind a tool, what it takes
    #[arg(long, short)]
    help: bool,
}

pub(crate) fn run(mut arguments: Arguments, person: &Person) -> Result<Exit, Trouble> {
    // Behind the tool's name flags would be taken for its arguments.
    let flag = |words: &mut Vec<String>, names: &[&str]| {
        let before = words.len();
        words.retain(|word| !names.contains(&word.as_str()));
        words.len() != before
    };
    let help = flag(&mut arguments.arguments, &["--help", "-h"]) || arguments.help;
    if arguments.list {
        return list(person);
    }
    match arguments.tool {
        Some(tool) if help => describe(&tool, person),
        Some(tool) => call(&tool, &arguments.arguments, person),
        None if help => {
            let mut root = command::definitions();
            root.build();
            if let Some(own) = root.find_subcommand_mut("call") {
                tell(&own.render_help().to_string());
            }
            Ok(Exit::Fine)
        }
        None => Err(Trouble::Usage("name a tool; `task-orchestrator call --list` has them".to_owned())),
    }
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
    Ok(match refused {
        true => Refused::new(String::new(), serde_json::from_str(&text).unwrap_or_default(), None).exit(),
        false => Exit::Fine,
    })
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
    // Says which tool was meant, if the name is nearly one.
    catalog::find(name).map_err(|refusal| Trouble::Usage(refusal.message))?;
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
    format!("{description}\n\nUsage: task-orchestrator call {name} KEY=VALUE…\n\n{}", table.lines())
}

#[cfg(test)]
mod tests {
    use super::parse;
    use serde_json::json;

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
