//! The id of a request of which only the beginning was read: without it, whoever waits for the answer would wait for ever.

use std::{cell::RefCell, fmt};

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

/// The id in the first bytes of a message. Null when it comes later, or is none.
pub(crate) fn of_beginning(head: &[u8]) -> Value {
    let found = RefCell::new(Value::Null);
    // The text ends in the middle of a value, so this always fails; what was met before is what matters.
    let _ = serde_json::Deserializer::from_slice(head).deserialize_map(Ids(&found));
    match found.into_inner() {
        id @ (Value::String(_) | Value::Number(_)) => id,
        _ => Value::Null,
    }
}

struct Ids<'a>(&'a RefCell<Value>);

impl<'de> Visitor<'de> for Ids<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a message")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if key == "id" {
                *self.0.borrow_mut() = map.next_value()?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_id_is_found_where_it_comes_before_the_cut() {
        for (head, want) in [
            (r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"x"#, json!(7)),
            (r#"{"method":"m","id":"a-1","params":{"id":9"#, json!("a-1")),
            (r#"{"params":{"id":9,"x":"yyyy"#, Value::Null),
            (r#"{"id":[1],"params""#, Value::Null),
            ("xxxx", Value::Null),
            ("", Value::Null),
        ] {
            assert_eq!(of_beginning(head.as_bytes()), want, "{head}");
        }
    }
}
