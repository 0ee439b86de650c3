"""Makes a database with the real task-orchestrator-py that this Python has installed, and says what is in it.

Usage: python make.py FOLDER

Writes FOLDER/tasks.db, FOLDER/workspaces.json and FOLDER/expected.json: every row of every table as SQLite has it, which
is what a take-over must still know. Everything is made through the original's own engine, as its users made it.
"""

import json
import os
import sqlite3
import sys
from pathlib import Path

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
for name in ("TASK_ORCHESTRATOR_DB", "ORC_DB"):
    os.environ[name] = str(folder / "tasks.db")
os.environ["TASK_ORCHESTRATOR_WORKSPACES"] = str(folder / "workspaces.json")
config = folder / "config.yaml"
config.write_text("work_item_schemas: {}\n")
os.environ["TASK_ORCHESTRATOR_CONFIG"] = str(config)

from task_orchestrator import db, engine, workspace  # noqa: E402  the settings come first

db.init_db()


def item(title, **fields):
    return engine.create_item(title=title, **fields)["id"]


def advance(item_id, *triggers):
    for trigger in triggers:
        engine.advance_item(item_id, trigger)


# A hierarchy of four levels with every field.
root = item(
    "Launch the shop",
    description="Zwei Zeilen:\nund Umlaute äöü ✓",
    summary="in short",
    priority="critical",
    complexity=8,
    item_type="epic",
    tags="shop, web",
    metadata='{"b": 1, "a": [1, 2]}',
    properties="free = text",
    due_at="2031-05-06T07:08:09+02:00",
)
level2 = item("Design the catalogue", parent_id=root, priority="high", tags="web")
level3 = item("Draw the page", parent_id=level2, priority="low")
level4 = item("Choose a colour", parent_id=level3)
quoted = item("It's \"quoted\" \\ and long: " + "x" * 600, tags="shop,shop")

# Every status.
statuses = {}
for status, triggers in {
    "queue": (),
    "work": ("start",),
    "review": ("start", "start"),
    "done": ("complete",),
    "blocked": ("start", "block"),
    "cancelled": ("cancel",),
    "reopened": ("complete", "reopen"),
    "archived": ("complete",),
}.items():
    statuses[status] = item(f"in {status}", parent_id=root, due_at="2030-01-01T00:00:00")
    advance(statuses[status], *triggers)
# The archive takes done items by age; this one is made old, as time would.
with sqlite3.connect(folder / "tasks.db") as raw:
    raw.execute("UPDATE work_items SET updated_at='2020-02-02T02:02:02+00:00' WHERE id=?", (statuses["archived"],))
engine.archive_items(days=365)

# Schedules: waiting, and completed once.
item("water the plants", schedule="0 9 * * 1")
advance(item("back up", schedule="30 2 * * *"), "start", "complete")

# Notes: of every role, empty, long.
engine.upsert_note(root, "requirements", "It sells.\n\n* fast\n* safe", "queue")
engine.upsert_note(root, "done-criteria", "", "work")
engine.upsert_note(root, "review-log", "reviewed " * 2_000, "review")
engine.upsert_note(statuses["done"], "decision-colour", "blue", "work")

# Edges: every type and threshold, also between finished items.
engine.add_dependency(level2, quoted)
engine.add_dependency(quoted, statuses["queue"], unblock_at="work")
engine.add_dependency(level4, statuses["queue"], unblock_at="review")
engine.add_dependency(statuses["done"], statuses["archived"])
engine.add_dependency(root, quoted, dep_type="relates_to")

# What came from an older machine: naive times, unknown words.
engine.import_graph(
    {
        "items": [
            {
                "id": "0ld00000-0000-4000-8000-00000000abcd",
                "title": "from an older machine",
                "status": "work",
                "priority": "medium",
                "tags": "a, b ,c",
                "created_at": "2024-01-02T03:04:05.678901",
                "updated_at": "2024-01-03T03:04:05",
            }
        ],
        "notes": [],
        "dependencies": [],
    }
)

workspace.create_workspace("web", ["web", "shop"], ["memory"], "the site", ["/srv/web"], ["small files"])
workspace.create_workspace("empty", [])

# Sessions and claims are there since 1.4.
if hasattr(engine, "presence_register"):
    token = engine.set_agent_id("ann")
    ann = engine.presence_register("laptop", 4242, "cli", "blue")["session_id"]
    engine.reset_agent_id(token)
    nameless = engine.presence_register("server")["session_id"]
    engine.claim("work_item", statuses["work"], ann)
    engine.claim("work_item", statuses["review"], nameless, expires_at="2099-01-01T00:00:00+00:00")
    engine.claim("resource", "file:src/main.rs", ann, resource_type="file")

config.unlink()
connection = sqlite3.connect(folder / "tasks.db")
connection.row_factory = sqlite3.Row
connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")}
expected = {
    name: [dict(row) for row in connection.execute(f"SELECT * FROM {name} ORDER BY rowid")]
    for name in ("work_items", "notes", "dependencies", "sessions", "claims")
    if name in tables
}
expected["workspaces"] = json.loads((folder / "workspaces.json").read_text())
connection.close()
(folder / "expected.json").write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n")
print(f"{folder}: " + ", ".join(f"{len(rows)} {name}" for name, rows in expected.items()))
