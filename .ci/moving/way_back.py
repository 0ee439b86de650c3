"""Feeds an export to the original's own import_graph, and compares what it has then with what was exported.

Usage: python way_back.py EXPORT.json   (with the Python of a real task-orchestrator-py)
"""

import json
import os
import sys
import tempfile
from pathlib import Path

exported = json.loads(Path(sys.argv[1]).read_text())
with tempfile.TemporaryDirectory() as home:
    os.environ["HOME"] = home
    os.environ["TASK_ORCHESTRATOR_DB"] = str(Path(home) / "tasks.db")
    os.environ["TASK_ORCHESTRATOR_CONFIG"] = str(Path(home) / "none.yaml")
    from task_orchestrator import db, engine

    db.init_db()
    engine.import_graph(exported)
    once = engine.export_graph()
    counts = engine.import_graph(exported)["counts"]

    # Every field that the original has too must be what it was.
    for name, key in (
        ("items", lambda row: row["id"]),
        ("notes", lambda row: (row["item_id"], row["key"])),
        ("dependencies", lambda row: (row["from_id"], row["to_id"])),
    ):
        theirs = {key(row): row for row in once[name]}
        ours = {key(row): row for row in exported[name]}
        assert theirs.keys() == ours.keys(), f"{name}: {sorted(map(str, theirs.keys() ^ ours.keys()))}"
        assert counts[name] == len(ours), f"{name}: {counts[name]} after the second import, {len(ours)} were exported"
        for row_key, row in theirs.items():
            for field, value in row.items():
                if field in ours[row_key]:
                    want = ours[row_key][field]
                    assert value == want, f"{name} {row_key} {field}: {value!r}, exported was {want!r}"

    # It works on with what came: somebody can be given the next item, and a transition works.
    item = engine.get_next_item()
    if item and item.get("id"):
        then = {"queue": "work", "work": "review"}[item["status"]]
        assert engine.advance_item(item["id"], "start")["status"] == then, item
print("the original has " + ", ".join(f"{count} {name}" for name, count in counts.items()))
