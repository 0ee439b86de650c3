"""Runs the real task-orchestrator-py that this Python has installed on a database that was taken over.

Usage: python fails_loudly.py DATABASE

Whatever it does must fail with an error, and the database must stay as it is: no row more or less in any table of ours.
"""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

DATABASE = Path(sys.argv[1])
CALLS = {
    "starts": "db.init_db()",
    "starts, whatever that says, and creates": "tolerant(db.init_db); engine.create_item(title='from the past')",
    "starts, whatever that says, and links": "tolerant(db.init_db); engine.add_dependency(first, second)",
    "was running and creates": "engine.create_item(title='from the past')",
    "was running and moves": "engine.advance_item(first, 'start')",
    "was running and changes": "engine.update_item(first, title='changed')",
    "was running and deletes": "engine.delete_item(first, recursive=True)",
    "was running and notes": "engine.upsert_note(first, 'requirements', 'text', 'queue')",
    "was running and links": "engine.add_dependency(first, second)",
}
PROGRAM = """
import os, sqlite3
from task_orchestrator import db, engine

def tolerant(call):
    try:
        call()
    except Exception as error:
        print("start:", repr(error))

with sqlite3.connect(os.environ["TASK_ORCHESTRATOR_DB"]) as connection:
    first, second = [row[0] for row in connection.execute("SELECT id FROM work_items WHERE status = 'queue' LIMIT 2")]
{call}
"""


def content(path):
    """Every row of every table that keeps rows of its own and has any."""
    connection = sqlite3.connect(path)
    tables = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name"
    ).fetchall()
    rows = {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for (name,) in tables}
    connection.close()
    return {name: found for name, found in rows.items() if found}


failures = 0
for what, call in CALLS.items():
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "tasks.db"
        shutil.copy(DATABASE, copy)
        before = content(copy)
        environment = {**os.environ, "HOME": folder}
        for name in ("TASK_ORCHESTRATOR_DB", "ORC_DB"):
            environment[name] = str(copy)
        ran = subprocess.run(
            [sys.executable, "-c", PROGRAM.format(call=call)], env=environment, capture_output=True, text=True
        )
        loud = ran.returncode != 0 and "Error" in ran.stderr
        same = content(copy) == before
        said = (ran.stderr.strip().splitlines() or ["nothing"])[-1]
        print(f"{'ok' if loud and same else 'WRONG'}: it {what}: {said}" + ("" if same else " (and it WROTE)"))
        failures += not (loud and same)
sys.exit(1 if failures else 0)
