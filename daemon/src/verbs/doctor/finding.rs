//! One thing that was looked at: what it is, how it is, and what to do when that is not well.

use serde_json::{Value, json};

/// How a thing is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum State {
    /// As it should be.
    Ok,
    /// Worth knowing.
    Warning,
    /// Something does not work, or will not.
    Problem,
}

/// One finding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Finding {
    what: &'static str,
    value: String,
    pub(super) state: State,
    next: Option<String>,
}

impl Finding {
    pub(super) fn ok(what: &'static str, value: impl Into<String>) -> Self {
        Self { what, value: value.into(), state: State::Ok, next: None }
    }

    pub(super) fn warning(what: &'static str, value: impl Into<String>, next: impl Into<String>) -> Self {
        Self { what, value: value.into(), state: State::Warning, next: Some(next.into()) }
    }

    pub(super) fn problem(what: &'static str, value: impl Into<String>, next: impl Into<String>) -> Self {
        Self { what, value: value.into(), state: State::Problem, next: Some(next.into()) }
    }

    /// As people read it: one line, and one more for what to do.
    pub(super) fn lines(&self) -> Vec<String> {
        let first = format!("{:<8} {:<14} {}", self.state.word(), self.what, self.value);
        let next = self.next.iter().map(|next| format!("{:<23} {next}", ""));
        std::iter::once(first).chain(next).collect()
    }

    pub(super) fn json(&self) -> Value {
        let mut row = json!({"what": self.what, "value": self.value, "state": self.state.word()});
        if let Some(next) = &self.next {
            row["next"] = next.as_str().into();
        }
        row
    }
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}
