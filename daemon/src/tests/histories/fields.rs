//! What arguments are made of: few words, so that calls meet, and now and then one that is wrong.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

/// An argument: its name, how often it is given, and what it may be.
pub(super) type Field = (&'static str, f64, BoxedStrategy<Value>);

/// An object of some of these fields.
pub(super) fn object(fields: Vec<Field>) -> BoxedStrategy<Value> {
    let given = fields.into_iter().map(|(name, often, values)| {
        let some = values.prop_map(move |value| Some((name.to_owned(), value))).boxed();
        if often < 1.0 {
            prop::bool::weighted(often)
                .prop_flat_map(move |given| if given { some.clone() } else { Just(None).boxed() })
                .boxed()
        } else {
            some
        }
    });
    given
        .collect::<Vec<_>>()
        .prop_map(|fields| Value::Object(fields.into_iter().flatten().collect::<Map<_, _>>()))
        .boxed()
}

/// The same with what is always there.
pub(super) fn with(fixed: Value, fields: Vec<Field>) -> BoxedStrategy<Value> {
    object(fields)
        .prop_map(move |mut given| {
            for (key, value) in fixed.as_object().into_iter().flatten() {
                given[key] = value.clone();
            }
            given
        })
        .boxed()
}

/// One of these.
pub(super) fn any(values: &[Value]) -> BoxedStrategy<Value> {
    select(values.to_vec()).boxed()
}

/// One of these words.
pub(super) fn words(words: &[&str]) -> BoxedStrategy<Value> {
    select(words.iter().map(|word| json!(word)).collect::<Vec<_>>()).boxed()
}

/// An item by its id: mostly by 8 characters of an early one, sometimes otherwise.
pub(super) fn item() -> BoxedStrategy<Value> {
    prop_oneof![
        20 => (0..5_usize).prop_map(|n| json!(format!("@{n}"))),
        6 => (0..40_usize).prop_map(|n| json!(format!("@{n}!"))),
        2 => (0..8_usize).prop_map(|n| json!(format!("@{n}~"))),
        1 => words(&["abc", "0000aaaa", "no such item"]),
    ]
    .boxed()
}

/// Several items, as an array or as text.
pub(super) fn items(most: usize) -> BoxedStrategy<Value> {
    let some = prop::collection::vec((0..6_usize).prop_map(|n| format!("@{n}")), 0..=most);
    prop_oneof![some.clone().prop_map(|ids| json!(ids)), some.prop_map(|ids| json!(ids.join(","))),].boxed()
}

/// Up to `most` entries of a batch.
pub(super) fn list(entry: BoxedStrategy<Value>, most: usize) -> BoxedStrategy<Value> {
    let entries = prop::collection::vec(entry, 0..=most);
    prop_oneof![
        9 => entries.clone().prop_map(Value::Array),
        1 => entries.prop_map(|entries| json!(Value::Array(entries).to_string())),
    ]
    .boxed()
}

pub(super) fn flag() -> BoxedStrategy<Value> {
    any(&[json!(true), json!(true), json!(false), json!("true")])
}

/// Numbers around a bound.
pub(super) fn limit() -> BoxedStrategy<Value> {
    any(&[
        json!(1),
        json!(2),
        json!(3),
        json!(10),
        json!("2"),
        json!(500),
        json!(0),
        json!(501),
        json!("many"),
    ])
}

pub(super) fn title() -> BoxedStrategy<Value> {
    words(&[
        "Roof",
        "Stone roof",
        "Door",
        "Window frame",
        "Stonework",
        "The oak door",
        " Floor ",
        "Wall, north",
        " ",
    ])
}

/// The fields of an item, beside its title.
pub(super) fn item_fields() -> Vec<Field> {
    vec![
        ("description", 0.2, words(&["Oak and stone", "", "See the plan; roof first"])),
        ("summary", 0.1, words(&["Short", ""])),
        ("priority", 0.4, words(&["critical", "high", "medium", "low", "HIGH", "urgent"])),
        ("complexity", 0.1, any(&[json!(1), json!("7"), json!(11), json!(null)])),
        ("item_type", 0.3, words(&["task", "quick", "checked", "again", "stone", "other"])),
        (
            "tags",
            0.3,
            any(&[
                json!("stone"),
                json!("wood, stone"),
                json!(["wood"]),
                json!("task"),
                json!("oak,oak"),
                json!(""),
            ]),
        ),
        ("metadata", 0.08, any(&[json!({"a": [1, 2.50]}), json!("free text"), json!("{\"b\":  1}")])),
        ("properties", 0.05, any(&[json!([1, null]), json!("p")])),
        (
            "due_at",
            0.12,
            any(&[
                json!("2001-02-03"),
                json!("2010-05-01T00:00:00"),
                json!("9999-12-31"),
                json!("tomorrow"),
                json!(null),
            ]),
        ),
        ("schedule", 0.06, any(&[json!("0 0 29 2 *"), json!("0 0 29 2 *"), json!("often"), json!(null)])),
        ("not_before", 0.06, any(&[json!("2002-01-01T10:00:00Z"), json!("9999-01-01"), json!("later")])),
    ]
}

/// A project that reads may name.
pub(super) fn project() -> BoxedStrategy<Value> {
    words(&["*", "*", "alpha", "beta"])
}

/// Subagents, and repeated calls.
pub(super) fn everywhere() -> Vec<Field> {
    vec![("agent", 0.12, words(&["x", "y"])), ("request_id", 0.04, words(&["r1", "r2"]))]
}
