//! The SQLite store against the contract that every store passes, and against the naive model.

use proptest::prelude::*;
use rusqlite::Connection;

use crate::random::{random_history, run_against};
use crate::tx::Tx;
use crate::{contract, open};

/// A database of its own, open for the rest of the test process: a [`Tx`] borrows its connection.
pub(crate) fn fresh() -> Tx<'static> {
    Tx::new(connection(), 0)
}

fn connection() -> &'static Connection {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(&folder.path().join("tasks.db")).unwrap();
    // The open connection keeps the unlinked file; nothing is left behind.
    let connection: &'static Connection = Box::leak(Box::new(opened.connection));
    connection.execute_batch("PRAGMA synchronous = OFF").unwrap();
    connection
}

#[test]
fn sqlite_passes_the_contract() {
    contract::suite(fresh);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn sqlite_answers_every_question_as_the_model_does(history in random_history()) {
        let connection = connection();
        run_against(&history, Tx::new(connection, 0));
        let wrong = Tx::new(connection, 0).wrong_derivations().unwrap();
        prop_assert!(wrong.is_empty(), "derived columns differ from their recomputation: {wrong:?}");
    }
}
