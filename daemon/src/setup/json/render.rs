//! A value as text: on one line, or in lines with an indentation. Lines end with `\n`; who puts them into a text of CRLF
//! changes that.

use serde_json::Value;

/// On one line; `spaced` with a space after each colon and comma.
pub(super) fn inline(value: &Value, spaced: bool) -> String {
    let space = if spaced { " " } else { "" };
    let joined = |parts: Vec<String>| parts.join(&format!(",{space}"));
    match value {
        Value::Object(members) => {
            let member =
                |(key, value): (&String, &Value)| format!("{}:{space}{}", string(key), inline(value, spaced));
            format!("{{{}}}", joined(members.iter().map(member).collect()))
        }
        Value::Array(items) => {
            format!("[{}]", joined(items.iter().map(|item| inline(item, spaced)).collect()))
        }
        plain => plain.to_string(),
    }
}

/// In lines: what follows the first line has `indent`, and a `unit` for each level. What holds no container stays on one line
/// when it is an array.
pub(super) fn block(value: &Value, unit: &str, indent: &str) -> String {
    let deeper = format!("{indent}{unit}");
    let lines = |open: char, parts: Vec<String>, close: char| {
        format!("{open}\n{deeper}{}\n{indent}{close}", parts.join(&format!(",\n{deeper}")))
    };
    match value {
        Value::Object(members) if !members.is_empty() => {
            let member =
                |(key, value): (&String, &Value)| format!("{}: {}", string(key), block(value, unit, &deeper));
            lines('{', members.iter().map(member).collect(), '}')
        }
        Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            lines('[', items.iter().map(|item| block(item, unit, &deeper)).collect(), ']')
        }
        other => inline(other, true),
    }
}

/// A string in quotes.
pub(super) fn string(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}
