//! docs/tools.md but for its calls: every tool of the catalogue with all that it takes.

use std::fmt::Write;

use super::{Effect, TOOLS, Tool, ToolSet, needs, only_writes};
use crate::args::{EVERYWHERE, Kind, Param};

/// The page, with a line `<!-- calls of NAME -->` where the calls of a tool belong.
pub(crate) fn page() -> String {
    let mut out = HEAD.to_owned();
    out.push_str("\n| tool | sets | writes |\n|---|---|---|\n");
    for tool in TOOLS {
        let _ = writeln!(out, "| [{0}](#{0}) | {1} | {2} |", tool.name, sets(tool), writes(tool));
    }
    out.push_str("\nEvery tool also takes:\n\n");
    table(&mut out, &EVERYWHERE.iter().collect::<Vec<_>>(), &[]);
    for tool in TOOLS {
        section(&mut out, tool);
    }
    out
}

const HEAD: &str = "\
# Tools

Every tool with what it takes, made from the catalogue that `tools/list` shows, and with calls as they were answered. The calls
were made one after the other, from the top of a small store, by the test that writes this page; they are shown under
their tools, so read the ids across sections. What all tools have in common, and every refusal, is in [contract.md](contract.md).

- An answer is one text block with compact JSON. Here it is broken into lines for reading. A refusal sets `isError`.
- Ids, times, process ids and folders are stand-ins; a time is always `2026-11-23T09:31:00Z`, an id stays the same over the page.
- An id may be shortened to 4 characters. A time is ISO 8601. Words are separated by commas; arrays are taken too.
- Set: which of `TASK_ORCHESTRATOR_TOOLS` = `core` (the default), `full` and `read` list the tool. In `read` every write is refused.
- Writes, as MCP's annotations say it: `readOnlyHint` where never, `destructiveHint` where something may be taken away.
";

fn sets(tool: &Tool) -> String {
    let listing = ToolSet::WORDS.iter().filter(|(_, set)| set.lists(tool)).map(|(word, _)| *word);
    listing.collect::<Vec<_>>().join(", ")
}

fn writes(tool: &Tool) -> &'static str {
    match tool.effect {
        Effect::Reads => "never",
        Effect::Destroys => "may take something away",
        Effect::Mixed | Effect::Adds if only_writes(tool) => "always, takes nothing away",
        Effect::Mixed | Effect::Adds => "in some calls, takes nothing away",
    }
}

fn section(out: &mut String, tool: &Tool) {
    let _ = write!(out, "\n## {}\n\n{}\n\n", tool.name, tool.description);
    let shown: Vec<&Param> = tool.params.iter().filter(|param| param.shown).collect();
    if shown.is_empty() {
        out.push_str("It needs nothing.\n");
    } else {
        table(out, &shown, tool.required);
    }
    let forms = needs::forms(tool.name);
    if !forms.is_empty() {
        let _ = write!(
            out,
            "\nIt needs: {}.\n",
            forms.iter().map(|form| in_words(form)).collect::<Vec<_>>().join("; or ")
        );
    }
    let hidden: Vec<String> = tool
        .params
        .iter()
        .filter(|param| !param.shown)
        .map(|param| format!("`{}` ({})", param.name, kind(param.kind)))
        .collect();
    if !hidden.is_empty() {
        let _ = write!(out, "\nTaken too, but not listed: {}.\n", hidden.join(", "));
    }
    let _ = write!(out, "\n<!-- calls of {} -->\n", tool.name);
}

/// A form of a call: `operation=handoff item_id|resource to`.
fn in_words(form: &str) -> String {
    let word = |word: &str| format!("`{}`", word.replace('|', "` or `"));
    match form.split_once(' ') {
        Some((operation, rest)) if operation.contains('=') => {
            format!("{} with {}", word(operation), in_words(rest))
        }
        _ => form.split(' ').map(word).collect::<Vec<_>>().join(" and "),
    }
}

fn table(out: &mut String, params: &[&Param], required: &[&str]) {
    out.push_str("| parameter | takes | |\n|---|---|---|\n");
    for param in params {
        let must = if required.contains(&param.name) { ", required" } else { "" };
        let also = match param.also {
            [] => String::new(),
            names => format!(" (also `{}`)", names.join("`, `")),
        };
        let doc = param.doc.replace('|', "\\|");
        let _ = writeln!(out, "| `{}`{also} | {}{must} | {doc} |", param.name, kind(param.kind));
    }
}

fn kind(kind: Kind) -> String {
    match kind {
        Kind::Text => "text".to_owned(),
        Kind::Opaque => "text, or an object that is kept as its JSON".to_owned(),
        Kind::Id => "an id".to_owned(),
        Kind::Integer => "a whole number".to_owned(),
        Kind::Boolean => "true or false".to_owned(),
        Kind::Time => "a time".to_owned(),
        Kind::Word(words) => format!("`{}`", words.join("`, `")),
        Kind::Words => "words".to_owned(),
        Kind::Ids => "an array of ids".to_owned(),
        Kind::Objects => "an array of objects".to_owned(),
        Kind::Object => "an object".to_owned(),
    }
}
