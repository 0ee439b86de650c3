//! A server's table in Codex' config.toml. `toml_edit` says where tables stand and what they hold; the text around them is never
//! printed anew, as that would lose CRLF and a byte order mark.

use std::ops::Range;

use toml_edit::{Document, DocumentMut, InlineTable, Item, Table, TableLike, Value};

use super::{
    entry::Server,
    json::Fault,
    plan::{Lack, Presence},
};

/// The table that holds the servers.
const SERVERS: &str = "mcp_servers";

/// The text with the server's table: at its end, or brought up to date where it stands.
pub(super) fn put(text: &str, server: &Server) -> Result<String, Fault> {
    let document = read(text)?;
    let Some(found) = find(&document, &server.name) else {
        refuse_inline(text, &document)?;
        return Ok(append(text, server));
    };
    let command = found.get("command").and_then(Item::as_str).unwrap_or_default();
    if !server.is_ours(command) {
        return Err(Fault::at(text, 0, server.taken_by(command)));
    }
    if command == server.command() && has_environment(found, server) {
        return Ok(text.to_owned());
    }
    let Some(span) = stretches(text, &document, &server.name).into_iter().next() else {
        return Err(Fault::at(
            text,
            0,
            format!("\"{}\" is written in one line; change it by hand", server.name),
        ));
    };
    let fresh =
        updated(&text[span.clone()], server).map_err(|message| Fault::at(text, span.start, message))?;
    let mut text = text.to_owned();
    text.replace_range(span, &fresh);
    Ok(text)
}

/// The text without the server's tables, as it was before [`put`]; none where there is no such server of ours.
pub(super) fn take(text: &str, server: &Server, before: Option<&str>) -> Result<Option<String>, Fault> {
    let document = read(text)?;
    let command = find(&document, &server.name).and_then(|table| table.get("command")?.as_str());
    if !command.is_some_and(|command| server.is_ours(command)) {
        return Ok(None);
    }
    let mut kept = text.to_owned();
    let spans = stretches(text, &document, &server.name);
    if let Some(was) = before.and_then(|before| stretch_of(before, server)) {
        // Whose it was before us gets it back.
        if let [span] = spans.as_slice() {
            kept.replace_range(span.clone(), was);
        }
        return Ok(Some(kept));
    }
    for span in spans.into_iter().rev() {
        kept.replace_range(with_blank_line(&kept, span), "");
    }
    // A text without a table has no line to tell how it ended.
    if let Some(before) = before
        && kept.trim() == before.trim()
    {
        return Ok(Some(before.to_owned()));
    }
    Ok(Some(kept))
}

/// The lines of the server's table in the text of before.
fn stretch_of<'t>(before: &'t str, server: &Server) -> Option<&'t str> {
    let document = read(before).ok()?;
    find(&document, &server.name)?;
    Some(stretches(before, &document, &server.name).into_iter().next().map_or("", |span| &before[span]))
}

/// Who has the server's name in a text.
pub(super) fn presence(text: &str, server: &Server) -> Result<Presence, Fault> {
    let document = read(text)?;
    let command = find(&document, &server.name).map(|table| table.get("command").and_then(Item::as_str));
    Ok(command.map_or(Presence::Absent, |command| Presence::of(command.unwrap_or_default(), server)))
}

/// What of the server's table is not in a text, or otherwise.
pub(super) fn lacks(text: &str, server: &Server) -> Result<Vec<Lack>, Fault> {
    let document = read(text)?;
    let table = find(&document, &server.name);
    let command = table.map(|table| table.get("command").and_then(Item::as_str).unwrap_or_default());
    let variable = |name: &str| {
        let value = table?.get("env")?.as_table_like()?.get(name)?.as_str()?;
        Some(value.to_owned())
    };
    Ok(Lack::of_server(server, command, variable))
}

fn read(text: &str) -> Result<Document<&str>, Fault> {
    Document::parse(text.trim_start_matches('\u{feff}')).map_err(|error| {
        let shift = text.len() - text.trim_start_matches('\u{feff}').len();
        let at = error.span().map_or(0, |span| span.start) + shift;
        Fault::at(text, at, error.message().lines().next().unwrap_or_default())
    })
}

fn find<'d>(document: &'d Document<&str>, name: &str) -> Option<&'d dyn TableLike> {
    document.get(SERVERS)?.as_table_like()?.get(name)?.as_table_like()
}

/// `mcp_servers = { … }` is closed: no table can be added to it from elsewhere.
fn refuse_inline(text: &str, document: &Document<&str>) -> Result<(), Fault> {
    match document.get(SERVERS) {
        None | Some(Item::Table(_)) => Ok(()),
        Some(other) => {
            let shift = text.len() - document.raw().len();
            let at = other.span().map_or(0, |span| span.start) + shift;
            Err(Fault::at(
                text,
                at,
                format!("{SERVERS} is no [{SERVERS}.NAME] table, so that nothing can be added to it"),
            ))
        }
    }
}

fn has_environment(table: &dyn TableLike, server: &Server) -> bool {
    let environment = table.get("env").and_then(Item::as_table_like);
    server.environment.iter().all(|(name, value)| {
        environment.and_then(|environment| environment.get(name)?.as_str()) == Some(value.as_str())
    })
}

/// A table of its own at the end. A text that does not end its last line gets one that does not either.
fn append(text: &str, server: &Server) -> String {
    let eol = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let blank = text.trim_start_matches('\u{feff}').is_empty();
    let open = !blank && !text.ends_with('\n');
    let mut lines = vec![
        format!("[{SERVERS}.{}]", quoted(&server.name)),
        format!("command = {}", string(&server.command())),
    ];
    if !server.environment.is_empty() {
        let pairs =
            server.environment.iter().map(|(name, value)| format!("{} = {}", quoted(name), string(value)));
        lines.push(format!("env = {{ {} }}", pairs.collect::<Vec<_>>().join(", ")));
    }
    let gap = match (blank, open) {
        (true, _) => String::new(),
        (false, true) => eol.repeat(2),
        (false, false) => eol.to_owned(),
    };
    format!("{text}{gap}{}{}", lines.join(eol), if open { "" } else { eol })
}

/// The stretch of a server's tables with today's command and variables.
fn updated(stretch: &str, server: &Server) -> Result<String, String> {
    let crlf = stretch.contains("\r\n");
    let mut document: DocumentMut =
        stretch.replace("\r\n", "\n").parse().map_err(|error| format!("{error}"))?;
    let table = document[SERVERS][&server.name].as_table_like_mut().ok_or("it is no table")?;
    set(table, "command", &server.command());
    if !server.environment.is_empty() {
        let environment = table.entry("env").or_insert_with(|| Item::Value(InlineTable::new().into()));
        let environment = environment.as_table_like_mut().ok_or("env is no table")?;
        for (name, text) in &server.environment {
            set(environment, name, text);
        }
    }
    let text = document.to_string();
    Ok(if crlf { text.replace('\n', "\r\n") } else { text })
}

/// A string under a key; a comment behind the older one stays.
fn set(table: &mut dyn TableLike, key: &str, text: &str) {
    let mut fresh = Value::from(text);
    match table.get_mut(key) {
        Some(Item::Value(old)) => {
            *fresh.decor_mut() = old.decor().clone();
            *old = fresh;
        }
        _ => {
            table.insert(key, Item::Value(fresh));
        }
    }
}

/// The lines of a server's tables, `[mcp_servers.NAME]` and those below it, each from its header to the end of its last value; those
/// that follow each other as one.
fn stretches(text: &str, document: &Document<&str>, name: &str) -> Vec<Range<usize>> {
    let shift = text.len() - document.raw().len();
    let mut found = Vec::new();
    if let Some(Item::Table(servers)) = document.get(SERVERS)
        && let Some(item) = servers.get(name)
    {
        tables(item, &mut found);
    }
    found.sort_by_key(|span| span.start);
    let mut joined: Vec<Range<usize>> = Vec::new();
    for span in found {
        let span = line_start(text, span.start + shift)..line_end(text, span.end + shift);
        match joined.last_mut() {
            Some(last) if text[last.end..span.start].trim().is_empty() => last.end = span.end,
            _ => joined.push(span),
        }
    }
    joined
}

/// From the header to the last value, of a table that has a header and of those below it.
fn tables(item: &Item, found: &mut Vec<Range<usize>>) {
    let Item::Table(table) = item else { return };
    if let Some(header) = table.span().filter(|_| !table.is_implicit() && !table.is_dotted()) {
        found.push(header.start..last_value(table).map_or(header.end, |end| end.max(header.end)));
    }
    for (_, item) in table.iter() {
        tables(item, found);
    }
}

/// Where the last value under a table's header ends, dotted keys included.
fn last_value(table: &Table) -> Option<usize> {
    let end = |item: &Item| match item {
        Item::Value(value) => value.span().map(|span| span.end),
        Item::Table(below) if below.is_dotted() => last_value(below),
        _ => None,
    };
    table.iter().filter_map(|(_, item)| end(item)).max()
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at]
        .rfind('\n')
        .map_or(text.len() - text.trim_start_matches('\u{feff}').len(), |newline| newline + 1)
}

fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |newline| at + newline + 1)
}

/// With the blank line before it; where it ends without a line break, with the one before that too.
fn with_blank_line(text: &str, span: Range<usize>) -> Range<usize> {
    let open = !text[span.clone()].ends_with('\n');
    let mut start = span.start;
    for _ in 0..if open { 2 } else { 1 } {
        let above = text[..start].strip_suffix('\n').map(|above| above.strip_suffix('\r').unwrap_or(above));
        match above {
            Some(above) if open || above.is_empty() || above.ends_with('\n') => start = above.len(),
            _ => break,
        }
    }
    start..span.end
}

fn quoted(key: &str) -> String {
    toml_edit::Key::new(key).to_string()
}

fn string(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn server(shim: &str, environment: &[(&str, &str)]) -> Server {
        let environment =
            environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Server {
            name: "task-orchestrator".to_owned(),
            shim: PathBuf::from(shim),
            environment,
            ..Server::default()
        }
    }

    #[test]
    fn a_table_goes_as_it_came() {
        let texts = [
            "",
            "\n",
            "# only a comment",
            "model = \"o\"",
            "model = \"o\"\n",
            "model = \"o\"\n\n\n",
            "\u{feff}a = 1\r\n\r\n[b]\r\nc = '''\r\n[mcp_servers.task-orchestrator]\r\n'''\r\n",
            "[mcp_servers.other]\ncommand = \"npx\" # c\nargs = [\n  \"-y\", # d\n]\n\n[mcp_servers.other.env]\nA = \"b\"\n",
            "mcp_servers.dotted.command = \"x\"\n",
        ];
        let server = server("/opt/a \"b\"/task-orchestrator-mcp", &[("A", "b"), ("C.D", "e\\f")]);
        for before in texts {
            let with = put(before, &server).unwrap();
            assert!(with.starts_with(before), "{with}");
            let document = read(&with).unwrap();
            let command = find(&document, &server.name).unwrap().get("command").and_then(Item::as_str);
            assert_eq!(command, server.shim.to_str(), "{with}");
            assert_eq!(put(&with, &server).unwrap(), with, "twice is once");
            assert_eq!(
                take(&with, &server, Some(before)).unwrap().as_deref(),
                Some(before),
                "by way of {with:?}"
            );
            if !before.trim().is_empty() {
                assert_eq!(
                    take(&with, &server, None).unwrap().as_deref(),
                    Some(before),
                    "by way of {with:?}"
                );
            }
        }
    }

    #[test]
    fn what_was_added_to_it_stays_until_it_goes() {
        let old = server("/old/task-orchestrator-mcp", &[]);
        let with = put("a = 1\r\n", &old)
            .unwrap()
            .replace("mcp\"\r\n", "mcp\" # mine\r\nstartup_timeout_sec = 20\r\n")
            + "\r\n[mcp_servers.task-orchestrator.tools.echo]\r\nenabled = false\r\n\r\n# theirs\r\n[z]\r\ny = 1\r\n";
        let new = server("/new/task-orchestrator-mcp", &[("A", "b")]);
        let fresh = put(&with, &new).unwrap();
        assert!(fresh.contains("command = \"/new/task-orchestrator-mcp\" # mine\r\n"), "{fresh}");
        assert!(fresh.contains("startup_timeout_sec = 20\r\nenv = { A = \"b\" }\r\n"), "{fresh}");
        assert_eq!(put(&fresh, &new).unwrap(), fresh, "twice is once");
        let kept = take(&fresh, &new, Some("a = 1\r\n")).unwrap().unwrap();
        assert_eq!(kept, "a = 1\r\n\r\n# theirs\r\n[z]\r\ny = 1\r\n");
    }

    #[test]
    fn what_is_not_ours_or_no_toml_is_left_alone() {
        let server = server("/s/task-orchestrator-mcp", &[]);
        let other = "[mcp_servers.task-orchestrator]\ncommand = \"npx\"\n";
        assert!(put(other, &server).unwrap_err().message.contains("'npx'; choose another name"));
        assert_eq!(take(other, &server, None).unwrap(), None);
        let fault = put("a = 1\nb = = 2\n", &server).unwrap_err();
        assert_eq!((fault.line, fault.column), (2, 5), "{fault}");
        let fault = put("mcp_servers = {}\n", &server).unwrap_err();
        assert_eq!((fault.line, fault.column), (1, 15), "{fault}");
    }
}
