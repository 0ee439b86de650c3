//! What a caller is told of arguments that cannot be read.

use std::fmt::Display;

use orc_core::refusal::Refusal;
use serde_json::Value;

use super::param::Param;
use crate::near::nearest;

pub(super) fn required(place: &str) -> Refusal {
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

pub(super) fn unknown<'p>(
    params: impl Iterator<Item = &'p Param> + Clone,
    path: &str,
    name: &str,
) -> Refusal {
    let known = || params.clone().map(|p| p.name);
    let shown = orc_core::text::cut(name, 60);
    let hint = match nearest(name, known()) {
        Some(near) => format!(" Did you mean {near}?"),
        None => format!(" Known: {}", known().collect::<Vec<_>>().join(", ")),
    };
    Refusal::validation(format!("Unknown argument: {path}{shown}.{hint}")).field(format!("{path}{shown}"))
}
