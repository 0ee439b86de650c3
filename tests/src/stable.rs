//! Answers made comparable: ids and times become names numbered by their first appearance.

use std::collections::HashMap;

use serde_json::Value;

/// The same document with every id as `id1`, `id2`, … (an id's short form gets the name of the whole), every time as
/// `time` and every path under a temporary folder as `path`.
pub fn stable(doc: &Value) -> Value {
    Names::numbered().value(doc)
}

/// What ids, times and paths are called. An id keeps its name from document to document.
#[derive(Debug)]
pub struct Names {
    seen: HashMap<String, usize>,
    /// From its number, and whether all 36 characters are wanted.
    id: fn(usize, bool) -> String,
    time: &'static str,
    path: &'static str,
}

impl Names {
    /// `id1`, `time`, `path`.
    pub fn numbered() -> Self {
        Self { seen: HashMap::new(), id: |n, _| format!("id{n}"), time: "time", path: "path" }
    }

    /// Names that look like what they stand for, for pages.
    pub fn lifelike() -> Self {
        Self {
            seen: HashMap::new(),
            id: lifelike_id,
            time: "2026-11-23T09:31:00Z",
            path: "/home/you/.local/share/task-orchestrator/checkpoint-20261123T093100000000Z.json",
        }
    }

    /// The same document with everything under its name.
    pub fn value(&mut self, doc: &Value) -> Value {
        match doc {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(rows) => rows.iter().map(|row| self.value(row)).collect(),
            Value::Object(fields) => {
                let named = |(key, value): (&String, &Value)| match key.as_str() {
                    // Made of times and row numbers, and nobody's business.
                    "next_cursor" => (key.clone(), Value::from("cursor")),
                    _ => (self.text(key), self.value(value)),
                };
                fields.iter().map(named).collect()
            }
            other => other.clone(),
        }
    }

    fn text(&mut self, text: &str) -> String {
        if is_time(text) {
            return self.time.into();
        }
        if text.starts_with('/') && text.contains("/tasks.db") || text.contains("/checkpoint-") {
            return self.path.into();
        }
        let text = times_named(text, self.time);
        let mut out = String::new();
        let mut word = String::new();
        for c in text.chars().chain(std::iter::once('\0')) {
            if c.is_ascii_hexdigit() || c == '-' {
                word.push(c);
                continue;
            }
            out.push_str(&self.word(&word));
            word.clear();
            if c != '\0' {
                out.push(c);
            }
        }
        out
    }

    fn word(&mut self, word: &str) -> String {
        if !is_id(word) {
            return word.to_owned();
        }
        let next = self.seen.len() + 1;
        (self.id)(*self.seen.entry(word[..8].to_owned()).or_insert(next), word.len() > 8)
    }
}

/// Digits without a pattern, the same every time.
fn lifelike_id(n: usize, whole: bool) -> String {
    let digits = u64::try_from(n).unwrap_or_default().wrapping_mul(0x9e37_79b9_7f4a_7c15);
    match whole {
        false => format!("{:08x}", digits >> 32),
        true => format!("{:08x}-0000-4000-8000-{:012x}", digits >> 32, digits & 0xffff_ffff),
    }
}

/// 8 hexadecimal digits, alone or at the head of a UUID.
fn is_id(word: &str) -> bool {
    let digits = |part: &str, n: usize| part.len() == n && part.bytes().all(|b| b.is_ascii_hexdigit());
    match word.split('-').collect::<Vec<_>>()[..] {
        [a] => digits(a, 8),
        [a, b, c, d, e] => digits(a, 8) && digits(b, 4) && digits(c, 4) && digits(d, 4) && digits(e, 12),
        _ => false,
    }
}

/// The same sentence with `name` for every time in it.
fn times_named(text: &str, name: &str) -> String {
    let named = text.split(' ').map(|word| {
        let bare = word.trim_end_matches([';', ',', '.', ')']);
        if is_time(bare) { format!("{name}{}", &word[bare.len()..]) } else { word.to_owned() }
    });
    named.collect::<Vec<_>>().join(" ")
}

/// `2026-11-20T08:30…`.
fn is_time(text: &str) -> bool {
    let b = text.as_bytes();
    b.len() >= 16 && b[4] == b'-' && b[7] == b'-' && b[10] == b'T' && b[13] == b':' && b[..4].is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ids_keep_their_identity_in_both_lengths() {
        let doc = json!({
            "id": "0a1b2c3d-1111-4222-8333-444455556666",
            "blocks": ["0a1b2c3d", "ffffffff"],
            "message": "Blocked by 'ffffffff'",
            "created_at": "2026-11-20T08:30:00+00:00",
            "title": "a decade",
            "since": "held since 2026-11-20T08:30:00.5Z; wait",
        });
        let want = json!({
            "id": "id1", "blocks": ["id1", "id2"], "message": "Blocked by 'id2'", "created_at": "time",
            "title": "a decade", "since": "held since time; wait",
        });
        assert_eq!(stable(&doc), want);
    }
}
