//! Arguments, read as contract.md §2 says: `""` is "not given", and arrays, numbers and booleans may come as text.

use serde_json::{Map, Value};

use crate::refusal::{Answer, Refusal};

/// Names of the original that are accepted for ever, and what they mean. What `from` means is each list's own.
const ALSO: [(&str, &str); 7] = [
    ("items_json", "items"),
    ("ids_json", "ids"),
    ("transitions_json", "transitions"),
    ("children_json", "children"),
    ("deps_json", "deps"),
    ("data_json", "data"),
    ("type", "dep_type"),
];

/// The arguments of one call, or of one entry in a batch.
#[derive(Clone, Debug)]
pub(crate) struct Args {
    given: Map<String, Value>,
    path: String,
}

impl Args {
    /// Those of a call.
    pub(crate) fn of(raw: &Value) -> Self {
        Self::at(raw, String::new())
    }

    /// Those of entry `index` of the array `list`.
    ///
    /// # Errors
    /// When the entry is no object.
    pub(crate) fn entry(raw: &Value, list: &str, index: usize) -> Answer<Self> {
        let place = format!("{list}[{index}]");
        match raw {
            Value::Object(_) => Ok(Self::at(raw, format!("{place}."))),
            other => Err(wrong_type(&place, "an object", other).details(serde_json::json!({"index": index}))),
        }
    }

    fn at(raw: &Value, path: String) -> Self {
        let mut given = Map::new();
        for (name, value) in raw.as_object().into_iter().flatten() {
            let name = ALSO.iter().find(|(also, _)| also == name).map_or(name.as_str(), |(_, name)| *name);
            if name == "body" || value != "" {
                given.insert(name.to_owned(), value.clone());
            }
        }
        Self { given, path }
    }

    /// The place of an argument, as refusals name it.
    pub(crate) fn place(&self, name: &str) -> String {
        format!("{}{name}", self.path)
    }

    /// The argument, if it was given with a value.
    pub(crate) fn value(&self, name: &str) -> Option<&Value> {
        self.given.get(name).filter(|value| !value.is_null())
    }

    /// Whether it was given as null: its field is to be cleared.
    pub(crate) fn is_null(&self, name: &str) -> bool {
        self.given.get(name).is_some_and(Value::is_null)
    }

    /// The same under other names: `root_title` as `title`.
    pub(crate) fn under(&self, prefix: &str) -> Self {
        let given = self.given.iter().filter_map(|(name, value)| {
            name.strip_prefix(prefix).map(|name| (name.to_owned(), value.clone()))
        });
        Self { given: given.collect(), path: String::new() }
    }

    /// Text.
    ///
    /// # Errors
    /// When it is none.
    pub(crate) fn text(&self, name: &str) -> Answer<Option<&str>> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(wrong_type(&self.place(name), "text", other)),
        }
    }

    /// Text that must be given.
    ///
    /// # Errors
    /// When it is not.
    pub(crate) fn need(&self, name: &str) -> Answer<&str> {
        let place = self.place(name);
        self.text(name)?.ok_or_else(|| Refusal::validation(&place, format!("{place} is required")))
    }

    /// A whole number.
    ///
    /// # Errors
    /// When it is none.
    pub(crate) fn integer(&self, name: &str) -> Answer<Option<i64>> {
        let Some(value) = self.value(name) else { return Ok(None) };
        let number = value.as_i64().or_else(|| value.as_str()?.trim().parse().ok());
        number.map(Some).ok_or_else(|| wrong_type(&self.place(name), "a whole number", value))
    }

    /// A whole number between two bounds.
    ///
    /// # Errors
    /// When it is none, or beyond them.
    pub(crate) fn bounded(&self, name: &str, default: i64, least: i64, most: i64) -> Answer<usize> {
        let value = self.integer(name)?.unwrap_or(default);
        if value < least || value > most {
            let place = self.place(name);
            let message = format!("{place} must be between {least} and {most}, got {value}");
            return Err(Refusal::validation(&place, message));
        }
        Ok(usize::try_from(value).unwrap_or(usize::MAX))
    }

    /// True or false, where given.
    ///
    /// # Errors
    /// When it is neither.
    pub(crate) fn choice(&self, name: &str) -> Answer<Option<bool>> {
        let Some(value) = self.value(name) else { return Ok(None) };
        match value.as_str().map_or_else(|| value.to_string(), str::to_owned).as_str() {
            "true" | "1" | "yes" => Ok(Some(true)),
            "false" | "0" | "no" => Ok(Some(false)),
            _ => Err(wrong_type(&self.place(name), "true or false", value)),
        }
    }

    /// True or false.
    ///
    /// # Errors
    /// When it is neither.
    pub(crate) fn flag(&self, name: &str) -> Answer<bool> {
        Ok(self.choice(name)?.unwrap_or(false))
    }

    /// Words separated by commas, or an array of them.
    pub(crate) fn words(&self, name: &str) -> Vec<String> {
        let words: Vec<String> = match self.value(name) {
            Some(Value::Array(words)) => {
                words.iter().map(|w| w.as_str().unwrap_or_default().to_owned()).collect()
            }
            Some(Value::String(text)) => match serde_json::from_str::<Vec<String>>(text) {
                Ok(words) => words,
                Err(_) => text.split(',').map(str::to_owned).collect(),
            },
            _ => Vec::new(),
        };
        words.iter().map(|w| w.trim().to_owned()).filter(|w| !w.is_empty()).collect()
    }

    /// An array, which may come as JSON text.
    ///
    /// # Errors
    /// When it is none.
    pub(crate) fn array(&self, name: &str) -> Answer<Option<Vec<Value>>> {
        let Some(value) = self.value(name) else { return Ok(None) };
        let parsed = value.as_str().and_then(|text| serde_json::from_str(text).ok());
        match parsed.as_ref().unwrap_or(value) {
            Value::Array(entries) => Ok(Some(entries.clone())),
            other => Err(wrong_type(&self.place(name), "an array", other)),
        }
    }

    /// The array of a batch; an empty one beside what a single call needs is a parameter that a model filled in.
    ///
    /// # Errors
    /// When it is none.
    pub(crate) fn batch(&self, name: &str, single: &str) -> Answer<Option<Vec<Value>>> {
        Ok(self.array(name)?.filter(|entries| !entries.is_empty() || self.value(single).is_none()))
    }
}

/// "limit must be a whole number, got the text \"many\"".
pub(crate) fn wrong_type(place: &str, wanted: &str, got: &Value) -> Refusal {
    let what = match got {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(n) => format!("the number {n}"),
        Value::String(text) => format!("the text {text:?}"),
        Value::Array(entries) => format!("an array of {}", entries.len()),
        Value::Object(_) => "an object".to_owned(),
    };
    Refusal::validation(place, format!("{place} must be {wanted}, got {what}"))
}

/// One of a few words, written in any case and with `-` or `_`; the plain form, as contract.md writes it.
///
/// # Errors
/// Names the word and the valid ones.
pub(crate) fn word<'w>(field: &str, text: &str, valid: &[&'w str]) -> Answer<&'w str> {
    let plain = |text: &str| text.trim().to_ascii_lowercase().replace('-', "_");
    match valid.iter().find(|word| plain(word) == plain(text)) {
        Some(word) => Ok(word),
        None => {
            Err(Refusal::validation(field, format!("Invalid {field}: {text}. Valid: {}", valid.join(", "))))
        }
    }
}
