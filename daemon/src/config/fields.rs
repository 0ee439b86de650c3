//! Reading a mapping with known keys, and the words of every complaint about one.
//!
//! An error always says which field, what stands there and what would be valid, at the line and column of the value
//! (daemon.md rule 26).

use orc_core::time;

use super::ConfigError;
use super::yaml::{Key, Node, Value};
use crate::near::nearest;

/// The entries of a mapping, all of whose keys are known.
#[derive(Debug)]
pub(super) struct Fields<'n> {
    path: String,
    entries: &'n [(Key, Node)],
}

/// One value, and the name that a complaint gives it.
#[derive(Debug)]
pub(super) struct Field<'n> {
    /// Such as `stale.queue`.
    pub(super) path: String,
    /// The value.
    pub(super) node: &'n Node,
}

impl<'n> Fields<'n> {
    /// The mapping at `node`. Refuses anything else, and keys that are not `known`.
    pub(super) fn of(node: &'n Node, path: &str, known: &[&str]) -> Result<Self, ConfigError> {
        let fields = Self { path: path.to_owned(), entries: entries(node, path, known)? };
        match fields.entries.iter().find(|(key, _)| !known.contains(&key.name.as_str())) {
            Some((key, _)) => Err(unknown_key(key, path, known)),
            None => Ok(fields),
        }
    }

    /// The value under that key.
    pub(super) fn get(&self, key: &str) -> Option<Field<'n>> {
        let (_, node) = self.entries.iter().find(|(k, _)| k.name == key)?;
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        Some(Field { path, node })
    }

    /// Where that key stands.
    pub(super) fn key(&self, key: &str) -> Option<&'n Key> {
        self.entries.iter().map(|(k, _)| k).find(|k| k.name == key)
    }

    /// The value under that key, read by `read`, when the key is there.
    pub(super) fn read<T>(
        &self,
        key: &str,
        read: impl FnOnce(&Field<'n>) -> Result<T, ConfigError>,
    ) -> Result<Option<T>, ConfigError> {
        self.get(key).as_ref().map(read).transpose()
    }
}

impl Field<'_> {
    /// A complaint: what stands here, and what it takes instead.
    pub(super) fn takes(&self, wants: &str) -> ConfigError {
        self.fault(&format!("{} is {}; it takes {wants}", self.path, self.node.value.describe()))
    }

    /// A complaint in other words, at this place.
    pub(super) fn fault(&self, message: &str) -> ConfigError {
        ConfigError::new(self.node.at, message.to_owned())
    }

    /// Any scalar as its author typed it; `what` says what it is for.
    pub(super) fn text(&self, what: &str) -> Result<&str, ConfigError> {
        match &self.node.value {
            Value::Text(text) | Value::Number(text) | Value::Bool { text, .. } => Ok(text),
            Value::Null | Value::List(_) | Value::Map(_) => Err(self.takes(what)),
        }
    }

    /// A text of at most `most` characters that is not blank.
    pub(super) fn short_text(&self, most: usize) -> Result<&str, ConfigError> {
        let text = self.text("text")?;
        match text.chars().count() {
            _ if text.trim().is_empty() => Err(self.fault(&format!("{} may not be blank", self.path))),
            n if n > most => {
                Err(self.fault(&format!("{} has {n} characters; at most {most} are allowed", self.path)))
            }
            _ => Ok(text.trim()),
        }
    }

    /// Text that may be left empty.
    pub(super) fn optional_text(&self) -> Result<String, ConfigError> {
        match self.node.value {
            Value::Null => Ok(String::new()),
            _ => self.text("text").map(str::to_owned),
        }
    }

    /// true or false.
    pub(super) fn flag(&self) -> Result<bool, ConfigError> {
        match self.node.value {
            Value::Bool { is, .. } => Ok(is),
            _ => Err(self.takes("true or false, without quotes")),
        }
    }

    /// A whole number within the bounds.
    pub(super) fn number(&self, least: u32, most: u32) -> Result<u32, ConfigError> {
        let wants = || self.takes(&format!("a whole number from {least} to {most}"));
        let Value::Number(text) = &self.node.value else { return Err(wants()) };
        text.parse().ok().filter(|n| (least..=most).contains(n)).ok_or_else(wants)
    }

    /// A length of time in microseconds.
    pub(super) fn span(&self) -> Result<i64, ConfigError> {
        const WANTS: &str = "a length of time such as 30s, 2m, 24h, 7d, 1w or 1h30m";
        time::parse_span(self.text(WANTS)?).ok_or_else(|| self.takes(WANTS))
    }

    /// One of a closed set of words, in any case, `-` and `_` alike.
    pub(super) fn word<T: Copy>(&self, words: &[(&str, T)]) -> Result<T, ConfigError> {
        let plain = |text: &str| text.trim().to_ascii_lowercase().replace('_', "-");
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let wants = format!("one of {}", known.join(", "));
        let text = self.text(&wants)?;
        match words.iter().find(|(word, _)| plain(word) == plain(text)) {
            Some((_, value)) => Ok(*value),
            None => Err(match nearest(text, known.iter().copied()) {
                Some(near) => self.takes(&format!("{wants}; did you mean {near}?")),
                None => self.takes(&wants),
            }),
        }
    }
}

/// The entries of the mapping at `node`, whatever their keys.
pub(super) fn entries<'n>(
    node: &'n Node,
    path: &str,
    known: &[&str],
) -> Result<&'n [(Key, Node)], ConfigError> {
    match &node.value {
        Value::Map(entries) => Ok(entries),
        other => {
            let name = if path.is_empty() { "the file" } else { path };
            let keys = if known.is_empty() { String::new() } else { format!(" with {}", known.join(", ")) };
            let message = format!("{name} is {}; it takes a mapping{keys}", other.describe());
            Err(ConfigError::new(node.at, message))
        }
    }
}

/// The complaint about a key that nobody knows.
pub(super) fn unknown_key(key: &Key, path: &str, known: &[&str]) -> ConfigError {
    let name = orc_core::text::cut(&key.name, 60);
    let place = if path.is_empty() { String::new() } else { format!(" in {path}") };
    let known_list = known.join(", ");
    let message = match nearest(&key.name, known.iter().copied()) {
        Some(near) => {
            format!("unknown key {name}{place}; did you mean {near}? The keys here are {known_list}")
        }
        None => format!("unknown key {name}{place}; the keys here are {known_list}"),
    };
    ConfigError::new(key.at, message)
}
