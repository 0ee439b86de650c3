//! The MCP prompts (contract.md §5): short texts that tell an agent which tools to use for what.
//!
//! Agents pay for every character, so each text stays under [`PROMPT_CHARS`]. The texts are the files beside this one;
//! `{name}` in them stands for an argument. What a caller sends is put in once, as quoted text, and never read as part
//! of a template.

use orc_core::limits;
use serde_json::{Map, Value, json};

use crate::near::nearest;

/// Longest text of a prompt, before its arguments are put in.
#[cfg(test)]
const PROMPT_CHARS: usize = 1_200;

/// A prompt, as `prompts/list` shows it and `prompts/get` fills it in.
struct Prompt {
    name: &'static str,
    title: &'static str,
    description: &'static str,
    arguments: &'static [Argument],
    text: &'static str,
}

struct Argument {
    name: &'static str,
    /// What stands for it in the text.
    place: &'static str,
    description: &'static str,
    required: bool,
}

const PROMPTS: &[Prompt] = &[
    Prompt {
        name: "session_start",
        title: "Start a session",
        description: "Pick up the work where it was left",
        arguments: &[],
        text: include_str!("prompts/session_start.md"),
    },
    Prompt {
        name: "quick_start",
        title: "How this works",
        description: "The workflow and its tools on one page",
        arguments: &[],
        text: include_str!("prompts/quick_start.md"),
    },
    Prompt {
        name: "work_summary",
        title: "Where the work stands",
        description: "A short report: in progress, blocked, due, next",
        arguments: &[],
        text: include_str!("prompts/work_summary.md"),
    },
    Prompt {
        name: "create_item_from_context",
        title: "Track this conversation",
        description: "Turn what was agreed on into items",
        arguments: &[],
        text: include_str!("prompts/create_item_from_context.md"),
    },
    Prompt {
        name: "status_progression",
        title: "Move an item on",
        description: "Bring one item a step further, gates and blockers included",
        arguments: &[Argument {
            name: "item_id",
            place: "{item_id}",
            description: "The item: its id or 4 or more leading characters",
            required: true,
        }],
        text: include_str!("prompts/status_progression.md"),
    },
    Prompt {
        name: "dependency_manager",
        title: "Order of work",
        description: "See and change what has to be done before what",
        arguments: &[Argument {
            name: "item_id",
            place: "{item_id}",
            description: "The item to begin with; without it, all that waits",
            required: false,
        }],
        text: include_str!("prompts/dependency_manager.md"),
    },
    Prompt {
        name: "batch_complete",
        title: "Finish a tree",
        description: "Complete everything under one item, in order",
        arguments: &[Argument {
            name: "parent_id",
            place: "{parent_id}",
            description: "The item whose descendants are to be completed",
            required: true,
        }],
        text: include_str!("prompts/batch_complete.md"),
    },
];

/// Why a prompt cannot be given.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum PromptError {
    /// There is none of that name.
    #[error("no prompt is called {name}{}", did_you_mean(*nearest))]
    Unknown {
        /// What was asked for, cut to a readable length.
        name: String,
        /// The known name that is most like it.
        nearest: Option<&'static str>,
    },
    /// An argument is needed and was not given; `""` counts as not given (contract.md §2).
    #[error("the prompt {prompt} needs {argument}")]
    MissingArgument {
        /// Which prompt.
        prompt: &'static str,
        /// What it needs.
        argument: &'static str,
    },
    /// The prompt has no such argument.
    #[error("the prompt {prompt} has no argument {name}{}", did_you_mean(*nearest))]
    UnknownArgument {
        /// Which prompt.
        prompt: &'static str,
        /// What was given, cut to a readable length.
        name: String,
        /// The known argument that is most like it.
        nearest: Option<&'static str>,
    },
    /// An argument is no id: not text, too long, or of several lines.
    #[error("{argument} has to be an id: one line of at most {} characters", limits::ID_CHARS)]
    BadArgument {
        /// Which one.
        argument: &'static str,
    },
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |near| format!("; did you mean {near}?"))
}

/// Every prompt's name.
pub(crate) fn names() -> Vec<&'static str> {
    PROMPTS.iter().map(|prompt| prompt.name).collect()
}

/// The result of `prompts/list`.
pub(crate) fn list() -> Value {
    let shown = |argument: &Argument| json!({"name": argument.name, "description": argument.description, "required": argument.required});
    let prompts: Vec<Value> = PROMPTS
        .iter()
        .map(|prompt| {
            let arguments: Vec<Value> = prompt.arguments.iter().map(shown).collect();
            json!({
                "name": prompt.name,
                "title": prompt.title,
                "description": prompt.description,
                "arguments": arguments,
            })
        })
        .collect();
    json!({ "prompts": prompts })
}

/// The result of `prompts/get`.
pub(crate) fn get(name: &str, arguments: &Map<String, Value>) -> Result<Value, PromptError> {
    let Some(prompt) = PROMPTS.iter().find(|prompt| prompt.name == name) else {
        let nearest = nearest(name, PROMPTS.iter().map(|prompt| prompt.name));
        return Err(PromptError::Unknown { name: orc_core::text::cut(name, 60), nearest });
    };
    let text = prompt.fill(arguments)?;
    Ok(json!({
        "description": prompt.description,
        "messages": [{"role": "user", "content": {"type": "text", "text": text}}],
    }))
}

/// The items that a prompt's arguments name: every argument is one.
pub(crate) fn items(name: &str, given: &Map<String, Value>) -> Vec<(&'static str, String)> {
    let arguments = PROMPTS.iter().filter(|prompt| prompt.name == name).flat_map(|prompt| prompt.arguments);
    let item =
        |argument: &Argument| Some((argument.name, plain(argument.name, given.get(argument.name)).ok()??));
    arguments.filter_map(item).collect()
}

impl Prompt {
    fn fill(&self, given: &Map<String, Value>) -> Result<String, PromptError> {
        let known = || self.arguments.iter().map(|argument| argument.name);
        if let Some(name) = given.keys().find(|name| known().all(|k| k != name.as_str())) {
            let nearest = nearest(name, known());
            let name = orc_core::text::cut(name, 60);
            return Err(PromptError::UnknownArgument { prompt: self.name, name, nearest });
        }
        let mut places = Vec::new();
        for argument in self.arguments {
            let id = id(argument.name, given.get(argument.name))?;
            if id.is_none() && argument.required {
                return Err(PromptError::MissingArgument { prompt: self.name, argument: argument.name });
            }
            // Only a text about one item or all of them has this place.
            places.push(match &id {
                Some(id) => ("{scope}", format!("Begin with the item {id}.")),
                None => ("{scope}", "Begin with what waits: no item was named.".to_owned()),
            });
            places.push((argument.place, id.unwrap_or_default()));
        }
        Ok(put_in(self.text.trim_end(), &places))
    }
}

/// The template with its places filled in one pass, so that nothing put in is ever taken for a place.
fn put_in(template: &str, places: &[(&str, String)]) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(brace) = rest.find('{') {
        text.push_str(&rest[..brace]);
        rest = &rest[brace..];
        match places.iter().find(|(place, _)| rest.starts_with(place)) {
            Some((place, value)) => {
                text.push_str(value);
                rest = &rest[place.len()..];
            }
            None => {
                text.push('{');
                rest = &rest[1..];
            }
        }
    }
    text + rest
}

/// An id as quoted text, so that it can neither end its place in a sentence nor begin a line of its own.
fn id(argument: &'static str, value: Option<&Value>) -> Result<Option<String>, PromptError> {
    Ok(plain(argument, value)?.map(|text| Value::from(text).to_string()))
}

/// An id as it was given; an empty one counts as not given.
fn plain(argument: &'static str, value: Option<&Value>) -> Result<Option<String>, PromptError> {
    let bad = PromptError::BadArgument { argument };
    let text = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        Some(_) => return Err(bad),
    };
    if text.chars().count() > limits::ID_CHARS || text.chars().any(ends_a_line) {
        return Err(bad);
    }
    Ok((!text.is_empty()).then_some(text))
}

fn ends_a_line(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests;
