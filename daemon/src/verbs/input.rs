//! What a person gives beside the words of a command: text on stdin, text from an editor, and which items are meant.

use std::{
    io::{IsTerminal, Read},
    path::Path,
    process::{Command, Stdio},
};

use super::{Trouble, person::Given};

/// Largest text that is read from stdin: a note's bound is 1 MiB, and past it the daemon says so.
const MOST: u64 = 2 << 20;

/// Which items a question is about.
#[derive(clap::Args)]
pub(crate) struct Within {
    /// Items of this project; * is all
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
    /// Items with the tags of this workspace
    #[arg(long, value_name = "NAME")]
    workspace: Option<String>,
}

impl Within {
    /// Adds what was given.
    pub(crate) fn add_to(&self, given: Given) -> Given {
        given.maybe("project", self.project.clone()).maybe("workspace", self.workspace.clone())
    }
}

/// The text itself, or all of stdin for `-`.
pub(crate) fn text_or_stdin(text: &str) -> Result<String, Trouble> {
    if text != "-" {
        return Ok(text.to_owned());
    }
    let mut read = Vec::new();
    std::io::stdin().lock().take(MOST).read_to_end(&mut read)?;
    let read = String::from_utf8(read).map_err(|_| Trouble::Usage("stdin holds no UTF-8 text".to_owned()))?;
    Ok(read.strip_suffix('\n').map(str::to_owned).unwrap_or(read))
}

/// The text as it is after the person's editor; `None` when they left it as it was.
pub(crate) fn edited(before: &str, name: &str) -> Result<Option<String>, Trouble> {
    let editor = ["VISUAL", "EDITOR"]
        .iter()
        .find_map(|variable| std::env::var(variable).ok().filter(|value| !value.trim().is_empty()));
    let editor = match editor {
        Some(editor) => editor,
        // An editor of a name that nobody gave would draw its screen into a pipe.
        None if !(std::io::stdin().is_terminal() && std::io::stdout().is_terminal()) => {
            let words = "there is no terminal to edit in, and no EDITOR is set. Give the text behind the key, or - to read stdin";
            return Err(Trouble::Usage(words.to_owned()));
        }
        None => if cfg!(windows) { "notepad" } else { "vi" }.to_owned(),
    };
    let folder = tempfile::tempdir()?;
    let simple = |c: char| if c.is_alphanumeric() || c == '-' { c } else { '_' };
    let path = folder.path().join(format!("{}.md", name.chars().map(simple).take(80).collect::<String>()));
    std::fs::write(&path, before)?;
    let status = command(&editor, &path).stdin(Stdio::inherit()).status();
    let ended = status
        .map_err(|error| Trouble::Said(format!("Cannot run the editor '{editor}': {error}. Set EDITOR")))?;
    // What a shell says of a program that it does not find.
    if ended.code() == Some(127) && !cfg!(windows) {
        return Err(Trouble::Said(format!(
            "There is no editor '{editor}'. Set EDITOR to one; nothing was written"
        )));
    }
    if !ended.success() {
        return Err(Trouble::Said(format!("The editor '{editor}' ended with {ended}; nothing was written")));
    }
    let after = std::fs::read_to_string(&path)?;
    let after = after.strip_suffix('\n').unwrap_or(&after);
    Ok((after != before).then(|| after.to_owned()))
}

/// EDITOR may hold arguments, such as `code --wait`: a shell splits them, as it does for git.
fn command(editor: &str, path: &Path) -> Command {
    if cfg!(windows) {
        let mut words = editor.split_whitespace();
        let mut command = Command::new(words.next().unwrap_or("notepad"));
        command.args(words).arg(path);
        return command;
    }
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("{editor} \"$@\"")).arg("sh").arg(path);
    command
}
