//! A refusal in words for people: what is in the way, and the next step as a command of this program. Never one that takes
//! something away.

mod stuck;

use serde_json::Value;
use stuck::stuck;

use super::{
    exit::Exit,
    paint::{plain, plain_lines},
    times::minute,
};

/// A refused call.
#[derive(Debug)]
pub(crate) struct Refused {
    /// The document as it came.
    pub(crate) text: String,
    error: Value,
    /// The item it was about, as the person named it.
    about: Option<String>,
}

impl Refused {
    /// Of a tool's answer.
    pub(crate) fn new(text: String, mut document: Value, about: Option<String>) -> Self {
        Self { text, error: document["error"].take(), about }
    }

    /// Of one entry of a batch.
    pub(crate) fn entry(error: &Value, about: &str) -> Self {
        Self { text: String::new(), error: error.clone(), about: Some(about.to_owned()) }
    }

    /// Of a batch: what the tool calls an entry by its place is called by its id.
    pub(crate) fn of_batch(mut self, list: &str, ids: &[String]) -> Self {
        let sentence = text(&self.error["message"]).to_owned();
        let places = (0..ids.len()).map(|place| format!("{list}[{place}]"));
        if let Some((place, id)) = places.zip(ids).find(|(place, _)| sentence.contains(place)) {
            let said = sentence.replace(&place, &plain(id)).replace("(atomic: none", "(--atomic: none");
            self.error["message"] = said.into();
            self.about = Some(id.clone());
        }
        self
    }

    /// How a command ends with it.
    pub(crate) fn exit(&self) -> Exit {
        match self.error["code"].as_str() {
            Some("UNAVAILABLE") => Exit::Unreachable,
            _ => Exit::Refused,
        }
    }

    /// Whether its sentence names something.
    pub(crate) fn names(&self, what: &str) -> bool {
        text(&self.error["message"]).contains(what)
    }

    /// The sentence, the details, the next step.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> =
            plain_lines(&in_words(text(&self.error["message"]))).lines().map(str::to_owned).collect();
        lines.extend(self.details());
        lines.extend(self.next().into_iter().map(|step| format!("  next: {step}")));
        lines
    }

    fn details(&self) -> Vec<String> {
        let details = &self.error["details"];
        let mut lines = Vec::new();
        for blocker in rows(&details["blockers"]) {
            let (id, title) = (text(&blocker["id"]), plain(text(&blocker["title"])));
            let (status, needs) = (text(&blocker["status"]), text(&blocker["needs"]));
            lines.push(format!("  waits for {id} {title} ({status}, needs {needs})"));
        }
        for note in rows(&details["missing_notes"]) {
            let mut line = format!("  note {} (of {})", text(&note["key"]), text(&note["role"]));
            for words in [&note["description"], &note["guidance"]] {
                if let Some(words) = words.as_str() {
                    line.push_str(&format!(": {}", plain(words)));
                }
            }
            lines.push(line);
        }
        if let Some(agent) = details["holder"]["agent"].as_str() {
            let [since, ends] = ["since", "ends"].map(|key| minute(text(&details["holder"][key])));
            lines.push(format!("  held by {} since {since}; ends {ends}", plain(agent)));
        }
        for row in rows(&details["candidates"]) {
            lines.push(format!("  could be {} {}", text(&row["id"]), plain(text(&row["title"]))));
        }
        for row in rows(&details["path"]) {
            let id: String = text(&row["id"]).chars().take(8).collect();
            lines.push(format!("  path {id} {}", plain(text(&row["title"]))));
        }
        for line in rows(&details["changed"]) {
            lines.push(format!("  changed {}", plain(text(line))));
        }
        if let Some(reason) = details["reason"].as_str() {
            lines.push(format!("  reason {}", plain(reason)));
        }
        if let Some(why) = stuck(text(&self.error["message"])).and_then(|stuck| stuck.why) {
            lines.push(format!("  {why}"));
        }
        lines
    }

    /// What to type next.
    fn next(&self) -> Vec<String> {
        let details = &self.error["details"];
        let about = self.about.as_deref().map_or_else(|| "ID".to_owned(), quoted);
        let command = |words: String| format!("task-orchestrator {words}");
        if let Some(blocker) = rows(&details["blockers"]).first() {
            return vec![command(format!("show {}", text(&blocker["id"])))];
        }
        let missing = rows(&details["missing_notes"]);
        if !missing.is_empty() {
            let write = |note: &Value| {
                let key = quoted(text(&note["key"]));
                command(format!("note {about} {key} --role {} --edit", text(&note["role"])))
            };
            return missing.iter().map(write).collect();
        }
        if let Some(candidate) = rows(&details["candidates"]).first() {
            return vec![format!("type more of the id, such as {}", text(&candidate["id"]))];
        }
        if details.get("holder").is_some() {
            return vec![format!("{}, or wait", command("next".to_owned()))];
        }
        match self.error["code"].as_str() {
            Some("NOT_FOUND") if self.error["field"] == "key" => vec![command(format!("note {about}"))],
            Some("NOT_FOUND") if self.error["field"] == "to" => vec![command("agents".to_owned())],
            // Its sentence names those there are.
            Some("NOT_FOUND") if self.error["field"] == "project" => Vec::new(),
            Some("NOT_FOUND")
                if self.error["field"].as_str().is_some_and(|field| field.starts_with("workspace")) =>
            {
                vec![command("call manage_workspaces operation=list".to_owned())]
            }
            Some("NOT_FOUND") if self.names("No deleted item") => {
                vec![command("history --kind item_deleted".to_owned())]
            }
            Some("NOT_FOUND") => vec![command("list --all --search WORDS".to_owned())],
            // What would go with it is looked at first.
            Some("VALIDATION") if self.error["field"] == "recursive" => {
                vec![command(format!("tree {about}"))]
            }
            Some("CONFLICT") if self.about.is_some() => {
                let verb = stuck(text(&self.error["message"])).map_or("show", |stuck| stuck.verb);
                vec![command(format!("{verb} {about}"))]
            }
            Some("FORBIDDEN") => vec!["unset TASK_ORCHESTRATOR_TOOLS to write".to_owned()],
            Some("UNAVAILABLE") => vec![command("status".to_owned())],
            _ => Vec::new(),
        }
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.lines().join("\n"))
    }
}

impl std::error::Error for Refused {}

/// A tool's sentence with the command line's names for what it names.
fn in_words(sentence: &str) -> String {
    const NAMES: [(&str, &str); 2] =
        [("Use recursive=true to delete them", "--recursive deletes them too"), (" 1 children", " 1 child")];
    NAMES.iter().fold(sentence.to_owned(), |said, (tool, command)| said.replace(tool, command))
}

/// A word that a shell takes as it is.
pub(crate) fn quoted(word: &str) -> String {
    let simple = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':');
    if !word.is_empty() && word.chars().all(simple) {
        word.to_owned()
    } else {
        format!("'{}'", plain(word).replace('\'', "'\\''"))
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn rows(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_refusal_says_what_to_do_next() {
        let cases = [
            (
                json!({"code": "DEPENDENCY_UNSATISFIED", "message": "Blocked by unfinished items: A",
                    "details": {"blockers": [{"id": "aaaa1111", "title": "A", "status": "work", "needs": "done"}]}}),
                "Blocked by unfinished items: A\n  waits for aaaa1111 A (work, needs done)\n  next: task-orchestrator show aaaa1111",
            ),
            (
                json!({"code": "GATE_BLOCKED", "message": "Missing required notes: plan",
                    "details": {"missing_notes": [{"key": "plan", "role": "queue", "guidance": "How?"}]}}),
                "Missing required notes: plan\n  note plan (of queue): How?\n  next: task-orchestrator note b2c3 plan --role queue --edit",
            ),
            (
                json!({"code": "CONFLICT", "message": "It is claimed",
                    "details": {"holder": {"agent": "ann", "since": "2026-12-01T09:30:00Z", "ends": "with its session"}}}),
                "It is claimed\n  held by ann since 2026-12-01 09:30 UTC; ends with its session\n  next: task-orchestrator next, or wait",
            ),
            (
                json!({"code": "CONFLICT", "message": "Several",
                    "details": {"candidates": [{"id": "b2c31111", "title": "A"}, {"id": "b2c32222", "title": "B"}]}}),
                "Several\n  could be b2c31111 A\n  could be b2c32222 B\n  next: type more of the id, such as b2c31111",
            ),
            (
                json!({"code": "CONFLICT", "message": "Cannot start from done"}),
                "Cannot start from done\n  next: task-orchestrator reopen b2c3",
            ),
            (
                json!({"code": "CONFLICT", "message": "Cannot start from blocked", "details": {"reason": "no key"}}),
                "Cannot start from blocked\n  reason no key\n  next: task-orchestrator resume b2c3",
            ),
            (
                json!({"code": "CONFLICT", "message": "Cannot complete from done"}),
                "Cannot complete from done\n  it is done already\n  next: task-orchestrator show b2c3",
            ),
            (
                json!({"code": "NOT_FOUND", "field": "item_id", "message": "No item matching prefix 'b2c3'"}),
                "No item matching prefix 'b2c3'\n  next: task-orchestrator list --all --search WORDS",
            ),
            (
                json!({"code": "NOT_FOUND", "field": "project", "message": "Project 'barn' not found. Known: shed"}),
                "Project 'barn' not found. Known: shed",
            ),
            (
                json!({"code": "NOT_FOUND", "field": "item_id", "message": "No deleted item matching prefix 'b2c3'"}),
                "No deleted item matching prefix 'b2c3'\n  next: task-orchestrator history --kind item_deleted",
            ),
            (
                json!({"code": "VALIDATION", "field": "recursive",
                    "message": "Item has 2 children. Use recursive=true to delete them."}),
                "Item has 2 children. --recursive deletes them too.\n  next: task-orchestrator tree b2c3",
            ),
            (json!({"code": "VALIDATION", "message": "No"}), "No"),
        ];
        for (error, want) in cases {
            assert_eq!(Refused::entry(&error, "b2c3").to_string(), want);
        }
    }

    #[test]
    fn an_entry_of_a_batch_is_named_by_its_id() {
        let error = json!({"code": "CONFLICT", "message": "transitions[1]: Cannot start from blocked (atomic: none was applied)"});
        let refused = Refused::new(String::new(), json!({ "error": error }), None);
        assert_eq!(
            refused.of_batch("transitions", &["a1a1".to_owned(), "b2c3".to_owned()]).to_string(),
            "b2c3: Cannot start from blocked (--atomic: none was applied)\n  next: task-orchestrator resume b2c3"
        );
    }

    #[test]
    fn titles_of_others_move_no_cursor() {
        let error =
            json!({"message": "a\u{1b}[2J", "details": {"candidates": [{"id": "x", "title": "\u{1b}c"}]}});
        assert!(!Refused::entry(&error, "x").to_string().contains('\u{1b}'));
    }
}
