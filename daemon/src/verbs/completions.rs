//! `completions SHELL`: what a shell needs to complete verbs, options, words and ids; and the ids themselves.
//!
//! The script that is printed calls this program with the words typed so far, so that it never gets old. Ids come from a
//! daemon that runs: none is started for a key stroke, and one that does not answer at once is left alone.

use std::{ffi::OsStr, time::Duration};

use clap_complete::{
    CompletionCandidate,
    env::{CompleteEnv, Elvish, EnvCompleter, Fish, Powershell, Zsh},
};
use orc_proto::{autostart::May, wire::ToolCall};
use serde_json::{Value, json};

use super::{
    Here, Trouble, client_runtime,
    exit::Exit,
    items::{rows, text},
    paint::plain,
};
use crate::command;

/// The variable by which a shell asks for completions; its value is the shell.
const ASKED: &str = "_TASK_ORCHESTRATOR_COMPLETE";
/// Longest wait for a daemon's answer: somebody has pressed a key.
const PATIENCE: Duration = Duration::from_millis(400);
/// Ids that are offered.
const MOST: usize = 60;
/// The script for bash, which shows titles beside ids although bash has no words for that.
const BASH: &str = include_str!("completions/bash.sh");

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// For which shell
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
    Elvish,
    Powershell,
}

/// Answers a shell that asks, and ends; returns at once where none does.
pub(crate) fn answer_a_shell() {
    if std::env::var_os(ASKED).is_some() {
        CompleteEnv::with_factory(command::definitions).var(ASKED).complete();
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Trouble> {
    let name = "task-orchestrator";
    let mut script = Vec::new();
    let shell: &dyn EnvCompleter = match arguments.shell {
        Shell::Bash => {
            super::tell(BASH);
            return Ok(Exit::Fine);
        }
        Shell::Zsh => &Zsh,
        Shell::Fish => &Fish,
        Shell::Elvish => &Elvish,
        Shell::Powershell => &Powershell,
    };
    shell.write_registration(ASKED, name, name, name, &mut script)?;
    super::tell(&String::from_utf8_lossy(&script));
    Ok(Exit::Fine)
}

/// The items whose ids begin so, with their titles; all open ones, newest first, where nothing is typed yet.
pub(crate) fn ids(typed: &OsStr) -> Vec<CompletionCandidate> {
    let Some(typed) = typed.to_str() else { return Vec::new() };
    let found = ask(|daemon| async move { daemon.items(typed).await });
    let candidate = |(id, title): (String, String)| CompletionCandidate::new(id).help(Some(title.into()));
    found.unwrap_or_default().into_iter().map(candidate).collect()
}

/// The deleted items whose ids begin so, with the titles they had, the last deleted first.
pub(crate) fn deleted_ids(typed: &OsStr) -> Vec<CompletionCandidate> {
    let Some(typed) = typed.to_str() else { return Vec::new() };
    let found = ask(|daemon| async move { daemon.deleted(typed).await });
    let candidate = |(id, title): (String, String)| CompletionCandidate::new(id).help(Some(title.into()));
    found.unwrap_or_default().into_iter().map(candidate).collect()
}

/// The keys of notes that schemas know.
pub(crate) fn note_keys(typed: &OsStr) -> Vec<CompletionCandidate> {
    let Some(typed) = typed.to_str() else { return Vec::new() };
    let found = ask(|daemon| async move { daemon.values("key", typed).await });
    found.unwrap_or_default().into_iter().map(CompletionCandidate::new).collect()
}

/// A daemon that runs.
struct Daemon(orc_proto::dial::Connection);

/// Asks the daemon that runs, if there is one, for as long as a key stroke may take.
fn ask<T, F: Future<Output = Option<T>>>(question: impl FnOnce(Daemon) -> F) -> Option<T> {
    let here = Here::find(database().as_deref()).ok()?;
    let asking = async {
        let connection = here.connect_as(here.settings.for_hello(), May::OnlyDial).await.ok()?;
        question(Daemon(connection)).await
    };
    client_runtime().ok()?.block_on(async { tokio::time::timeout(PATIENCE, asking).await.ok()? })
}

/// `--db PATH` among the words that are being completed.
fn database() -> Option<std::path::PathBuf> {
    let words: Vec<_> = std::env::args_os().collect();
    let at = words.iter().position(|word| word == "--db")?;
    words.get(at + 1).map(Into::into)
}

impl Daemon {
    async fn items(&self, typed: &str) -> Option<Vec<(String, String)>> {
        let heads = |document: &Value| {
            let rows = rows(document, "items").iter();
            rows.map(|row| (text(row, "id").to_owned(), described(row))).collect::<Vec<_>>()
        };
        let open = json!({"operation": "list", "status": super::list::OPEN, "sort": "updated", "limit": if typed.is_empty() { MOST } else { 500 }});
        let mut found = heads(&self.call("query_items", open).await?);
        found.retain(|(id, _)| id.starts_with(typed));
        found.truncate(MOST);
        // Closed ones, and those of a large store, by what is typed.
        if found.is_empty() && !typed.is_empty() {
            for id in
                self.values("id", typed).await?.into_iter().filter(|id| id.starts_with(typed)).take(MOST)
            {
                let row = self.call("query_items", json!({"operation": "get", "item_id": id})).await?;
                found.push((id, described(&row)));
            }
        }
        Some(found)
    }

    async fn deleted(&self, typed: &str) -> Option<Vec<(String, String)>> {
        let deletions = json!({"kind": "item_deleted", "limit": 500});
        let document = self.call("query_history", deletions).await?;
        let mut found: Vec<(String, String)> = Vec::new();
        for row in rows(&document, "items") {
            let id = text(row, "item_id");
            if id.starts_with(typed) && found.len() < MOST && found.iter().all(|(known, _)| known != id) {
                found.push((id.to_owned(), plain(text(&row["item"], "title"))));
            }
        }
        Some(found)
    }

    /// What `completion/complete` offers for an argument of a name.
    async fn values(&self, name: &str, typed: &str) -> Option<Vec<String>> {
        let wanted = json!({
            "ref": {"type": "ref/resource", "uri": "task://item/{id}"}, "argument": {"name": name, "value": typed},
        });
        let answer =
            self.0.ask("completion/complete", Some(wanted.to_string().into()), PATIENCE).await.ok()?.ok()?;
        let answer: Value = serde_json::from_str(answer.text()).ok()?;
        let values = answer["completion"]["values"].as_array()?;
        Some(values.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    async fn call(&self, tool: &str, arguments: Value) -> Option<Value> {
        let arguments = Some(arguments.to_string().into());
        let call = ToolCall { name: tool.to_owned(), arguments, ..ToolCall::default() };
        let answer = self.0.call(call, PATIENCE).await.ok()?;
        if answer.is_error { None } else { serde_json::from_str(answer.document.text()).ok() }
    }
}

fn described(row: &Value) -> String {
    format!("{} ({})", plain(text(row, "title")), text(row, "status"))
}
