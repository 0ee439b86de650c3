"""A database of the schema that a build of task-orchestrator makes, with rows in every table: make.py PROGRAMS FOLDER

PROGRAMS holds task-orchestrator and task-orchestrator-mcp of that build. FOLDER gets tasks.db and expected.json: what
export_graph answers, and how many rows each table has. For tests/fixtures/schema-N, once for each released schema.
"""

import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile

CONFIG = "work_item_schemas:\n  task:\n    notes:\n      - {key: why, role: queue, required: true}\n"


def main(programs: pathlib.Path, folder: pathlib.Path) -> None:
    home = pathlib.Path(tempfile.mkdtemp(prefix="schema"))
    database = home / "tasks.db"
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "TASK_ORCHESTRATOR_DB": str(database), "USER": "ann"}
    config = home / ".config/task-orchestrator/config.yaml"
    config.parent.mkdir(parents=True)
    config.write_text(CONFIG)
    (home / "workspaces.json").write_text('{"old": {"tags": ["money"]}}')
    shop = home / "shop"
    (shop / ".taskorchestrator").mkdir(parents=True)
    orchestrator = str(programs / "task-orchestrator")
    # A session that is still connected when the daemon ends: it and its claims stay.
    shim = Shim([str(programs / "task-orchestrator-mcp")], environment, shop)
    fill(shim)
    whole = json.loads(shim.call("export_graph"))
    whole.pop("exported_at")
    subprocess.run([orchestrator, "stop"], env=environment, check=True, stdout=subprocess.DEVNULL)
    shim.end()
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(database, folder / "tasks.db")
    expected = {"rows": rows(folder / "tasks.db"), "graph": whole}
    (folder / "expected.json").write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n")
    shutil.rmtree(home)


class Shim:
    """One session."""

    def __init__(self, command, environment, folder):
        self.last = 0
        settings = environment | {"TASK_ORCHESTRATOR_TOOLS": "full", "TASK_ORCHESTRATOR_AGENT": "ann"}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen(command, env=settings, cwd=folder, text=True, **pipes)
        client = {"name": "make", "version": "1"}
        self.ask("initialize", {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client})

    def ask(self, method, params):
        self.last += 1
        request = {"jsonrpc": "2.0", "id": self.last, "method": method, "params": params}
        print(json.dumps(request), file=self.process.stdin, flush=True)
        while (answer := json.loads(self.process.stdout.readline())).get("id") != self.last:
            pass
        return answer["result"]

    def call(self, tool, **arguments):
        result = self.ask("tools/call", {"name": tool, "arguments": arguments})
        text = result["content"][0]["text"]
        if result.get("isError"):
            raise SystemExit(f"{tool} {arguments}: {text}")
        return text

    def end(self):
        self.process.stdin.close()
        self.process.wait(timeout=10)


def fill(shim):
    """Something for every table."""
    tree = shim.call(
        "create_work_tree",
        root_title="Open the shop",
        children=[
            {"ref": "a", "title": "Rent the room", "priority": "high", "tags": "money,room", "due_at": "2030-01-02T03:04:05Z"},
            {"ref": "b", "title": "Paint the walls: größer, 美しい", "description": "Two coats."},
            {"ref": "c", "title": "Sell", "parent_ref": "b"},
        ],
        deps=[{"from": "a", "to": "b"}, {"from": "a", "to": "c", "type": "relates_to"}],
        notes=[{"ref": "a", "key": "decision-room", "role": "queue", "body": "The one by the river."}],
    )
    ids = json.loads(tree)["ref_map"]
    shim.call("advance_item", item_id=ids["a"], trigger="start")
    shim.call("manage_items", operation="create", title="Sweep", schedule="0 6 * * *", request_id="sweep-1")
    gone = json.loads(shim.call("manage_items", operation="create", title="Not needed after all"))
    shim.call("manage_items", operation="delete", item_id=gone["id"])
    shim.call("claim_item", operation="claim", resource="file:src/main.rs")
    shim.call("manage_workspaces", operation="create", name="town", tags="money", description="What costs")
    alike = [{"id": f"abcdabcd-0000-4000-8000-00000000000{n}", "title": f"Alike {n}"} for n in (1, 2)]
    shim.call("import_graph", data={"items": alike})


def rows(database):
    connection = sqlite3.connect(database)
    own = "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%STRICT%' ORDER BY name"
    return {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for (name,) in connection.execute(own)}


main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
