//! The list of clients: which are here, and which have the server already.

use std::path::PathBuf;

use serde_json::json;

use super::server_change;
use crate::{
    setup::{
        client::{Client, Scope},
        clients::CLIENTS,
        entry::Server,
        file::Original,
        places::Ground,
        plan::{Presence, Wish, is_here},
        record::Record,
    },
    verbs::say,
};

/// By what clients are told apart in the list.
pub(super) struct Known {
    pub(super) ground: Ground,
    pub(super) search: Vec<PathBuf>,
    pub(super) record: Record,
    pub(super) wish: Wish,
}

impl Known {
    /// The clients: which are here, and which have the server.
    pub(super) fn list(&self, json: bool) {
        if json {
            let row = |client: &Client| {
                let (found, set_up) = (self.is_found(client), self.set_up(client));
                json!({
                    "id": client.id, "title": client.title, "project": client.project.is_some(), "found": found, "set_up": set_up,
                })
            };
            say(&json!({"clients": CLIENTS.iter().map(row).collect::<Vec<_>>()}).to_string());
            return;
        }
        for client in CLIENTS {
            let state = match self.set_up(client).as_slice() {
                ["user"] => "already set up",
                ["project"] => "already set up for this project",
                ["user", "project"] => "already set up, for this project too",
                _ if self.is_found(client) => "found",
                _ => "",
            };
            let scopes = if client.project.is_some() { "user, project" } else { "user" };
            say(format!("{:<15} {:<15} {scopes:<14} {state}", client.id, client.title).trim_end());
        }
        say(
            "Set one up with `task-orchestrator setup CLIENT`, all that are found with `task-orchestrator setup --all`.",
        );
    }

    fn is_found(&self, client: &Client) -> bool {
        is_here(client, &self.ground, &self.search)
    }

    /// The scopes whose configuration has an entry of ours.
    fn set_up(&self, client: &Client) -> Vec<&'static str> {
        let has = |scope| {
            let files = client.files(scope)?;
            let change = server_change(client, files, &self.wish, &self.ground)?;
            let original = Original::read(&change.path).ok()?;
            let ours = |name: String| {
                let server = Server { name, ..self.wish.server.known_by(self.record.servers(&change.path)) };
                matches!(change.presence(original.text(), &server), Ok(Presence::Ours(_)))
            };
            let names = self.record.servers(&change.path).into_keys();
            let mut names = names.chain([self.wish.server.name.clone()]);
            names.any(ours).then(|| change.path.clone())
        };
        let mut found =
            [(Scope::User, "user"), (Scope::Project, "project")].map(|(scope, word)| (has(scope), word));
        // In the home folder some clients have one file for both.
        if found[0].0 == found[1].0 {
            found[1].0 = None;
        }
        found.into_iter().filter(|(path, _)| path.is_some()).map(|(_, word)| word).collect()
    }
}
