//! The original's workspaces.json.

use orc_core::claim::Actor;
use serde_json::json;

use super::{Place, now};
use crate::original_workspaces::WorkspacesFile;
use crate::tx::Tx;

fn put(place: &Place, text: impl AsRef<[u8]>) {
    std::fs::write(place.path().with_file_name("workspaces.json"), text).unwrap();
}

#[test]
fn they_come_along_and_the_file_stays() {
    let place = Place::of("original-1.0.0");
    let file = place.path().with_file_name("workspaces.json");
    let before = std::fs::read(&file).unwrap();
    let (report, connection) = place.taken();
    let tx = Tx::new(&connection, 0);
    assert_eq!((report.workspaces, tx.workspaces().unwrap().len()), (2, 2));
    assert!(tx.has_read_workspaces().unwrap());
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[test]
fn a_bad_file_is_said_and_ends_nothing() {
    let long = "x".repeat(300);
    let cases: [(Vec<u8>, usize, &str); 7] = [
        (b"{\"a\": {\"tags\": [\"x\"".to_vec(), 0, "no JSON"),
        (b"[1, 2]".to_vec(), 0, "no JSON object of workspaces"),
        (b"\xff\xfe".to_vec(), 0, "were not taken over"),
        (json!({"a": {"tags": ["x"]}, "b": 5}).to_string().into_bytes(), 1, "'b': it is no JSON object"),
        (json!({"a": {"tags": [{}]}}).to_string().into_bytes(), 0, "its tags are no list of texts"),
        (json!({long: {"tags": []}, "b": {}}).to_string().into_bytes(), 1, "300 characters"),
        (vec![b' '; (16 << 20) + 1], 0, "at most 16777216 are read"),
    ];
    for (text, workspaces, said) in cases {
        let place = Place::of("original-0.6");
        put(&place, text);
        let (report, _) = place.taken();
        assert_eq!(report.workspaces, workspaces, "{said}");
        assert!(report.notices.iter().any(|notice| notice.contains(said)), "{said}: {:?}", report.notices);
    }
}

#[test]
fn a_database_of_ours_keeps_its_own() {
    let place = Place::of("original-1.0.0");
    let file = place.path().with_file_name("workspaces.json");
    let ours = crate::open(&place.path().with_file_name("ours.db")).unwrap();
    let tx = Tx::new(&ours.connection, 1);
    let actor = Actor { session: "s".into(), agent: "a".into(), subagent: None };
    assert!(!tx.has_read_workspaces().unwrap());
    assert_eq!(WorkspacesFile::read(&file).unwrap().take(&tx, &actor, &now()).unwrap(), 2);
    let again = WorkspacesFile::read(&file).unwrap();
    assert_eq!(again.take(&tx, &actor, &now()).unwrap(), 0, "what is there stays as it is");
    assert_eq!(again.notice(), None);
    assert!(WorkspacesFile::read(&place.path().with_file_name("none.json")).is_none());
}
