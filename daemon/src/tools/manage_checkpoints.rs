//! manage_checkpoints: the whole graph in a file, and back.

use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use orc_core::refusal::{Code, Refusal};
use orc_store::Tx;
use orc_store::queries::Filter;
use serde_json::{Map, Value, json};

use super::transfer::{Mode, import, lists, write_document};
use crate::args::{Args, Kind, Param};
use crate::call::{Answer, Call};
use crate::catalog::{Access, Effect, Run, Tool};
use crate::named_folder::NamedFolder;

const PARAMS: [Param; 4] = [
    Param::new("operation", Kind::Word(&["create", "list", "restore", "verify"]), ""),
    Param::new("path", Kind::Text, "restore"),
    Param::new("output_dir", Kind::Text, "create, list; default beside the database"),
    Param::new("force", Kind::Boolean, "").hidden(),
];

pub(crate) static TOOL: Tool = Tool {
    name: "manage_checkpoints",
    description: "Snapshots of the graph in files: create, list, restore (replaces the graph), verify the database.",
    params: &PARAMS,
    required: &["operation"],
    core: false,
    effect: Effect::Destroys,
    access: |args| {
        Ok(match args.operation(&OPERATIONS, None)? {
            Operation::Create => Access::ReadAndLeaveFile,
            Operation::Restore => Access::Write,
            Operation::List | Operation::Verify => Access::Report,
        })
    },
    run: Run::Values(run),
};

#[derive(Clone, Copy)]
enum Operation {
    Create,
    List,
    Restore,
    Verify,
}

const OPERATIONS: [(&str, Operation); 4] = [
    ("create", Operation::Create),
    ("list", Operation::List),
    ("restore", Operation::Restore),
    ("verify", Operation::Verify),
];

/// Largest file that is read back.
const FILE_BYTES: u64 = 1 << 30;
/// Most files that are listed.
const FILES: usize = 500;

fn run(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer {
    let folder = match args.text("output_dir")? {
        Some(folder) => call.path(folder),
        None => call.shared.database.parent().map(Path::to_owned).unwrap_or_default(),
    };
    match args.operation(&OPERATIONS, None)? {
        Operation::Create => create(call, tx, &folder),
        Operation::List => list(&folder),
        Operation::Restore => restore(call, args, tx, &folder),
        Operation::Verify => Ok(json!({"ok": tx.is_sound()?})),
    }
}

/// `checkpoint-20261123T093100000001Z.json`: new in any case, whole or not there, on disk when it is answered.
fn create(call: &Call<'_>, tx: &Tx<'_>, path: &Path) -> Answer {
    let folder = NamedFolder::make(path, &trusted(call))
        .map_err(|e| file_fault("cannot use the folder", path, &e).field("output_dir"))?;
    let stamp: String = call.cx.now.text().chars().filter(|c| c.is_ascii_digit() || *c == 'T').collect();
    // The text ends with an offset of four zeros, which the name does not have.
    let name = format!("checkpoint-{}Z.json", stamp.get(..21).unwrap_or(&stamp));
    let part = format!(".{name}.part");
    let path = folder.path().join(&name);
    let fault = |e: std::io::Error| file_fault("cannot write", &path, &e).field("output_dir");
    let mut out = BufWriter::new(folder.create_new(&part).map_err(fault)?);
    let mut write = || -> Answer<()> {
        write_document(call, tx, &Filter::default(), &mut out)?;
        out.flush().map_err(fault)?;
        out.get_ref().sync_all().map_err(fault)?;
        Ok(folder.link(&part, &name).map_err(fault)?)
    };
    let written = write();
    // Left over only when the checkpoint itself failed; the answer says why.
    let _ = folder.remove(&part);
    written?;
    Ok(json!({"created": path.display().to_string()}))
}

/// Up to here links are the user's own: where the session works, at home, beside the database.
fn trusted<'c>(call: &'c Call<'_>) -> [&'c Path; 3] {
    let beside = call.shared.database.parent().unwrap_or(Path::new("/"));
    [&call.session.folder, &call.shared.places.home, beside]
}

fn list(folder: &Path) -> Answer {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(json!({"checkpoints": []})),
        Err(error) => return Err(file_fault("cannot read", folder, &error).into()),
    };
    let is_checkpoint = |path: &PathBuf| {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        name.starts_with("checkpoint-") && name.ends_with(".json")
    };
    let mut paths: Vec<PathBuf> =
        entries.filter_map(|e| Some(e.ok()?.path())).filter(is_checkpoint).collect();
    paths.sort_unstable_by(|a, b| b.file_name().cmp(&a.file_name()));
    let all = paths.len();
    let shown: Vec<String> = paths.iter().take(FILES).map(|p| p.display().to_string()).collect();
    let mut document = json!({ "checkpoints": shown });
    if all > FILES {
        document["more"] = json!({"checkpoints": all - FILES});
    }
    Ok(document)
}

fn restore(call: &Call<'_>, args: &Args, tx: &Tx<'_>, folder: &Path) -> Answer {
    let Some(given) = args.text("path")? else {
        return Err(Refusal::validation("path is required for restore: a file that list names")
            .field("path")
            .into());
    };
    let mut path = call.path(given);
    if !path.exists() && Path::new(given).components().count() == 1 {
        path = folder.join(given);
    }
    let document = read(call, &path)?;
    let lists = lists(&document)?;
    if !document.contains_key("items") {
        let message = format!("{} is no checkpoint: it has no items", path.display());
        return Err(Refusal::validation(message).field("path").into());
    }
    let placed =
        import(call, tx, lists.each_ref().map(AsRef::as_ref), Mode::Replace { force: args.flag("force")? })?;
    let mut answer = json!({"restored": true, "from": path.display().to_string()});
    if placed["skipped"].as_array().is_some_and(|skipped| !skipped.is_empty()) {
        answer["skipped"] = placed["skipped"].clone();
    }
    Ok(answer)
}

fn read(call: &Call<'_>, path: &Path) -> Result<Map<String, Value>, Refusal> {
    let fault = |e| file_fault("cannot read", path, &e).field("path");
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(fault(std::io::Error::new(ErrorKind::InvalidInput, "it is no file")));
    };
    let folder = NamedFolder::find(folder, &trusted(call)).map_err(fault)?;
    let text = folder.read(name, FILE_BYTES).map_err(fault)?;
    match serde_json::from_slice(&text) {
        Ok(Value::Object(document)) => Ok(document),
        Ok(_) => Err(Refusal::validation(format!("{} is no checkpoint: it holds no object", path.display()))
            .field("path")),
        Err(e) => Err(Refusal::validation(format!("{} is no checkpoint: {e}", path.display())).field("path")),
    }
}

fn file_fault(what: &str, path: &Path, error: &std::io::Error) -> Refusal {
    let (code, advice) = match error.kind() {
        ErrorKind::NotFound => (Code::NotFound, "check the path"),
        ErrorKind::PermissionDenied => {
            (Code::Validation, "the daemon has no permission there; name another folder")
        }
        ErrorKind::AlreadyExists => (Code::Conflict, "call again"),
        ErrorKind::InvalidFilename
        | ErrorKind::InvalidInput
        | ErrorKind::FileTooLarge
        | ErrorKind::NotADirectory
        | ErrorKind::IsADirectory => (Code::Validation, "name another path"),
        _ => (Code::Unavailable, "check the disk"),
    };
    let path = orc_core::text::cut(&path.display().to_string(), 300);
    Refusal::new(code, format!("{what} {path}: {error}; {advice}"))
}
