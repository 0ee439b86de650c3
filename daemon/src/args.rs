//! A tool's arguments: declared as data, read once, leniently where contract.md §2 says so.
//!
//! The same table makes the JSON schema that clients see, the check for unknown names, and the typed reading. Models fill
//! optional parameters with `""` and write arrays, numbers and booleans as strings; all of that means what it seems to mean.

mod param;

use std::fmt::Display;

use orc_core::refusal::{Details, Refusal};
use orc_core::time::Stamp;
use serde_json::{Map, Value};

use crate::near::nearest;
pub(crate) use param::{Kind, Param};

/// Accepted by every tool, shown by none (contract.md §2).
const EVERYWHERE: [Param; 2] = [
    Param::new("agent", Kind::Text, "A subagent of this session"),
    Param::new("request_id", Kind::Text, "Makes a repeated call safe"),
];

/// The arguments of one call, or of one entry in a batch, each under its own name.
#[derive(Clone, Debug)]
pub(crate) struct Args {
    given: Map<String, Value>,
    /// `items[3].` for an entry of a batch.
    path: String,
}

impl Args {
    /// Reads the arguments of a call. Refuses an unknown name with the nearest known one.
    pub(crate) fn read(params: &[Param], raw: Value) -> Result<Self, Refusal> {
        Self::read_at(params, &EVERYWHERE, raw, String::new())
    }

    /// Reads entry `index` of the array `field`.
    pub(crate) fn entry(
        &self,
        params: &[Param],
        field: &str,
        index: usize,
        raw: Value,
    ) -> Result<Self, Refusal> {
        let path = format!("{}{field}[{index}]", self.path);
        let raw = match raw {
            Value::String(text) => from_json_text(&text).unwrap_or(Value::String(text)),
            other => other,
        };
        if !raw.is_object() {
            return Err(wrong_type(&path, "an object", &raw).details(Details::Entry(index)));
        }
        Self::read_at(params, &[], raw, format!("{path}."))
    }

    fn read_at(params: &[Param], more: &[Param], raw: Value, path: String) -> Result<Self, Refusal> {
        let raw = match raw {
            Value::Null => Map::new(),
            Value::Object(map) => map,
            other => return Err(wrong_type("arguments", "an object", &other)),
        };
        let mut given = Map::new();
        for (name, value) in raw {
            let mut known = params.iter().chain(more);
            let Some(param) = known.find(|p| p.name == name || p.also.contains(&name.as_str())) else {
                return Err(unknown(params.iter().chain(more).map(|p| p.name), &path, &name));
            };
            // "" means "not given" wherever it stands, except for text that may be empty on purpose.
            let blank = matches!(&value, Value::String(text) if text.is_empty());
            if !blank || param.name == "body" {
                // Of two names for one argument, the one with a value counts.
                match given.get(param.name) {
                    Some(before) if !before.is_null() => {}
                    _ => drop(given.insert(param.name.to_owned(), value)),
                }
            }
        }
        Ok(Self { given, path })
    }

    /// The place of an argument, as refusals name it.
    pub(crate) fn place(&self, name: &str) -> String {
        format!("{}{name}", self.path)
    }

    fn value(&self, name: &str) -> Option<&Value> {
        self.given.get(name).filter(|value| !value.is_null())
    }

    /// The argument as it came.
    pub(crate) fn raw(&self, name: &str) -> Option<&Value> {
        self.given.get(name)
    }

    /// Whether the argument was given with a value.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// Whether the argument was given as null: the field is to be cleared.
    pub(crate) fn is_null(&self, name: &str) -> bool {
        self.given.get(name).is_some_and(Value::is_null)
    }

    /// Text.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(wrong_type(self.place(name), "text", other)),
        }
    }

    /// Text that must be given.
    pub(crate) fn need(&self, name: &str) -> Result<&str, Refusal> {
        self.text(name)?.ok_or_else(|| required(&self.place(name)))
    }

    /// An id. Models write an id of digits alone as a number.
    pub(crate) fn id(&self, name: &str) -> Result<Option<String>, Refusal> {
        match self.value(name) {
            None => Ok(None),
            Some(value) => id_text(&self.place(name), value).map(Some),
        }
    }

    /// An id that must be given.
    pub(crate) fn need_id(&self, name: &str) -> Result<String, Refusal> {
        self.id(name)?.ok_or_else(|| required(&self.place(name)))
    }

    /// Text of the caller's own: an object or array is kept as its JSON.
    pub(crate) fn opaque(&self, name: &str) -> Result<Option<String>, Refusal> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(other @ (Value::Object(_) | Value::Array(_))) => Ok(Some(other.to_string())),
            Some(other) => Err(wrong_type(self.place(name), "text or an object", other)),
        }
    }

    /// A whole number.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, Refusal> {
        let whole = |value: &Value| match value {
            Value::Number(n) => n
                .as_i64()
                .or_else(|| n.as_f64().filter(|f| f.fract() == 0.0 && f.abs() < 9e15).map(|f| f as i64)),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        match self.value(name) {
            None => Ok(None),
            Some(value) => {
                whole(value).map(Some).ok_or_else(|| wrong_type(self.place(name), "a whole number", value))
            }
        }
    }

    /// A whole number between two bounds, or the default.
    pub(crate) fn bounded(&self, name: &str, default: i64, least: i64, most: i64) -> Result<i64, Refusal> {
        let value = self.integer(name)?.unwrap_or(default);
        if (least..=most).contains(&value) {
            return Ok(value);
        }
        let place = self.place(name);
        Err(Refusal::validation(format!("{place} must be between {least} and {most}, got {value}"))
            .field(place))
    }

    /// True or false; false when not given.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, Refusal> {
        Ok(self.choice(name)?.unwrap_or(false))
    }

    /// True, false, or not given.
    pub(crate) fn choice(&self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(value) => {
                let word = match value {
                    Value::String(text) => text.trim().to_ascii_lowercase(),
                    other => other.to_string(),
                };
                match word.as_str() {
                    "true" | "1" | "yes" => Ok(Some(true)),
                    "false" | "0" | "no" => Ok(Some(false)),
                    _ => Err(wrong_type(self.place(name), "true or false", value)),
                }
            }
        }
    }

    /// A time.
    pub(crate) fn time(&self, name: &str) -> Result<Option<Stamp>, Refusal> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        match Stamp::parse(text) {
            Some(stamp) => Ok(Some(stamp)),
            None => {
                let place = self.place(name);
                let message =
                    format!("Invalid {place}: {text}. Must be ISO 8601, such as 2026-12-31T23:59:59+00:00");
                Err(Refusal::validation(message).field(place))
            }
        }
    }

    /// Words separated by commas, an array of them, or that array as JSON text. Trimmed, empty ones dropped.
    pub(crate) fn words(&self, name: &str) -> Result<Option<Vec<String>>, Refusal> {
        let Some(value) = self.value(name) else { return Ok(None) };
        let parsed = match value {
            Value::String(text) => from_json_text(text).filter(Value::is_array),
            other => Some(other.clone()),
        };
        let words = match (parsed, value) {
            (None, Value::String(text)) => text.split(',').map(|w| w.trim().to_owned()).collect(),
            (Some(Value::Array(entries)), _) => {
                let place = self.place(name);
                let read = |(i, entry): (usize, &Value)| {
                    id_text(&format!("{place}[{i}]"), entry).map(|w| w.trim().to_owned())
                };
                entries.iter().enumerate().map(read).collect::<Result<Vec<String>, Refusal>>()?
            }
            (_, other) => {
                return Err(wrong_type(
                    self.place(name),
                    "words separated by commas, or an array of them",
                    other,
                ));
            }
        };
        Ok(Some(words.into_iter().filter(|w| !w.is_empty()).collect()))
    }

    /// An array of at most `most` entries; it may come as JSON text.
    pub(crate) fn array(&self, name: &str, most: usize) -> Result<Option<Vec<Value>>, Refusal> {
        let Some(value) = self.value(name) else { return Ok(None) };
        let place = self.place(name);
        let entries = match value {
            Value::Array(entries) => entries.clone(),
            Value::String(text) => match serde_json::from_str(text) {
                Ok(Value::Array(entries)) => entries,
                Ok(other) => return Err(wrong_type(&place, "an array", &other)),
                Err(e) => {
                    return Err(Refusal::validation(format!("{place} is not valid JSON: {e}")).field(place));
                }
            },
            other => return Err(wrong_type(&place, "an array", other)),
        };
        if entries.len() > most {
            let n = entries.len();
            return Err(Refusal::validation(format!("{place} has {n} entries; at most {most} are allowed"))
                .field(place));
        }
        Ok(Some(entries))
    }

    /// The array of a batch. An empty one beside what a single call needs is an optional parameter that a model filled in.
    pub(crate) fn batch(&self, name: &str, most: usize, single: &str) -> Result<Option<Vec<Value>>, Refusal> {
        Ok(self.array(name, most)?.filter(|entries| !entries.is_empty() || !self.has(single)))
    }

    /// An object; it may come as JSON text.
    pub(crate) fn object(&self, name: &str) -> Result<Option<Map<String, Value>>, Refusal> {
        let place = self.place(name);
        match self.value(name) {
            None => Ok(None),
            Some(Value::Object(map)) => Ok(Some(map.clone())),
            Some(Value::String(text)) => match serde_json::from_str(text) {
                Ok(Value::Object(map)) => Ok(Some(map)),
                Ok(other) => Err(wrong_type(&place, "an object", &other)),
                Err(e) => Err(Refusal::validation(format!("{place} is not valid JSON: {e}")).field(place)),
            },
            Some(other) => Err(wrong_type(&place, "an object", other)),
        }
    }

    /// Which operation is asked for; the tool's own table of them, by the word.
    pub(crate) fn operation<'t, T>(
        &self,
        table: &'t [(&str, T)],
        default: Option<&str>,
    ) -> Result<&'t T, Refusal> {
        let valid = || table.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
        let Some(word) = self.text("operation")?.or(default) else {
            return Err(
                Refusal::validation(format!("operation is required. Use: {}", valid())).field("operation")
            );
        };
        let wanted = word.trim().to_ascii_lowercase();
        match table.iter().find(|(name, _)| *name == wanted) {
            Some((_, value)) => Ok(value),
            None => Err(Refusal::validation(format!("Invalid operation: {word}. Use: {}", valid()))
                .field("operation")),
        }
    }
}

/// JSON in text, where it is JSON.
fn from_json_text(text: &str) -> Option<Value> {
    let first = text.trim_start().as_bytes().first()?;
    if matches!(first, b'[' | b'{') { serde_json::from_str(text).ok() } else { None }
}

fn id_text(place: &str, value: &Value) -> Result<String, Refusal> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(n) => Ok(n.to_string()),
        other => Err(wrong_type(place, "text", other)),
    }
}

fn required(place: &str) -> Refusal {
    Refusal::validation(format!("{place} is required")).field(place)
}

/// "limit must be a whole number, got the text \"many\"".
pub(crate) fn wrong_type(place: impl Display, wanted: &str, got: &Value) -> Refusal {
    let place = place.to_string();
    let what = match got {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => format!("{flag}"),
        Value::Number(n) => format!("the number {n}"),
        Value::String(text) => format!("the text {:?}", orc_core::text::cut(text, 60)),
        Value::Array(entries) => format!("an array of {}", entries.len()),
        Value::Object(_) => "an object".to_owned(),
    };
    Refusal::validation(format!("{place} must be {wanted}, got {what}")).field(place)
}

fn unknown<'a>(known: impl Iterator<Item = &'a str> + Clone, path: &str, name: &str) -> Refusal {
    let shown = orc_core::text::cut(name, 60);
    let hint = match nearest(name, known.clone()) {
        Some(near) => format!(" Did you mean {near}?"),
        None => format!(" Known: {}", known.collect::<Vec<_>>().join(", ")),
    };
    Refusal::validation(format!("Unknown argument: {path}{shown}.{hint}")).field(format!("{path}{shown}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const PARAMS: &[Param] = &[
        Param::new("title", Kind::Text, ""),
        Param::new("limit", Kind::Integer, ""),
        Param::new("recursive", Kind::Boolean, ""),
        Param::new("item_id", Kind::Id, ""),
        Param::new("tags", Kind::Words, ""),
        Param::new("items", Kind::Objects, "").also(&["items_json"]),
        Param::new("due_at", Kind::Time, ""),
        Param::new("body", Kind::Text, ""),
    ];

    fn read(raw: Value) -> Args {
        Args::read(PARAMS, raw).unwrap()
    }

    #[test]
    fn strings_stand_for_what_they_say() {
        let args = read(
            json!({"limit": "5", "recursive": "true", "item_id": 12345678, "items_json": "[{\"a\":1}]"}),
        );
        assert_eq!(args.integer("limit"), Ok(Some(5)));
        assert_eq!(args.flag("recursive"), Ok(true));
        assert_eq!(args.id("item_id"), Ok(Some("12345678".to_owned())));
        assert_eq!(args.array("items", 9).map(|a| a.map(|a| a.len())), Ok(Some(1)));
        assert_eq!(read(json!({"limit": 5.0})).integer("limit"), Ok(Some(5)));
    }

    #[test]
    fn empty_means_not_given_and_null_means_clear() {
        let args = read(json!({"title": "", "limit": "", "due_at": null, "body": ""}));
        assert_eq!(args.text("title"), Ok(None));
        assert_eq!(args.integer("limit"), Ok(None));
        assert!(args.is_null("due_at") && !args.has("due_at"));
        assert_eq!(args.text("body"), Ok(Some("")));
    }

    #[test]
    fn of_two_names_for_one_argument_the_filled_one_counts() {
        for raw in [
            json!({"items": null, "items_json": "[{}]"}),
            json!({"items": "", "items_json": [{}]}),
            json!({"items_json": null, "items": [{}]}),
        ] {
            assert_eq!(read(raw.clone()).array("items", 9).map(|a| a.map(|a| a.len())), Ok(Some(1)), "{raw}");
        }
    }

    #[test]
    fn an_empty_batch_beside_a_single_call_is_not_given() {
        let batch = |raw| read(raw).batch("items", 9, "title");
        assert_eq!(batch(json!({"items": [], "title": "x"})), Ok(None));
        assert_eq!(batch(json!({"items": []})), Ok(Some(vec![])));
        assert_eq!(batch(json!({"items": [1], "title": "x"})), Ok(Some(vec![json!(1)])));
    }

    #[test]
    fn an_entry_of_a_batch_takes_nothing_that_would_be_ignored() {
        let entry = |raw| read(json!({})).entry(PARAMS, "items", 2, raw).map(drop).map_err(|r| r.message);
        assert!(
            entry(json!({"agent": "x"}))
                .unwrap_err()
                .starts_with("Unknown argument: items[2].agent. Known: title")
        );
        assert_eq!(entry(json!({"title": "x"})), Ok(()));
    }

    #[test]
    fn words_come_in_three_forms() {
        for raw in [json!("a, b,,"), json!(["a", " b "]), json!("[\"a\",\"b\"]")] {
            assert_eq!(
                read(json!({ "tags": raw })).words("tags"),
                Ok(Some(vec!["a".to_owned(), "b".to_owned()]))
            );
        }
    }

    #[test]
    fn refusals_name_the_field_what_came_and_what_is_wanted() {
        let message = |r: Result<(), Refusal>| r.unwrap_err().message;
        let cases = [
            (
                read(json!({"limit": "many"})).integer("limit").map(drop),
                "limit must be a whole number, got the text \"many\"",
            ),
            (
                read(json!({"limit": 1.5})).integer("limit").map(drop),
                "limit must be a whole number, got the number 1.5",
            ),
            (
                read(json!({"recursive": []})).flag("recursive").map(drop),
                "recursive must be true or false, got an array of 0",
            ),
            (read(json!({"title": {}})).text("title").map(drop), "title must be text, got an object"),
            (
                read(json!({"items": "{}"})).array("items", 9).map(drop),
                "items must be an array, got an object",
            ),
            (
                Args::read(PARAMS, json!({"titel": 1})).map(drop),
                "Unknown argument: titel. Did you mean title?",
            ),
            (Args::read(PARAMS, json!([])).map(drop), "arguments must be an object, got an array of 0"),
        ];
        for (result, want) in cases {
            assert_eq!(message(result), want);
        }
    }
}
