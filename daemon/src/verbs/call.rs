//! `call TOOL key=value…`: one tool call by a person, through the daemon, which is started if need be.

use std::{path::Path, process::ExitCode, time::Duration};

use orc_proto::wire::ToolCall;
use serde_json::{Map, Value};

use super::{Here, Trouble, say};

/// Longer than the longest tool (`wait_for`, 300 s).
const DEADLINE: Duration = Duration::from_secs(330);

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The tool's name
    tool: String,
    /// key=value pairs, or one JSON object
    arguments: Vec<String>,
}

pub(crate) fn run(arguments: Arguments, db: Option<&Path>) -> Result<ExitCode, Trouble> {
    let object = parse(&arguments.arguments).map_err(Trouble::Usage)?;
    let here = Here::find(db)?;
    super::client_runtime()?.block_on(call(&here, arguments.tool, object))
}

async fn call(here: &Here, name: String, arguments: Map<String, Value>) -> Result<ExitCode, Trouble> {
    let connection = here.connect().await?;
    let arguments = serde_json::to_string(&arguments).map_err(std::io::Error::from)?;
    let key = Some(uuid::Uuid::new_v4().to_string());
    let call = ToolCall { name, arguments: Some(arguments.into()), key, ..ToolCall::default() };
    let answer = connection.call(call, DEADLINE).await?;
    say(answer.document.text());
    Ok(if answer.is_error { ExitCode::FAILURE } else { ExitCode::SUCCESS })
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
