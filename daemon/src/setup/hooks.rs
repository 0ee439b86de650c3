//! A client's hooks: which of its events run which of ours, in its own form.

use std::path::Path;

use serde_json::{Value, json};

use super::{client::HookForm, edit::Edit, places::Platform};

/// How long a client should wait for a hook, in seconds; the hook itself ends far sooner.
const SECONDS: u32 = 5;

/// An event of a client, and the word after `hook` that it runs.
type Event = (&'static str, &'static str);

/// The events of a form. A client whose event before compaction cannot hand text to the agent has an event after it instead.
fn events(form: HookForm) -> &'static [Event] {
    match form {
        // SessionStart comes again after a compaction; what PreCompact prints goes to the summary's author.
        HookForm::Claude => &[("SessionStart", "session-start"), ("PreCompact", "before-compact")],
        HookForm::Codex | HookForm::Gemini | HookForm::VsCode => &[("SessionStart", "session-start")],
        HookForm::Cursor => &[("sessionStart", "session-start")],
        HookForm::Kiro => &[("SessionStart", "session-start"), ("PostCompact", "after-compact")],
        HookForm::ClineScripts => &[("TaskStart", "session-start"), ("PreCompact", "before-compact")],
    }
}

/// A command line that runs hooks of this program for a client.
pub(crate) struct Runner<'a> {
    /// This program, by its absolute path.
    pub(crate) program: &'a Path,
    /// The client's id.
    pub(crate) client: &'a str,
    /// The database, where it is not the default one.
    pub(crate) database: Option<&'a str>,
    /// Whose shell reads it.
    pub(crate) platform: Platform,
}

impl Runner<'_> {
    /// The command for a moment.
    fn command(&self, word: &str) -> String {
        let quote = |text: &str| quoted(text, self.platform);
        let mut command =
            format!("{} hook {word} --client {}", quote(&self.program.to_string_lossy()), self.client);
        if let Some(database) = self.database {
            command.push_str(&format!(" --db {}", quote(database)));
        }
        command
    }

    /// What goes into a client's document.
    pub(super) fn edits(&self, form: HookForm) -> Vec<Edit> {
        let frame = match form {
            HookForm::Cursor | HookForm::VsCode => Some(json!(1)),
            HookForm::Kiro => Some(json!("v1")),
            _ => None,
        };
        let frame = frame.map(|value| Edit::Frame { key: "version", value });
        let hook = |(event, word): &Event| {
            let command = self.command(word);
            let at = if form == HookForm::Kiro { vec!["hooks"] } else { vec!["hooks", *event] };
            Edit::Hook { at, element: element(form, event, word, &command), command, word }
        };
        frame.into_iter().chain(events(form).iter().map(hook)).collect()
    }

    /// The scripts of a client that has one for each event: name and command.
    pub(super) fn scripts(&self, form: HookForm) -> Vec<(&'static str, String)> {
        events(form).iter().map(|(event, word)| (*event, self.command(word))).collect()
    }
}

fn element(form: HookForm, event: &str, word: &str, command: &str) -> Value {
    match form {
        HookForm::Claude => json!({"hooks": [{"type": "command", "command": command, "timeout": SECONDS}]}),
        HookForm::Codex => json!({
            "matcher": "startup|resume|clear|compact",
            "hooks": [{"type": "command", "command": command, "timeout": SECONDS}],
        }),
        // Gemini counts in milliseconds.
        HookForm::Gemini => json!({"hooks": [{
            "name": format!("task-orchestrator {word}"), "type": "command", "command": command, "timeout": SECONDS * 1000,
        }]}),
        HookForm::VsCode => json!({"type": "command", "command": command, "timeout": SECONDS}),
        HookForm::Kiro => json!({
            "name": format!("task-orchestrator {word}"), "trigger": event,
            "action": {"type": "command", "command": command}, "timeout": SECONDS,
        }),
        HookForm::Cursor | HookForm::ClineScripts => json!({"command": command}),
    }
}

/// A word that the platform's shell reads as one; on Windows both cmd and bash, for clients differ in which they take.
fn quoted(text: &str, platform: Platform) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@:,=".contains(c);
    if text.chars().all(plain) && !text.is_empty() {
        text.to_owned()
    } else if platform == Platform::Windows {
        format!("\"{text}\"")
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_paths_as_one_word() {
        assert_eq!(quoted("/usr/bin/x", Platform::Linux), "/usr/bin/x");
        assert_eq!(quoted("/a b/it's", Platform::MacOs), r"'/a b/it'\''s'");
        assert_eq!(quoted(r"C:\Program Files\x.exe", Platform::Windows), r#""C:\Program Files\x.exe""#);
        assert_eq!(quoted(r"C:\x.exe", Platform::Windows), r#""C:\x.exe""#);
    }
}
