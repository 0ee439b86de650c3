//! The phase that a schema gives a note: who writes one that is asked for need not say which phase asks for it.

use serde_json::Value;

use super::{
    Trouble,
    items::{rows, text},
    person::{Given, Person},
};

/// Of a note of an item that is there.
pub(crate) fn role_of_item(item: &str, key: &str, person: &Person) -> Result<Option<String>, Trouble> {
    let check = Given::operation("check").with("item_id", item);
    let Some(found) = asked(check, person)? else { return Ok(None) };
    // What is missing is named by the schema of the item's own project, which need not be the caller's.
    if let Some(role) = role_in(rows(&found, "missing"), key) {
        return Ok(Some(role));
    }
    let Some(name) = found["schema"].as_str() else { return Ok(None) };
    let schema = asked(Given::operation("get").with("schema_name", name), person)?;
    Ok(schema.and_then(|schema| role_in(rows(&schema, "notes"), key)))
}

/// The schemas in force, each under its name.
pub(crate) fn in_force(person: &Person) -> Result<Value, Trouble> {
    Ok(asked(Given::operation("list"), person)?.unwrap_or_default())
}

/// Of a note of an item that is to be: by its type, else by the first tag that names a schema, else by `default`
/// (`contract.md` §4).
pub(crate) fn role_by(
    schemas: &Value,
    item_type: Option<&str>,
    tags: &[String],
    key: &str,
) -> Option<String> {
    let names = item_type.into_iter().chain(tags.iter().map(|tag| tag.trim())).chain(["default"]);
    let schema = names.map(|name| &schemas[name]).find(|schema| schema.is_object())?;
    role_in(rows(schema, "notes"), key)
}

fn role_in(notes: &[Value], key: &str) -> Option<String> {
    let note = notes.iter().find(|note| text(note, "key") == key)?;
    Some(text(note, "role").to_owned()).filter(|role| !role.is_empty())
}

/// What the tool answers; nothing where it refuses, for then whatever is done next is refused in better words.
fn asked(given: Given, person: &Person) -> Result<Option<Value>, Trouble> {
    match person.call("manage_schemas", given.done()) {
        Ok(answer) => Ok(Some(answer.value)),
        Err(Trouble::Refused(_)) => Ok(None),
        Err(other) => Err(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_schema_of_a_new_item_is_that_of_its_type_else_a_tag_else_the_default() {
        let of = |role: &str| json!({"notes": [{"key": "plan", "role": role}]});
        let schemas =
            json!({"task": of("work"), "bug": of("review"), "default": of("queue"), "config_error": "x"});
        let cases: [(Option<&str>, &[&str], Option<&str>); 6] = [
            (Some("task"), &["bug"], Some("work")),
            (Some("unknown"), &["other", "bug"], Some("review")),
            (None, &["bug", "task"], Some("review")),
            (None, &["other"], Some("queue")),
            (None, &[], Some("queue")),
            (Some("config_error"), &[], Some("queue")),
        ];
        for (item_type, tags, want) in cases {
            let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
            assert_eq!(
                role_by(&schemas, item_type, &tags, "plan").as_deref(),
                want,
                "{item_type:?} {tags:?}"
            );
        }
        assert_eq!(role_by(&schemas, Some("task"), &[], "other"), None);
    }
}
