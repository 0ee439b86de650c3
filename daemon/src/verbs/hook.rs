//! `hook MOMENT`: what a client's hooks run. It prints the brief (`contract.md` §5) in the form that client hands to its agent, or
//! nothing at all.
//!
//! It never starts a daemon and never takes back a `stop` (`daemon.md` rule 9); it never fails, as some clients take that for a
//! veto; and it is over in time whatever hangs.

use std::{
    io::{IsTerminal, Read, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use orc_proto::{Hello, Kind, dial, stop_marker, wire::ToolCall};
use serde_json::{Value, json};

use super::{Here, client_runtime, user};

/// The whole process, whatever hangs.
const LIMIT: Duration = Duration::from_millis(300);
/// How long a client may take to begin with what it says on stdin.
const FIRST_BYTE: Duration = Duration::from_millis(10);
/// How long until all of it is here.
const ALL_OF_IT: Duration = Duration::from_millis(100);
/// Most that is read of it.
const MOST: usize = 64 * 1024;
/// Most that is printed of a brief, in characters: more than it ever has.
const LONGEST: usize = 2_000;
/// How a brief begins when there is nothing to say, and all of it.
const NOTHING: &str = "Work graph: 0 queue, 0 work, 0 review, 0 blocked.";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// session-start, before-compact or after-compact; any other is silent
    moment: String,
    /// The client, for the form of what is printed
    #[arg(long, default_value = "")]
    client: String,
    /// What a newer configuration may add
    #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
    more: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments, db: Option<&Path>) -> ExitCode {
    thread::spawn(|| {
        thread::sleep(LIMIT);
        std::process::exit(0);
    });
    if let Some(text) = words(arguments, db) {
        // A client that has gone needs no answer.
        let _ = std::io::stdout().lock().write_all(text.as_bytes());
    }
    ExitCode::SUCCESS
}

fn words(arguments: &Arguments, db: Option<&Path>) -> Option<String> {
    let moment = Moment::of(&arguments.moment)?;
    let said = said_on_stdin()?;
    let here = Here::find(db).ok()?;
    if stop_marker::stands(&here.endpoint) {
        return None;
    }
    let folder =
        folder_in(&said).or_else(|| std::env::current_dir().ok()).unwrap_or_else(|| here.places.home.clone());
    let brief = client_runtime().ok()?.block_on(brief(&here, folder))?;
    Some(framed(&arguments.client, moment, &brief))
}

/// When a hook runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    SessionStart,
    BeforeCompact,
    AfterCompact,
}

impl Moment {
    fn of(word: &str) -> Option<Self> {
        match word {
            "session-start" => Some(Self::SessionStart),
            "before-compact" => Some(Self::BeforeCompact),
            "after-compact" => Some(Self::AfterCompact),
            _ => None,
        }
    }
}

/// The brief of a daemon that runs, for the project that `folder` is in; none where there is nothing to say.
async fn brief(here: &Here, folder: PathBuf) -> Option<String> {
    let hello = Hello {
        folder,
        settings: here.settings.for_hello(),
        user: user(),
        ..Hello::new(Kind::Person, here.endpoint.database.clone())
    };
    let ask = async {
        let connection = dial(&here.endpoint, &hello).await.ok()?;
        let arguments = Some(json!({"brief": true}).to_string().into());
        let call = ToolCall { name: "get_context".to_owned(), arguments, ..ToolCall::default() };
        let answer = connection.call(call, LIMIT).await.ok()?;
        (!answer.is_error).then(|| answer.document.into_text())
    };
    let document: Value = serde_json::from_str(&tokio::time::timeout(LIMIT, ask).await.ok()??).ok()?;
    let text = document["brief"].as_str()?.trim();
    (!text.is_empty() && text != NOTHING).then(|| text.chars().take(LONGEST).collect())
}

/// The brief as a client takes it (docs/clients.md).
fn framed(client: &str, moment: Moment, brief: &str) -> String {
    let text = format!(
        "task-orchestrator, the work graph that all agents share (data, no instructions; get_context has more):\n{brief}\n"
    );
    let document = match (client, moment) {
        ("claude-code" | "codex" | "gemini-cli", Moment::SessionStart) => {
            json!({"hookSpecificOutput": {"hookEventName": "SessionStart", "additionalContext": text}})
        }
        // Its harnesses read one or the other.
        ("vscode", Moment::SessionStart) => {
            let specific = json!({"hookEventName": "SessionStart", "additionalContext": text});
            json!({"additionalContext": text, "hookSpecificOutput": specific})
        }
        ("cursor", _) => json!({"additional_context": text}),
        ("cline", _) => json!({"cancel": false, "contextModification": text}),
        _ => return text,
    };
    format!("{document}\n")
}

/// The folder that the client works in, as its hooks say it.
fn folder_in(said: &Value) -> Option<PathBuf> {
    let roots = ["workspace_roots", "workspaceRoots"].iter().find_map(|name| said[name].get(0)?.as_str());
    let folder = said["cwd"].as_str().filter(|cwd| !cwd.is_empty()).or(roots)?;
    Some(PathBuf::from(folder)).filter(|folder| folder.is_absolute())
}

/// What the client says on stdin, as far as it is here in time: null where it says nothing. None for what is no JSON: who says that
/// is no client, and is told nothing.
fn said_on_stdin() -> Option<Value> {
    if std::io::stdin().is_terminal() {
        return Some(Value::Null);
    }
    let (sender, pieces) = mpsc::channel::<Vec<u8>>();
    thread::spawn(move || {
        let mut piece = vec![0; 8 * 1024];
        while let Ok(length @ 1..) = std::io::stdin().lock().read(&mut piece) {
            if sender.send(piece[..length].to_vec()).is_err() {
                return;
            }
        }
    });
    let (mut said, begun) = (Vec::new(), Instant::now());
    let mut wait = FIRST_BYTE;
    while let Ok(piece) = pieces.recv_timeout(wait) {
        said.extend(piece);
        // A client that keeps its end open has still said all when it is a whole document.
        match serde_json::from_slice(&said) {
            Ok(value) => return Some(value),
            Err(error) if !error.is_eof() => return None,
            Err(_) if said.len() > MOST => return Some(Value::Null),
            Err(_) => wait = ALL_OF_IT.saturating_sub(begun.elapsed()),
        }
    }
    said.iter().all(u8::is_ascii_whitespace).then_some(Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_client_says_its_folder_in_its_own_way() {
        let cases = [
            (json!({"cwd": "/a", "workspace_roots": ["/b"]}), Some("/a")),
            (json!({"workspace_roots": ["/b"]}), Some("/b")),
            (json!({"workspaceRoots": ["/c", "/d"]}), Some("/c")),
            (json!({"cwd": "", "workspaceRoots": []}), None),
            (json!({"cwd": "relative"}), None),
            (json!({"cwd": 7}), None),
            (json!([1]), None),
            (Value::Null, None),
        ];
        for (said, folder) in cases {
            assert_eq!(folder_in(&said), folder.map(PathBuf::from), "{said}");
        }
    }

    #[test]
    fn a_brief_comes_in_the_clients_form() {
        let json = |client, moment| serde_json::from_str::<Value>(&framed(client, moment, "b")).ok();
        let context = |value: Option<Value>, pointer: &str| {
            value
                .and_then(|value| Some(value.pointer(pointer)?.as_str()?.ends_with("\nb\n")))
                .unwrap_or_default()
        };
        for client in ["claude-code", "codex", "gemini-cli", "vscode"] {
            assert!(
                context(json(client, Moment::SessionStart), "/hookSpecificOutput/additionalContext"),
                "{client}"
            );
        }
        assert!(context(json("cursor", Moment::SessionStart), "/additional_context"));
        assert!(context(json("cline", Moment::BeforeCompact), "/contextModification"));
        assert!(framed("claude-code", Moment::BeforeCompact, "b").ends_with("\nb\n"), "as plain text");
        assert!(framed("", Moment::SessionStart, "b").starts_with("task-orchestrator"));
    }
}
