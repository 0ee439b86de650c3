//! Whether a database is sound: SQLite's own check, references, and what is derived (`daemon.md` rule 22). Reads the whole store.

use std::path::Path;

use orc_core::Policies;
use rusqlite::Connection;

use crate::error::Result;
use crate::open::open_still;
use crate::repair::LINE_RULES;
use crate::tx::Tx;

/// What a check found; every list is empty for a sound database.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Soundness {
    /// What SQLite finds wrong with the file, at most 20 lines.
    pub damage: Vec<String>,
    /// Rows that refer to rows which are not there: table and row number, at most 20.
    pub dangling: Vec<String>,
    /// What is derived and not what it should be: what, and for which ids. Not looked at in a damaged file.
    pub derived: Vec<(&'static str, Vec<String>)>,
}

impl Soundness {
    /// Whether nothing was found.
    pub fn is_sound(&self) -> bool {
        *self == Self::default()
    }
}

impl Tx<'_> {
    /// Checks everything. `rules`: those by which items stand in line, and now, in microseconds; without them places in line are not
    /// compared.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn check(&self, rules: Option<(&Policies, i64)>) -> Result<Soundness> {
        let damage = damage(self.conn, "integrity_check")?;
        if !damage.is_empty() {
            return Ok(Soundness { damage, ..Soundness::default() });
        }
        let derived = match rules {
            Some((policies, now)) => self.wrong_derivations(policies, now)?,
            None => self.wrong_whatever_the_rules()?,
        };
        Ok(Soundness { damage, dangling: dangling(self.conn)?, derived })
    }

    /// What SQLite finds wrong in the quicker way, without comparing indexes with their tables.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn quick_check(&self) -> Result<Vec<String>> {
        damage(self.conn, "quick_check")
    }
}

/// Checks a database that nobody has open, and changes nothing. Places in line are compared where the rules of the default hold.
///
/// # Errors
/// When the database cannot be read.
pub fn check_still(path: &Path, now: i64) -> Result<Soundness> {
    let connection = open_still(path)?;
    let tx = Tx::new(&connection, 0);
    let default = Policies::default();
    // A damaged file may not have the table any more; the check says so.
    let has_own_rules = tx.remembered(LINE_RULES).is_ok_and(|rules| rules.is_some());
    tx.check((!has_own_rules).then_some((&default, now)))
}

/// The lines of one of SQLite's checks, without its "ok". A file that cannot even be checked is damaged too.
pub(crate) fn damage(connection: &Connection, check: &str) -> Result<Vec<String>> {
    let lines = || -> rusqlite::Result<Vec<String>> {
        look_at_search_text(connection)?;
        let mut check = connection.prepare(&format!("PRAGMA {check}(20)"))?;
        check.query_map([], |row| row.get(0))?.collect()
    };
    let lines = match lines() {
        Err(error) if is_damage(&error) => vec![error.to_string()],
        lines => lines?,
    };
    Ok(lines.into_iter().filter(|line| line != "ok").collect())
}

/// A connection remembers the segments of the search text. A query asks whether they are the present ones; SQLite's check does not,
/// and finds damage in a sound file when another connection has merged some since this one looked last.
fn look_at_search_text(connection: &Connection) -> rusqlite::Result<()> {
    for text in ["item_text", "note_text"] {
        let is_there = "SELECT count(*) FROM sqlite_schema WHERE name = ?1";
        if connection.query_row(is_there, [text], |row| row.get::<_, i64>(0))? > 0 {
            let sql = format!("SELECT count(*) FROM (SELECT 1 FROM {text} WHERE {text} MATCH 'a' LIMIT 1)");
            connection.query_row(&sql, [], |row| row.get::<_, i64>(0))?;
        }
    }
    Ok(())
}

/// Whether an error says that the file itself is wrong.
pub(crate) fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    matches!(error.sqlite_error_code(), Some(DatabaseCorrupt | NotADatabase))
}

fn dangling(connection: &Connection) -> Result<Vec<String>> {
    let mut check = connection.prepare("PRAGMA foreign_key_check")?;
    let rows = check.query_map([], |row| {
        let (table, rid): (String, Option<i64>) = (row.get(0)?, row.get(1)?);
        Ok(rid.map_or_else(|| table.clone(), |rid| format!("{table} {rid}")))
    })?;
    Ok(rows.take(20).collect::<rusqlite::Result<_>>()?)
}
