//! Addresses, lists and the pages of the guide.

use super::*;

#[test]
fn addresses_are_read() {
    let item = |id: &str| Some(Resource::Item(id.to_owned()));
    let cases = [
        ("task://context", Some(Resource::Context)),
        ("task://next", Some(Resource::Next)),
        ("task://agents", Some(Resource::Agents)),
        ("task://config", Some(Resource::Config)),
        ("task://item/3f2a", item("3f2a")),
        ("task://item/an%20old%2Fid", item("an old/id")),
        ("task://guide/gates", guide::find("gates").map(Resource::Guide)),
        ("task://item/", None),
        ("task://item/%zz", None),
        ("task://guide/", None),
        ("task://guide/nothing", None),
        ("task://contexts", None),
        ("file:///etc/passwd", None),
        ("", None),
    ];
    for (uri, want) in cases {
        assert_eq!(Resource::parse(uri).ok(), want, "{uri}");
    }
}

#[test]
fn an_unknown_address_is_answered_with_the_known_ones() {
    let refusal = Resource::parse("task://guide/gate").err().unwrap();
    assert!(refusal.message.contains("task://item/{id}") && refusal.message.contains("gates"), "{refusal:?}");
}

#[test]
fn everything_listed_can_be_read() {
    for resource in list()["resources"].as_array().unwrap() {
        let uri = resource["uri"].as_str().unwrap();
        assert!(Resource::parse(uri).is_ok(), "{uri}");
    }
}

#[test]
fn pages_are_short_and_have_a_heading() {
    for guide in &guide::TOPICS {
        let chars = guide.text.chars().count();
        assert!(chars <= guide::PAGE_CHARS, "{} has {chars} characters", guide.topic);
        assert!(guide.text.starts_with("# "), "{}", guide.topic);
    }
}

#[test]
fn pages_name_tools_that_exist() {
    let known: Vec<&str> = crate::catalog::TOOLS.iter().map(|tool| tool.name).collect();
    let prefixes = [
        "manage_",
        "query_",
        "get_",
        "create_",
        "complete_",
        "advance_",
        "export_",
        "import_",
        "list_",
        "wait_",
        "claim_",
    ];
    for guide in &guide::TOPICS {
        let words = guide.text.split(|c: char| !(c.is_ascii_lowercase() || c == '_'));
        for word in words.filter(|word| prefixes.iter().any(|prefix| word.starts_with(prefix))) {
            assert!(known.contains(&word), "{} names {word}", guide.topic);
        }
    }
}
