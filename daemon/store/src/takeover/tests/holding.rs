//! Another process that has the original open.

use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use rusqlite::Connection;

use super::super::TakeoverError;
use super::Place;

/// Names the database to [`holder`], which is no test of its own.
const HELD: &str = "TAKEOVER_TEST_HOLDS";

/// Run in a process of its own: opens the database, looks at it once, and keeps it open, idle, until its input ends.
#[test]
fn holder() {
    let Some(path) = std::env::var_os(HELD) else { return };
    let connection = Connection::open(Path::new(&path)).unwrap();
    let items: i64 = connection.query_row("SELECT count(*) FROM work_items", [], |row| row.get(0)).unwrap();
    writeln!(std::io::stdout(), "\nholding {items}").unwrap();
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

/// The process, and its output, which stays open as long as it may write.
fn hold(path: &Path) -> (Child, Lines<BufReader<ChildStdout>>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["takeover::tests::holding::holder", "--exact", "--nocapture"])
        .env(HELD, path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
    let held = out.by_ref().map_while(Result::ok).any(|line| line.starts_with("holding "));
    assert!(held, "the other process has it open");
    (child, out)
}

#[test]
fn it_is_left_alone_while_an_idle_process_has_it_open() {
    let place = Place::of("original-1.5.1");
    let (mut child, _out) = hold(&place.path());
    let refusal = place.take().unwrap_err();
    assert!(matches!(refusal, TakeoverError::InUse { .. }), "{refusal:?}");
    let text = refusal.to_string();
    assert!(text.contains("End the MCP clients that run task-orchestrator-py"), "{text}");
    let files = std::fs::read_dir(place.path().parent().unwrap()).unwrap();
    let left = files.filter(|file| file.as_ref().unwrap().path().extension().is_some_and(|end| end == "bak"));
    assert_eq!(left.count(), 0, "no backup of what is not taken over");
    drop(child.stdin.take());
    child.wait().unwrap();
    place.taken();
}

#[test]
fn it_is_left_alone_while_someone_in_rollback_mode_is_at_it() {
    let place = Place::of("original-1.0.0");
    let other = Connection::open(place.path()).unwrap();
    let mode: String = other.query_row("PRAGMA journal_mode = DELETE", [], |row| row.get(0)).unwrap();
    assert_eq!(mode, "delete");
    for begin in ["BEGIN IMMEDIATE", "BEGIN; SELECT count(*) FROM work_items"] {
        other.execute_batch(begin).unwrap();
        assert!(matches!(place.take(), Err(TakeoverError::InUse { .. })), "{begin}");
        other.execute_batch("ROLLBACK").unwrap();
    }
    // Idle it cannot be seen, but its next statement fails.
    let (report, _) = place.taken();
    assert!(report.items > 0);
    assert!(other.execute("UPDATE work_items SET title = 'x'", []).is_err());
}
