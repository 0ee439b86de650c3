//! What a call is told when a rule says no (contract.md §1).

use serde_json::{Map, Value, json};

/// A call's outcome.
pub(crate) type Answer<T = Value> = Result<T, Refusal>;

/// A refusal: `{"code","message","field"?,"details"?}`.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Refusal {
    /// One of the contract's words.
    pub(crate) code: &'static str,
    /// For people.
    pub(crate) message: String,
    /// The argument that it is about.
    pub(crate) field: Option<String>,
    /// What the caller needs to act without a second call.
    pub(crate) details: Option<Box<Value>>,
}

impl Refusal {
    fn new(code: &'static str, field: &str, message: impl Into<String>) -> Self {
        let field = (!field.is_empty()).then(|| field.to_owned());
        Self { code, message: message.into(), field, details: None }
    }

    /// It can be told from the call itself, or breaks a fixed rule.
    pub(crate) fn validation(field: &str, message: impl Into<String>) -> Self {
        Self::new("VALIDATION", field, message)
    }

    /// The store's present state forbids it.
    pub(crate) fn conflict(field: &str, message: impl Into<String>) -> Self {
        Self::new("CONFLICT", field, message)
    }

    /// There is no such thing.
    pub(crate) fn not_found(field: &str, message: impl Into<String>) -> Self {
        Self::new("NOT_FOUND", field, message)
    }

    /// Blockers have not come far enough.
    pub(crate) fn dependency(message: impl Into<String>) -> Self {
        Self::new("DEPENDENCY_UNSATISFIED", "item_id", message)
    }

    /// Required notes are missing.
    pub(crate) fn gate(message: impl Into<String>) -> Self {
        Self::new("GATE_BLOCKED", "item_id", message)
    }

    /// The session may only read.
    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new("FORBIDDEN", "", message)
    }

    /// With what the caller needs to act.
    #[must_use]
    pub(crate) fn details(mut self, details: Value) -> Self {
        self.details = Some(Box::new(details));
        self
    }

    /// With these details unless it has others.
    #[must_use]
    pub(crate) fn or_details(mut self, details: Value) -> Self {
        self.details.get_or_insert_with(|| Box::new(details));
        self
    }

    /// What stands under `error`.
    pub(crate) fn body(&self) -> Value {
        let mut body = Map::new();
        body.insert("code".into(), json!(self.code));
        body.insert("message".into(), json!(self.message));
        if let Some(field) = &self.field {
            body.insert("field".into(), json!(field));
        }
        if let Some(details) = &self.details {
            body.insert("details".into(), Value::clone(details));
        }
        Value::Object(body)
    }
}
