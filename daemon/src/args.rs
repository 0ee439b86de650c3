//! A tool's arguments: declared as data, read once, leniently where contract.md §2 says so.
//!
//! The same table makes the JSON schema that clients see, the check for unknown names, and the typed reading. Models fill
//! optional parameters with `""` and write arrays, numbers and booleans as strings; all of that means what it seems to mean.

mod param;
mod refuse;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use orc_core::refusal::{Details, Refusal};
use orc_core::time::Stamp;
use serde_json::{Map, Value};

pub(crate) use param::{EVERYWHERE, Kind, Param};
pub(crate) use refuse::wrong_type;

use refuse::{required, unknown};

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
        let raw = unwrapped(raw);
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
                return Err(unknown(params.iter().chain(more), &path, &name));
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
        self.value(name).map(|value| whole(&self.place(name), value)).transpose()
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
    pub(crate) fn object(&self, name: &str) -> Result<Option<Cow<'_, Map<String, Value>>>, Refusal> {
        let place = self.place(name);
        match self.value(name) {
            None => Ok(None),
            Some(Value::Object(map)) => Ok(Some(Cow::Borrowed(map))),
            Some(Value::String(text)) => match serde_json::from_str(text) {
                Ok(Value::Object(map)) => Ok(Some(Cow::Owned(map))),
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

/// A whole number; it may come as text, or with a point and nothing behind it.
pub(crate) fn whole(place: &str, value: &Value) -> Result<i64, Refusal> {
    let number = match value {
        Value::Number(n) => {
            n.as_i64().or_else(|| n.as_f64().filter(|f| f.fract() == 0.0 && f.abs() < 9e15).map(|f| f as i64))
        }
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.ok_or_else(|| wrong_type(place, "a whole number", value))
}

/// What a value says: an array or object may come as JSON text.
pub(crate) fn unwrapped(raw: Value) -> Value {
    match raw {
        Value::String(text) => from_json_text(&text).unwrap_or(Value::String(text)),
        other => other,
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
