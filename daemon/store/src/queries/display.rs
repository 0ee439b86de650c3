//! How many characters of an id name it.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};
use std::collections::HashSet;

use orc_core::id::{ItemId, SHORT};
use rusqlite::types::Value;

use crate::error::Result;
use crate::tx::Tx;
use crate::view::count;

/// After so many ids of one answer, all shared beginnings are read at once: a page has a hundred ids, a single item has two.
const SINGLY: usize = 4;
/// More than this are not kept for one answer, but asked for one by one. Tests have fewer.
const KEPT: usize = if cfg!(test) { 8 } else { 1_000 };

/// What is known of beginnings that ids share, for as long as one transaction.
#[derive(Debug)]
pub struct SharedShorts {
    any: bool,
    asked: Cell<usize>,
    /// None where there are too many.
    all: OnceCell<Option<HashSet<String>>>,
}

impl Tx<'_> {
    /// Whether any two items ever shared the first 8 characters of their ids, and which did, once somebody asks.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn shared_shorts(&self) -> Result<SharedShorts> {
        let any = self.one("SELECT 1 FROM shared_shorts LIMIT 1", [], |_| Ok(()))?.is_some();
        Ok(SharedShorts { any, asked: Cell::new(0), all: OnceCell::new() })
    }

    /// The fewest characters, at least 8, that no other item's id begins with.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn shortest<'i>(&self, id: &'i ItemId, shared: &SharedShorts) -> Result<Cow<'i, str>> {
        if !self.is_shared(id.short(), shared)? {
            return Ok(Cow::Borrowed(id.short()));
        }
        let before = "SELECT id FROM items WHERE id < ?1 ORDER BY id DESC LIMIT 1";
        let after = "SELECT id FROM items WHERE id > ?1 ORDER BY id LIMIT 1";
        let mut common = 0;
        for sql in [before, after] {
            let neighbour: Option<String> = self.one(sql, [id.as_str()], |row| row.get(0))?;
            let with_it = neighbour
                .map_or(0, |n| n.chars().zip(id.as_str().chars()).take_while(|(a, b)| a == b).count());
            common = common.max(with_it);
        }
        Ok(Cow::Owned(id.as_str().chars().take((common + 1).max(SHORT)).collect()))
    }

    fn is_shared(&self, short: &str, shared: &SharedShorts) -> Result<bool> {
        if !shared.any {
            return Ok(false);
        }
        shared.asked.set(shared.asked.get() + 1);
        if shared.asked.get() > SINGLY && shared.all.get().is_none() {
            let sql = "SELECT short FROM shared_shorts LIMIT ?1";
            let all: Vec<String> = self.rows(sql, [Value::from(count(KEPT + 1))], |row| row.get(0))?;
            // Nobody else sets it within a transaction.
            let _ = shared.all.set((all.len() <= KEPT).then(|| all.into_iter().collect()));
        }
        match shared.all.get() {
            Some(Some(all)) => Ok(all.contains(short)),
            _ => Ok(self.one("SELECT 1 FROM shared_shorts WHERE short = ?1", [short], |_| Ok(()))?.is_some()),
        }
    }
}
