"""Checks docs/config.schema.json: that it is a good schema, that it takes the examples of docs/config.md, and that it takes and
refuses what the table of examples says. The parser is held to the same table by tests/tests/pages/config.rs.

Usage: config_schema.py. Needs jsonschema and pyyaml."""

import json
import pathlib
import sys

import jsonschema
import yaml

root = pathlib.Path(__file__).resolve().parent.parent.parent
schema = json.loads((root / "docs/config.schema.json").read_text())
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)
wrong = []


def keys_as_text(node):
    """YAML's keys may be numbers; JSON's, and the parser's, are text."""
    if isinstance(node, dict):
        return {str(key): keys_as_text(value) for key, value in node.items()}
    if isinstance(node, list):
        return [keys_as_text(value) for value in node]
    return node


def check(text, wanted):
    errors = [error.message for error in validator.iter_errors(keys_as_text(yaml.safe_load(text)))]
    if (not errors) != (wanted == "takes"):
        wrong.append(f"wanted that the schema {wanted}, got {errors}:\n{text}")


rows = json.loads((root / "tests/fixtures/config/examples.json").read_text())
for row in rows:
    if row["schema"] != row["parser"] and "why" not in row:
        wrong.append(f"the schema and the parser differ without a reason:\n{row['file']}")
    check(row["file"], row["schema"])

page = (root / "docs/config.md").read_text()
examples = [block.split("```")[0] for block in page.split("```yaml\n")[1:]]
assert len(examples) == 2, f"docs/config.md has {len(examples)} examples"
for example in examples:
    check(example, "takes")

print(f"{len(rows)} rows, {len(examples)} examples")
sys.exit("\n".join(wrong) or 0)
