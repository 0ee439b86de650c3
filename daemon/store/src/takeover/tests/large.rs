//! Large ones: the time grows with the rows, and no faster.

use super::Place;

/// An original of that many items: trees of a hundred, a note on every second, a chain of edges.
fn of(items: u32) -> Place {
    let place = Place::of("original-1.5.1");
    let connection = rusqlite::Connection::open(place.path()).unwrap();
    connection
        .execute_batch(&format!(
            "PRAGMA synchronous = OFF;
             BEGIN;
             WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {items} - 1)
             INSERT INTO work_items (id, parent_id, title, description, status, priority, tags, created_at, updated_at)
             SELECT printf('%08x-0000-4000-8000-000000000000', i),
                    CASE WHEN i % 100 THEN printf('%08x-0000-4000-8000-000000000000', i - i % 100) END,
                    'item number ' || i, 'some words about it', 'queue', 'medium', 'a,b', '2025-01-01T00:00:00',
                    '2025-01-01T00:00:00'
             FROM n;
             INSERT INTO notes (id, item_id, key, role, body, created_at, updated_at)
             SELECT 'n' || id, id, 'requirements', 'queue', 'what it needs', created_at, updated_at FROM work_items
             WHERE id LIKE '%-0000-4000-8000-000000000000' AND rowid % 2;
             INSERT INTO dependencies (id, from_id, to_id, created_at)
             SELECT 'd' || a.id, a.id, b.id, a.created_at FROM work_items a JOIN work_items b ON b.rowid = a.rowid + 1
             WHERE a.id LIKE '%-0000-4000-8000-000000000000' AND a.rowid % 3;
             COMMIT;"
        ))
        .unwrap();
    place
}

#[test]
fn ten_thousand_items_with_notes_and_edges() {
    let (report, _) = of(10_000).taken();
    assert!(report.items > 10_000 && report.notes > 4_000 && report.dependencies > 6_000, "{report:?}");
    assert_eq!(report.leftovers, 0);
}
