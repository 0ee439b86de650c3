//! `repair`: mends a database that is not sound, while the daemon is stopped. What was there is kept.

use std::path::Path;
use std::process::ExitCode;

use orc_store::Soundness;
use orc_store::repair::{Repaired, repair};
use serde_json::{Value, json};

use super::{Here, Trouble, offline, say};
use crate::{clock, detach};

pub(crate) fn run(json: bool, db: Option<&Path>) -> Result<ExitCode, Trouble> {
    detach::keep_files_private();
    let here = Here::find(db)?;
    let database = &here.endpoint.database;
    if !database.exists() {
        return Err(Trouble::Said(format!("There is no database {}.", database.display())));
    }
    let _lock = offline::take_lock(&here.endpoint, "repair")?;
    let repaired = repair(database, &clock::now()).map_err(|error| Trouble::Said(format!("{error}.")))?;
    if json {
        say(&document(&repaired).to_string());
        return Ok(ExitCode::SUCCESS);
    }
    match repaired {
        Repaired::Nothing => say(&format!("{} is sound. Nothing was changed.", database.display())),
        Repaired::Mended { found, backup, settled } => {
            tell(&found);
            settled.iter().for_each(|(what, rows)| say(&format!("{rows} {what}")));
            say("Everything derived was computed anew.");
            say(&format!("The database as it was before: {}", backup.display()));
        }
        Repaired::Salvaged { found, kept, salvaged } => {
            tell(&found);
            for (table, rows) in &salvaged.rows {
                let incomplete = salvaged.incomplete.contains(table);
                say(&format!(
                    "{table:<12} {rows} rows{}",
                    if incomplete { ", some could not be read" } else { "" }
                ));
            }
            salvaged.settled.iter().for_each(|(what, rows)| say(&format!("{rows} {what}")));
            say(&format!("The readable rows are in a new {}.", database.display()));
            say(&format!("The damaged file is kept: {}", kept.display()));
            say(
                "Compare with a backup: where rows are missing that it has, `restore` may be the better choice.",
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn document(repaired: &Repaired) -> Value {
    let soundness = |found: &Soundness| json!({"damaged": found.damage, "dangling": found.dangling, "derived": found.derived});
    match repaired {
        Repaired::Nothing => json!({"repaired": false}),
        Repaired::Mended { found, backup, settled } => {
            json!({"repaired": true, "found": soundness(found), "backup": backup, "settled": settled})
        }
        Repaired::Salvaged { found, kept, salvaged } => json!({
            "repaired": true, "found": soundness(found), "kept": kept, "rows": salvaged.rows,
            "incomplete": salvaged.incomplete, "settled": salvaged.settled,
        }),
    }
}

fn tell(found: &Soundness) {
    found.damage.iter().for_each(|line| say(&format!("damaged: {line}")));
    found.dangling.iter().for_each(|row| say(&format!("refers to nothing: {row}")));
    found.derived.iter().for_each(|(what, ids)| say(&format!("wrong {what}: {}", ids.join(", "))));
}
