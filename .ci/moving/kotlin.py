"""Makes a database as the Kotlin task-orchestrator 3 keeps it: its tables and columns, 16-byte ids, every role, type and threshold.

Usage: python kotlin.py FOLDER

That program is no package of a registry, so the tables are written down here from what its migrations say: those of the first
release of version 3 for FOLDER/first.db, and those after its newest migrations for FOLDER/newest.db.
"""

import sqlite3
import sys
import uuid
from pathlib import Path

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)

FIRST = {
    "work_items": "id BLOB PRIMARY KEY, parent_id BLOB, title TEXT NOT NULL, description TEXT, summary TEXT NOT NULL DEFAULT '', "
    "role TEXT NOT NULL DEFAULT 'queue', status_label TEXT, previous_role TEXT, priority TEXT NOT NULL DEFAULT 'medium', "
    "complexity INTEGER, depth INTEGER NOT NULL DEFAULT 0, metadata TEXT, tags TEXT, created_at TIMESTAMP NOT NULL, "
    "modified_at TIMESTAMP NOT NULL, role_changed_at TIMESTAMP NOT NULL, version INTEGER NOT NULL DEFAULT 1",
    "notes": "id BLOB PRIMARY KEY, work_item_id BLOB NOT NULL, key VARCHAR(200) NOT NULL, role VARCHAR(20) NOT NULL, "
    "body TEXT NOT NULL DEFAULT '', created_at TIMESTAMP NOT NULL, modified_at TIMESTAMP NOT NULL",
    "dependencies": "id BLOB PRIMARY KEY, from_item_id BLOB NOT NULL, to_item_id BLOB NOT NULL, "
    "type VARCHAR(20) NOT NULL DEFAULT 'BLOCKS', unblock_at VARCHAR(20), created_at TIMESTAMP NOT NULL",
    "role_transitions": "id BLOB PRIMARY KEY, item_id BLOB NOT NULL, from_role VARCHAR(20) NOT NULL, "
    "to_role VARCHAR(20) NOT NULL, trigger VARCHAR(50) NOT NULL, transitioned_at TIMESTAMP NOT NULL",
}
LATER = {
    "work_items": ", requires_verification INTEGER NOT NULL DEFAULT 0, type TEXT, properties TEXT, claimed_by TEXT, "
    "claimed_at TEXT, claim_expires_at TEXT, original_claimed_at TEXT, root_id BLOB",
    "notes": ", actor_id TEXT, actor_kind TEXT, actor_parent TEXT, actor_proof TEXT, verification_status TEXT",
}
WHEN = "2026-01-02 03:04:05.678"


def uid(n):
    return uuid.UUID(int=0x6B6F746C_0000_4000_8000_000000000000 + (n << 80) + n).bytes


def build(path, newest):
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    for table, columns in FIRST.items():
        connection.execute(f"CREATE TABLE {table} ({columns}{LATER.get(table, '') if newest else ''})")

    def insert(table, **cells):
        names = ", ".join(cells)
        connection.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(cells))})", tuple(cells.values()))

    def item(n, title, parent=None, **cells):
        times = {"created_at": WHEN, "modified_at": WHEN, "role_changed_at": WHEN}
        later = {"root_id": uid(1)} if newest else {}
        insert("work_items", id=uid(n), parent_id=parent and uid(parent), title=title, **{**times, **later, **cells})

    item(1, "Launch the shop", description="Zwei Zeilen:\näöü ✓", summary="in short", priority="high", complexity=8,
         tags="shop,web", metadata='{"b": 1, "a": [1, 2]}')
    item(2, "in work", 1, role="work", status_label="in-progress", depth=1)
    item(3, "in review", 2, role="review", depth=2)
    item(4, "finished", 3, role="terminal", status_label="done", depth=3)
    item(5, "too deep", 4, depth=4)
    item(6, "given up", 1, role="terminal", status_label="cancelled", priority="low", depth=1)
    item(7, "held up", 1, role="blocked", previous_role="work", depth=1)
    item(8, "orphan", 99, created_at=1767323045678)
    for n, (of, key, role) in enumerate([(1, "requirements", "queue"), (2, "log", "work"), (3, "verdict", "review")]):
        insert("notes", id=uid(20 + n), work_item_id=uid(of), key=key, role=role, body=f"body {n}", created_at=WHEN, modified_at=WHEN)
    edges = [(1, 7, "BLOCKS", None), (2, 6, "RELATES_TO", None), (2, 7, "BLOCKS", "review"), (7, 8, "BLOCKS", "terminal"),
             (8, 1, "BLOCKS", None), (3, 98, "BLOCKS", None)]
    edges.append((5, 3, "BLOCKS", "work") if newest else (3, 5, "IS_BLOCKED_BY", "work"))
    for n, (one, other, kind, threshold) in enumerate(edges):
        insert("dependencies", id=uid(40 + n), from_item_id=uid(one), to_item_id=uid(other), type=kind, unblock_at=threshold, created_at=WHEN)
    insert("role_transitions", id=uid(60), item_id=uid(2), from_role="queue", to_role="work", trigger="start", transitioned_at=WHEN)
    if newest:
        connection.execute("UPDATE work_items SET type='feature', properties='{\"traits\":[\"needs-security-review\"]}' WHERE id=?", (uid(1),))
        connection.execute("UPDATE work_items SET claimed_by='ann', claimed_at=?, claim_expires_at=? WHERE id=?", (WHEN, WHEN, uid(2)))
        connection.execute("UPDATE notes SET actor_id='ann', actor_kind='subagent' WHERE id=?", (uid(21),))
    connection.commit()
    connection.execute("VACUUM")
    connection.close()
    print(path)


build(folder / "first.db", newest=False)
build(folder / "newest.db", newest=True)
