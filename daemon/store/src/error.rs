//! What can go wrong with the database.

/// A failed question, change or commit. Nothing of the call was kept, unless it says so.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// SQLite said no.
    #[error("database: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A row that no version of this program writes.
    #[error("damaged row: {0}")]
    Damaged(String),
    /// SQLite undid a transaction by itself: the disk is full, or fails.
    #[error("database: the transaction was undone by SQLite; the disk is full or fails")]
    Lost,
    /// What was written is in a file that nobody finds any more.
    #[error(
        "database: its path does not lead to the file that was opened any more; that was moved, deleted or replaced"
    )]
    Replaced,
    /// The flush of a commit failed, and nothing could be written in its place: the next daemon may read it back from the log.
    #[error("database: {0}; what was written could not be taken back")]
    InDoubt(rusqlite::Error),
    /// The writer is gone, so nothing can be changed any more.
    #[error("the writer has stopped")]
    Stopped,
}

impl Error {
    /// Whether the database file itself is wrong.
    pub fn is_damage(&self) -> bool {
        matches!(self, Error::Sqlite(error) if crate::check::is_damage(error))
    }

    /// Whether trying again later may help: the disk is full, the file is locked, I/O failed.
    pub fn may_pass(&self) -> bool {
        use rusqlite::ErrorCode::*;
        match self {
            Error::Sqlite(e) => matches!(
                e.sqlite_error_code(),
                Some(
                    DatabaseBusy
                        | DatabaseLocked
                        | DiskFull
                        | SystemIoFailure
                        | ReadOnly
                        | CannotOpen
                        | OutOfMemory
                )
            ),
            Error::Damaged(_) => false,
            Error::Lost | Error::Replaced | Error::InDoubt(_) | Error::Stopped => true,
        }
    }
}

/// Answers of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
