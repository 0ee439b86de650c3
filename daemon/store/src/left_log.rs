//! What a run that did not end well left in its write-ahead log. SQLite reads it back by itself and says nothing, neither
//! that it did nor where it had to stop; this is read before it does, so that people can be told.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

/// The log's header and each frame's, in bytes.
const HEADER: usize = 32;
const FRAME: usize = 24;
/// The first word of a log; its last bit says that sums are taken over big-endian words.
const MAGIC: u32 = 0x377f_0682;

/// What stands in a log that was left behind.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LeftLog {
    /// Commits that SQLite reads back.
    pub commits: usize,
    /// Commits of the same run behind a frame that is damaged or missing: they cannot be read.
    pub unreadable: usize,
}

impl LeftLog {
    /// What the database at `path` was left with, if that is anything. A log that cannot be read is SQLite's to complain of.
    pub(crate) fn beside(path: &Path) -> Option<Self> {
        let mut name = path.as_os_str().to_owned();
        name.push("-wal");
        let file = File::open(name).ok()?;
        read(&mut BufReader::new(file)).ok().filter(|left| *left != Self::default())
    }

    /// One line for people.
    pub fn line(&self) -> String {
        let mut line = format!(
            "The last daemon ended without closing its database. {} commits were read back from its write-ahead log",
            self.commits
        );
        if self.unreadable > 0 {
            line.push_str(&format!(
                "; {} more stand behind a damaged place in it and are lost. If a write is missing that was answered, look at the disk, and at the newest backup",
                self.unreadable
            ));
        }
        line.push('.');
        line
    }
}

fn read(log: &mut impl Read) -> io::Result<LeftLog> {
    let mut left = LeftLog::default();
    let mut header = [0; HEADER];
    if log.read_exact(&mut header).is_err() || word(&header, 0) & !1 != MAGIC {
        return Ok(left);
    }
    let page = usize::try_from(word(&header, 2)).unwrap_or(0);
    if !(512..=65_536).contains(&page) {
        return Ok(left);
    }
    let big = word(&header, 0) & 1 == 1;
    let mut sum = add((0, 0), &header[..24], big);
    let mut whole = sum == (word(&header, 6), word(&header, 7));
    let mut frame = vec![0; FRAME + page];
    // A frame that is cut off is the last one.
    while log.read_exact(&mut frame).is_ok() {
        // What an earlier round through the file left has other salts.
        if frame[8..16] != header[16..24] {
            whole = false;
            continue;
        }
        sum = add(add(sum, &frame[..8], big), &frame[FRAME..], big);
        whole = whole && sum == (word(&frame, 4), word(&frame, 5));
        let commits = word(&frame, 1) != 0;
        left.commits += usize::from(whole && commits);
        left.unreadable += usize::from(!whole && commits);
    }
    Ok(left)
}

fn word(bytes: &[u8], index: usize) -> u32 {
    let at = index * 4;
    bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map_or(0, u32::from_be_bytes)
}

/// SQLite's running sum over pairs of words.
fn add((mut a, mut b): (u32, u32), bytes: &[u8], big: bool) -> (u32, u32) {
    let number = |four: &[u8]| {
        let four = four.try_into().unwrap_or_default();
        if big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) }
    };
    for pair in bytes.chunks_exact(8) {
        a = a.wrapping_add(number(&pair[..4])).wrapping_add(b);
        b = b.wrapping_add(number(&pair[4..])).wrapping_add(a);
    }
    (a, b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    /// A log of three commits, and where the first frame of the second begins.
    fn log() -> (Vec<u8>, usize) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.db");
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (x);").unwrap();
        for _ in 0..2 {
            connection.execute("INSERT INTO t VALUES (zeroblob(9000))", []).unwrap();
        }
        let log = std::fs::read(dir.path().join("x.db-wal")).unwrap();
        let mut frames = (HEADER..log.len()).step_by(FRAME + 4096);
        let first_commit = frames.find(|at| word(&log[*at..], 1) != 0).unwrap();
        (log, first_commit + FRAME + 4096)
    }

    fn read_back(log: &[u8]) -> (usize, usize) {
        let left = read(&mut &*log).unwrap();
        (left.commits, left.unreadable)
    }

    #[test]
    fn commits_are_counted_up_to_a_damaged_frame_and_behind_it() {
        let (log, second) = log();
        assert_eq!(read_back(&log), (3, 0));
        assert_eq!(read_back(&log[..log.len() - 1]), (2, 0), "a torn last commit was never answered");
        let mut damaged = log.clone();
        damaged[second + FRAME + 7] ^= 1;
        assert_eq!(read_back(&damaged), (1, 2));
        let mut headless = log.clone();
        headless[HEADER - 1] ^= 1;
        assert_eq!(read_back(&headless), (0, 3));
        assert_eq!(read_back(&log[..10]), (0, 0));
        assert_eq!(read_back(b""), (0, 0));
    }
}
