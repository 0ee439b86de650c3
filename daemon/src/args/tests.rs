//! Arguments as clients and models write them.

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
    let args =
        read(json!({"limit": "5", "recursive": "true", "item_id": 12345678, "items_json": "[{\"a\":1}]"}));
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
    let message = entry(json!({"agent": "x"})).unwrap_err();
    assert!(message.starts_with("Unknown argument: items[2].agent. Known: title"), "{message}");
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
        (read(json!({"items": "{}"})).array("items", 9).map(drop), "items must be an array, got an object"),
        (Args::read(PARAMS, json!({"titel": 1})).map(drop), "Unknown argument: titel. Did you mean title?"),
        (Args::read(PARAMS, json!([])).map(drop), "arguments must be an object, got an array of 0"),
    ];
    for (result, want) in cases {
        assert_eq!(message(result), want);
    }
}
