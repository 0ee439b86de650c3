//! How many characters of an id name it.

use orc_core::id::{ItemId, SHORT};

use crate::error::Result;
use crate::tx::Tx;

impl Tx<'_> {
    /// Whether any two items ever shared the first 8 characters of their ids.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn has_shared_shorts(&self) -> Result<bool> {
        Ok(self.one("SELECT 1 FROM shared_shorts LIMIT 1", [], |_| Ok(true))?.unwrap_or(false))
    }

    /// The fewest characters, at least 8, that no other item's id begins with.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn shortest(&self, id: &ItemId) -> Result<String> {
        let before = "SELECT id FROM items WHERE id < ?1 ORDER BY id DESC LIMIT 1";
        let after = "SELECT id FROM items WHERE id > ?1 ORDER BY id LIMIT 1";
        let mut shared = 0;
        for sql in [before, after] {
            let neighbour: Option<String> = self.one(sql, [id.as_str()], |row| row.get(0))?;
            let common = neighbour
                .map_or(0, |n| n.chars().zip(id.as_str().chars()).take_while(|(a, b)| a == b).count());
            shared = shared.max(common);
        }
        Ok(id.as_str().chars().take((shared + 1).max(SHORT)).collect())
    }
}
