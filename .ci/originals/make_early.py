"""Makes a database as releases before 0.7 left it: the same tables, the columns that came later missing.

Usage: python make_early.py FOLDER

Those releases cannot be installed any more; what is known of their tables is which columns 1.0.0 adds to older ones.
"""

import json
import sqlite3
import sys
from pathlib import Path

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
(folder / "tasks.db").unlink(missing_ok=True)
connection = sqlite3.connect(folder / "tasks.db")
connection.row_factory = sqlite3.Row
connection.execute("PRAGMA journal_mode=WAL")
for table, columns in {
    "work_items": "id TEXT PRIMARY KEY, parent_id TEXT, title TEXT NOT NULL, description TEXT DEFAULT '', "
    "status TEXT NOT NULL DEFAULT 'queue', priority TEXT NOT NULL DEFAULT 'medium', item_type TEXT DEFAULT '', "
    "tags TEXT DEFAULT '', created_at TEXT NOT NULL, updated_at TEXT NOT NULL",
    "notes": "id TEXT PRIMARY KEY, item_id TEXT NOT NULL, key TEXT NOT NULL, role TEXT NOT NULL DEFAULT 'queue', "
    "body TEXT NOT NULL DEFAULT '', created_at TEXT NOT NULL, updated_at TEXT NOT NULL, UNIQUE(item_id, key)",
    "dependencies": "id TEXT PRIMARY KEY, from_id TEXT NOT NULL, to_id TEXT NOT NULL, "
    "dep_type TEXT NOT NULL DEFAULT 'blocks', created_at TEXT NOT NULL, UNIQUE(from_id, to_id)",
}.items():
    connection.execute(f"CREATE TABLE {table} ({columns})")

when = "2023-03-04T05:06:07.000008+00:00"
uid = "{:08x}-1111-4222-8333-444444444444".format
rows = [
    (uid(1), None, "root", "words", "work", "high", "epic", "a,b", when, when),
    (uid(2), uid(1), "child", "", "queue", "medium", "", "", when, when),
    (uid(3), uid(2), "held", None, "blocked", "low", None, None, when, when),
    (uid(4), None, "finished", "", "done", "medium", "", "", when, when),
]
connection.executemany(f"INSERT INTO work_items VALUES ({','.join('?' * 10)})", rows)
connection.execute(
    "INSERT INTO notes VALUES (?,?,?,?,?,?,?)", (uid(11), uid(1), "requirements", "queue", "short", when, when)
)
connection.execute("INSERT INTO dependencies VALUES (?,?,?,?,?)", (uid(21), uid(1), uid(2), "blocks", when))
connection.commit()
expected = {
    name: [dict(row) for row in connection.execute(f"SELECT * FROM {name} ORDER BY rowid")]
    for name in ("work_items", "notes", "dependencies")
}
connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
connection.close()
(folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
print(f"{folder}: " + ", ".join(f"{len(rows)} {name}" for name, rows in expected.items()))
