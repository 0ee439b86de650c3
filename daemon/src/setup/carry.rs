//! Carrying a change out: what was there is kept and recorded first, so that a removal gives it back.

use std::io;

use super::{
    entry::Server,
    file::{FileTrouble, Original},
    json::Fault,
    plan::{Change, Lack, Left, Presence},
    record::{Record, Written},
};

/// What came of a change.
#[derive(Debug, Default)]
pub(crate) struct Done {
    /// In a word or two.
    pub(crate) state: &'static str,
    /// What would change, as a diff.
    pub(crate) diff: Option<String>,
    /// Why it was left alone, or what is missing.
    pub(crate) why: Option<String>,
}

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unmade {
    #[error("{0}")]
    Text(#[from] Fault),
    #[error("{0}")]
    File(#[from] FileTrouble),
    #[error("what setup writes cannot be recorded: {0}")]
    Record(#[from] io::Error),
}

/// In place already.
pub(crate) const IN_PLACE: &str = "in place";

/// Whether all of a change is in its file; what is missing or different else.
pub(crate) fn check(change: &Change, server: &Server, record: &Record) -> Result<Done, Unmade> {
    let original = Original::read(&change.path)?;
    let server = server.known_by(record.servers(&change.path));
    if is_there(&original, &change.put(original.text(), &server)?) {
        return Ok(Done::new(IN_PLACE));
    }
    let lacks = change.lacks(original.text(), &server)?;
    let missing = lacks.iter().all(|lack| matches!(lack, Lack::Missing(_)));
    let mut words: Vec<String> = lacks.into_iter().map(|lack| lack.to_string()).collect();
    if change.presence(original.text(), &server)? == Presence::Absent {
        words.extend(server.written.keys().map(|name| format!("\"{name}\" is there: --name {name}")));
    }
    Ok(Done::why(if missing { "missing" } else { "different" }, words.join("; ")))
}

/// Puts a change into its file.
pub(crate) fn put(
    change: &Change,
    server: &Server,
    record: &mut Record,
    dry_run: bool,
) -> Result<Done, Unmade> {
    let original = Original::read(&change.path)?;
    let there = original.text();
    let server = server.known_by(record.servers(&change.path));
    let wanted = change.put(there, &server)?;
    let same = is_there(&original, &wanted);
    let known = record.file(&change.path).filter(|_| there.is_some()).cloned();
    if same && (known.is_some() || dry_run || there.is_none()) {
        return Ok(Done::new("unchanged"));
    }
    if dry_run {
        return Ok(Done::would(change, there, &wanted));
    }
    original.may_be_changed()?;
    let before = record.file(&change.path).cloned();
    let (first, made) = (known.is_none(), was_made(change, &original, &server));
    if !change.is_ours_alone() {
        keep_a_copy(change, &original, &server, first && !made, same)?;
    }
    let written = known.unwrap_or_else(|| Written::new(made));
    let named = change.holds_server().then(|| (server.name.as_str(), server.command()));
    record.keep(&change.path, written.with(&change.holds, named, (there.unwrap_or_default(), &wanted)))?;
    if same {
        return Ok(Done::new("unchanged"));
    }
    if let Err(why) = original.replace(&wanted, change.executable()) {
        if first {
            original.forget();
        }
        record.leave(&change.path, before)?;
        return Err(why.into());
    }
    Ok(Done::new("written"))
}

/// Takes servers, and what else a change holds, out of its file.
pub(crate) fn remove(
    change: &Change,
    servers: &[Server],
    record: &mut Record,
    dry_run: bool,
) -> Result<Done, Unmade> {
    let original = Original::read(&change.path)?;
    let written = record.file(&change.path).cloned();
    let rest = written.clone().and_then(|written| written.without(&change.holds, servers));
    let Some(there) = original.text() else {
        if !dry_run && written.is_some() {
            record.leave(&change.path, None)?;
        }
        return Ok(Done::new("nothing there"));
    };
    let before = text_before(change, &original, written.as_ref(), servers);
    let left = match &written {
        // Nobody else has written since: what was there comes back to the byte.
        Some(written) if rest.is_none() && written.is_all_of(there) && (written.made || before.is_some()) => {
            before.clone().map_or(Left::Nothing, Left::Text)
        }
        _ => take(change, there, servers, before.as_deref())?,
    };
    let text = left.text();
    let done = match &left {
        Left::Text(_) if text == there => not_ours(change, there, servers)?,
        _ if dry_run => return Ok(Done::would(change, Some(there), text)),
        _ => {
            original.may_be_changed()?;
            carried_out(&original, &left)?
        }
    };
    let ours = written.is_some() || text != there;
    if dry_run || !ours {
        return Ok(done);
    }
    if rest.is_none() && before.as_deref().unwrap_or_default() == text {
        original.forget();
    }
    record.leave(&change.path, rest.map(|rest| rest.left_as(there, text)))?;
    Ok(done)
}

/// Puts what is left in the file's place.
fn carried_out(original: &Original, left: &Left) -> Result<Done, FileTrouble> {
    match left {
        Left::Text(text) => original.replace(text, false).map(|()| Done::new("removed from")),
        Left::Nothing => original.remove().map(|()| Done::new("removed")),
    }
}

fn is_there(original: &Original, wanted: &str) -> bool {
    original.text() == Some(wanted) || (original.text().is_none() && wanted.is_empty())
}

/// Whether the file is there for us alone: there is none, or it is to the byte what a setup that kept no record makes of nothing.
fn was_made(change: &Change, original: &Original, server: &Server) -> bool {
    let Some(there) = original.text() else { return true };
    if original.before().is_some() || original.is_link() {
        return false;
    }
    if change.is_ours_alone() {
        return change.take(there, server, None) == Ok(Left::Nothing);
    }
    let shim = match change.presence(Some(there), server) {
        Ok(Presence::Ours(command)) => command.into(),
        _ => server.shim.clone(),
    };
    let bare = Server { shim, environment: Vec::new(), ..server.clone() };
    let with_variables = Server { environment: server.environment.clone(), ..bare.clone() };
    [bare, with_variables].iter().any(|server| change.put(None, server).as_deref() == Ok(there))
}

/// A copy of what was there before us, once; later ones of what is changed again.
fn keep_a_copy(
    change: &Change,
    original: &Original,
    server: &Server,
    without_us: bool,
    same: bool,
) -> Result<(), FileTrouble> {
    let Some(there) = original.text() else { return original.keep(false) };
    // A copy beside a file that has us is a setup's that kept no record.
    let has_us = change.take(there, server, None) != Ok(Left::Text(there.to_owned()));
    let older = !without_us || (has_us && original.before().is_some());
    if older && same { Ok(()) } else { original.keep(older) }
}

/// The file as it was before us, where that is known.
fn text_before(
    change: &Change,
    original: &Original,
    written: Option<&Written>,
    servers: &[Server],
) -> Option<String> {
    match written {
        Some(written) if written.made => None,
        Some(_) => original.before(),
        // Without a record nobody knows whose is what is in the copy.
        None => match take(change, &original.before()?, servers, None) {
            Ok(left) => Some(left.text().to_owned()),
            Err(_) => None,
        },
    }
}

fn take(change: &Change, there: &str, servers: &[Server], before: Option<&str>) -> Result<Left, Fault> {
    servers.iter().try_fold(Left::Text(there.to_owned()), |left, server| match left {
        Left::Text(text) => change.take(&text, server, before),
        Left::Nothing => Ok(left),
    })
}

/// Nothing to take: says so where a name is somebody else's.
fn not_ours(change: &Change, there: &str, servers: &[Server]) -> Result<Done, Fault> {
    for server in servers {
        if let Presence::Other(command) = change.presence(Some(there), server)? {
            let why = format!("{}; setup did not write that", server.runs(&command));
            return Ok(Done::why("not ours", why));
        }
    }
    Ok(Done::new("nothing there"))
}

impl Done {
    fn new(state: &'static str) -> Self {
        Self { state, ..Self::default() }
    }

    /// Left as it is, for a reason.
    pub(crate) fn why(state: &'static str, why: String) -> Self {
        Self { why: Some(why), ..Self::new(state) }
    }

    fn would(change: &Change, old: Option<&str>, new: &str) -> Self {
        let path = change.path.display().to_string();
        let diff = similar::TextDiff::from_lines(old.unwrap_or_default(), new);
        let header = if old.is_some() { &path } else { "/dev/null" };
        let diff = diff.unified_diff().header(header, &path).to_string();
        Self { diff: Some(diff.trim_end().to_owned()), ..Self::new("would change") }
    }
}
