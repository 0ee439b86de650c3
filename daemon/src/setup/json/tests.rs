//! Putting in and taking out, over texts as people leave them.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn put(text: &str, path: &[&str], key: Option<&str>, value: &Value) -> String {
    Document::read(text).unwrap().put(path, key, value).unwrap()
}

/// Takes the last entry of the container out again.
fn take(text: &str, path: &[&str], before: Option<&str>) -> Option<String> {
    let document = Document::read(text).unwrap();
    let last = document.at(path).unwrap().entries().len() - 1;
    document.take(path, last, before.map(|before| Document::read(before).unwrap()).as_ref())
}

#[test]
fn an_entry_takes_on_the_layout_around_it() {
    let entry = json!({"command": "/s"});
    let cases = [
        ("", "{\n  \"servers\": {\n    \"x\": {\n      \"command\": \"/s\"\n    }\n  }\n}\n"),
        ("{}", "{\n  \"servers\": {\n    \"x\": {\n      \"command\": \"/s\"\n    }\n  }\n}"),
        ("{\"servers\":{}}", "{\"servers\":{\"x\":{\"command\":\"/s\"}}}"),
        ("{\"a\":1}", "{\"a\":1,\"servers\":{\"x\":{\"command\":\"/s\"}}}"),
        ("{\"a\": 1}\n", "{\"a\": 1, \"servers\": {\"x\": {\"command\": \"/s\"}}}\n"),
        (
            "{\n\t\"servers\": {\n\t\t\"a\": {} // first\n\t}\n}\n",
            "{\n\t\"servers\": {\n\t\t\"a\": {}, // first\n\t\t\"x\": {\n\t\t\t\"command\": \"/s\"\n\t\t}\n\t}\n}\n",
        ),
        (
            "{\r\n    \"servers\": {\r\n        \"a\": {},\r\n    },\r\n}",
            "{\r\n    \"servers\": {\r\n        \"a\": {},\r\n        \"x\": {\r\n            \"command\": \"/s\"\r\n        },\r\n    },\r\n}",
        ),
        (
            "{\n  \"servers\": { \"a\": {} }\n}",
            "{\n  \"servers\": { \"a\": {}, \"x\": {\"command\": \"/s\"} }\n}",
        ),
        (
            "{\n  \"servers\": {\n    // none yet\n  }\n}",
            "{\n  \"servers\": {\n    // none yet\n    \"x\": {\n      \"command\": \"/s\"\n    }\n  }\n}",
        ),
    ];
    for (before, after) in cases {
        assert_eq!(put(before, &["servers"], Some("x"), &entry), after);
    }
}

#[test]
fn what_was_put_in_goes_without_a_trace() {
    let texts = [
        "",
        "\n",
        "\u{feff}",
        "// nothing\n",
        "/* nothing */",
        "{}",
        "{}\n",
        "\u{feff}{}",
        "{ }",
        "{\n}",
        "{ // c\n}",
        "{ /* c */ }",
        "{\"servers\":{}}",
        "{\"servers\": { } }",
        "{\n  \"servers\": {}\n}\n",
        "{\n  \"servers\": {\n  }\n}\n",
        "{\n  \"servers\": {\n    // c\n\n  },\n}\n",
        "{\n  \"servers\": {\n    \"a\": 1\n    // c\n  }\n}\n",
        "{\n  \"servers\": {\n    \"a\": 1 /* c */ // d\n  }, // e\n  \"b\": [1, 2,],\n}\n// f\n",
        "{\r\n\t\"b\": null,\t\r\n}\r\n",
        "{\"a\":\"\\u007b // no comment\",\"servers\":{\"a\":[{},[]]}}",
        "{\n  \"a\": 1, }",
        "{ \"a\": 1\n}",
        "  {\n  \"a\" : { } , \"b\":1 }  ",
    ];
    let entry = json!({"command": "/s", "args": [], "env": {"A": "b"}});
    for before in texts {
        let with = put(before, &["servers"], Some("x"), &entry);
        let document = Document::read(&with).unwrap();
        assert_eq!(document.value(document.at(&["servers", "x"]).unwrap()), entry, "{with}");
        assert_eq!(take(&with, &["servers"], Some(before)).as_deref(), Some(before), "by way of: {with:?}");
        let with = put(before, &["hooks", "Start"], None, &json!({"hooks": [{"command": "/h"}]}));
        assert_eq!(
            take(&with, &["hooks", "Start"], Some(before)).as_deref(),
            Some(before),
            "by way of: {with:?}"
        );
    }
}

#[test]
fn a_file_made_for_us_goes_and_one_with_more_in_it_stays() {
    let made = put("", &["servers"], Some("x"), &json!({}));
    assert_eq!(take(&made, &["servers"], None), None);
    let more = put(&made, &[], Some("other"), &json!(1));
    assert_eq!(take(&more, &["servers"], None).as_deref(), Some("{\n  \"other\": 1\n}\n"));
}

#[test]
fn what_others_wrote_meanwhile_stays() {
    let before = "{\n  \"servers\": {\n    \"a\": 1\n  }\n}\n";
    let with = put(before, &["servers"], Some("x"), &json!({}));
    let edited = put(&with, &["servers"], Some("later"), &json!(2)).replace("\"a\": 1", "\"a\": 3");
    let document = Document::read(&edited).unwrap();
    let kept = document.take(&["servers"], 1, Some(&Document::read(before).unwrap())).unwrap();
    assert_eq!(kept, "{\n  \"servers\": {\n    \"a\": 3,\n    \"later\": 2\n  }\n}\n");
}

#[test]
fn a_fault_names_its_place() {
    let cases = [
        ("{\n  \"a\": 1\n  \"b\": 2\n}", 3, 3, "comma"),
        ("{\"a\": tru}", 1, 7, "no value"),
        ("{\"a\": \"x\n\"}", 1, 7, "no end"),
        ("{\"a\": 1", 1, 8, "'}' is missing"),
        ("{'a': 1}", 1, 2, "double quotes"),
        ("{} x", 1, 4, "follows"),
        ("/* x", 1, 1, "no end"),
        ("{\"ä\": ]}", 1, 7, "no value"),
    ];
    for (text, line, column, message) in cases {
        let fault = Document::read(text).map(|_| ()).unwrap_err();
        assert_eq!((fault.line, fault.column), (line, column), "{text}: {fault}");
        assert!(fault.message.contains(message), "{text}: {fault}");
    }
    assert!(Document::read(&"[".repeat(100_000)).is_err(), "depth has a bound");
}

#[test]
fn what_stands_in_our_place_is_left_alone() {
    let put =
        |text: &str| Document::read(text).unwrap().put(&["servers"], Some("x"), &json!({})).unwrap_err();
    assert_eq!(put("{\"servers\": []}").to_string(), "line 1, column 13: \"servers\" is not an object");
    assert_eq!(put("[]").message, "the document is not an object");
    assert_eq!(
        put("{\n\"servers\": {},\n\"servers\": {}}").to_string(),
        "line 3, column 1: \"servers\" is there twice"
    );
}

/// Any white space and comments that may stand between two tokens.
fn trivia() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => Just(""), 3 => Just(" "), 2 => Just("\n"), 1 => Just("\r\n"), 1 => Just("\t"),
        1 => Just("// c, {\n"), 1 => Just("/* ] , */"), 1 => Just("\n    "),
    ];
    proptest::collection::vec(piece, 0..3).prop_map(|pieces| pieces.concat())
}

/// An object's text, with commas where they may be.
fn object_text() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![Just("1".to_owned()), Just("\"s\\\"{\"".to_owned()), Just("null".to_owned())];
    let value = leaf.prop_recursive(3, 12, 4, |inner| {
        let part = (trivia(), inner, trivia());
        (proptest::collection::vec(part, 0..4), any::<bool>(), trivia(), any::<bool>()).prop_map(
            |(parts, trailing, end, object)| {
                let name = |at: usize| match at {
                    0 => "servers",
                    1 => "hooks",
                    2 => "a",
                    _ => "b",
                };
                let key = |at: usize| if object { format!("\"{}\":", name(at)) } else { String::new() };
                let texts: Vec<String> = parts
                    .iter()
                    .enumerate()
                    .map(|(at, (before, value, behind))| format!("{before}{}{value}{behind}", key(at)))
                    .collect();
                let trailing = if trailing && !texts.is_empty() { "," } else { "" };
                let (open, close) = if object { ("{", "}") } else { ("[", "]") };
                format!("{open}{}{trailing}{end}{close}", texts.join(","))
            },
        )
    });
    (trivia(), value, trivia()).prop_map(|(before, value, behind)| format!("{before}{value}{behind}"))
}

proptest! {
    #[test]
    fn any_text_comes_back(before in object_text()) {
        let document = Document::read(&before).unwrap();
        if let Ok(with) = document.put(&["servers"], Some("x"), &json!({"command": "/s"})) {
            let again = Document::read(&with).unwrap();
            prop_assert!(again.at(&["servers", "x", "command"]).is_some());
            let taken = take(&with, &["servers"], Some(&before));
            prop_assert_eq!(taken.as_deref(), Some(before.as_str()), "by way of {:?}", with);
        }
    }
}
