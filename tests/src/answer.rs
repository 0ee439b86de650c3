//! What a tool answered, checked for the shape that every answer has (`contract.md` §1).

use serde_json::Value;

/// One tool's answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Whether it is a refusal.
    pub is_error: bool,
    /// The JSON document in the text block.
    pub doc: Value,
    /// The text block as it came.
    pub raw_text: String,
    /// The whole result of `tools/call`.
    pub result: Value,
}

/// A refused call.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// Its class, such as `CONFLICT`.
    pub code: String,
    /// The sentence.
    pub message: String,
    /// The argument it is about, or `""`.
    pub field: String,
    /// What the caller needs to act, or null.
    pub details: Value,
}

impl Answer {
    /// Reads a `tools/call` result: exactly one text block holding one compact JSON document.
    ///
    /// # Panics
    /// When it is anything else.
    #[track_caller]
    pub fn read(result: Value) -> Self {
        let blocks = result["content"].as_array().unwrap_or_else(|| panic!("wanted content, got {result}"));
        assert_eq!(blocks.len(), 1, "wanted one content block, got {result}");
        assert_eq!(blocks[0]["type"], "text", "wanted a text block, got {result}");
        let raw_text = blocks[0]["text"].as_str().unwrap_or_default().to_owned();
        let doc: Value = serde_json::from_str(&raw_text)
            .unwrap_or_else(|error| panic!("wanted one JSON document ({error}), got: {raw_text}"));
        assert_eq!(raw_text, doc.to_string(), "wanted JSON without indentation");
        let is_error = result["isError"].as_bool().unwrap_or(false);
        assert_eq!(is_error, doc.get("error").is_some(), "isError and the document disagree: {result}");
        Self { is_error, doc, raw_text, result }
    }

    /// The document of a call that was not refused.
    ///
    /// # Panics
    /// When it was refused.
    #[track_caller]
    pub fn ok(self, call: &str) -> Value {
        assert!(!self.is_error, "{call}\nwanted an answer, was refused: {}", self.raw_text);
        self.doc
    }

    /// The refusal, checked for its shape.
    ///
    /// # Panics
    /// When it was not refused, or not in the contract's shape.
    #[track_caller]
    pub fn refusal(self, call: &str) -> Refusal {
        assert!(self.is_error, "{call}\nwanted a refusal, was answered: {}", self.raw_text);
        assert_eq!(keys(&self.doc), ["error"], "{call}\na refusal holds `error` alone: {}", self.raw_text);
        let error = &self.doc["error"];
        for key in keys(error) {
            let known = ["code", "message", "field", "details"].contains(&key.as_str());
            assert!(known, "{call}\n`{key}` is no part of a refusal: {}", self.raw_text);
        }
        let text = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
        let refusal = Refusal {
            code: text("code"),
            message: text("message"),
            field: text("field"),
            details: error["details"].clone(),
        };
        assert!(!refusal.message.trim().is_empty(), "{call}\na refusal has a sentence: {}", self.raw_text);
        refusal
    }
}

impl Refusal {
    /// Fails unless the sentence contains `part`.
    ///
    /// # Panics
    /// When it does not.
    #[track_caller]
    pub fn says(&self, part: &str) -> &Self {
        assert!(self.message.contains(part), "wanted a message with {part:?}, got {:?}", self.message);
        self
    }

    /// Fails unless it names that argument.
    ///
    /// # Panics
    /// When it does not.
    #[track_caller]
    pub fn names(&self, field: &str) -> &Self {
        assert_eq!(self.field, field, "wanted the field {field:?} named in {self:?}");
        self
    }
}

/// An object's keys in the order they came.
#[track_caller]
pub fn keys(doc: &Value) -> Vec<String> {
    doc.as_object().map(|fields| fields.keys().cloned().collect()).unwrap_or_default()
}

/// The titles of an array of rows.
#[track_caller]
pub fn titles(rows: &Value) -> Vec<String> {
    column(rows, "title")
}

/// The ids of an array of rows.
#[track_caller]
pub fn ids(rows: &Value) -> Vec<String> {
    column(rows, "id")
}

fn column(rows: &Value, key: &str) -> Vec<String> {
    let rows = rows.as_array().unwrap_or_else(|| panic!("wanted an array of rows, got {rows}"));
    rows.iter().map(|row| row[key].as_str().unwrap_or_default().to_owned()).collect()
}
