"""Refuses a commit that raises an instruction budget and does not say why.

A budget may fall, appear and go as it likes. One that rises means that a hot path got dearer; the commit that does this has a
line "Budget: why" in its message. Commits of a shallow clone are looked at as far as they are there.
"""

import re
import subprocess
import sys

FILE = "tests/bench/budgets.toml"


def git(*words):
    return subprocess.run(["git", *words], capture_output=True, text=True, check=True).stdout


def budgets(commit):
    shown = subprocess.run(["git", "show", f"{commit}:{FILE}"], capture_output=True, text=True)
    text = shown.stdout if shown.returncode == 0 else ""
    return {name: int(count) for name, count in re.findall(r'^"(.+)" = (\d+)$', text, re.M)}


def main():
    wrong = []
    for line in git("log", "--format=%H %P", "--", FILE).splitlines():
        commit, *parents = line.split()
        if not parents:
            continue
        after = budgets(commit)
        # What a merge takes from one of its sides was said there.
        before = [budgets(parent) for parent in parents]
        rose = [
            f"{name}: {max(b.get(name, 0) for b in before)} -> {count}"
            for name, count in after.items()
            if any(name in b for b in before) and count > max(b.get(name, 0) for b in before)
        ]
        if rose and not re.search(r"^Budget: \S", git("show", "-s", "--format=%B", commit), re.M):
            wrong.append(f"{commit[:12]} raises a budget and has no line \"Budget: why\": {', '.join(rose)}")
    print("\n".join(wrong) or "every budget that rose has its reason")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
