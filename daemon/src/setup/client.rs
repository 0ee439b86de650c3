//! What is known of a client. [`super::clients::CLIENTS`] has a row for each.

use super::{entry::Shape, places::Spot};

/// One client.
#[derive(Debug)]
pub(crate) struct Client {
    /// Its name on the command line.
    pub(crate) id: &'static str,
    /// Its name for people.
    pub(crate) title: &'static str,
    /// Programs on PATH by which it is found.
    pub(crate) programs: &'static [&'static str],
    /// Folders by which it is found.
    pub(crate) folders: &'static [Spot],
    /// Where in its configuration the entry goes, and its form.
    pub(crate) entry: Format,
    /// The user's files.
    pub(crate) user: Files,
    /// A project's, where it has such.
    pub(crate) project: Option<Files>,
    /// What the person still has to do or know.
    pub(crate) note: Option<&'static str>,
    /// What else there is to do for the files of a project.
    pub(crate) project_note: Option<&'static str>,
}

/// The configuration's format.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Format {
    /// JSON, comments allowed: the objects that may hold the entries, the last is the one to make; and an entry's form.
    Json(&'static [&'static [&'static str]], Shape),
    /// Codex' TOML.
    Toml,
}

/// The files of one scope.
#[derive(Debug)]
pub(crate) struct Files {
    /// The configuration: the first that exists, else the first. None: this client keeps its servers elsewhere.
    pub(crate) config: &'static [Spot],
    /// The hooks.
    pub(crate) hooks: Option<Hooks>,
    /// Where its agents are taught.
    pub(crate) rules: Option<Rules>,
}

/// Where hooks go, and in which form.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hooks {
    /// The file; for scripts, their folder.
    pub(crate) file: Spot,
    /// The form.
    pub(crate) form: HookForm,
}

/// The form of hooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HookForm {
    Claude,
    Codex,
    Cursor,
    Gemini,
    Kiro,
    VsCode,
    /// A script for each event.
    ClineScripts,
}

/// Where the rules go.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rules {
    /// A file of their own, with what that client wants around the text.
    Own(Spot, Frame),
    /// A block in a file that others write too.
    Block(Spot),
}

/// What stands above the rules in a file of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Frame {
    /// `SKILL.md` of the Agent Skills standard.
    Skill,
    /// Cursor's `.mdc`.
    Cursor,
    /// VS Code's `.instructions.md`.
    Instructions,
    /// Windsurf's.
    Windsurf,
    /// Kiro's steering.
    Steering,
    /// Nothing.
    Plain,
}

/// Whose files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Scope {
    /// The user's: for every project
    User,
    /// The project's that the current folder is in
    Project,
}

impl Client {
    /// What the person still has to do or know once files of that scope are written.
    pub(crate) fn notes(&self, scope: Scope) -> impl Iterator<Item = &'static str> {
        let of_project = self.project_note.filter(|_| scope == Scope::Project);
        of_project.into_iter().chain(self.note)
    }

    /// Its files of a scope.
    pub(crate) fn files(&self, scope: Scope) -> Option<&Files> {
        match scope {
            Scope::User => Some(&self.user),
            Scope::Project => self.project.as_ref(),
        }
    }
}
